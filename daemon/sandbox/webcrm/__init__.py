"""The pretend webCRM, written from webCRM's documents only: it knows nothing of our connector."""

from __future__ import annotations

from daemon.sandbox.webcrm.system import Webcrm

__all__ = ["Webcrm"]
