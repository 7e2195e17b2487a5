"""
Everything that happens and is worth telling, declared once: its log line and its metrics together.

    events = Events(log)
    events.emit(PASS_DONE, connector="crm", …)

An event's fields are the only ones that may be logged; label values are names
from the config or words from closed sets, never ids, addresses or texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics import disable_created_metrics

Level = Literal["debug", "info", "warning", "error"]
Log = Callable[[Level, str, Mapping[str, Any]], None]

PREFIX: Final = "fortnox_syncd_"
SECONDS: Final = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)


class Metric(NamedTuple):
    """One line of the table of metrics."""

    type: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


METRICS: Final[Mapping[str, Metric]] = {
    "last_success_timestamp_seconds": Metric("gauge", "When a pass last ended well.", ("connector",)),
    "pass_duration_seconds": Metric("histogram", "How long a pass took.", ("connector",)),
    "steps_total": Metric("counter", "Steps carried out.", ("connector", "kind", "outcome")),
    "intents": Metric("gauge", "Writes that are not done.", ("connector", "state")),
    "oldest_unknown_seconds": Metric("gauge", "Age of the oldest unknown write.", ("connector",)),
    "parked": Metric("gauge", "Records that wait for a person.", ("connector",)),
    "conflicts": Metric("gauge", "Open conflicts.", ("connector",)),
    "overdue": Metric("gauge", "Reports that ought to be booked by now.", ("connector",)),
    "held_plans": Metric("gauge", "Plans held because they look like an accident.", ("connector",)),
    "requests_total": Metric(
        "counter", "Requests sent, by class of outcome.", ("company", "system", "class")
    ),
    "throttled_total": Metric("counter", "Answers that asked us to slow down.", ("company", "system")),
    "budget_used_ratio": Metric("gauge", "Share of the call budget in use.", ("company", "system")),
    "budget_waiting": Metric("gauge", "Requests that wait for the call budget.", ("company", "system")),
    "token_age_seconds": Metric("gauge", "Age of the access token in use.", ("company", "system")),
    "config_last_reload_successful": Metric("gauge", "Whether the newest config file is in force."),
    "lag_seconds": Metric("histogram", "From a change being seen to it being written.", ("connector",)),
    "duplicates_found_total": Metric("counter", "Records found to be copies of ours.", ("connector",)),
    "watchdog_lag_seconds": Metric("gauge", "How late the event loop was last time it was asked."),
}


class Effect(NamedTuple):
    """What an event does to a metric. `value` names a field or is a number; labels are fields too."""

    how: Literal["add", "set", "observe"]
    metric: str
    value: str | float = 1


class Event(NamedTuple):
    """One thing that happens. `level` None: not logged, only counted."""

    name: str
    level: Level | None
    fields: tuple[str, ...]
    effects: tuple[Effect, ...] = ()


# ------------------------------------------------------------------ the process

STARTING = Event("starting", "info", ("version", "pid", "config"))
READY = Event("ready", "info", ("connectors",), (Effect("set", "config_last_reload_successful", 1),))
STOPPING = Event("stopping", "info", ("signal",))
STOPPED = Event("stopped", "info", ())
STOP_IS_SLOW = Event("stop_is_slow", "warning", ("connectors",))
RELOADED = Event(
    "reloaded", "info", ("changed", "restart_needed"), (Effect("set", "config_last_reload_successful", 1),)
)
RELOAD_REFUSED = Event(
    "reload_refused", "error", ("error",), (Effect("set", "config_last_reload_successful", 0),)
)
LOOP_LAG = Event("loop_lag", None, ("lag_s",), (Effect("set", "watchdog_lag_seconds", "lag_s"),))
WATCHDOG_HELD_BACK = Event("watchdog_held_back", "error", ("reason",))
BUG = Event("bug", "error", ("trace_id", "error", "traceback"))
CONTROL = Event("control", "info", ("verb", "connector", "id", "outcome"))
LIBRARY = Event("library", "warning", ("logger", "text"))

# ------------------------------------------------------------------ a connector

PASS_DONE = Event(
    "pass_done",
    "info",
    (
        *("connector", "company", "side", "outcome", "duration_s", "read", "written"),
        *("parked", "held", "conflicts", "unknown", "error"),
    ),
    (
        Effect("observe", "pass_duration_seconds", "duration_s"),
        Effect("set", "parked", "parked"),
        Effect("set", "held_plans", "held"),
        Effect("set", "conflicts", "conflicts"),
    ),
)
PASS_WENT_WELL = Event(
    "pass_went_well",
    None,
    ("connector", "at_s"),
    (Effect("set", "last_success_timestamp_seconds", "at_s"),),
)
CONNECTOR_AWAY = Event("connector_away", "warning", ("connector", "company", "outcome", "error"))
CONNECTOR_BACK = Event("connector_back", "info", ("connector", "company"))
CONNECTOR_CRASHED = Event(
    "connector_crashed", "error", ("connector", "trace_id", "error", "traceback", "degraded", "again_in_s")
)
RUNNER_FAILED = Event("runner_failed", "error", ("connector", "error"))
CONNECTOR_PAUSED = Event("connector_paused", "info", ("connector",))
CONNECTOR_RESUMED = Event("connector_resumed", "info", ("connector",))
STATE_MAY_BE_OLD = Event(
    "state_may_be_old", "warning", ("connector", "code", "reason", "until", "linked", "parked")
)
STEP_DONE = Event(
    "step_done",
    "debug",
    ("connector", "kind", "action", "side", "outcome"),
    (Effect("add", "steps_total"),),
)
RECORD_WRITTEN = Event(
    "record_written", None, ("connector", "lag_s"), (Effect("observe", "lag_seconds", "lag_s"),)
)
DUPLICATE_FOUND = Event(
    "duplicate_found",
    "error",
    ("connector", "kind", "key", "reference"),
    (Effect("add", "duplicates_found_total"),),
)
INTENTS_SEEN = Event(
    "intents_seen", None, ("connector", "state", "count"), (Effect("set", "intents", "count"),)
)
OLDEST_UNKNOWN_SEEN = Event(
    "oldest_unknown_seen", None, ("connector", "age_s"), (Effect("set", "oldest_unknown_seconds", "age_s"),)
)

TROUBLE = Event("trouble", "error", ("connector", "code", "error"))
NUMBER_MISSING = Event("number_missing", "error", ("connector", "kind", "key"))
CHANGES_MISSED = Event("changes_missed", "error", ("connector", "kind", "since"))
CHANGES_OUT_OF_REACH = Event("changes_out_of_reach", "warning", ("connector", "kind", "since"))
OVERDUE = Event("overdue", "error", ("connector", "kind", "key", "code", "due"))
OVERDUE_SEEN = Event("overdue_seen", None, ("connector", "count"), (Effect("set", "overdue", "count"),))
LIST_NOT_BELIEVED = Event("list_not_believed", "warning", ("system", "kind", "reason"))
OUTCOME_UNKNOWN = Event("outcome_unknown", "warning", ("connector", "kind", "action", "side", "error"))
OUTCOME_SETTLED = Event("outcome_settled", "info", ("connector", "kind", "action", "side", "outcome"))

# ------------------------------------------------------------------ requests

REQUEST_DONE = Event(
    "request_done",
    "debug",
    ("company", "system", "route", "class", "duration_s"),
    (Effect("add", "requests_total"),),
)
THROTTLED = Event("throttled", "warning", ("company", "system", "route"), (Effect("add", "throttled_total"),))
BUDGET_SEEN = Event(
    "budget_seen",
    None,
    ("company", "system", "used_ratio", "waiting"),
    (Effect("set", "budget_used_ratio", "used_ratio"), Effect("set", "budget_waiting", "waiting")),
)
TOKEN_SEEN = Event(
    "token_seen", None, ("company", "system", "age_s"), (Effect("set", "token_age_seconds", "age_s"),)
)

EVENTS: Final = tuple(each for each in list(globals().values()) if isinstance(each, Event))
LOGGABLE: Final = frozenset(field for event in EVENTS if event.level for field in event.fields)


def class_of(outcome: int | str) -> str:
    """The closed set of `class`: "2xx" … "5xx" for a status, else the outcome's own word."""
    return f"{outcome // 100}xx" if isinstance(outcome, int) else outcome


