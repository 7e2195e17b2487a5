"""Files of vouchers through the Fortnox adapter, against answers as fortnox.md 16 records them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.records import Lane
from daemon.errors import OutcomeUnknown, Refused, Unusable
from tests.systems.fakes import LOST, FakeHttp, reply
from tests.systems.fortnox_books import Office, listed, refusal

PDF = b"%PDF-1.4\r\n\x00\xff--\r\n%%EOF"
NAME = "Z-rapport K1-118 2026-11-20.pdf"
FIELDS = {"posting": "K/118/5", "name": NAME}
UPLOAD, CONNECT = "POST /3/inbox", "POST /3/voucherfileconnections"
LIST = "GET /3/voucherfileconnections"
STORED = reply(201, {"File": {"Id": "f-1", "ArchiveFileId": "a-1", "Name": NAME, "Path": "Inbox_v"}})


def row(file_id="f-1", number="118", series="K", year=5):
    """A connection as the list and the answers show it."""
    return {"FileId": file_id, "VoucherNumber": number, "VoucherSeries": series, "VoucherYear": year}


def connected(**more):
    """The answer to a connection that was made."""
    return reply(201, {"VoucherFileConnection": row(**more)})


class Desk(FakeHttp):
    """Forms are kept apart: the fakes read bodies as JSON."""

    def __init__(self):
        super().__init__()
        self.forms = []

    async def send(self, request):
        if "multipart" in request.headers.get("Content-Type", ""):
            self.forms.append(request)
            request = msgspec.structs.replace(request, body=None)
        return await super().send(request)


@pytest.fixture
def office():
    """A Fortnox that takes a file and connects it."""
    return an_office()


def an_office():
    office = Office()
    desk = Desk()
    desk.answers = office.http.answers | {UPLOAD: STORED, CONNECT: connected(), LIST: listed(MANY, [])}
    office.http = office.system._exchange._http = desk
    return office


MANY = "VoucherFileConnections"


# ------------------------------------------------------------------ put to a voucher


async def test_a_file_is_uploaded_and_connected(office):
    """Into the folder of vouchers under its name, then to the voucher by all that names one."""
    answer = await office.system.create("file", FIELDS, Lane.FRESH, enclosed=PDF)

    assert (answer.id, answer.seen.fields) == ("K/118/5/f-1", {"posting": "K/118/5"})
    assert [UPLOAD, CONNECT] == office.asked()[-2:]
    (form,) = office.http.forms
    assert form.url.endswith("/3/inbox?path=Inbox_v")
    assert form.effect
    boundary = form.headers["Content-Type"].partition("boundary=")[2].encode()
    (part,) = form.body.split(b"--" + boundary)[1:-1]
    head, _, content = part.partition(b"\r\n\r\n")
    assert f'name="file"; filename="{NAME}"'.encode() in head
    assert PDF + b"\r\n" == content


async def test_the_connection_names_the_voucher_with_the_id_of_its_year(office):
    """Without the year the preselected one is meant."""
    await office.system.create("file", FIELDS, Lane.FRESH, enclosed=PDF)
    (sent,) = office.http.named(CONNECT)
    assert {"VoucherFileConnection": row()} == sent.body


@given(content=st.binary())
async def test_any_bytes_arrive_as_they_are(content):
    """Law: a form has one part, which is the file."""
    office = an_office()
    await office.system.create("file", FIELDS, Lane.FRESH, enclosed=PDF + content)
    (form,) = office.http.forms
    boundary = form.headers["Content-Type"].partition("boundary=")[2].encode()
    parts = form.body.split(b"--" + boundary)
    assert (3, b"--\r\n") == (len(parts), parts[-1])
    assert PDF + content == parts[1].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


ODD = [
    # what is answered, upload, connection, what is raised
    ("an upload that nobody answers", LOST, connected(), OutcomeUnknown),
    ("an upload without an id", reply(201, {"File": {}}), connected(), OutcomeUnknown),
    ("a file that is too large", refusal(2003640, 413), connected(), Refused),
    ("a connection that nobody answers", STORED, LOST, OutcomeUnknown),
    ("a connection to another voucher", STORED, connected(number="119"), OutcomeUnknown),
    ("a connection in another year", STORED, connected(year=4), OutcomeUnknown),
    ("a connection of another file", STORED, connected(file_id="f-2"), OutcomeUnknown),
    ("a voucher that is not there", STORED, refusal(2000645), Refused),
]  # fmt: skip


@pytest.mark.parametrize(
    ("upload", "connection", "error"), [row[1:] for row in ODD], ids=[row[0] for row in ODD]
)
async def test_only_a_connection_that_is_as_it_was_sent_is_believed(office, upload, connection, error):
    """An upload that is not certain is not connected: it is looked for as the whole is."""
    office.http[UPLOAD], office.http[CONNECT] = upload, connection
    with pytest.raises(error):
        await office.system.create("file", FIELDS, Lane.FRESH, enclosed=PDF)
    assert len(office.http.named(CONNECT)) == (upload is STORED)


async def test_nothing_is_sent_for_a_voucher_whose_number_was_given_again(office):
    """It is not the voucher of the report any more."""
    fields = {**FIELDS, "posting": "K/118/5, once of register/000000118"}
    with pytest.raises(Refused, match="REC02"):
        await office.system.create("file", fields, Lane.FRESH, enclosed=PDF)
    assert [] == office.asked()


# ------------------------------------------------------------------ looked for


async def test_a_look_shows_the_files_of_that_voucher_alone(office):
    """The list has no filter: all of its pages are read."""
    others = [row("f-2", "119"), row("f-3", series="L"), row("f-4", year=4), row("f-5")]
    pages = {
        "1": listed(MANY, [row(), *others[:2]], total=5, pages=2),
        "2": listed(MANY, others[2:], total=5, pages=2),
    }
    office.http[LIST] = lambda sent: pages[sent.query["page"]]
    found = await office.system.look("file", FIELDS, None)
    assert ["K/118/5/f-1", "K/118/5/f-5"] == [seen.id for seen in found]


async def test_a_look_that_cannot_be_read_is_no_empty_one(office):
    """Nothing may be connected because of it."""
    office.http[LIST] = reply(200, {"VoucherFileConnections": None})
    with pytest.raises(Unusable):
        await office.system.look("file", FIELDS, None)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [(connected(), "K/118/5/f-1"), (connected(number="119"), None), (refusal(2000704, 404), None)],
    ids=["connected", "connected to another one", "loose"],
)
async def test_a_file_is_read_by_its_own_id(office, shown, expected):
    """One that a person has moved to another voucher is not that file any more."""
    office.http["GET /3/voucherfileconnections/f-1"] = shown
    seen = await office.system.get("file", "K/118/5/f-1", Lane.READ)
    assert expected == (seen and seen.id)


async def test_files_are_never_listed(office):
    """What people connect is theirs, and nothing is asked."""
    assert {} == await office.rows("file")
    assert [] == office.asked()


# ------------------------------------------------------------------ check


async def test_a_check_proves_both_scopes(office):
    """Each by what it opens."""
    office.http["GET /3/inbox"] = reply(200, {"Folder": {"Files": [], "Folders": []}})
    findings = await office.system.check(["file"])
    assert all(each.ok for each in findings)
    office.http["GET /3/inbox"] = refusal(2000663, 403)
    office.http[LIST] = refusal(2000663, 403)
    lacking = [each.where.split()[2] for each in await office.system.check(["file"]) if not each.ok]
    assert ["connectfile", "inbox"] == lacking
