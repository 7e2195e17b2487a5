"""
Values as people read them outside. Pure.
"""

from __future__ import annotations

from daemon.core import postings
from daemon.core.documents import kronor, told
from daemon.core.records import Value

MONEY = frozenset({"cost", "price", "value", "difference"})  # fields in whole öre


def spoken(field: str, value: Value) -> Value:
    """Kronor with two decimals instead of öre; the rows of a document or a voucher one after the other."""
    if field == "rows":
        return told(value)
    if field == "entries":
        return postings.told(value)
    if field == "quantity" and isinstance(value, int):
        return kronor(value)
    if field not in MONEY or not isinstance(value, int):
        return value
    return kronor(value)
