"""
The refusals of `/3`: codes, Swedish messages and the two envelopes.

Codes are those of fortnox.md 6.3. Where no source gives a code the sandbox uses
one of its own, from 9990001 upwards, so that nobody takes it for Fortnox's.
"""

from __future__ import annotations

from typing import Any

NOT_FOUND = 404

# Invented: fortnox.md knows no code for these.
TOO_LONG = 9990001
OUT_OF_RANGE = 9990002
REQUIRED = 9990003
NOT_AN_OPTION = 9990004
NOT_A_DATE = 9990005
BAD_ORGANISATION_NUMBER = 9990006
READ_ONLY = 9990007
CODE_TAKEN = 9990008
PRICE_EXISTS = 9990009
TOO_SHORT = 9990010
NOT_A_COUNTRY = 9990011
ROWS_FROM_ORDER = 9990012
ROW_UNKNOWN = 9990013
BAD_DISCOUNT = 9990014
ARTICLE_INACTIVE = 9990015
DOCUMENT_CANCELLED = 9990016
ORDER_INVOICED = 9990017
INVOICE_BOOKED = 9990018
NO_FINANCIAL_YEAR = 9990019
PERIOD_LOCKED = 9990020
NOT_CREDITABLE = 9990021
NO_MAIL_ADDRESS = 9990022
INVOICE_NOT_BOOKED = 9990023
PAYMENT_BOOKED = 9990024
IN_USE = 9990025
PRINT_FAILED = 9990026
TOO_FEW_ROWS = 9990027
NOT_BALANCED = 9990028
BAD_AMOUNT = 9990029
DATE_OUTSIDE_YEAR = 9990030
SERIES_NOT_MANUAL = 9990031
DIMENSION_INACTIVE = 9990032
DIMENSION_REQUIRED = 9990033
DIMENSION_NOT_ALLOWED = 9990034
BAD_YEAR = 9990035
STOCK_IN_WAREHOUSE = 9990036
NO_FILE = 9990037
NO_FOLDER = 9990038
FILE_TOO_LARGE = 9990039
FILE_CONNECTED = 9990040
NOT_MANUAL = 9990041
NO_SUCH_PATH = 9990404
NO_SUCH_VERB = 9990405

