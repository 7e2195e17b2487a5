"""
The part of SQL that `/Queries` is known to take: read, checked and answered.

Source: webcrm.md 5. Anything nobody has been seen to send (LIKE, IN, <>,
IS NULL, functions, aliases) is refused with 400, so that no client comes to
rely on it here.

    SELECT * | column, …  FROM table  [JOIN table ON (column = column)] …
    [WHERE … = >= > < <= … AND OR ( )]  [ORDER BY column [ASC | DESC]]
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from daemon.sandbox.webcrm.state import Record, Schema, State, shown
from daemon.sandbox.webcrm.values import NUMBERS, Field, Kind, Refusal, read_moment

TABLES = ("Organisation", "Person", "Delivery", "Opportunity", "Activity", "LinkedData")
LINES = "QuotationLine"
WORDS = frozenset({"SELECT", "FROM", "WHERE", "AND", "OR", "JOIN", "ON", "ORDER", "BY", "ASC", "DESC"})
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
    "<": operator.lt,
    "<=": operator.le,
}
TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>>=|<=|[=<>(),.*]))"
)
DEEPEST = 40
PAIR = 2
DELIVERY_EXTRAS = {  # deliveries come joined with their opportunity (webcrm.md 5)
    "OpportunityNumber": "",
    "OpportunityLevel": 0,
    "DeliveryOpportunityCurrencyName": "00",
}

Test = Callable[[Record], bool]


def refused(message: str) -> Refusal:
    """400: not a query we know."""
    return Refusal(400, "QueryException", message)


class Token(Struct, frozen=True):
    """One word of a script. `kind` is "word", "name", "text", "number", "sign" or "end"."""

    kind: str
    value: str


class Column(Struct, frozen=True):
    """A column as written; `table` is "" when not said."""

    table: str
    name: str


class Comparison(Struct, frozen=True):
    """`column sign literal`; the literal is a text or a number."""

    column: Column
    sign: str
    literal: str | float


class Group(Struct, frozen=True):
    """Conditions of which all or any must hold."""

    every: bool
    parts: tuple[Condition, ...]


Condition = Comparison | Group


class Join(Struct, frozen=True):
    """One more table, and the two columns that must be equal."""

    table: str
    left: Column
    right: Column


class Script(Struct, frozen=True, kw_only=True):
    """A SELECT, read but not yet held against what exists. No columns means all."""

    columns: tuple[Column, ...]
    table: str
    joins: tuple[Join, ...]
    where: Condition | None
    order: Column | None
    descending: bool


def tokens(script: str) -> list[Token]:
    """The words of `script`, an "end" last. Refusal 400 at the first sign outside the subset."""
    found: list[Token] = []
    at, end = 0, len(script.rstrip())
    while at < end:
        match = TOKEN.match(script, at)
        if match is None or match.lastgroup is None:
            raise refused(f"Incorrect syntax near '{script[at : at + 20].strip()}'.")
        kind, value = match.lastgroup, match[match.lastgroup]
        if kind == "name" and value.upper() in WORDS:
            kind, value = "word", value.upper()
        found.append(Token(kind, value))
        at = match.end()
    return [*found, Token("end", "")]


class _Reader:
    """Walks over the tokens; each method reads one construct of the grammar."""

    def __init__(self, script: str) -> None:
        self.left = tokens(script)[::-1]

    def take(self, kind: str, value: str | None = None) -> str:
        token = self.left[-1]
        if token.kind != kind or (value is not None and token.value != value):
            raise refused(f"Incorrect syntax near '{token.value}': {value or kind} was expected.")
        self.left.pop()
        return token.value

    def found(self, kind: str, value: str) -> bool:
        token = self.left[-1]
        if token.kind != kind or token.value != value:
            return False
        self.left.pop()
        return True

    def script(self) -> Script:
        self.take("word", "SELECT")
        columns = () if self.found("sign", "*") else self.columns()
        self.take("word", "FROM")
        table = self.take("name")
        joins: list[Join] = []
        while self.found("word", "JOIN"):
            joins.append(self.join())
        where = self.any_of(0) if self.found("word", "WHERE") else None
        order, descending = self.order()
        self.take("end")
        return Script(
            columns=columns, table=table, joins=tuple(joins), where=where, order=order, descending=descending
        )

    def columns(self) -> tuple[Column, ...]:
        found = [self.column()]
        while self.found("sign", ","):
            found.append(self.column())
        return tuple(found)

    def column(self) -> Column:
        name = self.take("name")
        return Column(name, self.take("name")) if self.found("sign", ".") else Column("", name)

    def join(self) -> Join:
        table = self.take("name")
        self.take("word", "ON")
        bracket = self.found("sign", "(")
        left = self.column()
        self.take("sign", "=")
        right = self.column()
        if bracket:
            self.take("sign", ")")
        return Join(table, left, right)

    def order(self) -> tuple[Column | None, bool]:
        if not self.found("word", "ORDER"):
            return None, False
        self.take("word", "BY")
        column = self.column()
        descending = self.found("word", "DESC")
        if not descending:
            self.found("word", "ASC")
        return column, descending

    def any_of(self, depth: int) -> Condition:
        parts = [self.all_of(depth)]
        while self.found("word", "OR"):
            parts.append(self.all_of(depth))
        return parts[0] if len(parts) == 1 else Group(every=False, parts=tuple(parts))

    def all_of(self, depth: int) -> Condition:
        parts = [self.single(depth)]
        while self.found("word", "AND"):
            parts.append(self.single(depth))
        return parts[0] if len(parts) == 1 else Group(every=True, parts=tuple(parts))

    def single(self, depth: int) -> Condition:
        if self.found("sign", "("):
            if depth == DEEPEST:
                raise refused("The query is nested too deeply.")
            condition = self.any_of(depth + 1)
            self.take("sign", ")")
            return condition
        column = self.column()
        sign = self.take("sign")
        if sign not in COMPARE:
            raise refused(f"Incorrect syntax near '{sign}'.")
        return Comparison(column, sign, self.literal())

    def literal(self) -> str | float:
        if self.left[-1].kind == "text":
            return self.take("text")[1:-1].replace("''", "'")
        return float(self.take("number"))


def parse(script: str) -> Script:
    """Read a script. Refusal 400 for a syntax error or anything outside the subset."""
    return _Reader(script).script()


def quote(text: str) -> str:
    """`text` as a string literal."""
    return "'" + text.replace("'", "''") + "'"


def answer(state: State, script: str, first: int, count: int) -> list[Record]:
    """
    The rows `first` … `first + count` of a script's result, flat, without an ORDER BY sorted by id.

    Refusal 400 for a syntax error, an unknown table or column, or a literal
    that does not suit its column.
    """
    asked = parse(script)
    schemas = _schemas(state, asked)
    columns = [_column(schemas, column) for column in asked.columns]
    rows: Iterable[Record] = state.records[schemas[0].entity.name].values()
    for n, join in enumerate(asked.joins, start=1):
        rows = _joined(rows, state.records[schemas[n].entity.name].values(), _ends(schemas[: n + 1], join))
    kept = list(rows) if asked.where is None else list(filter(_test(schemas, asked.where), rows))
    if state.switches["query_equals"] == "empty" and _equates(asked.where):
        kept = []
    if asked.order is not None:
        kept.sort(key=_key(_column(schemas, asked.order)), reverse=asked.descending)
    page = kept[first : first + count]
    if columns:
        return [{column.name: row.get(column.name, column.shown) for column in columns} for row in page]
    return [_whole_row(state, schemas, row) for row in page]


def _schemas(state: State, asked: Script) -> list[Schema]:
    known = (*TABLES, LINES) if state.switches["query_lines"] else TABLES
    by_lower = {name.lower(): name for name in known}
    wanted = [asked.table, *(join.table for join in asked.joins)]
    for name in wanted:
        if name.lower() not in by_lower:
            raise refused(f"Invalid object name '{name}'.")
    if len({name.lower() for name in wanted}) < len(wanted):
        raise refused("A table can be named once.")
    return [state.schemas[by_lower[name.lower()]] for name in wanted]


def _column(schemas: list[Schema], column: Column) -> Field:
    """The field a column means; the catalogue's may be named without "QuotationLine" in front."""
    tables = [s for s in schemas if column.table.lower() in {"", s.entity.name.lower()}]
    name = column.name.lower()
    for schema in tables:
        alias = f"quotationline{name}" if schema.entity.name == "LinkedData" else name
        found = schema.by_lower.get(name) or schema.by_lower.get(alias)
        if found is not None and not found.secret:
            return found
    raise refused(f"Invalid column name '{column.name}'.")


