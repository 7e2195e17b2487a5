"""How items, stock, Z-reports, customers and sales on invoice are spelled (dinkassa.md 3, 5, 8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from daemon.core import codecs, documents, postings
from daemon.core.codecs import FLAG, ORE, ORG_NUMBER, TEXT, VAT_NUMBER
from daemon.core.documents import HUNDRED, ZERO, DocumentRow, ore, worked_out
from daemon.core.mapping import LEAVE, Codec, Row, Table
from daemon.core.postings import Entry
from daemon.core.records import Fields, Value
from daemon.systems.eskassa import wire
from daemon.systems.eskassa.spec import CUSTOMER_NAME_MAX, LIVE, NAME_MAX, VAT_RATES

NOISE: Final = Decimal("0.0001")  # of an öre: what a binary number may add to an amount
ODD_CHARS_MAX: Final = 100


def _reads(read: Callable[[Any], Any]) -> Codec:
    """For what is only read."""
    return Codec(read, lambda value: value)


def text_of(raw: Any) -> str:
    """A text on one side or another; "" for none."""
    found = TEXT.read(raw)
    return found if isinstance(found, str) else ""


# ------------------------------------------------------------------ items and stock


def _whole(raw: Any) -> Any:
    if raw is None:
        return None
    found = wire.number(raw)
    return LEAVE if found is None or found != found.to_integral_value() else int(found)


def _rate(value: Value, _present: Value, _today: dt.date) -> tuple[str, str, str] | None:
    if value in VAT_RATES:
        return None
    rates = ", ".join(map(str, VAT_RATES))
    return "REC17", f"the till takes no VAT of {value} %", f"choose one of {rates} for the article"


WHOLE: Final = Codec(_whole, lambda value: value)
# fmt: off
ITEM: Final = Table(
    kind="item",
    key="Id",
    rows=(
        Row("number",  "ProductCode",        TEXT, limit=NAME_MAX),
        Row("name",    "Description",        TEXT, limit=NAME_MAX, required=True),
        Row("price",   "PriceIncludingVat",  ORE),
        Row("vat",     "VatPercentage",      WHOLE, check=_rate),
        Row("barcode", "BarCode",            TEXT, limit=NAME_MAX),
        Row("live",    "VisibleOnSalesMenu", FLAG),
    ),
)
STOCK: Final = Table(
    kind="stock",
    key="Id",
    rows=(
        Row("number",   "ProductCode",            TEXT, writable=False),
        Row("quantity", "QuantityInStockCurrent", ORE),  # whole hundredths, as öre are
    ),
)
# fmt: on


# ------------------------------------------------------------------ customers

KIND_OF_CUSTOMER: Final = Codec(
    lambda raw: raw if raw is None else {True: "private", False: "company"}.get(FLAG.read(raw), LEAVE),
    lambda kind: kind == "private",
)
# fmt: off
CUSTOMER: Final = Table(
    kind="customer",
    key="Id",
    rows=(
        Row("number",          "CustomerNumber",     TEXT, limit=NAME_MAX),
        Row("name",            "Name",               TEXT, limit=CUSTOMER_NAME_MAX, required=True),
        Row("type",            "IsPrivatePerson",    KIND_OF_CUSTOMER),
        Row("org_number",      "OrganizationNumber", ORG_NUMBER),
        Row("vat_number",      "VatNumber",          VAT_NUMBER),
        Row("invoice_address", ("Address1", "Address2", "ZipCode", "City", "Country"), codecs.ADDRESS,
            limit=CUSTOMER_NAME_MAX),
        Row("phone",           "Phone",              TEXT),
        Row("email",           "Email",              TEXT),
        Row("live",            LIVE,                 FLAG),
    ),
)
# fmt: on


# ------------------------------------------------------------------ Z-reports


def _local(raw: Any) -> Any:
    if raw is None:
        return None
    found = wire.local(raw)
    return found.isoformat() if found else LEAVE


def _amount(raw: Any) -> int | None:
    """An amount in öre; None for what is none: no number, or a part of an öre."""
    found = wire.number(raw)
    if found is None or abs(found * HUNDRED - ore(found)) > NOISE:
        return None
    return ore(found)


def _entries(raw: Any) -> Any:
    found = raw if isinstance(raw, list) else []
    rows = [row for row in found if isinstance(row, dict)]
    amounts = ((row, _amount(row.get("Amount"))) for row in rows)
    return postings.packed(
        Entry(account=text_of(row.get("Number")), amount=amount, text=text_of(row.get("Description")))
        for row, amount in amounts
        if amount is not None
    )


def _odd(raw: Any) -> Any:
    if not isinstance(raw, list):
        return "the report has no list of accounts"
    return next(_oddities(raw), None)


def _oddities(accounts: Sequence[Any]) -> Iterator[str]:
    for row in accounts:
        if not isinstance(row, dict):
            yield f"a row that is none: {row!s:.{ODD_CHARS_MAX}}"
        elif _amount(row.get("Amount")) is None:
            name = f"{text_of(row.get('Number'))} {text_of(row.get('Description'))}".strip()
            yield f"{name}: {row.get('Amount')!s:.{ODD_CHARS_MAX}}"


LOCAL: Final = _reads(_local)
# fmt: off
POSTING: Final = Table(
    kind="posting",
    key="ZReport",
    rows=(
        Row("register",      "Register",                 TEXT,             writable=False),
        Row("number",        "Number",                   WHOLE,          writable=False),
        Row("reported_at",   "ReportDateTime",           LOCAL,            writable=False),
        Row("first_sale_at", "FirstTransactionDateTime", LOCAL,            writable=False),
        Row("sold_at",       "LastTransactionDateTime",  LOCAL,            writable=False),
        Row("entries",       "Accounts",                 _reads(_entries), writable=False),
        Row("odd",           "Accounts",                 _reads(_odd),     writable=False),
    ),
)
# With what was sold on invoice: for each receipt that crosses and VAT rate the sale with VAT, `account` being
# the rate, "" for a row of no article; and what of all was paid by invoice, in öre, None where receipts are
# not to be had.
POSTING_WITH_INVOICED: Final = replace(POSTING, rows=(
    *POSTING.rows,
    Row("invoiced",      "Invoiced",                 TEXT,             writable=False),
    Row("on_invoice",    "OnInvoice",                WHOLE,            writable=False),
))
# fmt: on

# fmt: off
FILE: Final = Table(
    kind="file",
    key="ZReport",
    rows=(
        Row("posting", "ZReport", TEXT, writable=False),  # the id of its report
        Row("name",    "Name",    TEXT, writable=False),
    ),
)
# fmt: on


def invoiced(receipts: Iterable[Fields], first_day: dt.date) -> dict[str, Any]:
    """Receipts of kind `document` as what a Z-report tells of them; by rate those that cross themselves."""
    known = [(receipt, documents.unpacked(receipt.get("rows"))) for receipt in receipts]
    entries = [
        Entry(account=rate, amount=amount, text=str(receipt.get("key") or ""))
        for receipt, rows in known
        if str(receipt.get("date")) >= first_day.isoformat()
        for rate, amount in _by_rate(rows).items()
    ]
    by_invoice = [_by_invoice(receipt, rows) for receipt, rows in known]
    return {
        "Invoiced": postings.packed(entries),
        "OnInvoice": None if None in by_invoice else sum(filter(None, by_invoice)),
    }


def _by_rate(rows: Iterable[DocumentRow]) -> Mapping[str, int]:
    sums: dict[str, int] = {}
    for row in rows:
        rate = f"{row.vat:f}" if row.article and row.vat is not None else ""
        sums[rate] = sums.get(rate, 0) + row.total
    return sums


def _by_invoice(receipt: Fields, rows: Sequence[DocumentRow]) -> int | None:
    """What was paid by invoice; None for a receipt that cannot be read whole."""
    total, paid = receipt.get("total"), receipt.get("paid")
    if not isinstance(total, int) or not isinstance(paid, int) or documents.sum_of(rows) != total:
        return None
    return total - paid


# ------------------------------------------------------------------ sales on invoice


def document(invoice_payments: Collection[int]) -> Table:
    """A receipt of which something was paid by invoice: by one of these types of payment."""
    # fmt: off
    return Table(
        kind="document",
        key="Id",
        rows=(
            Row("customer",     "CustomerId",         TEXT,                            writable=False),
            Row("key",          "InvoiceNumber",      TEXT,                            writable=False),
            Row("date",         "DateTime",           _reads(_day),                    writable=False),
            Row("text",         "TransactionName",    TEXT,                            writable=False),
            Row("register",     "Register",           TEXT,                            writable=False),
            Row("total",        "TotalAmount",        ORE,                             writable=False),
            Row("paid",         "Payments",           _reads(_paid(invoice_payments)), writable=False),
            Row("returned",     ("IsReturn", "Items"), _reads(_returned),              writable=False),
            Row("rows",         "Items",              _reads(_rows),                   writable=False),
            Row("vat_included", "VatIncluded",        FLAG,                            writable=False),
        ),
    )
    # fmt: on


def on_invoice(receipt: Mapping[str, Any], invoice_payments: Collection[int]) -> bool:
    """Whether something of a receipt was paid by invoice."""
    payments = receipt.get("Payments")
    return isinstance(payments, list) and any(_is_of(each, invoice_payments) for each in payments)


def _is_of(payment: Any, types: Collection[int]) -> bool:
    kind = wire.number(payment.get("Type")) if isinstance(payment, dict) else None
    return kind is not None and kind in types


def _paid(invoice_payments: Collection[int]) -> Callable[[Any], Any]:
    def read(raw: Any) -> Any:
        if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
            return LEAVE
        amounts = [_amount(each.get("Amount")) for each in raw if not _is_of(each, invoice_payments)]
        known = [amount for amount in amounts if amount is not None]
        return LEAVE if len(known) < len(amounts) else sum(known)

    return read


def _day(raw: Any) -> Any:
    found = wire.local(raw)
    return found.date().isoformat() if found else LEAVE


def _returned(raw: tuple[Any, Any]) -> bool:
    flag, items = raw
    each = items if isinstance(items, list) else []
    quantities = (wire.number(item.get("Quantity")) for item in each if isinstance(item, dict))
    return FLAG.read(flag) is True or any(quantity is not None and quantity < 0 for quantity in quantities)


def _rows(raw: Any) -> Any:
    found = [_row(item) for item in raw] if isinstance(raw, list) else [None]
    known = [row for row in found if row is not None]
    return LEAVE if len(known) < len(found) else documents.packed(known)


def _row(item: Any) -> DocumentRow | None:
    """One row; None where a number of it is none."""
    if not isinstance(item, dict):
        return None
    quantity, price = wire.number(item.get("Quantity")), wire.number(item.get("PricePerItemIncludingVat"))
    off, vat = _amount(item.get("DiscountAmount") or ZERO), item.get("VatPercentage")
    rate = None if vat is None else wire.number(vat)
    if quantity is None or price is None or off is None or (vat is not None and rate is None):
        return None
    texts = (text_of(item.get("Description")), text_of(item.get("ExtraInformation")))
    return DocumentRow(
        article=text_of(item.get("ProductCode")),
        text=", ".join(text for text in texts if text),
        quantity=quantity,
        price=price,
        off=off,
        vat=rate,
        total=worked_out(quantity, price, off=off),
    )
