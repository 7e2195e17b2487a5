"""
The working day: what each person does, and how it is seen to have arrived.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from daemon.demo import documents, tills
from daemon.demo.people import View
from daemon.demo.processes import Failed
from daemon.demo.stage import Stage

NEWCOMER: Final = "Norrfjärdens Måleri AB"
OURS, THEIRS = "Hamnkrogen Ratan AB", "Ratans Hamnkrog AB"
SOON_S: Final = 10.0


def _everybody_works(stage: Stage) -> None:
    """Several people at once, and an operator who reloads the daemon under their hands."""
    people = stage.people
    people.edit_customer("1004", TermsOfPayment="20")
    stage.expect("The bookkeeper sets 20 days in Fortnox", "webCRM", _terms_of("1004", "20"))
    people.set_price("103", 72.5)
    stage.expect("The bookkeeper sets a price in Fortnox", "webCRM's catalogue", _price_of("103", 72.5))
    people.new_organisation(Name=NEWCOMER, Telephone="0920-12 34 56", City="Luleå")
    stage.expect("Sales makes a new customer in webCRM", "Fortnox, number {}", _number_in_fortnox)
    stage.expect("  the number that Fortnox gave it", "webCRM", _number_in_webcrm)
    before = stage.daemon.status()["config"]["reload"]["at"]
    stage.daemon.edit('interval = "2s"', 'interval = "1500ms"')
    people.edit_organisation("1006", Telephone="090-11 22 33")
    stage.daemon.hang_up()
    stage.expect("The operator edits the config: SIGHUP", "the daemon, reloaded", _reloaded_since(before))
    stage.expect(
        "Sales edits a phone number meanwhile", "Fortnox", _in_fortnox("1006", Phone1="090-11 22 33")
    )
    stage.wait()


def _two_disagree(stage: Stage) -> None:
    """Paused, so that neither edit has crossed when the other is made."""
    people, daemon = stage.people, stage.daemon
    daemon.tell("pause", "webcrm")
    daemon.wait_until(lambda: View(people, daemon.status()).state == "paused", SOON_S, "it did not pause")
    people.edit_organisation("1005", Name=THEIRS)
    people.edit_customer("1005", Name=OURS)
    daemon.tell("resume", "webcrm")
    stage.expect("Both rename the same customer", "webCRM: Fortnox decides", _in_webcrm("1005", Name=OURS))
    stage.wait()
    listed = [row for row in daemon.ask("conflicts")["items"] if row["partner"] == THEIRS]
    if not listed:
        raise Failed("a name was lost and `fortnox-syncd conflicts` does not list it")
    stage.row("  the name that was not taken", "`fortnox-syncd conflicts`")


def _things_break(stage: Stage) -> None:
    """
    One answer of Fortnox to a reading is cut, and one to a write is lost.

    The write is looked up half a minute later, which the demo does not wait for.
    """
    people = stage.people
    people.spoil(system="fortnox", method="GET", path="/3/customer[s]", fault="reset")
    people.edit_customer("1007", Phone1="090-77 88 99")
    stage.expect(
        "The bookkeeper edits; a reading breaks", "webCRM", _in_webcrm("1007", Telephone="090-77 88 99")
    )
    people.spoil(system="fortnox", method="PUT", path="/3/customers/1008", fault="lost_after")
    people.edit_organisation("1008", Fax="090-44 55 66")
    stage.expect("Sales edits; Fortnox' answer is lost", "`fortnox-syncd intents`", lambda view: view.unknown)
    stage.wait()
    intent = next(row for row in stage.daemon.ask("intents")["items"] if row["state"] == "unknown")
    stage.row("  stored or not? It is not sent blindly", f"looked up at {intent['next_look_at'][11:19]} UTC")


SCENES: Final[tuple[Callable[[Stage], None], ...]] = (
    documents.delivery_is_made,
    tills.goods_are_sold_and_received,
    _everybody_works,
    tills.day_is_closed,
    documents.row_is_changed,
    _two_disagree,
    documents.order_is_invoiced,
    documents.invoice_is_booked,
    documents.edit_comes_too_late,
    documents.edit_is_undone,
    _things_break,
)


# ------------------------------------------------------------------ how it is seen


def _in_fortnox(number: str, **fields: Any) -> Callable[[View], bool]:
    return lambda view: all(view.customers[number][name] == value for name, value in fields.items())


def _in_webcrm(number: str, **fields: Any) -> Callable[[View], bool]:
    return lambda view: all(
        view.organisations[number][f"Organisation{name}"] == value for name, value in fields.items()
    )


def _terms_of(number: str, code: str) -> Callable[[View], bool]:
    return lambda view: str(view.organisations[number]["OrganisationExtraCustom4"]).startswith(code)


def _price_of(number: str, price: float) -> Callable[[View], bool]:
    return lambda view: float(view.catalogue[number]["QuotationLineLinkedDataItemPrice"]) == price


def _number_in_fortnox(view: View) -> str:
    return next((number for number, each in view.customers.items() if each["Name"] == NEWCOMER), "")


def _number_in_webcrm(view: View) -> bool:
    named = [number for number, each in view.organisations.items() if each["OrganisationName"] == NEWCOMER]
    return any(named)


def _reloaded_since(before: str | None) -> Callable[[View], bool]:
    return lambda view: bool(view.reload["ok"] and view.reload["at"] != before)
