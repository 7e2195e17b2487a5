"""
The PDF of a Z-report is put to its voucher: once, where that is wanted; it keeps nothing waiting (row K2).
"""

from __future__ import annotations

import shutil

import pytest

from daemon.sandbox.faults import Fault
from daemon.sandbox.web import Request
from tests.engine.power import live_until_cut, steps_taken
from tests.engine.spoils import UNCLEAR
from tests.engine.story import calm
from tests.rows.acts import codes, sync_at_rest
from tests.rows.test_till_reports import a_shop, texts

pytestmark = pytest.mark.row("K2")
REPORT = "/api/reports/download-z-report/*"
PDF = {"system": "eskassa", "method": "GET", "path": REPORT}
UPLOAD = {"system": "fortnox", "method": "POST", "path": "/3/inbox"}
CONNECT = {"system": "fortnox", "method": "POST", "path": "/3/voucherfileconnections"}
PAPERS = (REPORT.removesuffix("*"), "/api/reports/get-z-reports", "/3/inbox", "/3/voucherfileconnections")


def a_tidy_shop(folder, **keys):
    """A shop whose PDFs cross, too."""
    shop = a_shop(folder, **{"attach_pdf": True, **keys})
    shop.configure('"settings",\n]', '"settings", "inbox", "connectfile",\n]')
    return shop


def office(shop, verb, **body):
    """Somebody does something in Fortnox."""
    return shop.people.act("fortnox", verb, **body)


def raw(shop, method, path, body=b"", kind="application/json", **query):
    """A person's own program asks Fortnox for what is no JSON."""
    shop.clock.passed_s += 0.25
    headers = {"authorization": f"Bearer {shop.people._fortnox_token()}", "content-type": kind}
    asked = Request(method=method, path=path, query=tuple(query.items()), headers=headers, body=body)
    response = shop.world.exchange("fortnox", asked).response
    assert response.status < 400, response.body
    return response.body


def attach(shop, number):
    """A person puts a scan to a voucher."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="scan.pdf"\r\n\r\n'
    form = head + b"%PDF-(A scan)\r\n--b--\r\n"
    raw(shop, "POST", "/3/inbox", form, "multipart/form-data; boundary=b", folderId="Inbox_v")
    lying = shop.people.fortnox("GET", "/3/inbox/Inbox_v")["Folder"]["Files"]
    body = {"FileId": lying[0]["Id"], "VoucherNumber": str(number), "VoucherSeries": "K"}
    shop.people.fortnox("POST", "/3/voucherfileconnections", {"VoucherFileConnection": body})


def papers(shop):
    """What each voucher's files say, by its number: the title of the report that each shows."""
    found = {}
    for row in shop.people.fortnox("GET", "/3/voucherfileconnections", limit="500")["VoucherFileConnections"]:
        content = raw(shop, "GET", f"/3/inbox/{row['FileId']}")
        assert content.startswith(b"%PDF-")
        title = content.partition(b"(")[2].partition(b")")[0].decode()
        found.setdefault(int(row["VoucherNumber"]), []).append(" ".join(title.split()[:4]))
    return found


def asked_for_papers(shop, since=0):
    """What the daemon asked of either vendor that only files need."""
    asked = [*shop.requests("eskassa", since=since), *shop.requests("fortnox", since=since)]
    return [each["path"] for each in asked if each["path"].startswith(PAPERS) and "json" not in each["path"]]


# ------------------------------------------------------------------ each once


async def test_every_voucher_is_given_the_pdf_of_its_own_report_once(tmp_path):
    """
    Registers with the same numbers, two reports a day; one of a day without sales has no voucher.
    """
    shop, titles = a_tidy_shop(tmp_path), []
    async with shop.running():
        for day in (23, 24):
            for register, hour in ((1, "14"), (2, "16"), (1, "18")):
                shop.until(f"2026-11-{day}T{hour}:00:00")
                number = shop.day(register=register)["Number"]
                titles.append(f"Kassa {register} Z-rapport K{register}:{number}")
            shop.till("close_day", register=2)
            await shop.sync()
        await sync_at_rest(shop)
        shop.wait(days=2)
        since = shop.world.log.last_seq
        await sync_at_rest(shop)
        assert ([], []) == (await codes(shop), asked_for_papers(shop, since))
    assert {number: [title] for number, title in enumerate(titles, 1)} == papers(shop)


