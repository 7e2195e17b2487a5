"""
`fortnox-syncd demo` as a stranger runs it: a process, its output, its exit code, and what it leaves behind.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from daemon import demo
from daemon.demo import compare, documents, processes, scenes, tills

PATIENCE_S = 120  # a bound for a busy machine, not the 30 s that the demo aims at
COMMAND = [sys.executable, "-m", "daemon", "demo"]


@pytest.fixture
def begun(tmp_path):
    """A demo under way in an empty folder of its own; ended by its own pid."""
    environ = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ
    ) as process:
        yield process
        if process.poll() is None:
            process.kill()


def lives(pid):
    """Whether a process of that number is there."""
    return Path(f"/proc/{pid}").exists()


def pids_in(text):
    """What the demo says it started."""
    return [int(pid) for pid in re.findall(r"runs with pid (\d+)", text)]


def until_both_run(process):
    """
    What it says until both of its processes run. When it ends before, or says nothing for `PATIENCE_S`,
    the assertion shows what it said.
    """
    heard, none_left = [], threading.Event()

    def listen():
        for line in process.stdout:
            heard.append(line)
            if len(pids_in("".join(heard))) == 2:
                break
        none_left.set()

    threading.Thread(target=listen, daemon=True).start()
    in_time = none_left.wait(PATIENCE_S)
    said = "".join(heard)
    assert len(pids_in(said)) == 2, f"{'it ended' if in_time else 'it hangs'} before both ran: {said}"
    return said


@pytest.mark.row("B4")
def test_the_demo_shows_a_day_and_ends_well(begun, tmp_path):
    """Everything crosses, both sides agree, nothing is left: no process, no file."""
    said, _ = begun.communicate(timeout=PATIENCE_S)

    assert begun.returncode == 0, said
    assert "Both sides agree" in said
    assert "orders: 1, invoices: 1, deliveries: 1" in said
    assert "REC24  invoice 1 is booked and never changed" in said
    assert "Z-reports: 1, each one voucher" in said
    assert len(pids_in(said)) == 2
    assert [] == [pid for pid in pids_in(said) if lives(pid)]
    assert [] == list(tmp_path.iterdir())
    assert [] == [line for line in said.splitlines() if len(line) > 80 and "curl" not in line]


@pytest.mark.row("B4")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "a kill"])
def test_an_interrupted_demo_clears_up(begun, tmp_path, number):
    """Whenever it is told to stop, it takes its processes and its folder along."""
    heard = until_both_run(begun)
    begun.send_signal(number)
    begun.communicate(timeout=PATIENCE_S)

    assert begun.returncode == 130
    assert [] == [pid for pid in pids_in(heard) if lives(pid)]
    assert [] == list(tmp_path.iterdir())


class Both:
    """What the two APIs show: at most one customer, and what the two keep of documents."""

    def __init__(self, ours=None, theirs=None, orders=(), invoices=(), deliveries=()):
        self.ours, self.theirs = ours, theirs
        self.kept = {"orders": orders, "invoices": invoices}
        self._deliveries = deliveries

    def customers(self):
        return [] if self.ours is None else [{"CustomerNumber": "1", **self.ours}]

    def organisations(self):
        if self.theirs is None:
            return []
        fields = {f"Organisation{name}": value for name, value in self.theirs.items()}
        kind = {"OrganisationType": "Kund – Privat", "OrganisationXMemo1": ""}
        return [{"OrganisationExtraCustom1": "1", **kind, **fields}]

    def articles(self):
        return []

    def catalogue(self):
        return {}

    def fortnox_screen(self, kind):
        return list(self.kept[kind])

    def deliveries(self):
        return list(self._deliveries)

    def lines(self, delivery):
        return [each for row in self._deliveries if row["DeliveryId"] == delivery for each in row["Lines"]]


SIDES = [
    # what is wrong                          Fortnox              webCRM                     what is said
    ("nothing", {"Name": "Ek"}, {"Name": "Ek"}, []),
    ("a name", {"Name": "Ek"}, {"Name": "Alm"}, ["1, name: 'Ek' in Fortnox, 'Alm' in webCRM"]),
    ("an empty field", {"Fax": None}, {"Fax": "1"}, ["1, fax: '' in Fortnox, '1' in webCRM"]),
    ("only the spelling of a code", {"TermsOfPayment": "30"}, {"ExtraCustom4": "30: 30 dagar"}, []),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "said"), [row[1:] for row in SIDES], ids=[row[0] for row in SIDES]
)
def test_the_demo_would_see_a_difference(ours, theirs, said):
    """A field that differs is named with both values; a spelling is no difference."""
    assert said == compare.compare(Both(ours, theirs))[0]


ORDER = {"DocumentNumber": "1", "Remarks": "Ring"}
SOLD = {"ArticleNumber": "106", "DeliveredQuantity": "3.5", "Total": 311.06}
INVOICE = {
    "DocumentNumber": "7",
    "OrderReference": "1",
    "InvoiceDate": "2026-11-20",
    "Booked": True,
    "Remarks": "",
    "Net": 311.06,
    "InvoiceRows": [SOLD],
}
LINE = {
    "QuotationLineId": 9,
    "QuotationLineData1": "106",
    "QuotationLineQuantity": 3.5,
    "QuotationLinePrice": 311.06,
}
DELIVERY = {
    "DeliveryId": 3,
    "DeliveryErpId": "invoice:7",
    "DeliveryCustom1": "1",
    "DeliveryCustom2": "7",
    "DeliveryCustom3": "2026-11-20",
    "DeliveryCustom5": "Yes",
    "DeliveryMemo": "Ring",
    "DeliveryOrderValue": 311.06,
    "Lines": [LINE],
}
CHEAPER = {**LINE, "QuotationLinePrice": 311.05}
SAID_OF_ROWS = (
    "7, rows: \"[('106', '3.50', '311.06')]\" in Fortnox, \"[('106', '3.50', '311.05')]\" in webCRM"
)
PAPERS = [
    # what is wrong        orders                                    deliveries                   what is said
    ("nothing", [ORDER], [DELIVERY], []),
    ("an öre", [ORDER], [{**DELIVERY, "Lines": [CHEAPER]}], [SAID_OF_ROWS]),
    (
        "the order value",
        [ORDER],
        [{**DELIVERY, "DeliveryOrderValue": 311}],
        ["7, total without VAT: '311.06' in Fortnox, '311.00' in webCRM"],
    ),
    (
        "the flag",
        [ORDER],
        [{**DELIVERY, "DeliveryCustom5": "No"}],
        ["7, booked: 'True' in Fortnox, 'False' in webCRM"],
    ),
    (
        "an order too many",
        [ORDER, {**ORDER, "DocumentNumber": "2"}],
        [DELIVERY],
        ["order 2 is not in webCRM"],
    ),
    (
        "a delivery twice",
        [ORDER],
        [DELIVERY, {**DELIVERY, "DeliveryId": 4}],
        ["2 deliveries are of invoice:7"],
    ),
    (
        "a delivery of nothing",
        [ORDER],
        [DELIVERY, {**DELIVERY, "DeliveryId": 4, "DeliveryErpId": ""}],
        ["1 deliveries are of no document"],
    ),
]


@pytest.mark.parametrize(
    ("orders", "deliveries", "said"), [row[1:] for row in PAPERS], ids=[row[0] for row in PAPERS]
)
def test_the_demo_would_see_a_document_differ_or_doubled(orders, deliveries, said):
    """Number, flag and total to the öre; and each document is there once."""
    assert said == compare.compare(Both(orders=orders, invoices=[INVOICE], deliveries=deliveries))[0]


@pytest.mark.parametrize("count", [0, 2])
def test_a_document_that_is_there_twice_or_not_ends_the_demo(count):
    """The scenes of documents look at the one that there may be."""
    with pytest.raises(processes.Failed, match=f"there are {count} records of the kind order"):
        documents.only({str(n): ORDER for n in range(count)}, "order")


def _breaks(_stage):
    raise processes.Failed("it did not arrive")


ENDS = [
    # what goes wrong      scenes        differences       code  what is said
    ("nothing", (), [], 0, "Both sides agree: nothing;"),
    ("a scene", (_breaks,), [], 1, "FAILED: it did not arrive"),
    ("a difference", (), ["1, name"], 1, "FAILED: the two sides differ:\n  1, name"),
]


@pytest.mark.row("B4")
@pytest.mark.parametrize(
    ("played", "differences", "code", "said"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS]
)
def test_a_claim_that_does_not_hold_fails_the_demo(monkeypatch, capsys, played, differences, code, said):
    """Exit code 1, and the claim is named; the processes and the first pass are left out here."""
    for name in ("sandbox", "daemon"):
        monkeypatch.setattr(processes, name, contextlib.nullcontext)
    monkeypatch.setattr(demo, "People", contextlib.nullcontext)
    for name in ("_first_pass", "_show_metrics"):
        monkeypatch.setattr(demo, name, lambda *_: None)
    monkeypatch.setattr(scenes, "SCENES", played)
    monkeypatch.setattr(compare, "compare", lambda _: (differences, "nothing"))
    monkeypatch.setattr(tills, "differences", lambda _: ([], "nothing"))

    assert code == demo.main()
    assert said in capsys.readouterr().out


def test_a_metric_is_added_up_by_one_label():
    """The demo's figures are sums over the other labels."""
    text = 'fortnox_syncd_x{a="1",b="2"} 3.0\nfortnox_syncd_x{a="1",b="3"} 4.0\nfortnox_syncd_xy{a="1"} 9.0\n'
    assert {"1": 7.0} == processes.metric(text, "x", "a")