def _ends(schemas: list[Schema], join: Join) -> tuple[Field, Field]:
    """The two fields of a join, the one of the table being joined last."""
    ends = (_column(schemas, join.left), _column(schemas, join.right))
    new = schemas[-1].fields
    inside = [end.name in new for end in ends]
    if sum(inside) != 1 or ends[0].kind is not ends[1].kind:
        raise refused("A join compares one column of each table.")
    return (ends[1], ends[0]) if inside[0] else ends


def _joined(left: Iterable[Record], right: Iterable[Record], ends: tuple[Field, Field]) -> list[Record]:
    here, there = (_key(end) for end in ends)
    partners: dict[Any, list[Record]] = {}
    for row in right:
        partners.setdefault(there(row), []).append(row)
    return [{**row, **partner} for row in left for partner in partners.get(here(row), ())]


def _key(column: Field) -> Callable[[Record], Any]:
    """What rows are ordered and joined by: texts whatever their case."""
    name, empty = column.name, column.empty
    if column.kind in NUMBERS:
        return lambda row: row.get(name, empty)
    return lambda row: row.get(name, empty).casefold()


def _test(schemas: list[Schema], condition: Condition) -> Test:
    """The condition as one function of a row."""
    if isinstance(condition, Comparison):
        return _comparison(_column(schemas, condition.column), condition)
    tests = tuple(_test(schemas, part) for part in condition.parts)
    if len(tests) == PAIR:  # the usual case, and three times as fast as a generator over every record
        one, two = tests
        return (lambda row: one(row) and two(row)) if condition.every else (lambda row: one(row) or two(row))
    if condition.every:
        return lambda row: all(test(row) for test in tests)
    return lambda row: any(test(row) for test in tests)