async def test_nothing_is_asked_for_where_it_is_not_wanted(tmp_path):
    """
    That is how it is unless the setting says otherwise.
    """
    shop = a_shop(tmp_path)
    shop.day()
    async with shop.running():
        await sync_at_rest(shop)
    assert ([], {}, 1) == (asked_for_papers(shop), papers(shop), len(texts(shop)))


async def test_reports_are_not_read_once_more_for_their_files(tmp_path):
    """
    What was read for the vouchers just now tells which files there are.
    """
    counts = []
    for folder, wanted in (("without", False), ("with", True)):
        shop = a_tidy_shop(tmp_path / folder, attach_pdf=wanted)
        shop.day()
        async with shop.running():
            await shop.sync()
            await shop.sync()
        counts.append(sum("by-date" in each["path"] for each in shop.requests("eskassa")))
    assert counts[0] == counts[1]


async def test_vouchers_of_before_it_was_wanted_get_theirs_but_for_those_that_have_one(tmp_path):
    """
    Whatever a person has put to a voucher stays alone there.
    """
    shop = a_tidy_shop(tmp_path, attach_pdf=False)
    for _ in range(3):
        shop.day()
    async with shop.running():
        await sync_at_rest(shop)
    attach(shop, 2)
    shop.set(attach_pdf=True)
    shop.wait(days=1)
    async with shop.running():
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert [1, 1, 1] == [len(files) for _, files in sorted(papers(shop).items())]
    assert "Kassa 1 Z-rapport K1:2" not in papers(shop)[2]


# ------------------------------------------------------------------ whatever happens


@pytest.mark.parametrize("where", [UPLOAD, CONNECT], ids=["the upload", "the connection"])
@pytest.mark.parametrize("fault", [name for name, spoil in UNCLEAR.items() if "answered" not in spoil])
async def test_an_answer_that_is_lost_leaves_each_voucher_with_one_file(tmp_path, where, fault):
    """
    It is looked for at the voucher; an upload that nobody connects does no harm.
    """
    shop = a_tidy_shop(tmp_path)
    shop.day()
    shop.day(quantity=2)
    shop.world.faults.add(Fault(**where, **UNCLEAR[fault]))
    async with shop.running():
        await calm(shop, patient=True)
        assert ([], []) == (await codes(shop), await shop.desk.intents())
    assert {number: [f"Kassa 1 Z-rapport K1:{number}"] for number in (1, 2)} == papers(shop)


async def test_an_upload_that_is_never_answered_is_tried_three_times_and_told(tmp_path):
    """
    Files that nobody connects must not fill the archive; the voucher is booked all the same.
    """
    shop = a_tidy_shop(tmp_path)
    shop.day()
    shop.world.faults.add(Fault(**UPLOAD, fault="lost_after", count=None))
    async with shop.running():
        await calm(shop, patient=True)
        (told,) = await shop.desk.parked()
        assert ("file", "INT02", 1) == (told["kind"], told["code"], len(texts(shop)))
        assert 3 == len([each for each in shop.writes() if each == "POST /3/inbox"])
        shop.world.faults.clear()
        await shop.desk.retry(told["id"])
        await calm(shop, patient=True)
    assert {1: ["Kassa 1 Z-rapport K1:1"]} == papers(shop)


async def test_a_daemon_without_its_memory_connects_nothing_twice(tmp_path):
    """
    The state folder is gone, or is one of before: what the voucher has is found.
    """
    shop = a_tidy_shop(tmp_path)
    shop.day()
    async with shop.running():
        await sync_at_rest(shop)
    shutil.copytree(shop.folder / "state", shop.folder / "copy")
    shop.day(quantity=2)
    async with shop.running():
        await sync_at_rest(shop)
    before = papers(shop)
    for memory in (None, "copy"):
        shutil.rmtree(shop.folder / "state")
        if memory:
            (shop.folder / memory).rename(shop.folder / "state")
        shop.wait(minutes=20)
        async with shop.running():
            await calm(shop, patient=True)
            assert [] == await codes(shop)
        assert before == papers(shop)
    assert 2 == shop.writes().count("POST /3/voucherfileconnections")


