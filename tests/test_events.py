"""Events and metrics, declared once."""

from __future__ import annotations

import re
import subprocess

import pytest

from daemon.events import EVENTS, METRICS, PASS_DONE, REQUEST_DONE, STEP_DONE, Events, class_of
from tests.patience import PATIENCE_S

DECIDED = {
    *("last_success_timestamp_seconds", "pass_duration_seconds", "steps_total", "intents"),
    *("oldest_unknown_seconds", "parked", "conflicts", "held_plans", "requests_total", "throttled_total"),
    *("budget_used_ratio", "budget_waiting", "token_age_seconds", "config_last_reload_successful"),
    *("lag_seconds", "duplicates_found_total", "watchdog_lag_seconds"),
    "overdue",  # ours: what ought to be booked by now
}


def silent(_level, _name, _fields):
    """No log."""


def busy(connectors):
    """Events after some work of so many connectors."""
    events = Events(silent)
    for name in connectors:
        events.emit(PASS_DONE, connector=name, duration_s=0.2, parked=1, held=0, conflicts=0)
        events.emit(STEP_DONE, connector=name, kind="customer", action="create", outcome="done")
        events.emit(REQUEST_DONE, company="acme", system="fortnox", **{"class": class_of(200)})
    return events


@pytest.mark.row("D5")
def test_the_metrics_are_those_that_were_decided():
    """The table has each metric of decision 34, and those of ours."""
    assert set(METRICS) == DECIDED


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_an_event_has_the_fields_its_effects_need(event):
    """Labels and values of an event's metrics are fields of the event."""
    for effect in event.effects:
        metric = METRICS[effect.metric]
        assert set(metric.labels) <= set(event.fields)
        assert not isinstance(effect.value, str) or effect.value in event.fields
        assert effect.how == {"counter": "add", "gauge": "set", "histogram": "observe"}[metric.type]


def test_each_event_has_its_own_name_and_each_metric_a_sentence():
    """No two events share a name; every help text is a sentence."""
    assert len({event.name for event in EVENTS}) == len(EVENTS)
    assert all(re.fullmatch(r"[A-Z].*\.", metric.help) for metric in METRICS.values())


@pytest.mark.row("D5")
def test_promtool_accepts_the_metrics(require_tool):
    """The scrape passes the linter of the system that reads it."""
    tool = require_tool("promtool")
    done = subprocess.run(
        [tool, "check", "metrics"],
        input=busy(["crm"]).text(),
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_five_connectors_make_fewer_than_five_hundred_series():
    """The labels are closed sets."""
    text = busy(["a", "b", "c", "d", "e"]).text().decode()
    assert sum(not line.startswith("#") for line in text.splitlines()) < 500


def test_a_connector_that_is_gone_leaves_no_series():
    """After a reload without it, its name is in no line; the others stay."""
    events = busy(["gone", "stays"])
    events.forget("gone")
    text = events.text().decode()
    assert "gone" not in text and 'parked{connector="stays"} 1.0' in text
    events.emit(PASS_DONE, connector="gone", duration_s=0.2, parked=3, held=0, conflicts=0)
    assert 'parked{connector="gone"} 3.0' in events.text().decode()
