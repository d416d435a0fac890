"""What of a ``.env`` file would be left out in silence: lines that cannot be read, names that mean nothing.

No value is ever repeated, as it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from typing import TYPE_CHECKING

from bot.core.errors import UserError

if TYPE_CHECKING:
    from dotenv.parser import Binding

PREFIX = "FTBOT_"

_RESERVED = "FTBOT_TEST_"
"""What the project's own tests are told by."""

_NAME = re.compile(r"\w{1,60}", re.ASCII)
_OURS = re.compile(r"\bFTBOT_\w*", re.ASCII | re.IGNORECASE)
_SWALLOWED = re.compile(r"^[^\S\n]*(?:export\s+)?(FTBOT_\w+)[^\S\n]*=", re.ASCII | re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class EnvFile:
    """The names with our prefix, in capitals, each with its line; and the lines that nobody can read."""

    names: tuple[tuple[str, int], ...] = ()
    unreadable: tuple[int, ...] = ()


def read_env_file(text: str) -> EnvFile:
    """Read which settings a file names; a ``UserError`` tells of the first line that hides one of them."""
    from dotenv.parser import parse_stream  # noqa: PLC0415 — most folders have no such file

    names: list[tuple[str, int]] = []
    unreadable: list[int] = []
    for binding in parse_stream(StringIO(text)):
        written = binding.original.string
        line = binding.original.line + written[: len(written) - len(written.lstrip())].count("\n")
        if binding.error and not _OURS.search(written):
            unreadable.append(line)
        elif binding.error:
            raise UserError(
                f"Line {line} of .env cannot be read: a quote is not closed, or something stands behind one. "
                "Mend that line, or take it away."
            )
        elif binding.key is not None:
            _refuse_what_is_swallowed(binding, line)
            if binding.key.upper().startswith(PREFIX):
                names.append((_name(binding, line), line))
    return EnvFile(tuple(names), tuple(unreadable))


def without_effect(file: EnvFile, environment: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """Return sentences about settings without effect: misspelt names, all but the last of several, unreadable lines."""
    for line in file.unreadable:
        yield f"Line {line} of .env cannot be read and is left out. It may lack a quote or a `=`."
    lines: dict[str, list[int]] = {}
    for name, line in file.names:
        lines.setdefault(name, []).append(line)
    for name, found in lines.items():
        if name not in known:
            yield from _unknown(name, f" in line {found[0]} of .env", known)
        elif len(found) > 1:
            yield f"{name} is set in lines {_and(found)} of .env. The last one counts; take the others away."
    for name in sorted({name.upper() for name in environment} - set(known)):
        if name.startswith(PREFIX):
            yield from _unknown(name, " in the environment", known)


def _name(binding: Binding, line: int) -> str:
    """Return the name of a setting; whatever else stands before the `=` may be the beginning of its value."""
    key = (binding.key or "").upper()
    if _NAME.fullmatch(key) and binding.value is not None:
        return key
    name = _NAME.match(key)
    raise UserError(
        f"Line {line} of .env names {name[0] if name else PREFIX} and sets nothing. Write a `=` between name and value."
    )


def _refuse_what_is_swallowed(binding: Binding, line: int) -> None:
    _, _, behind = binding.original.string.lstrip().partition("\n")
    if inside := _SWALLOWED.search(behind):
        raise UserError(
            f"The quote that opens in line {line} of .env closes behind the line of {inside[1].upper()}, which sets "
            "nothing then. Close it in its own line."
        )


def _unknown(name: str, place: str, known: Collection[str]) -> Iterator[str]:
    if not name.startswith(_RESERVED):
        alike = get_close_matches(name, known, n=1, cutoff=0.75)
        hint = f"Did you mean {alike[0]}?" if alike else "`ftbot settings` lists all that are."
        yield f"{name}{place} is not a setting. {hint}"


def _and(lines: Sequence[int]) -> str:
    *first, last = map(str, lines)
    return f"{', '.join(first)} and {last}"
