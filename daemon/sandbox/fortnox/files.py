"""
Files (fortnox.md 16): the inbox, and which file belongs to which voucher.

Assumed: a file without a folder lies in the root; one that is connected leaves the folder's list, keeps its
bytes and cannot be deleted; a voucher may have many files; a connection without VoucherYear means the
preselected year. The vendor's file knows no filter of connections. Ids come from a counter: a world repeats.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from daemon.sandbox.fortnox.bookkeeping import preselected
from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.errors import (
    FILE_CONNECTED,
    FILE_TOO_LARGE,
    IN_USE,
    MISSING,
    NO_FILE,
    NO_FOLDER,
    refusal,
)
from daemon.sandbox.fortnox.fields import Field
from daemon.sandbox.fortnox.resource import Resource, full
from daemon.sandbox.fortnox.wire import url
from daemon.sandbox.web import Request

FOLDERS = {
    "Inbox_a": "Anläggningsregister",
    "Inbox_b": "Bankfiler",
    "Inbox_d": "Dagskassor",
    "Inbox_kf": "Kundfakturor",
    "Inbox_l": "Lön",
    "Inbox_o": "Order",
    "Inbox_of": "Offerter",
    "Inbox_s": "Leverantörsfakturor",
    "Inbox_v": "Verifikationer",
}
ROOT = "root"
BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
PARAMETER = re.compile(rb'[;\s](name|filename)="([^"]*)"', re.IGNORECASE)

INBOX = Resource(
    path="inbox", one="File", many="Files", key="Id", scope="inbox", fields=(), verbs="", location="inbox"
)


def complete(
    company: Company, _before: Record | None, values: dict[str, Any], _changes: Mapping[str, Any]
) -> None:
    """A connection names a voucher that is there, and shows its text."""
    values["VoucherYear"] = values["VoucherYear"] or preselected(company)
    key = f"{values['VoucherYear']}\n{values['VoucherSeries']}\n{values['VoucherNumber']}"
    voucher = company.find("vouchers", key)
    if voucher is None:
        raise refusal(MISSING["vouchers"])
    values["VoucherDescription"] = voucher.values["Description"]


CONNECTIONS = Resource(
    path="voucherfileconnections",
    one="VoucherFileConnection",
    many="VoucherFileConnections",
    key="FileId",
    scope="connectfile",
    fields=(
        Field("FileId", "text", 64, write="create", required=True, register="inbox"),
        Field("VoucherDescription", "text", write="never"),
        Field("VoucherNumber", "text", 10, write="create", required=True),
        Field("VoucherSeries", "text", 10, write="create", required=True),
        Field("VoucherYear", "integer", 10**6, write="create"),
    ),
    verbs="LPGD",
    taken=FILE_CONNECTED,
    missing_status=400,
    compose=complete,
)


def upload(company: Company, request: Request) -> Record:
    """Keep the part `file` of a form in the folder that the query names; refused when it is too large."""
    wanted = dict(request.query)
    folder = wanted.get("path") or wanted.get("folderId") or ROOT
    if folder != ROOT and folder not in FOLDERS:
        raise refusal(NO_FOLDER, folder)
    name, content = _part(request)
    if len(content) > company.switches["upload_max_bytes"]:
        raise refusal(FILE_TOO_LARGE, status=413)
    register = company.registers["inbox"]
    number = register.take_number()
    key = _id(company, f"inbox {number}")
    values = {
        "ArchiveFileId": _id(company, f"archive {number}"),
        "Comments": "",
        "Id": key,
        "Name": name,
        "Path": folder,
        "Size": len(content),
    }
    record = Record(key=key, values=values, modified=company.stamp())
    register.put(record)
    company.contents[record.key] = content
    return record


def _id(company: Company, text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{company.tenant} {text}"))


def _part(request: Request) -> tuple[str, bytes]:
    """Name and bytes of the part `file`; the name is UTF-8 as it stands."""
    boundary = BOUNDARY.search(request.headers.get("content-type", ""))
    border = b"\r\n--" + (boundary.group(1).encode() if boundary else b"")
    for part in (b"\r\n" + request.body).split(border)[1:] if boundary else ():
        head, blank, content = part.partition(b"\r\n\r\n")
        said = {name.lower(): text.decode(errors="replace") for name, text in PARAMETER.findall(head)}
        if blank and said.get(b"name") == "file":
            return said.get(b"filename") or "file", content
    raise refusal(NO_FILE)


def remove(company: Company, file_id: str) -> None:
    """Delete a file that is not connected."""
    if file_id not in company.contents:
        raise refusal(MISSING["inbox"], status=404)
    if company.find("voucherfileconnections", file_id) is not None:
        raise refusal(IN_USE, file_id)
    company.registers["inbox"].drop(file_id)
    del company.contents[file_id]


def folder(company: Company, folder_id: str = ROOT) -> dict[str, Any]:
    """A folder as the API shows it: the files in it that no voucher has, and in the root the folders."""
    connected = company.registers["voucherfileconnections"].records
    lying = [
        each
        for each in company.registers["inbox"].records.values()
        if each.values["Path"] == folder_id and each.key not in connected
    ]
    below = FOLDERS if folder_id == ROOT else {}
    return {
        "@url": url("inbox", folder_id),
        "Email": "",
        "Files": [full(INBOX, each) for each in lying],
        "Folders": [{"@url": url("inbox", each), "Id": each, "Name": name} for each, name in below.items()],
        "Id": folder_id,
        "Name": FOLDERS.get(folder_id, "Inkorg"),
    }
