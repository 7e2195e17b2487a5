"""The pretend Fortnox: the inbox and the files of vouchers (fortnox.md 16)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sandbox.fortnox import errors
from daemon.sandbox.web import Response
from tests.sandbox.fortnox_ledger import Ledger
from tests.sandbox.fortnox_office import parsed

pytestmark = pytest.mark.row("B4")

PDF = b"%PDF-1.4\r\n\r\n\x00\xff--\r\n"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def put(
    ledger: Ledger, content: bytes = PDF, *, query: str = "?path=Inbox_v", part: str = "file", **headers: str
) -> Response:
    body = (
        b'--b0\r\nContent-Disposition: form-data; name="note"\r\n\r\nhej\r\n'
        + f'--b0\r\nContent-Disposition: form-data; name="{part}"; filename="Z 118 å.pdf"\r\n'.encode()
        + b"Content-Type: application/pdf\r\n\r\n"
        + content
        + b"\r\n--b0--\r\n"
    )
    given = {
        "authorization": f"Bearer {ledger.access_token}",
        "accept": "application/json",
        "content-type": "multipart/form-data; boundary=b0",
        **headers,
    }
    return ledger.send("POST", f"/3/inbox{query}", body, given)


def uploaded(ledger: Ledger, content: bytes = PDF) -> dict[str, Any]:
    response = put(ledger, content)
    assert response.status == 201, response.body
    return dict(parsed(response)["File"])


def connect(ledger: Ledger, file_id: str, number: str = "1", **fields: Any) -> tuple[int, Any]:
    sent = {"FileId": file_id, "VoucherNumber": number, "VoucherSeries": "K", "VoucherYear": 2, **fields}
    return ledger.code("POST", "/3/voucherfileconnections", {"VoucherFileConnection": sent})


def test_a_file_is_answered_and_read_again(ledger):
    """Section 16: the whole answer, and the bytes as they were."""
    file = uploaded(ledger)
    assert file.keys() == {"@url", "Id", "ArchiveFileId", "Name", "Path", "Size", "Comments"}
    assert (file["Name"], file["Path"], file["Size"]) == ("Z 118 å.pdf", "Inbox_v", len(PDF))
    assert file["@url"] == f"https://api.fortnox.se/3/inbox/{file['Id']}"
    assert ledger.send("GET", f"/3/inbox/{file['Id']}").body == PDF


@given(content=st.binary(max_size=200))
def test_any_bytes_come_back(content):
    """Whatever a file holds, except the border itself."""
    file = uploaded(DESK, content)
    assert DESK.send("GET", f"/3/inbox/{file['Id']}").body == content


DESK = Ledger()


def test_no_two_files_share_an_id_and_a_world_repeats(ledger):
    """The same bytes twice are two files."""
    made = [uploaded(ledger)["Id"] for _ in range(2)]
    assert len(set(made)) == 2
    other = Ledger()
    assert [uploaded(other)["Id"] for _ in range(2)] == made


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"part": "document"}, 400, errors.NO_FILE),
        ({"query": "?path=Inbox_x"}, 400, errors.NO_FOLDER),
        ({"content-type": "multipart/form-data"}, 400, errors.NO_FILE),
        ({"content-type": "application/json"}, 400, 1000031),
        ({"content": b"x" * 101}, 413, errors.FILE_TOO_LARGE),
    ],
    ids=["another part", "no such folder", "no border", "not a form", "too large"],
)
def test_an_upload_is_refused(changes, status, code):
    """Sections 5, 16 and 22 no 13."""
    response = put(Ledger(upload_max_bytes=100), **changes)
    assert (response.status, parsed(response)["ErrorInformation"]["code"]) == (status, code)


def test_a_file_belongs_to_a_voucher(ledger):
    """Section 16: connected by the inbox id; the connection tells the voucher's text."""
    ledger.voucher(Description="Dagskassa 1")
    file = uploaded(ledger)
    assert connect(ledger, file["Id"]) == (201, None)
    expected = {
        "@url": f"https://api.fortnox.se/3/voucherfileconnections/{file['Id']}",
        "FileId": file["Id"],
        "VoucherDescription": "Dagskassa 1",
        "VoucherNumber": "1",
        "VoucherSeries": "K",
        "VoucherYear": 2,
    }
    one = ledger.ask("GET", f"/3/voucherfileconnections/{file['Id']}")
    assert one == (200, {"VoucherFileConnection": expected})
    assert ledger.ask("GET", "/3/voucherfileconnections")[1]["VoucherFileConnections"] == [expected]
    assert connect(ledger, file["Id"]) == (400, errors.FILE_CONNECTED)
    assert connect(ledger, uploaded(ledger)["Id"]) == (201, None)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"FileId": "nothing"}, 2000704),
        ({"FileId": "archive"}, 2000704),
        ({"VoucherNumber": "2"}, errors.MISSING["vouchers"]),
        ({"VoucherYear": 1}, errors.MISSING["vouchers"]),
        ({"VoucherSeries": None}, 2005095),
    ],
    ids=["no such file", "the archive's id", "no such voucher", "another year", "no series"],
)
def test_a_connection_is_refused(ledger, fields, code):
    """Sections 6.2, 6.3: a file that is not there arrives as 400."""
    ledger.voucher()
    file = uploaded(ledger)
    if fields.get("FileId") == "archive":
        fields = {"FileId": file["ArchiveFileId"]}
    assert connect(ledger, file["Id"], **fields) == (400, code)


def test_files_leave_with_what_holds_them(ledger):
    """A loose file is deleted; a connected one stays until its connection or its voucher is gone."""
    ledger.voucher()
    file = uploaded(ledger)["Id"]
    path = f"/3/voucherfileconnections/{file}"
    assert ledger.code("GET", path) == (400, 2000704)
    connect(ledger, file)
    assert ledger.code("DELETE", f"/3/inbox/{file}") == (400, errors.IN_USE)
    assert ledger.code("DELETE", path) == (204, None)
    connect(ledger, file)
    ledger.act("delete_last_voucher", series="K")
    assert ledger.code("GET", path) == (400, 2000704)
    assert ledger.code("DELETE", f"/3/inbox/{file}") == (204, None)
    for method in ("GET", "DELETE"):
        assert ledger.code(method, f"/3/inbox/{file}") == (404, 2000704)


def test_folders_show_what_lies_in_them(ledger):
    """Assumed: a connected file has left its folder."""
    ledger.voucher()
    first, second = uploaded(ledger), uploaded(ledger)
    connect(ledger, first["Id"])
    assert ledger.ask("GET", "/3/inbox/Inbox_v")[1]["Folder"]["Files"] == [second]
    root = ledger.ask("GET", "/3/inbox")[1]["Folder"]
    assert (root["Files"], len(root["Folders"])) == ([], 9)
