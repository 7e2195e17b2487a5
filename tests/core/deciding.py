"""A pair in miniature, and records to decide about."""

from __future__ import annotations

import datetime as dt

import msgspec

from daemon.core.agreement import Agreement, Decides, FieldRule
from daemon.core.codecs import TEXT, kind_of_customer
from daemon.core.mapping import Row, Table
from daemon.core.records import Problem, Seen, Side
from daemon.core.steps import Bond, Link, Tables, Unit

F, P = Side.FORTNOX, Side.PARTNER
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BEFORE, SINCE = START - dt.timedelta(seconds=1), START

TABLES = Tables(
    today=SINCE.date(),
    fortnox=Table(
        kind="customer",
        key="CustomerNumber",
        clean=lambda text: text.replace("'", ""),
        rows=(
            Row("number", "CustomerNumber", TEXT, writable=False),
            Row("name", "Name", TEXT, limit=10),
            Row("phone", "Phone1", TEXT),
            Row("type", "Type", kind_of_customer(("COMPANY",), ("PRIVATE",))),
            Row("active", "Active", TEXT, writable=False),
            Row("reference", "ExternalReference", TEXT),
        ),
    ),
    partner=Table(
        kind="customer",
        key="Id",
        blank="",
        rows=(
            Row("number", "Custom1", TEXT),
            Row("name", "Name", TEXT, limit=20),
            Row("phone", "Telephone", TEXT),
            Row("type", "Type", kind_of_customer(("Kund",), ())),
        ),
    ),
)


def named(fields):
    missing = Problem(code="REC08", what="the name is empty", where="name", todo="give it a name")
    return fields if fields.get("name") else missing


AGREEMENT = Agreement(
    kind="customer",
    rules=(
        FieldRule(field="number", decides=Decides.FORTNOX, to=frozenset({P}), revert=True),
        FieldRule(field="name", decides=Decides.FORTNOX),
        FieldRule(field="phone", decides=Decides.PARTNER),
        FieldRule(field="type", decides=Decides.FORTNOX),
    ),
    recognised_by=("reference", "number", "org_number"),
    start=START,
    create=dict.fromkeys(Side, named),
    mark="FS1.{}".format,
    marks={F: frozenset({"reference"}), P: frozenset({"reference", "number"})},
    gate=lambda fields: fields.get("type") is not None,
    gate_fields=frozenset({"type"}),
    living=lambda fields: fields.get("active") is not False,
)
ONE_WAY = msgspec.structs.replace(AGREEMENT, create={P: named}, mark=None)
ACME = {"number": "7", "name": "Acme", "phone": "1", "type": "company"}
AGREED = {field: (value, value) for field, value in ACME.items()}


def seen(record_id, changed_at=SINCE, **fields):
    return Seen(id=record_id, fields={**ACME, **fields}, changed_at=changed_at)


def alone(side, record, **more):
    return Unit(kind="customer", records={side: record}, **more)


def pair(fortnox=None, partner=None, agreed=AGREED, **more):
    records = {F: fortnox or seen("7"), P: partner or seen("p")}
    return Unit(
        kind="customer",
        records=records,
        bond=Bond(fortnox_id="7", partner_id="p", agreed=agreed),
        **more,
    )


def shown(decision):
    """The steps of a decision, each as what it is called and what it sends where."""
    return [
        "link" if isinstance(step, Link) else (type(step).__name__.lower(), step.side, dict(step.fields))
        for step in decision.steps
    ]


def numbered(fields):
    return fields


def creating():
    rows = tuple(row._replace(writable=True) for row in TABLES.fortnox.rows)
    return msgspec.structs.replace(TABLES, fortnox=msgspec.structs.replace(TABLES.fortnox, rows=rows))
