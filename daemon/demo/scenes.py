"""
The working day: what each person does, and where it must arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from daemon.demo.stage import Stage

NEWCOMER: Final = "Norrfjärdens Måleri AB"
RENAMED: Final = {"fortnox": "Hamnkrogen Ratan AB", "webcrm": "Ratans Hamnkrog AB"}
LOSES_S: Final = 10.0


def _a_new_customer(stage: Stage) -> None:
    people = stage.people
    with stage.act("Sales makes a new customer in webCRM", note=NEWCOMER):
        people.new_organisation(Name=NEWCOMER, Telephone="0920-12 34 56", City="Luleå")
    number = stage.arrives("Fortnox, with number {}", lambda: people.number_of(NEWCOMER))
    stage.arrives("webCRM, number written back", lambda: bool(people.organisation(number)))


def _terms_of_payment(stage: Stage) -> None:
    people = stage.people
    with stage.act("The bookkeeper sets 20 days in Fortnox"):
        people.edit_customer("1004", TermsOfPayment="20")
    stage.arrives("webCRM", lambda: _starts(people.organisation("1004"), "OrganisationExtraCustom4", "20"))


def _a_phone_number(stage: Stage) -> None:
    people = stage.people
    with stage.act("Sales corrects a phone number in webCRM"):
        people.edit_organisation("1005", Telephone="090-11 22 33")
    stage.arrives("Fortnox", lambda: people.customer("1005")["Phone1"] == "090-11 22 33")


def _a_conflict(stage: Stage) -> None:
    """Paused meanwhile, so that neither edit has crossed when the other is made."""
    people, daemon = stage.people, stage.daemon
    daemon.tell("pause")
    daemon.wait_until(lambda: _connector(stage)["state"] == "paused", LOSES_S, "it did not pause")
    people.edit_organisation("1005", Name=RENAMED["webcrm"])
    people.edit_customer("1005", Name=RENAMED["fortnox"])
    with stage.act("Both rename the same customer", note="`fortnox-syncd conflicts`:"):
        daemon.tell("resume")
    stage.arrives(
        "Fortnox decides names: webCRM",
        lambda: people.organisation("1005")["OrganisationName"] == RENAMED["fortnox"],
    )
    listed = [row for row in daemon.ask("conflicts")["items"] if row["partner"] == RENAMED["webcrm"]]
    stage.also(f"{listed[0]['winner']} won, the other is kept" if listed else "NOT LISTED")
    assert listed, "a value was lost without being listed"


def _a_price(stage: Stage) -> None:
    people = stage.people
    with stage.act("The bookkeeper sets a price in Fortnox"):
        people.fortnox("PUT", "/prices/A/103/0", {"Price": {"Price": 72.5}})
    stage.arrives(
        "webCRM's catalogue",
        lambda: people.catalogue()["103"]["QuotationLineLinkedDataItemPrice"] == 72.5,  # noqa: PLR2004
    )


def _a_reload(stage: Stage) -> None:
    people, daemon = stage.people, stage.daemon
    loaded_at = daemon.status()["config"]["reload"]["at"]
    text = daemon.config.read_text("utf-8")
    with stage.act("The operator edits the config, SIGHUP,", note="while sales edits a website in webCRM"):
        people.edit_organisation("1006", Www="www.vannforsel.example")
        daemon.config.write_text(text.replace('interval = "2s" ', 'interval = "1500ms"'), "utf-8")
        daemon.hang_up()
    stage.arrives("reloaded", lambda: _reloaded(stage, loaded_at))
    stage.arrives("Fortnox", lambda: people.customer("1006")["WWW"] == "www.vannforsel.example")


def _an_outage(stage: Stage) -> None:
    people = stage.people
    people.spoil(system="fortnox", method="GET", path="/3/customer[s]", count=2, fault="status", status=503)
    with stage.act("Fortnox fails twice, while the book-", note="keeper moves a customer"):
        people.edit_customer("1007", VisitingAddress="Kajgatan 3", VisitingCity="Umeå")
    stage.arrives(
        "webCRM, by itself",
        lambda: people.organisation("1007")["OrganisationAddress"] == "Kajgatan 3",
    )
    stage.end()


def _a_lost_answer(stage: Stage) -> None:
    """The last scene: whether Fortnox stored it is looked up half a minute later, which is not waited for."""
    people, daemon = stage.people, stage.daemon
    people.spoil(system="fortnox", method="PUT", path="/3/customers/1008", fault="lost_after")
    with stage.act("An answer of Fortnox is lost on its way,", note="when sales edits a fax number"):
        people.edit_organisation("1008", Fax="090-44 55 66")
    stage.arrives("unknown: looked up, never sent", lambda: len(daemon.ask("intents")["items"]) == 1)
    (intent,) = daemon.ask("intents")["items"]
    stage.also(f"again blindly; at {intent['next_look_at'][11:19]} UTC")


SCENES: Final[tuple[Callable[[Stage], None], ...]] = (
    _a_new_customer,
    _terms_of_payment,
    _a_phone_number,
    _a_conflict,
    _a_price,
    _a_reload,
    _an_outage,
    _a_lost_answer,
)


def _starts(record: Mapping[str, Any], field: str, text: str) -> bool:
    return str(record.get(field)).startswith(text)


def _connector(stage: Stage) -> Mapping[str, Any]:
    (row,) = stage.daemon.status()["connectors"]
    return dict(row)


def _reloaded(stage: Stage, before: str | None) -> bool:
    reload = stage.daemon.status()["config"]["reload"]
    return bool(reload["ok"] and reload["at"] != before)