async def test_a_power_cut_at_any_step_gives_no_voucher_two_files(tmp_path):
    """
    Before and after each commit, request and answer around the file.
    """
    shop = a_tidy_shop(tmp_path / "whole")
    shop.day()
    with steps_taken(shop) as steps:
        async with shop.running():
            await shop.sync()
    booked = len(steps) - 34
    for number in range(booked, len(steps), 3):
        shop = a_tidy_shop(tmp_path / f"{number}")
        shop.day()
        await live_until_cut(shop, number)
        async with shop.running():
            await calm(shop, patient=True)
            assert [] == await codes(shop), number
        assert {1: ["Kassa 1 Z-rapport K1:1"]} == papers(shop), number


# ------------------------------------------------------------------ what keeps it, and what it keeps

HELD = [
    # what becomes of the PDF     what is told, and whether it goes by itself
    ("their server fails",        {"fault": "status", "status": 500}, "NET11", True),
    ("no answer in time",         {"fault": "delay", "delay_s": 40},  "NET07", True),
    ("a page instead of it",      {"fault": "html"},                  "TIL04", True),
    ("nobody knows it",           {"fault": "status", "status": 404}, "NET13", False),
    ("no right to it",            {"fault": "status", "status": 403}, "AUT09", False),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "code", "itself"), [row[1:] for row in HELD], ids=[row[0] for row in HELD])
async def test_a_pdf_that_cannot_be_had_is_told_and_keeps_no_voucher_waiting(tmp_path, fault, code, itself):
    """
    Nothing is sent for it, and the daemon is not away for it either.
    """
    shop = a_tidy_shop(tmp_path)
    shop.world.faults.add(Fault(**PDF, **fault, count=None))
    async with shop.running():
        for _ in range(2):
            shop.day()
            report = await shop.sync()
            assert ("parked", []) == (report.outcome, [each for each in shop.writes() if "inbox" in each])
        parked = await shop.desk.parked()
        assert {("file", code)} == {(each["kind"], each["code"]) for each in parked}
        assert 2 == len(texts(shop))
        shop.world.faults.clear()
        for each in [] if itself else parked:
            await shop.desk.retry(each["id"])
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert {number: [f"Kassa 1 Z-rapport K1:{number}"] for number in (1, 2)} == papers(shop)


async def test_the_file_of_a_report_that_is_held_waits_without_a_word(tmp_path):
    """
    What keeps the report is told; its file follows it.
    """
    shop = a_tidy_shop(tmp_path)
    office(shop, "lock_period", until="2026-11-23")
    shop.day()
    async with shop.running():
        for _ in range(2):
            await shop.sync()
            assert ["REC23"] == await codes(shop)
        assert [] == asked_for_papers(shop)
        office(shop, "unlock_period")
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert {1: ["Kassa 1 Z-rapport K1:1"]} == papers(shop)


async def test_a_voucher_that_a_person_has_deleted_gets_no_file(tmp_path):
    """
    Nor does the one that has its number then: the report is told, and the file.
    """
    shop = a_tidy_shop(tmp_path)
    shop.world.faults.add(Fault(**PDF, fault="status", status=500, count=None))
    shop.day()
    async with shop.running():
        await shop.sync()
        office(shop, "delete_last_voucher", series="K")
        shop.wait(days=2)
        await shop.sync()
        shop.world.faults.clear()
        shop.day()
        await calm(shop, patient=True)
        assert ["REC02", "REC02"] == await codes(shop)
    assert {1: ["Kassa 1 Z-rapport K1:2"]} == papers(shop)


async def test_a_check_names_what_the_consent_lacks_for_files(tmp_path):
    """
    Two scopes more than for the vouchers.
    """
    shop = a_shop(tmp_path, attach_pdf=True)
    async with shop.running():
        await shop.sync()
        lacking = [each for each in await shop.vendors.check() if not each.ok]
    assert [("AUT07", "connectfile"), ("AUT07", "inbox")] == [
        (each.code, each.where.split()[2]) for each in lacking
    ]
