"""The tables of orders and invoices (fortnox.md 7.2, 7.4, 8.4, 11, 12.1): fields, list rows, searches."""

from __future__ import annotations

from functools import partial
from typing import Any

from daemon.sandbox.fortnox.articles import PRICE
from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.composing import INVOICE, NONE, ORDER, compose, number_ocr
from daemon.sandbox.fortnox.fields import Field
from daemon.sandbox.fortnox.resource import Cell, Resource
from daemon.sandbox.fortnox.rows import INVOICE_ROW, ORDER_ROW
from daemon.sandbox.fortnox.wire import BASE_URL

REFUSES_NULL = 2005095
RATE = 10**6
INVOICE_TYPES = ("INVOICE", "AGREEMENTINVOICE", "INTRESTINVOICE", "SUMMARYINVOICE", "CASHINVOICE")


def _texts(*names: str, most: int = 1024) -> tuple[Field, ...]:
    return tuple(Field(name, "text", most, "") for name in names)


def _sums(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "number", start=0, write="never") for name in names)


def _kept(start: Any, *names: str) -> tuple[Field, ...]:
    """Fields that only Fortnox writes."""
    return tuple(Field(name, "text", start=start, write="never") for name in names)


def _flags(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "flag", start=False) for name in names)


def _mail(subject: str) -> Field:
    parts = (
        *(Field(f"EmailAddress{name}", "text") for name in ("From", "CC", "BCC")),
        Field("EmailAddressTo", "text", start=""),
        Field("EmailSubject", "mail", 100, subject),
        Field("EmailBody", "mail", 20000, " "),
    )
    return Field("EmailInformation", "group", parts=parts)


SHARED = (
    *_sums("AdministrationFeeVAT", "BasisTaxReduction", "ContributionPercent", "ContributionValue"),
    *_sums("FreightVAT", "Gross", "Net", "RoundOff", "Total", "TotalToPay", "TotalVAT"),
    Field("AdministrationFee", "number", PRICE, 0),
    Field("Freight", "number", PRICE, 0),
    *_texts("Address1", "Address2", "City", "Comments", "Country", "CustomerName", "Remarks", "ZipCode"),
    *_texts("DeliveryAddress1", "DeliveryAddress2", "DeliveryCity", "DeliveryCountry", "DeliveryName"),
    *_texts("DeliveryZipCode", "Phone1", "Phone2"),
    *_texts("OurReference", "YourReference", most=50),
    *_texts("YourOrderNumber", most=75),
    *_texts("ExternalInvoiceReference1", "ExternalInvoiceReference2", most=80),
    *_kept(False, "Cancelled", "HouseWork", "Sent"),
    *_kept(None, "TaxReduction", "TimeBasisReference"),
    *_kept(NONE, "InvoiceReference", "OfferReference"),
    Field("CostCenter", "text", start="", register="costcenters"),
    Field("Currency", "text", 3, "SEK", register="currencies"),
    Field("CurrencyRate", "rate", RATE, 1),
    Field("CurrencyUnit", "number", RATE, 1),
    Field("CustomerNumber", "text", start="", required=True),
    Field("DeliveryDate", "date"),
    Field("DocumentNumber", "digits", 19, least=1, write="create"),
    Field("Labels", "rows", start=(), parts=(Field("Id", "integer", RATE),)),
    Field("Language", "choice", start="SV", options=("SV", "EN")),
    *_flags("NotCompleted", "VATIncluded"),
    Field("OutboundDate", "date", null=REFUSES_NULL),
    Field("PriceList", "text", 100, "A", register="pricelists"),
    Field("Project", "text", 20, "", register="projects"),
    Field(
        "TaxReductionType", "choice", start="none", options=("none", "rot", "rut", "green"), write="create"
    ),
    Field("TermsOfDelivery", "text", 20, "", register="termsofdeliveries"),
    Field("TermsOfPayment", "text", 25, "", register="termsofpayments"),
    Field("WarehouseReady", "flag", start=True, write="never"),
    Field("WayOfDelivery", "text", 50, "", register="wayofdeliveries"),
)
ORDER_FIELDS = (
    *SHARED,
    *_flags("CopyRemarks"),
    Field("DeliveryState", "choice", start="delivery", options=("registration", "reservation", "delivery")),
    _mail("Order {no} bifogas"),
    Field("OrderDate", "date", null=REFUSES_NULL),
    Field("OrderRows", "rows", start=(), parts=ORDER_ROW),
    *_kept("Order", "OrderType"),
    Field("OrganisationNumber", "text", 30, "", null=REFUSES_NULL),
    Field("PrintTemplate", "text", start="oc"),
    Field("StockPointCode", "text"),
    Field("StockPointId", "text"),
)
EDI_NUMBERS = ("EDIGlobalLocationNumber", "EDIGlobalLocationNumberDelivery")
EDI_TEXTS = (
    *("EDIInvoiceExtra1", "EDIInvoiceExtra2"),
    *("EDIOurElectronicReference", "EDIYourElectronicReference"),
)
INVOICE_FIELDS = (
    *SHARED,
    *_kept("ACCRUAL", "AccountingMethod"),
    *_sums("Balance"),
    *_kept(False, "Booked", "NoxFinans"),
    *_kept(0, "ContractReference", "Reminders"),
    *_kept("false", "Credit"),
    *_kept(NONE, "CreditInvoiceReference", "OrderReference"),
    *_kept("", "InvoicePeriodEnd", "InvoicePeriodStart", "OrganisationNumber"),
    *_kept(None, "FinalPayDate", "LastRemindDate", "VoucherNumber", "VoucherSeries", "VoucherYear"),
    *_flags("EUQuarterlyReport"),
    Field("DueDate", "date", null=REFUSES_NULL),
    Field(
        "EDIInformation",
        "group",
        parts=(
            *(Field(name, "digits", 13, least=13) for name in EDI_NUMBERS),
            *(Field(name, "text") for name in EDI_TEXTS),
            Field("EDIStatus", "text", start="", write="never"),
        ),
    ),
    _mail("Faktura {no} bifogas"),
    Field("InvoiceDate", "date", null=REFUSES_NULL),
    Field("InvoiceRows", "rows", start=(), parts=INVOICE_ROW),
    Field("InvoiceType", "choice", start="INVOICE", options=INVOICE_TYPES),
    Field("OCR", "digits", 25, ""),
    Field("PaymentWay", "choice", start="", options=("CASH", "CARD", "AG")),
    Field("PrintTemplate", "text", start="st"),
)

