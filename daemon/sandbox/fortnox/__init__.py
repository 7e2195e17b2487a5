"""
The pretend Fortnox: its OAuth host, its `/3` API and what people do in its screens.

Written from fortnox.md alone; it shares no code with the connector.
`tables` first: customers, articles, documents, payments, registers; then company (the memory),
writing, lists, routes (the API), oauth, limits, people, fill and `pretend`. An order or invoice is completed
by composing, its rows and totals; what is done to it besides stands in actions and booking.
"""

from __future__ import annotations

from daemon.sandbox.fortnox.pretend import Fortnox

__all__ = ["Fortnox"]
