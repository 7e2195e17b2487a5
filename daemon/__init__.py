"""
fortnox-syncd: one daemon that keeps Fortnox and a company's other systems equal.

The map, from the inside out:

    core/       pure decisions: merge, plan, guard, recover, text
    pairs/      per pair of systems: who decides which field, the settings; pure
    ports.py    what the engine needs from outside
    errors.py   the one error tree
    events.py   every event: its log line and its metric
    config.py   the file, as frozen values
    engine/     the order of things: look, settle, decide, check, act, remember
    net/        HTTP for all systems: client, throttle, grants, outcome
    store/      SQLite: one file, one writer, whole transactions
    systems/    one adapter per vendor
    sandbox/    pretend vendors that ship
    service/    the process: supervisor, signals, sockets, systemd
    bootstrap/  the only package that knows all concrete classes
    cli.py      the commands; demo/ a day against the pretend vendors
"""

__version__ = "0.1.0"