ORDER_CELLS = (
    *("Cancelled", "Currency", "CustomerName", "CustomerNumber", "DeliveryDate", "DocumentNumber"),
    *("ExternalInvoiceReference1", "ExternalInvoiceReference2", "OrderDate", "OrderType", "Project"),
    *("Sent", "Total"),
)
INVOICE_CELLS = (
    *("Balance", "Booked", "Cancelled", "CostCenter", "Currency", "CurrencyRate", "CurrencyUnit"),
    *("CustomerName", "CustomerNumber", "DocumentNumber", "DueDate", "ExternalInvoiceReference1"),
    *("ExternalInvoiceReference2", "FinalPayDate", "InvoiceDate", "InvoiceType", "NoxFinans", "OCR"),
    *("Project", "Sent", "TermsOfPayment", "Total", "VoucherNumber", "VoucherSeries", "VoucherYear"),
    "WayOfDelivery",
)
SEARCH = {
    "customername": ("CustomerName", "contains"),
    "customernumber": ("CustomerNumber", "contains"),
    "label": ("Labels", "label"),
    "documentnumber": ("DocumentNumber", "contains"),
    "externalinvoicereference1": ("ExternalInvoiceReference1", "contains"),
    "externalinvoicereference2": ("ExternalInvoiceReference2", "contains"),
    "costcenter": ("CostCenter", "exact"),
    "project": ("Project", "exact"),
    "sent": ("Sent", "flag"),
    "notcompleted": ("NotCompleted", "flag"),
    "ourreference": ("OurReference", "contains"),
    "yourreference": ("YourReference", "contains"),
}
INDEXED = frozenset({"ExternalInvoiceReference1", "ExternalInvoiceReference2"})


