"""What is broken on purpose in what both sides say of one thing: dates, money, numbers, addresses."""

from __future__ import annotations

from typing import Final

from tests.simulation.mutants_table import FORTNOX_DOCUMENTS, ROWS, Mutant

DELIVERIES: Final = "daemon/systems/webcrm/deliveries.py"
WEBCRM_LINES: Final = "daemon/systems/webcrm/lines.py"
WEBCRM_MAPPING: Final = "daemon/systems/webcrm/mapping.py"
WEBCRM_SYSTEM: Final = "daemon/systems/webcrm/system.py"
FORTNOX_MAPPING: Final = "daemon/systems/fortnox/mapping.py"
FORTNOX_SYSTEM: Final = "daemon/systems/fortnox/system.py"
DOCUMENT_PAIR: Final = "daemon/pairs/fortnox_webcrm_documents.py"
ADDRESS: Final = "daemon/core/address.py"

DOCUMENT_FACTS: Final = (
    Mutant(
        "facts of documents",
        "midnight is local time",
        WEBCRM_MAPPING,
        'lambda value: f"{value}T00:00:00Z"',
        'lambda value: f"{value}T00:00:00+02:00"',
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "a new document in Fortnox is dated today",
        DOCUMENT_PAIR,
        'MADE_IN_FORTNOX: Final = ("date", "delivery_date"',
        'MADE_IN_FORTNOX: Final = ("delivery_date"',
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "a new document in Fortnox is in the currency of its customer",
        DOCUMENT_PAIR,
        '"text", "currency", "rows", "your_number")',
        '"text", "rows", "your_number")',
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "a new document in Fortnox takes the VAT that its customer is used to",
        FORTNOX_DOCUMENTS,
        '    payload["VATIncluded"] = False  #',
        "    #",
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "a delivery is always in our own currency",
        WEBCRM_MAPPING,
        "return NO_CURRENCY if code == own and folded(text) not in same else text",
        "return NO_CURRENCY",
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "the VAT of a line is not read",
        WEBCRM_LINES,
        "vat=vat or None,",
        "vat=None,",
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "every row is sold with the usual VAT",
        ROWS,
        '{"VAT": int(row.vat)}',
        '{"VAT": 25}',
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "every line has the usual VAT",
        WEBCRM_LINES,
        "line[VAT] = _held(row.vat)",
        "line[VAT] = Decimal(25)",
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "the price of a line is that of one unit",
        WEBCRM_LINES,
        "return *(found or (ZERO, ZERO)), Decimal(row.total).scaleb(-2)",
        "return *(found or (ZERO, ZERO)), _held(row.price)",
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "the value of a delivery is with VAT",
        FORTNOX_DOCUMENTS,
        '"value": sum_of(plain) or None,',
        '"value": _ore(payload, "Total") or None,',
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "the value of a delivery is as old as its rows were",
        DELIVERIES,
        '            header.setdefault(mapping.ORDER_VALUE, lines.value_of(fields["rows"]))\n',
        '            header.setdefault(mapping.ORDER_VALUE, lines.value_of(shown["rows"]))\n',
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "the number of the order does not come back",
        FORTNOX_DOCUMENTS,
        '"number": "order_number",',
        '"number": "number",',
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "the number of the invoice does not come back",
        FORTNOX_DOCUMENTS,
        'None if invoice is None else invoice["number"],',
        "None,",
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "the invoice is as old as its order",
        FORTNOX_DOCUMENTS,
        'None if invoice is None else invoice.get("date")',
        'None if invoice is None else order.get("date")',
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "that it was booked does not come back",
        FORTNOX_DOCUMENTS,
        '"booked": living.get("booked") is True,',
        '"booked": living.get("cancelled") is True,',
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "a delivery made of an invoice is not finished",
        WEBCRM_MAPPING,
        "lambda value: COMPLETED[0] if value else LEAVE",
        "lambda value: COMPLETED[0] if value is None else LEAVE",
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "nobody in webCRM is told of a cancelled document",
        FORTNOX_DOCUMENTS,
        'if living.get("cancelled") is True:\n        return f"{name}',
        'if living.get("cancelled") == "true":\n        return f"{name}',
        needs="document",
    ),
    Mutant(
        "facts of documents",
        "a delivery made of a Fortnox document is described as nothing",
        DOCUMENT_PAIR,
        '"description": description, "finished"',
        '"description": None, "finished"',
        needs="document",
    ),
)

