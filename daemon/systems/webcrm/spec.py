"""webCRM as data: paths, page sizes, and where our fields live unless the config says otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

NAME: Final = "webcrm"
ORGANISATIONS: Final = "/Organisations"
CATALOGUE: Final = "/QuotationLines/LinkedData"  # never DELETE without an id: that empties it (webcrm.md 11)
SETUP: Final = "/QuotationLines/LinkedSetup"
QUERIES: Final = "/Queries"
DELIVERIES: Final = "/Deliveries"
LINES: Final = "/QuotationLines"
METADATA: Final = "/FieldsMetadata/Organisation"
DELIVERY_METADATA: Final = "/FieldsMetadata/Delivery"
PATHS: Final[Mapping[str, str]] = {
    "customer": ORGANISATIONS,
    "article": CATALOGUE,
    "document": DELIVERIES,
}

PAGE_SIZE: Final = 1000  # webcrm.md 5: the most
OVERLAP: Final = dt.timedelta(minutes=2)  # webcrm.md 5
LOOK_BACK: Final = dt.timedelta(minutes=5)
METADATA_AGE_S: Final = 86_400.0  # webcrm.md 6: once a day
CATALOGUE_AGE_S: Final = 300.0  # how old the ids of articles may be that rows are written with
SCRIPT_CHARS_MAX: Final = 1_700  # percent-encoded; webcrm.md 5: URLs are kept under 2,000
OPEN_EVERY: Final = 5  # webcrm.md 5: a row may change without a trace, so open documents are read this often
WINDOW: Final = 250  # deliveries whose rows are held in memory at once
RUNS: Final = 4  # of one delivery's rows on several pages, of which two must agree
QUERY_REFUSED: Final = 400  # webcrm.md 5: the answer to a table that cannot be asked for

# Ours -> webCRM's field (webcrm.md 7 and 13). The config may move each; "" is nowhere.
PLACES: Final[Mapping[str, str]] = {
    "number": "OrganisationExtraCustom1",
    "name": "OrganisationName",
    "type": "OrganisationType",
    "org_number": "OrganisationExtraCustom2",
    "vat_number": "OrganisationVatNumber",
    "invoice_address": "OrganisationXMemo1",
    "phone": "OrganisationTelephone",
    "website": "OrganisationWww",
    "fax": "OrganisationFax",
    "visiting_address": "OrganisationAddress",
    "visiting_zip": "OrganisationPostCode",
    "visiting_city": "OrganisationCity",
    "visiting_country": "OrganisationCountry",
    "terms": "OrganisationExtraCustom4",
    "currency": "OrganisationExtraCustom5",
    "email": "",
}
COUNTRY: Final = "OrganisationCountry"
COUNTRY_OBJECT: Final = "OrganisationCountryValue"  # what is written where COUNTRY is read as an object

ITEM: Final = "QuotationLineLinkedDataItem"
PRODUCT: Final = (7, "7", "Product")  # the kind of catalogue item that is an article
DATA_COUNT: Final = 9
NO_DATA: Final = "-"  # Data fields must not be empty (webcrm.md 11)

SHAPES: Final[Mapping[str, str]] = {  # what an operator creates where a field is missing; else "text"
    "invoice_address": "memo",
    "invoice_date": "date",
    "delivery_date": "date",
    "booked": "checkbox",
    "note": "memo",
}
DELIVERY: Final = "Delivery"
DELIVERY_KEY: Final = "DeliveryErpId"
STATUS: Final = "DeliveryStatus"
COMPLETED: Final = ("Completed", 3, "3")  # the name; its place among the names, where a query shows numbers
ALIASES: Final = ("Description", "PersonId", "CurrencyName")  # of a delivery, or of its opportunity
NOBODY: Final[Mapping[str, int]] = {  # webcrm.md 9: who answers for a new delivery
    "DeliveryAssignedTo": 0,
    "DeliveryAssignedTo2": 0,
    "DeliveryResponsible": 0,
}
NO_TIME: Final = "0001-01-01T00:00:00+00:00"  # webcrm.md 6: how a date is cleared
NO_CURRENCY: Final = "00"  # a document in the system's own currency

LINE: Final = "QuotationLine"
LINE_PARENT: Final = "QuotationLineOpportunityId"  # the delivery's id, or an opportunity's
LINE_TEXT_MAX: Final = 250  # webcrm.md 16: assumed, metadata does not tell
