"""
What webCRM keeps: per entity its fields, kinds, lengths, defaults and choices.

Source: webcrm.md 7 (organisations), 8 (persons, opportunities, products),
9 (deliveries), 10 (lines), 11 (catalogue), 13 (what the custom fields hold).
A custom field is in answers, queries and metadata only where it is configured.
"""

from __future__ import annotations

from msgspec import Struct

from daemon.sandbox.webcrm.values import Field, Kind, make_field

T, M, I, R, B = Kind.TEXT, Kind.MEMO, Kind.INT, Kind.REAL, Kind.FLAG  # noqa: E741 - the letters of the tables below
DT, DUR, E, D, C, DA = Kind.MOMENT, Kind.DURATION, Kind.ENUM, Kind.DROPDOWN, Kind.CHECK, Kind.DATE

SERVER_KEPT = (
    "CreatedAt",
    "CreatedBy",
    "UpdatedAt",
    "UpdatedBy",
    "History",
    "CompareName",
    "TelephoneSearch",
)
STRING = 250  # Delivery and QuotationLine strings have no published length (webcrm.md 16)

Row = (
    tuple[str, Kind]
    | tuple[str, Kind, str]
    | tuple[str, Kind, str, int]
    | tuple[str, Kind, str, int, tuple[str, ...]]
)


class Entity(Struct, frozen=True, kw_only=True):
    """
    One kind of record.

    `prefix` starts every field name and `prefix` + "Id" is the key. `route` is
    the path below the host. `customs` are the fields a system may configure,
    `configured` those that ours has. `sequence` names the counter of the ids.
    """

    name: str
    prefix: str
    route: str
    fields: tuple[Field, ...]
    customs: tuple[Field, ...] = ()
    configured: tuple[Field, ...] = ()
    sequence: str
    deletable: bool = False

    @property
    def key(self) -> str:
        """The name of the id field."""
        return f"{self.prefix}Id"


def _fields(prefix: str, *rows: Row) -> tuple[Field, ...]:
    return tuple(make_field(prefix + suffix, *more, server=suffix in SERVER_KEPT) for suffix, *more in rows)


def _numbered(suffix: str, kind: Kind, count: int, max_length: int = 0) -> tuple[Row, ...]:
    return tuple((f"{suffix}{n}", kind, f"{suffix} {n}", max_length) for n in range(1, count + 1))


STAMPS: tuple[Row, ...] = (
    ("CreatedAt", DT, "Skapad"),
    ("CreatedBy", T, "Skapad av"),
    ("UpdatedAt", DT, "Ändrad"),
    ("UpdatedBy", T, "Ändrad av"),
)

TYPES = ("Kund – Företag", "Kund – Privat", "Prospekt", "Leverantör")
STATUSES = ("Aktiv", "Vilande", "Avslutad")
INDUSTRIES = ("Bygg", "Handel", "IT", "Konsult", "Tillverkning", "Transport")
TERMS = ("0: Kontant", "10: 10 dagar", "15: 15 dagar", "20: 20 dagar", "30: 30 dagar", "60: 60 dagar")
CURRENCIES = ("00", "SEK", "EUR", "NOK", "DKK", "USD", "GBP")
DELIVERY_STATUSES = ("New", "Planned", "OnGoing", "Completed", "GeneralDelivery")
ERP_STATUSES = ("NotReadyForSynchronization", "ReadyForSynchronization", "Synchronized")
RISKS = ("NoRisk", "Small", "Medium", "High", "Crises")
PERSON_STATUSES = ("Active", "Resigned", "Other", "Guest")
ITEM_TYPES = (
    "Undefined",
    "Organisation",
    "Person",
    "Activity",
    "Meeting",
    "Opportunity",
    "Delivery",
    "Product",
    "SupportCase",
    "SupportFaq",
)

