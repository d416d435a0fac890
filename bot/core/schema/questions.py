"""What the API is asked about an application, as JSON."""

from __future__ import annotations

from typing import Annotated

import msgspec

from bot.core.schema.objects import JsonObject

LONGEST_TEXT = 2 << 20
"""Bytes of a whole question."""

_SHORT = 200


class DependencyFileJson(JsonObject, frozen=True):
    """A dependency file: what it is called, by which its kind is known where its text does not say, and its text."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=_SHORT)]
    text: Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]


class DependenciesAskedJson(JsonObject, frozen=True):
    """An application: its files, names of packages as pip takes them, or both."""

    files: Annotated[list[DependencyFileJson], msgspec.Meta(max_length=20)] = msgspec.field(default_factory=list)
    packages: Annotated[list[Annotated[str, msgspec.Meta(max_length=_SHORT)]], msgspec.Meta(max_length=_SHORT)] = (
        msgspec.field(default_factory=list)
    )
    extras: Annotated[list[Annotated[str, msgspec.Meta(max_length=_SHORT)]], msgspec.Meta(max_length=_SHORT)] = (
        msgspec.field(default_factory=list)
    )
    groups: Annotated[list[Annotated[str, msgspec.Meta(max_length=_SHORT)]], msgspec.Meta(max_length=_SHORT)] = (
        msgspec.field(default_factory=list)
    )
