"""Reads YAML from anybody: bounded, without tags, and with every value as it is written.

PyYAML's parser says what stands where, and the value is put together here rather than by PyYAML: that takes a third of
the time, needs no recursion, and leaves ``version: 1.10`` the text that it is, where YAML 1.1 makes a number of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from bot.core.dependencies.files import LARGEST_FILE
from bot.core.errors import UserError
from bot.core.text.sentences import one_line, shortened

DEEPEST = 64
"""Lists and mappings within each other; the locks have six."""

MOST_VALUES = 1_000_000
"""Values of a file, with each alias counted as all that it stands for; 2 MB of a lock have about 80,000."""

# Not everywhere has PyYAML the C library; without it, it takes ten times as long.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_MERGE = "<<"
# What YAML has no place for, not even in quotes.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class ScalarAt:
    """A value that is neither a list nor a mapping, None if it is null, with its line, which counts from 1."""

    text: str | None
    line: int


def parse_yaml(file: str, text: str) -> object:
    """Return what a document says: lists, mappings with texts as keys, texts, and None for null.

    Numbers, truth values and dates stay text. Aliases of one anchor are the same object. Whatever is wrong is a
    ``UserError``, with the file and, where that makes sense, the line.
    """
    return _Builder(file, text, lambda scalar: scalar.text).build()


def parse_yaml_lines(file: str, text: str) -> object:
    """Return the same with a ``ScalarAt`` in place of each text and None, to tell on which line it is."""
    return _Builder(file, text, lambda scalar: scalar).build()


@dataclass(slots=True)
class _Open:
    """A list or a mapping that has not ended: how many values were seen before it, and the key that waits for one."""

    value: list[object] | dict[str, object]
    before: int
    anchor: str | None
    merged: list[object]
    key: str | None = None


class _Builder:
    """Puts the value together from the events of the parser."""

    def __init__(self, file: str, text: str, scalar: Callable[[ScalarAt], object]) -> None:
        self._file = shortened(one_line(file))
        self._text = text
        self._scalar = scalar
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[object, int]] = {}
        self._values = 0
        self._done: list[object] = []

    def build(self) -> object:
        """Return the value of the one document that there is; None of an empty file."""
        if len(self._text) > LARGEST_FILE:
            raise UserError(f"{self._file} has {len(self._text):,} characters. At most {LARGEST_FILE:,} are read.")
        if found := _UNPRINTABLE.search(self._text):
            line = self._text.count("\n", 0, found.start()) + 1
            raise UserError(f"{self._file}, line {line}: it has a control character. Save the file as UTF-8 text.")
        try:
            for event in yaml.parse(self._text, Loader=_LOADER):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f"{self._file}, line {mark.line + 1}" if mark else self._file
            raise UserError(
                f"{where}: it is not valid YAML. Look at the indentation, quotes and colons around there."
            ) from None
        except (yaml.YAMLError, ValueError):
            raise UserError(f"{self._file} is not valid YAML. Look at its first line, and save it as UTF-8.") from None
        return self._done[0] if self._done else None

    def _take(self, event: Event) -> None:
        match event:
            case AliasEvent():
                self._alias(event)
            case ScalarEvent():
                self._count(event, 1)
                null = event.implicit[0] and not event.style and event.value in _NULLS
                around = self._open[-1] if self._open else None
                if around is not None and isinstance(around.value, dict) and around.key is None:
                    around.key = event.value
                    self._remember(event.anchor, event.value, 1)
                else:
                    value = self._scalar(ScalarAt(None if null else event.value, _line(event)))
                    self._remember(event.anchor, value, 1)
                    self._add(value)
            case CollectionStartEvent():
                self._start(event)
            case CollectionEndEvent():
                self._end()
            case DocumentStartEvent() if self._done:
                raise self._refuse(event, "a second document begins (`---`). Give each in a file of its own")
            case _:
                pass

    def _start(self, event: CollectionStartEvent) -> None:
        self._count(event, 1)
        if len(self._open) == DEEPEST:
            raise self._refuse(event, f"it is nested more than {DEEPEST} deep. A dependency file needs a few")
        if self._open and isinstance(self._open[-1].value, dict) and self._open[-1].key is None:
            raise self._refuse(event, "a list or a mapping is no key. Look at the question marks and braces")
        value: list[object] | dict[str, object] = {} if isinstance(event, MappingStartEvent) else []
        self._open.append(_Open(value, self._values, event.anchor, []))

    def _end(self) -> None:
        ended = self._open.pop()
        if isinstance(ended.value, dict):
            self._merge(ended.value, ended.merged)
        self._remember(ended.anchor, ended.value, self._values - ended.before + 1)
        self._add(ended.value)

    def _alias(self, event: AliasEvent) -> None:
        if event.anchor not in self._anchors:
            raise self._refuse(event, "an alias (`*`) stands for nothing before it. Write out what it is for")
        value, size = self._anchors[event.anchor]
        self._count(event, size)
        around = self._open[-1] if self._open else None
        if around is not None and isinstance(around.value, dict) and around.key is None:
            value = value.text if isinstance(value, ScalarAt) else value
            if not isinstance(value, str):
                raise self._refuse(event, "an alias (`*`) of a value is no key. Write out the key")
            around.key = value
        else:
            self._add(value)

    def _add(self, value: object) -> None:
        """Put a value where it belongs: into the list or the mapping that is open."""
        if not self._open:
            self._done.append(value)
            return
        around = self._open[-1]
        if isinstance(around.value, list):
            around.value.append(value)
        elif around.key is not None:
            if around.key == _MERGE:
                around.merged.append(value)
            else:
                around.value[around.key] = value
            around.key = None

    @staticmethod
    def _merge(into: dict[str, object], merged: list[object]) -> None:
        """Add the keys of the mappings that are merged in (``<<: *base``); what is there stays."""
        for each in merged:
            for mapping in each if isinstance(each, list) else [each]:
                if isinstance(mapping, dict):
                    for key, value in mapping.items():
                        into.setdefault(key, value)

    def _remember(self, anchor: str | None, value: object, size: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)

    def _count(self, event: Event, values: int) -> None:
        """Count values; an alias is as many as what it stands for, as whoever reads the result meets them all."""
        self._values += values
        if self._values > MOST_VALUES:
            raise self._refuse(event, f"it has more than {MOST_VALUES:,} values, with what its aliases stand for")

    def _refuse(self, event: Event, problem: str) -> UserError:
        return UserError(f"{self._file}, line {_line(event)}: {problem}.")


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