ORGANISATION = Entity(
    name="Organisation",
    prefix="Organisation",
    route="Organisations",
    sequence="organisation",
    fields=_fields(
        "Organisation",
        ("Id", I),
        ("Name", T, "Namn", 200),
        ("DivisionName", T, "Avdelning", 200),
        ("Address", T, "Adress", 250),
        ("PostCode", T, "Postnummer", 50),
        ("City", T, "Ort", 50),
        ("State", T, "Län", 50),
        ("Country", T, "Land", 50),
        ("Telephone", T, "Telefon", 50),
        ("Fax", T, "Fax", 50),
        ("Www", T, "Hemsida", 50),
        ("Domain", T, "Domän", 50),
        ("VatNumber", T, "VAT-nummer", 50),
        ("VatCountry", T, "VAT-land", 10),
        ("VatGroup", T, "VAT-grupp", 20),
        ("VatStatus", T, "VAT-status", 50),
        ("VatVerifiedAt", DT, "VAT kontrollerat"),
        ("Type", D, "Typ", 50, TYPES),
        ("Status", D, "Status", 50, STATUSES),
        ("Industry", D, "Bransch", 50, INDUSTRIES),
        ("Owner", I, "Ansvarig"),
        ("Owner2", I, "Ansvarig 2"),
        ("TerritoryId", I, "Distrikt"),
        ("Comment", M, "Kommentar"),
        ("Memo", M, "Anteckning"),
        ("Alert", T, "Varning", 50),
        ("NoAds", B, "Ingen reklam"),
        ("History", M, "Historik"),
        ("CompareName", T, "Jämförelsenamn", 500),
        ("TelephoneSearch", T, "Telefon (sökning)"),
        *STAMPS,
    ),
    customs=_fields(
        "Organisation",
        *_numbered("ExtraCustom", T, 8, 50),
        *_numbered("Custom", T, 15, 50),
        *_numbered("XText", T, 8, 50),
        *_numbered("XInt", I, 8),
        *_numbered("XDate", DT, 2),
        *_numbered("XMemo", M, 2),
        *_numbered("Plus", T, 20, STRING),
    ),
    configured=_fields(
        "Organisation",
        ("ExtraCustom1", T, "Kundnummer", 50),
        ("ExtraCustom2", T, "Organisationsnummer", 50),
        ("ExtraCustom3", T, "E-post", 50),
        ("ExtraCustom4", T, "Betalningsvillkor", 50),
        ("ExtraCustom5", T, "Valuta", 50),
        ("XMemo1", M, "Fakturaadress"),
    ),
)

PERSON = Entity(
    name="Person",
    prefix="Person",
    route="Persons",
    sequence="person",
    fields=_fields(
        "Person",
        ("Id", I),
        ("OrganisationId", I, "Företag"),
        ("FirstName", T, "Förnamn", 50),
        ("MiddleName", T, "Mellannamn", 50),
        ("LastName", T, "Efternamn", 50),
        ("Name", T, "Namn", 150),
        ("Title", T, "Titel", 50),
        ("Email", T, "E-post", 100),
        ("Email2", T, "E-post 2", 100),
        ("DirectPhone", T, "Direkttelefon", 50),
        ("MobilePhone", T, "Mobil", 50),
        ("Status", E, "Status", 0, PERSON_STATUSES),
        ("Comment", M, "Kommentar"),
        ("Memo", M, "Anteckning"),
        *_numbered("CheckMark", B, 10),
        ("History", M, "Historik"),
        ("TelephoneSearch", T, "Telefon (sökning)"),
        ("UpdatedAt", DT, "Ändrad"),
        ("UpdatedBy", T, "Ändrad av"),
        ("CreatedAt", DT, "Skapad"),
    ),
    customs=_fields("Person", *_numbered("Custom", T, 15, 50), *_numbered("Plus", T, 20, STRING)),
)


def _pipeline(prefix: str, *own: Row) -> tuple[Field, ...]:
    """The fields that deliveries and opportunities share, then their own."""
    return (
        *_fields(
            prefix,
            ("Id", I),
            ("OrganisationId", I, "Företag"),
            ("PersonId", I, "Person"),
            ("Number", T, "Nummer", STRING),
            ("Description", T, "Beskrivning", STRING),
            ("OrderDate", DT, "Orderdatum"),
            ("NextFollowUp", DT, "Nästa uppföljning"),
            ("OrderValue", R, "Ordervärde"),
            ("OrderGmValue", R, "Täckningsbidrag"),
            ("Discount", R, "Rabatt"),
            ("AssignedTo", I, "Tilldelad"),
            ("AssignedTo2", I, "Tilldelad 2"),
            ("ErpId", T, "ERP-id", STRING),
            ("ErpStatus", E, "ERP-status", 0, ERP_STATUSES),
            ("ErpSyncDateTime", DT, "ERP synkad"),
            ("ErpReadOnly", T, "ERP skrivskydd", STRING),
            ("Comment", M, "Kommentar"),
            ("Note", M, "Notering"),
            ("Memo", M, "Ordertext"),
            ("History", M, "Historik"),
            *own,
            *STAMPS,
        ),
        make_field(prefix + "CurrencyName", D, "Valuta", 50, CURRENCIES, empty="00"),
    )


DELIVERY = Entity(
    name="Delivery",
    prefix="Delivery",
    route="Deliveries",
    sequence="pipeline",
    fields=_pipeline(
        "Delivery",
        ("Status", E, "Status", 0, DELIVERY_STATUSES),
        ("Responsible", I, "Ansvarig"),
        ("Risk", E, "Risk", 0, RISKS),
        ("WonDate", DT, "Vunnen"),
        ("Search1", T, "Sök 1", STRING),
        ("Search2", T, "Sök 2", STRING),
        ("OpportunityMemo", M, "Affärsmöjlighetens text"),
        ("SpentTime", DUR, "Nedlagd tid"),
        *_numbered("Revenue", R, 12),
        *_numbered("GmRevenue", R, 12),
    ),
    customs=_fields(
        "Delivery",
        *_numbered("Custom", T, 15, STRING),
        *_numbered("Plus", T, 20, STRING),
        *_numbered("OpportunityCustom", T, 15, STRING),
        *_numbered("OpportunityPlus", T, 20, STRING),
    ),
    configured=_fields(
        "Delivery",
        ("Custom1", T, "Ordernummer", STRING),
        ("Custom2", T, "Fakturanummer", STRING),
        ("Custom3", DA, "Fakturadatum"),
        ("Custom4", DA, "Leveransdatum"),
        ("Custom5", C, "Fakturabokförd"),
    ),
)

