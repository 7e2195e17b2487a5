"""The pretend ES Kassasystem's report API: login, Z-reports, and what can be wrong with them."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.sandbox.eskassa.auth import MACHINES
from tests.sandbox.eskassa_shop import BY_DATE, HEADERS, INTEGRATOR, Shop, accounts, row

MACHINE = MACHINES[0]
LIST = "/api/reports/get-z-reports"
ONE = "/api/reports/download-z-report"
DAY = {"machineId": MACHINE, "startDate": "2026-03-02", "endDate": "2026-03-02"}


def close(shop, *times, register=1):
    """A Z-report at each of `times`, with a sale before each."""
    for at in times:
        shop.sell("K01", register=register, at=at)
        shop.act("close_day", register=register, at=at)


LOGINS = [
    # switch | IntegratorId sent | status
    ("any", None, 200),
    ("any", INTEGRATOR, 200),
    ("any", "0", 401),
    ("required", None, 401),
    ("required", INTEGRATOR, 200),
    ("refused", None, 200),
    ("refused", INTEGRATOR, 401),
]


@pytest.mark.parametrize(("switch", "header", "status"), LOGINS, ids=[str(case) for case in LOGINS])
def test_the_login_wants_or_refuses_the_integrator(switch, header, status):
    """dinkassa.md 5.1: the two public clients disagree about the header, so both can be had."""
    shop = Shop(login_integrator=switch)
    answered, body = shop.log_in({"integratorid": header} if header else {})
    assert answered == status
    if status == 200:
        assert (body["Type"], body["ExpiresDateTime"]) == (2, "2026-03-02T08:30:00")
        assert shop.ask("GET", "/api/machine", headers={"sessionid": body["Id"]})[0] == 200


def test_a_session_ends_and_its_end_may_be_untold():
    """dinkassa.md 5.1: 30 minutes when nothing is said; 401 afterwards, or when somebody ends it."""
    shop = Shop(session_tells_expiry=False, report_auth="web_session")
    sessions = []
    for _ in (1, 2):
        answer = shop.log_in()[1]
        assert "ExpiresDateTime" not in answer
        sessions.append({"sessionid": answer["Id"], "integratorid": INTEGRATOR})
    first, second = sessions
    assert first != second
    shop.hand.wait(1799)
    assert shop.ask("GET", "/api/settings", headers=first)[0] == 200
    shop.hand.wait(1)
    assert shop.ask("GET", "/api/settings", headers=first)[0] == 401
    third = {"sessionid": shop.log_in()[1]["Id"]}
    assert shop.ask("GET", "/api/settings", headers=third)[0] == 200
    assert shop.act("expire_sessions") == {"ended": 1}
    assert shop.ask("GET", "/api/settings", headers=third)[0] == 401


def test_failed_logins_lock_the_user_for_ten_minutes():
    """dinkassa.md 5.1: a client that tries on without waiting stays outside."""
    shop = Shop(lockout_after=2)
    assert [shop.log_in(password="x")[0] for _ in range(3)] == [401, 401, 403]
    assert shop.log_in()[0] == 403
    shop.hand.wait(599)
    assert shop.log_in()[0] == 403
    shop.hand.wait(1)
    assert shop.log_in()[0] == 200
    assert shop.ask("POST", "/api/session/Authenticate", {"Username": "x"}, headers={})[0] == 400


OPENERS = [
    # switch | machine headers | session
    ("both", 200, 200),
    ("web_session", 401, 200),
    ("machine_headers", 200, 401),
]


@pytest.mark.parametrize(("switch", "machine", "session"), OPENERS, ids=[case[0] for case in OPENERS])
def test_machine_headers_or_a_session_open_the_reports(switch, machine, session):
    """dinkassa.md 5.1: whether machine headers open them is unknown; a session opens no article."""
    shop = Shop(report_auth=switch)
    headers = {"sessionid": shop.log_in()[1]["Id"], "integratorid": INTEGRATOR}
    assert shop.ask("GET", "/api/machine")[0] == machine
    assert shop.ask("GET", "/api/machine", headers=headers)[0] == session
    assert shop.ask("GET", "/api/machine", headers={})[0] == 401
    assert shop.ask("GET", "/api/inventoryitem", headers={**headers, "accept": "application/json"})[0] == 401


def test_registers_and_settings_are_looked_up():
    """dinkassa.md 5.2: four registers; the first shares its id with the shop database."""
    shop = Shop()
    assert shop.get("/api/settings")["MachineId"] == MACHINE == HEADERS["machineid"]
    machines = shop.get("/api/machine")
    assert [(row["Id"], row["Name"]) for row in machines["Items"]] == [
        (machine, f"Kassa {number}") for number, machine in enumerate(MACHINES, 1)
    ]
    assert "ItemCountTotal" not in machines


def test_a_report_is_listed_and_told_with_its_accounts():
    """dinkassa.md 5.3: a number in the list, K1:1 with the accounts; the times of its receipts."""
    shop = Shop()
    shop.sell("K01", at="2026-03-02T11:10:12")
    shop.sell("K01", at="2026-03-02T15:46:34")
    made = shop.act("close_day", at="2026-03-02T17:30:26", employee="Björn")
    query = {"startDateTime": "2026-03-02T00:00:00", "endDateTime": "2026-03-02T23:59:59"}
    listed = shop.get(LIST, machineId=MACHINE.upper(), **query)
    assert listed == {
        "ItemCountFetched": 1,
        "Items": [
            {"Id": made["Id"], "Number": 1, "DateTime": "2026-03-02T17:30:26", "CreatedBy": "Björn"},
        ],
    }
    raw = shop.send("GET", BY_DATE, **DAY).body
    assert b'{"Description":"Kontokort","Number":"1580","Amount":118.00}' in raw
    [report] = shop.reports()
    assert (report["ZReport"], report["ReportDateTime"]) == ("K1:1", "2026-03-02T17:30:26")
    assert report["FirstTransactionDateTime"] == "2026-03-02T11:10:12"
    assert report["LastTransactionDateTime"] == "2026-03-02T15:46:34"
    assert shop.reports(2) == []


WINDOWS = [
    # what | first day | last day | numbers
    ("the day", "2026-03-02", "2026-03-02", [1, 2]),
    ("after midnight is the next day", "2026-03-03", "2026-03-03", [3]),
    ("both", "2026-03-02", "2026-03-03", [1, 2, 3]),
    ("neither", "2026-03-04", "2026-03-31", []),
    ("turned round", "2026-03-03", "2026-03-02", []),
]


@pytest.mark.parametrize(("first", "last", "numbers"), [w[1:] for w in WINDOWS], ids=[w[0] for w in WINDOWS])
def test_reports_are_found_by_the_time_of_the_report(first, last, numbers):
    """dinkassa.md 5.3, 9: two on one day, one after midnight; numbers without a gap, per register."""
    shop = Shop()
    close(shop, "2026-03-02T00:00:00", "2026-03-02T23:59:59", "2026-03-03T00:30:00")
    close(shop, "2026-03-02T12:00:00", register=3)
    found = [report["ZReport"] for report in shop.reports(1, first, last)]
    assert found == [f"K1:{number}" for number in numbers]
    query = {"startDateTime": f"{first}T00:00:00", "endDateTime": f"{last}T23:59:59"}
    assert [item["Number"] for item in shop.get(LIST, machineId=MACHINE, **query)["Items"]] == numbers
    assert [report["ZReport"] for report in shop.reports(3)] == ["K3:1"]


ASKED_WRONGLY = [
    # what | path | query | status
    ("no machine", BY_DATE, {**DAY, "machineId": ""}, 404),
    ("an unknown machine", BY_DATE, {**DAY, "machineId": "x"}, 404),
    ("no date", BY_DATE, {**DAY, "startDate": ""}, 400),
    ("a date that is none", BY_DATE, {**DAY, "endDate": "2026-02-30"}, 400),
    ("no times", LIST, {"machineId": MACHINE}, 400),
    ("a report that is none", f"{ONE}/{MACHINE}/1", {}, 404),
    ("a report of no machine", f"{ONE}/x/1/sie4", {}, 404),
]


@pytest.mark.parametrize(
    ("path", "query", "status"), [case[1:] for case in ASKED_WRONGLY], ids=[case[0] for case in ASKED_WRONGLY]
)
def test_a_question_that_cannot_be_answered_is_refused(path, query, status):
    """dinkassa.md 2.3: 400 for what is missing or malformed, 404 for what is not there."""
    assert Shop().ask("GET", path, **query)[0] == status


def test_a_report_is_had_as_pdf_and_as_sie():
    """dinkassa.md 5.3, 5.5: the PDF names the report; SIE is in code page 437 and balances."""
    shop = Shop()
    shop.act("sell", items=[row(price=106.4)], payment="cash")
    made = shop.act("close_day")
    path = f"{ONE}/{MACHINE}/{made['Id']}"
    pdf = shop.send("GET", path, headers={**HEADERS, "accept": "application/pdf"})
    assert (pdf.status, pdf.headers["content-type"], pdf.body[:5]) == (200, "application/pdf", b"%PDF-")
    assert b"K1:1 2026-03-02T08:00:00" in pdf.body
    sie = shop.send("GET", f"{path}/sie4").body.decode("cp437")
    assert sie.splitlines()[6:] == [
        '#KONTO 1910 "Kontant"',
        '#KONTO 3003 "Försäljning 6 %"',
        '#KONTO 2631 "Utgående moms 6 %"',
        '#KONTO 3740 "Öresutjämning"',
        '#VER "A" "1" 20260302 "Dagsavslut K1:1"',
        "{",
        "#TRANS 1910 {} 106.00",
        "#TRANS 3003 {} -100.38",
        "#TRANS 2631 {} -6.02",
        "#TRANS 3740 {} 0.40",
        "}",
    ]


def overview(shop, first, last, period="Day"):
    names = ("Period-typ", "Fr.o.m.-datum", "T.o.m.-datum")
    rows = [{"Name": name, "Value": value} for name, value in zip(names, (period, first, last), strict=True)]
    path = "/api/reports/get-report-result/EHK_SalesOverview"
    return shop.ask("POST", path, {"Parameters": rows})


def test_the_sales_overview_counts_days_and_their_sum():
    """dinkassa.md 5.4: a row per day with receipts and the total last; gift cards are no sales."""
    shop = Shop()
    shop.sell("K01", register=1)
    shop.sell("K01", 2, register=2)
    shop.act("sell_gift_card", amount=500, payment="card")
    shop.hand.wait(86_400)
    shop.sell("K01")
    status, answer = overview(shop, "2026-03-01", "2026-03-03")
    amount, count = "**TOTAL**|BELOPP", "**TOTAL**|ANTAL KVITTON"
    assert status == 200
    assert [(item["Period"], item[amount], item[count]) for item in answer["Items"]] == [
        ("2026-03-02", 177.0, 3),
        ("2026-03-03", 59.0, 1),
        ("**TOTAL**", 236.0, 4),
    ]
    assert overview(shop, "2026-03-01", "x")[0] == 400
    assert overview(shop, "2026-03-01", "2026-03-02", "Month")[0] == 400


def test_a_hidden_report_shows_late_or_never():
    """dinkassa.md 9: a late report appears days after in its own place; also hidden before it is made."""
    shop = Shop()
    shop.act("hide_z", number=1, until="2026-03-05T08:00:00")
    shop.act("hide_z", number=3)
    close(shop, "2026-03-02T18:00:00", "2026-03-03T18:00:00", "2026-03-04T18:00:00")
    shop.hand.wait(3 * 86_400 - 1)
    assert [report["ZReport"] for report in shop.reports()] == ["K1:2"]
    shop.hand.wait(1)
    assert [report["ZReport"] for report in shop.reports()] == ["K1:1", "K1:2"]
    shop.act("hide_z", number=3, until="2026-03-01")
    assert [report["ZReport"] for report in shop.reports()] == ["K1:1", "K1:2", "K1:3"]


def test_a_hidden_report_is_not_had_by_its_id_either():
    """dinkassa.md 5.3: neither as PDF nor as SIE."""
    shop = Shop()
    made = shop.act("close_day")
    shop.act("hide_z", number=1)
    for path in (f"{ONE}/{MACHINE}/{made['Id']}", f"{ONE}/{MACHINE}/{made['Id']}/sie4"):
        assert shop.ask("GET", path)[0] == 404


def test_a_number_may_be_skipped():
    """dinkassa.md 7.1: the gap that a client must raise an alarm about."""
    shop = Shop()
    close(shop, "2026-03-02T17:00:00")
    assert shop.act("skip_z") == {"skipped": 2}
    close(shop, "2026-03-02T18:00:00")
    assert [report["ZReport"] for report in shop.reports()] == ["K1:1", "K1:3"]


def test_numbers_may_begin_again():
    """A register made anew: its first report stands beside the one that had that number before."""
    shop = Shop()
    close(shop, "2026-03-02T17:00:00")
    assert shop.act("restart_z") == {"next": 1}
    close(shop, "2026-03-02T18:00:00")
    found = [(report["ZReport"], report["ReportDateTime"]) for report in shop.reports()]
    assert found == [("K1:1", "2026-03-02T17:00:00"), ("K1:1", "2026-03-02T18:00:00")]


def test_a_report_may_be_unbalanced_or_changed_afterwards():
    """dinkassa.md 7.1, 9: by an öre, between its rows, or altogether."""
    shop = Shop()
    close(shop, "2026-03-02T17:00:00", "2026-03-02T18:00:00")
    shop.act("unbalance_z", number=1, by=0.01)
    shop.act("change_z", number=2, by=-9)
    first, second = (accounts(report) for report in shop.reports())
    assert first == {"1580": 59.01, "3003": -55.66, "2631": -3.34}
    assert second == {"1580": 50.0, "3003": -55.66, "2631": 5.66}
    shop.act("change_z", number=2, rows=[{"description": "x", "number": "1910", "amount": 1}])
    assert accounts(shop.reports()[1]) == {"1910": 1.0}


class Counting(dict):
    """Counts how often something was looked up."""

    looked_up = 0

    def __contains__(self, key):
        self.looked_up += 1
        return super().__contains__(key)


def test_a_day_among_ten_years_of_reports_looks_at_that_day_only():
    """However many Z-reports there are, a question touches those it asks for."""
    shop = Shop()
    first = dt.datetime(2016, 1, 1, 18)  # noqa: DTZ001 - a till's own time
    for day in range(3650):
        shop.act("close_day", at=(first + dt.timedelta(days=day)).isoformat())
    till = shop.system._state.tills[0]
    till.hidden = Counting(till.hidden)
    assert [report["ZReport"] for report in shop.reports(1, "2020-02-28", "2020-03-01")] == [
        "K1:1520",
        "K1:1521",
        "K1:1522",
    ]
    assert till.hidden.looked_up == 3
