"""Create, merge and delete: the same for every register (fortnox.md 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.errors import CODE_TAKEN, MISSING, REQUIRED, refusal
from daemon.sandbox.fortnox.fields import Field, blank, check
from daemon.sandbox.fortnox.resource import Resource


def find(company: Company, resource: Resource, key: str) -> Record:
    """The record at `key`; refused with the resource's own code, as a rule with 404."""
    record = company.find(resource.path, key)
    if record is None:
        raise refusal(MISSING[resource.path], status=resource.missing_status)
    return record


def create(company: Company, resource: Resource, given: Mapping[str, Any]) -> Record:
    """Store a new record under the given key or the next of the series (8.5)."""
    changes = checked(company, resource, given)
    key = changes.get(resource.key)
    if key is not None:
        _check_free(company, resource, str(key))
    values = _merged(blank(resource.fields), changes)
    resource.settle(values, changes.keys())
    resource.compose(company, None, values, changes)
    register = company.registers[resource.path]
    key = register.take_number() if key is None else str(key)
    values[resource.key] = int(key) if resource.integer_key else key
    record = Record(key=key, values=values, modified=company.stamp())
    register.put(record)
    resource.added(company, record)
    return record


def checked(company: Company, resource: Resource, given: Mapping[str, Any]) -> dict[str, Any]:
    """What `given` says of a new record; refused when a field is wrong, missing, or names nothing."""
    changes = check(resource.fields, given, creating=True, strict=_strict(company))
    _check_required(resource.fields, changes)
    _check_references(company, resource.fields, changes)
    return changes


def update(company: Company, resource: Resource, record: Record, given: Mapping[str, Any]) -> None:
    """Merge `given` into the record: only the fields present change (8.1)."""
    given = {
        name: value for name, value in given.items() if name != resource.key or value != record.values[name]
    }
    changes = check(resource.fields, given, creating=False, strict=_strict(company))
    _check_references(company, resource.fields, changes)
    values = _merged(record.values, changes)
    resource.settle(values, changes.keys())
    resource.compose(company, record, values, changes)
    before, record.values = record.values, values
    company.registers[resource.path].note(record, before)
    only_quiet = bool(changes) and changes.keys() <= resource.quiet
    if not only_quiet or company.switches[resource.quiet_switch]:
        record.modified = company.stamp()


def remove(company: Company, resource: Resource, record: Record) -> None:
    """Delete a record; its number stays taken where Fortnox reserves it (8.5)."""
    resource.check_remove(company, record)
    register = company.registers[resource.path]
    register.drop(record.key)
    if resource.reserves:
        register.retired.add(record.key)
    resource.removed(company, record)


def _strict(company: Company) -> bool:
    return bool(company.switches["read_only_field"] == "refuse")


def _check_required(fields: Iterable[Field], changes: Mapping[str, Any]) -> None:
    for field in fields:
        if field.required and field.name not in changes:
            raise refusal(REQUIRED, field.name)


def _check_references(company: Company, fields: Iterable[Field], changes: Mapping[str, Any]) -> None:
    for field in fields:
        if not field.register or not changes.get(field.name):
            continue
        if company.find(field.register, changes[field.name]) is None:
            raise refusal(MISSING[field.register], field.name)


def _check_free(company: Company, resource: Resource, key: str) -> None:
    if resource.check_key:
        resource.check_key(key)
    register = company.registers[resource.path]
    if key in register.records or key in register.retired:
        raise refusal(resource.taken or CODE_TAKEN, key)


def _merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for name, value in changes.items():
        merged[name] = {**merged[name], **value} if isinstance(value, dict) else value
    return merged