def _equates(condition: Condition | None) -> bool:
    """Whether a script asks for one text in one field."""
    return isinstance(condition, Comparison) and condition.sign == "=" and isinstance(condition.literal, str)


def _comparison(column: Field, asked: Comparison) -> Test:
    name, empty, compare, literal = column.name, column.empty, COMPARE[asked.sign], asked.literal
    by_number = column.kind in NUMBERS or column.kind is Kind.ENUM
    if by_number is isinstance(literal, str):
        raise refused(f"The column '{name}' cannot be compared with {literal!r}.")
    if column.kind is Kind.ENUM:
        place = {text: n for n, text in enumerate(column.texts)}
        return lambda row: compare(place[row.get(name, empty)], literal)
    if column.kind is Kind.MOMENT:
        moment = _moment(name, str(literal))
        return lambda row: compare(row.get(name, empty), moment)
    if by_number:
        return lambda row: compare(row.get(name, empty), literal)
    text = str(literal).casefold()
    return lambda row: compare(row.get(name, empty).casefold(), text)


def _moment(name: str, literal: str) -> str:
    try:
        return read_moment(literal)
    except ValueError as error:
        raise refused(f"The column '{name}' cannot be compared with '{literal}'.") from error


def _whole_row(state: State, schemas: list[Schema], row: Record) -> Record:
    flat: Record = {}
    for schema in schemas:
        flat |= DELIVERY_EXTRAS if schema.entity.name == "Delivery" else {}
        flat |= shown(state, schema.entity.name, row)
    return flat
