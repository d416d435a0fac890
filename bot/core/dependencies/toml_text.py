"""Reads TOML from anybody."""

from __future__ import annotations

import re
from collections.abc import Mapping

import tomli

from bot.core.dependencies.demands import shown
from bot.core.dependencies.files import LARGEST_FILE
from bot.core.errors import UserError

# Each key below a header costs as much as the header has parts: without a limit, long ones take hours.
_LONG_HEADER = re.compile(r"^[ \t]*\[(?:[^.\n]*\.){100}", re.MULTILINE)


def parse_toml(file: str, text: str) -> Mapping[str, object]:
    """Return what a document says; whatever is wrong is a ``UserError``, with the file and its line."""
    name = shown(file)
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    if len(text) > LARGEST_FILE:
        raise UserError(f"{name} has {len(text):,} characters. At most {LARGEST_FILE:,} are read.")
    if found := _LONG_HEADER.search(text):
        line = text.count("\n", 0, found.end()) + 1
        raise UserError(f"{name}, line {line}: a hundred dots are too many for the name of a table.")
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        where = f"{name}, line {error.lineno}" if error.lineno else name
        raise UserError(
            f"{where}: it is not valid TOML. Look for a missing quote, bracket or `=`, or a key given twice."
        ) from None
    except RecursionError:
        raise UserError(f"{name} is nested too deeply. A dependency file needs a few levels.") from None
    except ValueError:  # a number that is too long
        raise UserError(f"{name} is not valid TOML: a number or a date in it is impossible.") from None


def table(value: object) -> Mapping[str, object]:
    """Return a table, an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def array(value: object) -> list[object]:
    """Return an array, an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def string(value: object) -> str | None:
    """Return a text, None in place of anything else."""
    return value if isinstance(value, str) else None