OPPORTUNITY = Entity(
    name="Opportunity",
    prefix="Opportunity",
    route="Opportunities",
    sequence="pipeline",
    fields=_pipeline("Opportunity", ("Level", I, "Nivå"), ("Percent", I, "Sannolikhet")),
    customs=_fields("Opportunity", *_numbered("Custom", T, 15, STRING), *_numbered("Plus", T, 20, STRING)),
)

PRODUCT = Entity(
    name="Product",
    prefix="Product",
    route="Products",
    sequence="product",
    deletable=True,
    fields=_fields(
        "Product",
        ("Id", I),
        ("OrganisationId", I, "Företag"),
        ("Quantity", R, "Antal"),
        ("ListPrice", R, "Listpris"),
        ("CostPrice", R, "Självkostnad"),
        ("Price", R, "Pris"),
        ("VatCode", T, "Momskod", 50),
        ("Memo", M, "Anteckning"),
        *STAMPS,
    ),
    customs=_fields("Product", *_numbered("Custom", T, 15, STRING)),
)

QUOTATION_LINE = Entity(
    name="QuotationLine",
    prefix="QuotationLine",
    route="QuotationLines",
    sequence="line",
    deletable=True,
    fields=(
        *_fields(
            "QuotationLine",
            ("Id", I),
            ("OpportunityId", I, "Leverans"),
            ("OrganisationId", I, "Företag"),
            ("PersonId", I, "Person"),
            ("Data1", T, "Artikelnummer", STRING),
            ("Data2", T, "Benämning", STRING),
            ("Data3", T, "Enhet", STRING),
            ("Memo", M, "Radtext"),
            ("Comment", M, "Kommentar"),
            ("Quantity", R, "Antal"),
            ("ListPrice", R, "Listpris"),
            ("Discount", R, "Rabatt %"),
            ("Price", R, "Pris"),
            ("CostPrice", R, "Självkostnad"),
            ("VatPercentage", R, "Moms %"),
            ("SortOrder", I, "Ordning"),
            ("StockStatus", T, "Lagerstatus", STRING),
            *STAMPS,
        ),
        make_field("QuotationLineLinkedDataId", I, secret=True),
    ),
    customs=_fields("QuotationLine", *_numbered("Data", T, 9, STRING)[3:]),
)

LINKED_DATA = Entity(
    name="LinkedData",
    prefix="QuotationLineLinkedDataItem",
    route="QuotationLines/LinkedData",
    sequence="item",
    deletable=True,
    fields=_fields(
        "QuotationLineLinkedDataItem",
        ("Id", I),
        *_numbered("Data", T, 9, STRING),
        ("DataMemo", M),
        ("ItemGroup", T, "Grupp", STRING),
        ("Price", R, "Listpris"),
        ("CostPrice", R, "Självkostnad"),
        ("VatCode", T, "Momskod", 50),
        ("EntityType", E, "Slag", 0, ITEM_TYPES),
    ),
)

ACTIVITY = Entity(  # can be asked for in a query; the sandbox keeps none and has no route for them
    name="Activity",
    prefix="Activity",
    route="",
    sequence="activity",
    fields=_fields(
        "Activity",
        ("Id", I),
        ("OrganisationId", I),
        ("PersonId", I),
        ("Description", T),
        *STAMPS,
    ),
)

ENTITIES = {
    entity.name: entity
    for entity in (
        ORGANISATION,
        PERSON,
        DELIVERY,
        OPPORTUNITY,
        PRODUCT,
        QUOTATION_LINE,
        LINKED_DATA,
        ACTIVITY,
    )
}

FIRST_ID = {
    "organisation": 2001,
    "person": 3001,
    "pipeline": 5001,
    "product": 7001,
    "line": 9001,
    "item": 71,
    "activity": 1,
}

COUNTRIES = {  # the localised name, ISO 3166 alpha-2, numeric
    "Sverige": ("SE", "752"),
    "Norge": ("NO", "578"),
    "Danmark": ("DK", "208"),
    "Finland": ("FI", "246"),
    "Tyskland": ("DE", "276"),
    "Storbritannien": ("GB", "826"),
    "Nederländerna": ("NL", "528"),
    "Frankrike": ("FR", "250"),
    "USA": ("US", "840"),
}
