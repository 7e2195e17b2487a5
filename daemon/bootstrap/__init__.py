"""Put the parts together. The only package that knows all concrete classes."""

from daemon.bootstrap.run import open_offline, run_daemon

__all__ = ["open_offline", "run_daemon"]