def _expired(company: Company, order: Record) -> bool:
    """Open after its delivery date (assumed: no source says what expires)."""
    values = order.values
    opened = not values["Cancelled"] and values["InvoiceReference"] == NONE
    return opened and bool(values["DeliveryDate"]) and values["DeliveryDate"] < company.today()


def _unbooked(_company: Company, invoice: Record) -> bool:
    return not invoice.values["Booked"] and not invoice.values["Cancelled"]


def _paid(_company: Company, invoice: Record) -> bool:
    """Booked and nothing left: a booked invoice over 0 kronor counts at once (12.2)."""
    return bool(invoice.values["Booked"]) and invoice.values["Balance"] == 0


def _unpaid(_company: Company, invoice: Record) -> bool:
    """Unbooked invoices are left out (7.2)."""
    return bool(invoice.values["Booked"]) and invoice.values["Balance"] != 0


def _overdue(company: Company, invoice: Record) -> bool:
    return _unpaid(company, invoice) and invoice.values["DueDate"] < company.today()


def _tax_link(path: str, record: Record) -> dict[str, str]:
    return {"@urlTaxReductionList": f"{BASE_URL}/taxreductions?filter={path}&referencenumber={record.key}"}


ORDERS = Resource(
    path="orders",
    one="Order",
    many="Orders",
    key="DocumentNumber",
    scope="order",
    fields=ORDER_FIELDS,
    verbs="LPGU",
    location="orders",
    taken=2000310,
    stamped=True,
    row=tuple(Cell(name, name) for name in ORDER_CELLS),
    search={
        **SEARCH,
        "fromdate": ("OrderDate", "from"),
        "todate": ("OrderDate", "to"),
        "ordertype": ("OrderType", "exact"),
    },
    filters={
        "cancelled": ("Cancelled", True),
        "expired": _expired,
        "invoicecreated": lambda _company, order: order.values["InvoiceReference"] != NONE,
        "invoicenotcreated": ("InvoiceReference", NONE),
    },
    sort={
        "customername": "CustomerName",
        "customernumber": "CustomerNumber",
        "orderdate": "OrderDate",
        "total": "Total",
    },
    indexed=INDEXED,
    compose=partial(compose, ORDER),
    links=partial(_tax_link, "orders"),
)
INVOICES = Resource(
    path="invoices",
    one="Invoice",
    many="Invoices",
    key="DocumentNumber",
    scope="invoice",
    fields=INVOICE_FIELDS,
    verbs="LPGU",
    location="invoices",
    taken=2000310,
    stamped=True,
    row=tuple(Cell(name, name, "text" if name == "CurrencyRate" else "same") for name in INVOICE_CELLS),
    search={
        **SEARCH,
        "fromdate": ("InvoiceDate", "from"),
        "todate": ("InvoiceDate", "to"),
        "fromfinalpaydate": ("FinalPayDate", "from"),
        "tofinalpaydate": ("FinalPayDate", "to"),
        "ocr": ("OCR", "contains"),
        "yourordernumber": ("YourOrderNumber", "contains"),
        "currency": ("Currency", "exact"),
        "invoicetype": ("InvoiceType", "exact"),
        "credit": ("Credit", "exact"),
        "articlenumber": ("InvoiceRows.ArticleNumber", "in_rows"),
        "articledescription": ("InvoiceRows.Description", "in_rows"),
        "accountnumberfrom": ("InvoiceRows", "account_from"),
        "accountnumberto": ("InvoiceRows", "account_to"),
    },
    filters={
        "cancelled": ("Cancelled", True),
        "fullypaid": _paid,
        "unpaid": _unpaid,
        "unpaidoverdue": _overdue,
        "unbooked": _unbooked,
    },
    sort={
        "customername": "CustomerName",
        "customernumber": "CustomerNumber",
        "invoicedate": "InvoiceDate",
        "ocr": "OCR",
        "total": "Total",
    },
    indexed=INDEXED | {"YourOrderNumber"},
    compose=partial(compose, INVOICE),
    added=number_ocr,
    posted={"ContractReference": str},
    links=partial(_tax_link, "invoices"),
)
