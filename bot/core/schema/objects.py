"""Objects of our JSON, with their types: the JSON Schema of the API is made of the same classes that print it."""

from __future__ import annotations

import json
from typing import Annotated

import msgspec

Day = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date"})]
"""A day: ``2026-11-22``."""

Url = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uri"})]
"""An address that is whole."""


class JsonObject(msgspec.Struct, frozen=True):
    """An object of schema 1: its keys are written in the order in which they stand, every one of them always."""


def as_json(found: JsonObject) -> dict[str, object]:
    """Return an object as dictionaries and lists, for whoever prints it."""
    return msgspec.convert(msgspec.to_builtins(found), dict[str, object])


def encoded(found: object) -> bytes:
    """Return an object, or several in lists and dictionaries, in the bytes that the command line prints.

    By the standard library, as names of others may hold what UTF-8 has no bytes for.
    """
    return json.dumps(msgspec.to_builtins(found)).encode()