REGISTER_FACTS: Final = (
    Mutant(
        "facts of customers",
        "an organisation number is not written in Fortnox",
        FORTNOX_MAPPING,
        "ORG_NUMBER,                   limit=30",
        "ORG_NUMBER, writable=False,   limit=30",
    ),
    Mutant(
        "facts of customers",
        "an address for mail is not written in Fortnox",
        FORTNOX_MAPPING,
        'Row("email",            "Email",               TEXT,                         limit=1024),\n'
        '        Row("active"',
        'Row("email",            "Email",               TEXT, writable=False),\n        Row("active"',
    ),
    Mutant(
        "facts of customers",
        "the code of the visiting address is that of the post",
        FORTNOX_MAPPING,
        '"VisitingZipCode", ',
        '"ZipCode", ',
    ),
    Mutant(
        "facts of customers",
        "the country of the visiting address is that of the post",
        FORTNOX_MAPPING,
        '"VisitingCountryCode", ',
        '"CountryCode", ',
    ),
    Mutant(
        "facts of customers",
        "an address is shown without its country",
        ADDRESS,
        "(parts.address1, parts.address2, line, country)",
        "(parts.address1, parts.address2, line)",
    ),
    Mutant(
        "facts of customers",
        "an address is shown without its second line",
        ADDRESS,
        "(parts.address1, parts.address2, line, country)",
        "(parts.address1, line, country)",
    ),
    Mutant(
        "facts of customers",
        "terms of payment are not written in Fortnox",
        FORTNOX_MAPPING,
        'Row("terms",            "TermsOfPayment",      UPPER, ',
        'Row("terms",            "TermsOfPayment",      UPPER, writable=False, ',
    ),
    Mutant(
        "facts of customers",
        "the currency of a customer is not written in webCRM",
        WEBCRM_MAPPING,
        '"currency":         codecs.dropdown_code(texts.get("currency", ())),',
        '"currency":         codecs.Codec(TEXT.read, lambda _: LEAVE),',
    ),
    Mutant(
        "facts of customers",
        "companies are private persons in Fortnox",
        FORTNOX_MAPPING,
        'codecs.kind_of_customer(("COMPANY",), ("PRIVATE",))',
        'codecs.kind_of_customer(("PRIVATE",), ("COMPANY",))',
    ),
    Mutant(
        "facts of articles",
        "what an article costs does not cross",
        FORTNOX_MAPPING,
        'Row("cost",             "PurchasePrice",       ORE),',
        'Row("cost",             "DirectCost",          ORE),',
        needs="article",
    ),
)

NOT_OURS: Final = (
    Mutant(
        "what nobody maps",
        "whoever is responsible for a delivery is so no more",
        DELIVERIES,
        "body = {self.table.key: number, **header}",
        "body = {self.table.key: number, **spec.NOBODY, **header}",
        needs="document",
    ),
    Mutant(
        "what nobody maps",
        "what a line cost is cleared with each change",
        WEBCRM_LINES,
        "        ORDER: change.order,\n",
        '        ORDER: change.order,\n        f"{LINE}CostPrice": 0,\n',
        needs="document",
    ),
    Mutant(
        "what nobody maps",
        "a document loses who our reference is",
        FORTNOX_DOCUMENTS,
        "    payload = HEADS[form].write(head | _due(fields, shown))\n",
        '    payload = {"OurReference": None, **HEADS[form].write(head | _due(fields, shown))}\n',
        needs="document",
    ),
    Mutant(
        "what nobody maps",
        "an invoice falls due on its own day when that changes",
        FORTNOX_DOCUMENTS,
        "(due + (new - old)).isoformat()",
        "new.isoformat()",
        needs="document",
    ),
    Mutant(
        "what nobody maps",
        "a changed customer loses its comments in Fortnox",
        FORTNOX_SYSTEM,
        "kind, record_id, self.table(kind).write(fields), lane)\n",
        'kind, record_id, {"Comments": None, **self.table(kind).write(fields)}, lane)\n',
    ),
    Mutant(
        "what nobody maps",
        "a changed organisation loses its owner",
        WEBCRM_SYSTEM,
        "body = {self._customers.key: number, **payload}",
        'body = {self._customers.key: number, "OrganisationOwner": 0, **payload}',
    ),
)

FACTS: Final = (*DOCUMENT_FACTS, *REGISTER_FACTS, *NOT_OURS)
