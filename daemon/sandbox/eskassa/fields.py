"""
The fields of articles, categories and customers, and how a request's values are read.

Source: dinkassa.md 3 (InventoryItem), 3.3 (Category), 8.1 (Customer, our assumed contract).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from daemon.sandbox.eskassa.wire import invalid, kronor, number, ore, quantity

Record = dict[str, Any]
VAT_RATES = (0, 6, 12, 25)
ACCOUNT_DIGITS_MAX = 4


class Field(Struct, frozen=True, kw_only=True):
    """
    One field: its value when unset, and what it takes.

    `read` makes a wire value into ours or raises ValueError with a reason;
    None: the server's own, ignored when sent. `create_only` is ignored in a PUT.
    """

    name: str
    default: Any
    read: Callable[[Any], Any] | None = None
    required: bool = False
    create_only: bool = False


def text(length: int) -> Callable[[Any], str]:
    """Reads a text of at most `length` characters."""
    return partial(_read_text, length)


def _read_text(length: int, value: Any) -> str:
    if not (isinstance(value, str) and len(value) <= length):
        raise ValueError(f"must be a text of at most {length} characters")
    return value


def _account(value: Any) -> str:
    number = text(ACCOUNT_DIGITS_MAX)(value)
    if number and not (number.isascii() and number.isdecimal()):
        raise ValueError("must be digits")
    return number


def _money(value: Any) -> Any:
    exact = number(value)
    if exact is None:
        raise ValueError("must be a number")
    return kronor(ore(exact))


def _quantity(value: Any) -> Any:
    exact = number(value)
    if exact is None:
        raise ValueError("must be a number")
    return quantity(exact)


def _vat(value: Any) -> int:
    exact = number(value)
    if exact is None or exact not in VAT_RATES:
        raise ValueError("must be 0, 6, 12 or 25")
    return int(exact)


def _flag(value: Any) -> bool:
    if value is not True and value is not False:
        raise ValueError("must be true or false")
    return bool(value)


def _own(name: str, default: Any) -> Field:
    return Field(name=name, default=default)


def _text(name: str, length: int, default: Any = "", **more: bool) -> Field:
    return Field(name=name, default=default, read=text(length), **more)


STAMPS = (_own("CreatedDateTime", None), _own("LastModifiedDateTime", None))

ITEM = (
    _own("Id", None),
    _text("BarCode", 30, required=True),
    *(_text(f"BarCode{number}", 30) for number in (2, 3, 4, 5)),
    _text("ProductCode", 30),
    _text("ExternalProductCode", 30),
    _text("Description", 30),
    Field(name="PriceIncludingVat", default=kronor(0), read=_money),
    Field(name="PickupPriceIncludingVat", default=kronor(0), read=_money),
    Field(name="VatPercentage", default=25, read=_vat),
    Field(name="QuantityInStockCurrent", default=quantity(kronor(0)), read=_quantity, create_only=True),
    _text("CategoryId", 19, required=True),
    _own("ExtraCategoryIds", ()),
    _text("SupplierName", 30),
    Field(name="VisibleOnSalesMenu", default=True, read=_flag),
    _own("BongCategoryId", None),
    _own("BongCategoryName", None),
    _own("ButtonColorHex", None),
    _own("DictionaryTable", None),
    _own("MultiPriceListId", None),
    _own("SortingWeight", 0),
    _own("SpecialFunctionTypeId", None),
    *STAMPS,
)
CATEGORY = (
    _own("Id", None),
    _text("Name", 30, required=True),
    Field(name="AccountNumber", default="", read=_account),
    Field(name="DefaultVatPercentage", default=25, read=_vat),
    Field(name="OnlyAllowCategories", default=False, read=_flag),
    _text("ParentCategoryId", 19, None),
    _own("LastModifiedDateTime", None),
)
CUSTOMER = (
    _own("Id", None),
    _text("CustomerNumber", 30, None),
    _text("Name", 50, required=True),
    _text("OrganizationNumber", 30, None),
    _text("Address1", 50, None),
    _text("Address2", 50, None),
    _text("ZipCode", 30, None),
    _text("City", 50, None),
    _text("Country", 2, None),
    _text("Phone", 50, None),
    _text("Email", 100, None),
    _text("InvoiceEmail", 100, None),
    _text("VatNumber", 30, None),
    Field(name="IsPrivatePerson", default=False, read=_flag),
    *STAMPS,
)


def blank(fields: tuple[Field, ...]) -> Record:
    """A record with every field at its default."""
    return {field.name: field.default for field in fields}


def read_values(fields: tuple[Field, ...], given: Mapping[str, Any], *, creating: bool) -> Record:
    """
    What `given` sets, checked field by field; null is the default. Refusal 400 names the field.

    The server's own fields and unknown ones are ignored.
    """
    values: Record = {}
    for field in fields:
        if field.name not in given or field.read is None or (field.create_only and not creating):
            continue
        value = given[field.name]
        try:
            values[field.name] = field.default if value is None else field.read(value)
        except ValueError as error:
            raise invalid(f"{field.name} {error}.") from error
    return values


def blanked(fields: tuple[Field, ...]) -> Record:
    """The default of every field that a PUT may change."""
    return {field.name: field.default for field in fields if field.read and not field.create_only}


def check_required(fields: tuple[Field, ...], record: Record) -> None:
    """Refusal 400 when a required field is empty."""
    for field in fields:
        if field.required and not record[field.name]:
            raise invalid(f"{field.name} is required.")