MESSAGES = {
    1000030: "Ogiltig responstyp.",
    1000031: "Ogiltig content-type.",
    2000013: "Artikelnumret används redan.",
    2000106: "Värdet måste vara alfanumeriskt ({what}).",
    2000108: "Värdet måste vara numeriskt ({what}).",
    2000134: "Värdet måste vara av typen boolean ({what}).",
    2000166: "Artikelnumret innehåller ogiltiga tecken.",
    2000204: "Kan inte hitta kunden ({what}).",
    2000310: "Numret används redan ({what}).",
    2000359: "Värdet innehåller ogiltiga tecken ({what}).",
    2000423: "Kan inte hitta kontot i kontoplanen ({what}).",
    2000428: "Kan inte hitta artikeln.",
    2000429: "Kan inte hitta betalningsvillkoret.",
    2000432: "Kan inte hitta enheten.",
    2000433: "Kan inte hitta kunden.",
    2000434: "Kan inte hitta fakturan.",
    2000439: "Kan inte hitta ordern.",
    2000587: "Ett ogiltigt filter har använts.",
    2000588: "Ogiltig parameter i anropet ({what}).",
    2000637: "Kundnumret används redan eller har använts av en borttagen kund.",
    2000663: "Har inte behörighet för scope.",
    2000699: "Fältet kan inte vara null ({what}).",
    2000704: "Kan inte hitta filen.",
    2001161: "Kan inte hitta projektet.",
    2001302: "Kan inte hitta artikeln ({what}).",
    2001304: "Kan inte hitta kontot ({what}).",
    2001392: "Ogiltig eller tom body i anropet.",
    2001399: "Felaktigt fältnamn ({what})",
    2002115: "Ogiltig JSON.",
    2003124: "Endast dokument med leveransstatus leverans kan markeras som klara.",
    2003125: "Dokumentet är markerat som klart och kan inte ändras.",
    2004167: "En avvikande momssats kräver ett konto på raden.",
    2004194: "VAT-numret är ogiltigt.",
    2005095: "Fältet måste vara en sträng ({what}).",
    TOO_LONG: "Värdet är för långt ({what}).",
    TOO_SHORT: "Värdet är för kort ({what}).",
    OUT_OF_RANGE: "Värdet ligger utanför tillåtet intervall ({what}).",
    REQUIRED: "Fältet måste anges ({what}).",
    NOT_AN_OPTION: "Värdet är inte tillåtet ({what}).",
    NOT_A_DATE: "Ogiltigt datum ({what}).",
    BAD_ORGANISATION_NUMBER: "Organisationsnumret är ogiltigt.",
    READ_ONLY: "Fältet kan inte ändras ({what}).",
    CODE_TAKEN: "Koden används redan ({what}).",
    PRICE_EXISTS: "Priset finns redan.",
    NOT_A_COUNTRY: "Landskoden är ogiltig ({what}).",
    ROWS_FROM_ORDER: "En eller flera rader har koppling till en order.",
    ROW_UNKNOWN: "Kan inte hitta raden ({what}).",
    BAD_DISCOUNT: "Ogiltig rabatt ({what}).",
    ARTICLE_INACTIVE: "Artikeln är inaktiv ({what}).",
    DOCUMENT_CANCELLED: "Dokumentet är makulerat.",
    ORDER_INVOICED: "Ordern är redan fakturerad.",
    INVOICE_BOOKED: "Fakturan är bokförd.",
    NO_FINANCIAL_YEAR: "Det finns inget räkenskapsår för datumet ({what}).",
    PERIOD_LOCKED: "Perioden är låst ({what}).",
    NOT_CREDITABLE: "Fakturan kan inte krediteras.",
    NO_MAIL_ADDRESS: "E-postadress saknas.",
    INVOICE_NOT_BOOKED: "Fakturan är inte bokförd.",
    PAYMENT_BOOKED: "Betalningen är bokförd.",
    IN_USE: "Posten används och kan inte tas bort ({what}).",
    PRINT_FAILED: "Utskriften kunde inte skapas.",
    TOO_FEW_ROWS: "Verifikatet måste ha minst två rader.",
    NOT_BALANCED: "Verifikatet balanserar inte ({what}).",
    BAD_AMOUNT: "En rad har ett belopp i debet eller i kredit, och det är inte negativt ({what}).",
    DATE_OUTSIDE_YEAR: "Datumet ligger utanför räkenskapsåret ({what}).",
    SERIES_NOT_MANUAL: "Verifikationsserien tillåter inte manuell registrering ({what}).",
    DIMENSION_INACTIVE: "Kostnadsstället är inaktivt ({what}).",
    DIMENSION_REQUIRED: "Kontot kräver {what}.",
    DIMENSION_NOT_ALLOWED: "Kontot tillåter inte {what}.",
    BAD_YEAR: "Räkenskapsåret är ogiltigt eller överlappar ett annat ({what}).",
    STOCK_IN_WAREHOUSE: "Lagersaldot hanteras i lagermodulen ({what}).",
    NO_FILE: "Ingen fil har skickats.",
    NO_FOLDER: "Kan inte hitta mappen ({what}).",
    FILE_TOO_LARGE: "Filen är för stor.",
    FILE_CONNECTED: "Filen är redan kopplad ({what}).",
    NOT_MANUAL: "Verifikatet hör till ett underlag ({what}).",
    NO_SUCH_PATH: "Kan inte hitta resursen.",
    NO_SUCH_VERB: "Metoden stöds inte.",
}

# A key that does not exist: 404 on the path, 400 when a field refers to it (6.3).
MISSING = {
    "customers": 2000433,
    "articles": 2000428,
    "units": 2000432,
    "termsofpayments": 2000429,
    "projects": 2001161,
    "wayofdeliveries": 9990101,
    "termsofdeliveries": 9990102,
    "currencies": 9990103,
    "pricelists": 9990104,
    "costcenters": 9990105,
    "labels": 9990106,
    "financialyears": 9990107,
    "prices": 9990108,
    "orders": 2000439,
    "invoices": 2000434,
    "invoicepayments": 9990109,
    "modesofpayments": 9990110,
    "vouchers": 9990111,
    "voucherseries": 9990112,
    "accounts": 2000423,
    "inbox": 2000704,
    "voucherfileconnections": 2000704,
}
MESSAGES |= {
    code: f"Kan inte hitta posten ({path})." for path, code in MISSING.items() if code not in MESSAGES
}


class Refused(Exception):
    """Fortnox says no: an HTTP status, a code of 6.3 and a Swedish sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def refusal(code: int, what: str = "", *, status: int = 400) -> Refused:
    """The refusal with `code`; `what` names the field or parameter in its message."""
    return Refused(status, code, MESSAGES[code].replace("{what}", what))


def envelope(refused: Refused) -> dict[str, Any]:
    """The body of a refusal: TitleCase keys on 404, lower case otherwise. Source: fortnox.md 6.1."""
    names = ("Error", "Message", "Code") if refused.status == NOT_FOUND else ("error", "message", "code")
    return {"ErrorInformation": dict(zip(names, (1, refused.message, refused.code), strict=True))}