class Events:
    """The process's one place for log lines and metrics. Each has its own registry."""

    def __init__(self, log: Log) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._log = log
        self._registry = CollectorRegistry()
        self._metrics = {name: self._make(name, metric) for name, metric in METRICS.items()}
        self._bound: dict[tuple[str, ...], Any] = {}

    def emit(self, event: Event, **fields: Any) -> None:
        """Log and count `event`; what is absent or None counts nothing. Undeclared fields are a bug."""
        assert fields.keys() <= set(event.fields), f"{event.name} has no {fields.keys() - set(event.fields)}"
        for effect in event.effects:
            amount = fields.get(effect.value) if isinstance(effect.value, str) else effect.value
            if amount is not None:
                self._apply(effect, fields, float(amount))
        if event.level is not None:
            self._log(event.level, event.name, fields)

    def forget(self, connector: str) -> None:
        """Drop the series of a connector that is gone."""
        for name, metric in METRICS.items():
            if "connector" in metric.labels:
                self._metrics[name].remove_by_labels({"connector": connector})
        self._bound = {
            key: child for key, child in self._bound.items() if connector not in _labelled(key, "connector")
        }

    def text(self) -> bytes:
        """All metrics in Prometheus' text format 0.0.4."""
        return generate_latest(self._registry)

    def _apply(self, effect: Effect, fields: Mapping[str, Any], amount: float) -> None:
        key = (effect.metric, *(str(fields[label]) for label in METRICS[effect.metric].labels))
        child = self._bound.get(key)
        if child is None:
            metric = self._metrics[effect.metric]
            child = self._bound[key] = metric.labels(*key[1:]) if len(key) > 1 else metric
        if effect.how == "add":
            child.inc(amount)
        elif effect.how == "set":
            child.set(amount)
        else:
            child.observe(amount)

    def _make(self, name: str, metric: Metric) -> Any:
        full = PREFIX + name
        if metric.type == "counter":
            return Counter(full, metric.help, metric.labels, registry=self._registry)
        if metric.type == "gauge":
            return Gauge(full, metric.help, metric.labels, registry=self._registry)
        return Histogram(full, metric.help, metric.labels, registry=self._registry, buckets=SECONDS)


def _labelled(key: tuple[str, ...], label: str) -> tuple[str, ...]:
    """The values under `label` in a bound child's key."""
    return tuple(value for name, value in zip(METRICS[key[0]].labels, key[1:], strict=True) if name == label)
