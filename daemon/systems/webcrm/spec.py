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
METADATA: Final = "/FieldsMetadata/Organisation"
PATHS: Final[Mapping[str, str]] = {"customer": ORGANISATIONS, "article": CATALOGUE}

PAGE_SIZE: Final = 1000  # webcrm.md 5: the most
OVERLAP: Final = dt.timedelta(minutes=2)  # webcrm.md 5
LOOK_BACK: Final = dt.timedelta(minutes=5)
METADATA_AGE_S: Final = 86_400.0  # webcrm.md 6: once a day

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
MEMOS: Final = frozenset({"invoice_address"})  # needs several lines; the others are one line of text

ITEM: Final = "QuotationLineLinkedDataItem"
PRODUCT: Final = (7, "7", "Product")  # the kind of catalogue item that is an article
DATA_COUNT: Final = 9
NO_DATA: Final = "-"  # Data fields must not be empty (webcrm.md 11)
