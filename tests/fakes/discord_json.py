"""Discord's JSON: reading objects that came over the wire without trusting their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

JsonObject: TypeAlias = dict[str, object]


def text(body: Mapping[str, object], key: str) -> str:
    """Return the string at ``key``, or the empty string where there is none."""
    value = body.get(key)
    return value if isinstance(value, str) else ""


def number(body: Mapping[str, object], key: str, default: int = 0) -> int:
    """Return the integer at ``key``; booleans do not count."""
    value = body.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def snowflake(body: Mapping[str, object], key: str) -> int:
    """Return the identifier at ``key``, which clients send as a string or as a number; 0 where there is none."""
    value = body.get(key)
    return int(value) if isinstance(value, str | int) and str(value).isdecimal() else 0


def child(body: Mapping[str, object], key: str) -> JsonObject:
    """Return the object at ``key``, or an empty one."""
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def children(body: Mapping[str, object], key: str) -> list[JsonObject]:
    """Return the objects in the array at ``key``."""
    return objects(body.get(key))


def objects(value: object) -> list[JsonObject]:
    """Return the objects in an array, or nothing if the value is no array."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def strings(body: Mapping[str, object], key: str) -> list[str]:
    """Return the array at ``key`` with each element as a string, as identifiers are compared."""
    value = body.get(key)
    return [str(item) for item in value] if isinstance(value, list) else []


def without_nulls(body: Mapping[str, object]) -> JsonObject:
    """Return a copy without the keys whose value is null, as Discord answers most optional fields."""
    return {key: value for key, value in body.items() if value is not None}
