"""What the engine needs from the outside, and no more. Adapters implement these."""

from daemon.core.wanted import Choice
from daemon.ports.memory import Intents, Journal, Observations, Transaction, Work
from daemon.ports.outside import Clock, Grant, Http, Ids, Reply, Request, Token, Tokens
from daemon.ports.systems import Answer, Finding, Page, System, Whole

__all__ = [
    "Answer",
    "Choice",
    "Clock",
    "Finding",
    "Grant",
    "Http",
    "Ids",
    "Intents",
    "Journal",
    "Observations",
    "Page",
    "Reply",
    "Request",
    "System",
    "Token",
    "Tokens",
    "Transaction",
    "Whole",
    "Work",
]
