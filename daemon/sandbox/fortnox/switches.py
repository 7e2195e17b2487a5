"""What Fortnox's documents leave open, as a table of switches (fortnox.md 22)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from daemon.sandbox.web import ActionError


class Switch(Struct, frozen=True):
    """One open behaviour: how it starts, and the values it may take (empty: any above zero)."""

    start: Any
    options: tuple[Any, ...] = ()


YES_NO = (True, False)

SWITCHES = {
    "access_token_s": Switch(3600),
    "simultaneous_refresh_s": Switch(0.7),  # 2.3: within this time a spent refresh token still answers 200
    "administrator_of": Switch(
        "", ("", "1234567", "7654321")
    ),  # whose administrator approves; "": the client's own
    "authorize_error": Switch(
        "", ("", "error_missing_license", "error_missing_app_license", "invalid_scope")
    ),
    "no_consent": Switch("invalid_grant", ("invalid_grant", "invalid_client")),  # 22 no 5
    "retry_after": Switch("absent", ("absent", "seconds", "date")),  # 22 no 1
    "throttle_body": Switch("empty", ("empty", "text", "json")),  # 22 no 1
    "throttle_counts_refused": Switch(True, YES_NO),  # 4: "until the average is back under the limit"
    "lastmodified_bound": Switch("inclusive", ("inclusive", "exclusive")),  # 22 no 2
    "lastmodified_precision": Switch("minute", ("minute", "second")),  # 22 no 2
    "price_stamps_article": Switch(False, YES_NO),  # 22 no 3
    "stock_stamps_article": Switch(False, YES_NO),  # 22 no 3
    "unknown_parameter": Switch("refuse", ("refuse", "ignore")),  # 22 no 9
    "read_only_field": Switch("ignore", ("ignore", "refuse")),  # 22 no 10
    "reference_search": Switch(
        "works", ("works", "ignored", "empty")
    ),  # broken: filter ignored, nothing found
    "number_order": Switch("number", ("number", "text")),  # 22 no 11
    "own_document_number": Switch("accept", ("accept", "refuse")),  # 8.5
    "references_copied_to_invoice": Switch(True, YES_NO),  # 8.6: ExternalInvoiceReference1 and 2
    "references_copied_to_credit": Switch(False, YES_NO),  # no source says
    "createinvoice_answers": Switch("Invoice", ("Invoice", "Order")),  # 22 no 12
    "article_fills_row": Switch("price", ("account", "price", "all")),  # 10, 12.1; "all": texts and unit too
    "inactive_article": Switch("refuse", ("refuse", "accept")),
    "missing_account": Switch(0),  # an account number that the chart does not have (2001304)
    "easy_vat": Switch(False, YES_NO),  # 12.1
    "adjacent_text_rows": Switch("kept", ("kept", "priced")),  # 11
    "round_off": Switch(False, YES_NO),  # 12.1: to whole kronor
    "warehouse_module": Switch(False, YES_NO),  # 11: only then does WarehouseReady mean anything
    "book_when_sent": Switch(False, YES_NO),  # 12.2
    "booking_stamps_invoice": Switch(True, YES_NO),  # 22 no 3
    "payment_stamps_invoice": Switch(True, YES_NO),  # 22 no 3
    "sending_stamps_invoice": Switch(True, YES_NO),  # 22 no 3
    "preselected_year": Switch(0),  # 15: an id, for calls without financialyear; 0: the latest
    "next_financial_year": Switch(True, YES_NO),  # at a reset: does a filled company have next year already?
    "upload_max_bytes": Switch(10_000_000),  # 22 no 13
    "print_answers": Switch("pdf", ("pdf", "error")),  # 5: 200 with an error envelope
}


def defaults() -> dict[str, Any]:
    """Every switch at its start."""
    return {name: switch.start for name, switch in SWITCHES.items()}


def checked(name: str, value: Any) -> Any:
    """`value` when switch `name` may take it; ActionError otherwise."""
    switch = SWITCHES.get(name)
    if switch is None:
        raise ActionError(f"There is no switch {name!r}; there are {', '.join(SWITCHES)}.")
    if switch.options:
        if not any(type(value) is type(option) and value == option for option in switch.options):
            raise ActionError(f"{name} takes one of {', '.join(repr(option) for option in switch.options)}.")
    elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ActionError(f"{name} takes a number, zero or more.")
    return value
