"""The pretend ES Kassasystem (dinkassa.se), written from the vendor's facts only (dinkassa.md)."""

from __future__ import annotations

from daemon.sandbox.eskassa.system import Eskassa

__all__ = ["Eskassa"]
