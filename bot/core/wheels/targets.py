"""Free-threaded Pythons as targets: how they are written and which tags their installers accept."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

from packaging.tags import compatible_tags, cpython_tags

from bot.core.errors import UserError

OLDEST_MINOR = 13
"""3.13t was the first free-threaded Python (PEP 703)."""

OLDEST_SUPPORTED_MINOR = 14
"""3.14t was the first officially supported one (PEP 779); 3.13t was an experiment that the ecosystem has left."""

FIRST_WHEELS = datetime(2024, 8, 1, tzinfo=UTC)
"""Before this there were next to no free-threaded wheels: 3.13t was in beta."""

NEWEST_MINOR = 20
"""Later ones are taken for slips of the pen: with a release a year, 3.20 comes out in 2031."""

_YEAR_OF_3_0, _MONTH = 2011, 10
"""By the calendar since 3.9, of one minor version each October (PEP 602): 3.14 came out in 2025."""

_TARGET = re.compile(r"3\.(\d{1,2})t", re.ASCII)
_GIL = re.compile(r"3\.(\d{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A free-threaded CPython 3 minor version, such as 3.14t."""

    minor: int

    def __str__(self) -> str:
        return f"3.{self.minor}t"

    @property
    def abi(self) -> str:
        """Return the abi tag of wheels built for exactly this Python, such as ``cp314t``."""
        return f"cp3{self.minor}t"

    @property
    def interpreter(self) -> str:
        """Return the python tag, which never has the ``t``, such as ``cp314``; the GIL build's abi tag is the same."""
        return f"cp3{self.minor}"

    @property
    def gil_build(self) -> str:
        """Name the build of the same Python that has the GIL: ``Python 3.14 with the GIL``."""
        return f"Python 3.{self.minor} with the GIL"

    @property
    def is_supported(self) -> bool:
        """Return whether CPython supports it officially, which it never did 3.13t (PEP 779)."""
        return self.minor >= OLDEST_SUPPORTED_MINOR

    def is_out(self, day: date) -> bool:
        """Return whether this Python has been released by a day, as far as CPython's yearly calendar tells."""
        return day >= date(_YEAR_OF_3_0 + self.minor, _MONTH, 1)


@dataclass(frozen=True, slots=True)
class AcceptedTags:
    """The (python tag, abi tag) pairs an installer takes, for wheels of a platform and for ``any``.

    ``gil`` has the pairs for wheels of a platform that the GIL build of the same Python takes.
    """

    platform: frozenset[tuple[str, str]]
    anywhere: frozenset[tuple[str, str]]
    gil: frozenset[tuple[str, str]]


def parse_target(text: str) -> Target:
    """Read ``3.14t``; a ``UserError`` says what a target looks like, or that the Python named has the GIL."""
    name = text.strip().lower()
    match = _TARGET.fullmatch(name)
    if match and OLDEST_MINOR <= int(match[1]) <= NEWEST_MINOR:
        return Target(int(match[1]))
    if match and int(match[1]) > NEWEST_MINOR:
        msg = f"Python {name} does not exist yet. Write `3.14t` or `3.15t`."
        raise UserError(msg)
    gil = _GIL.fullmatch(name)
    if gil and OLDEST_MINOR <= int(gil[1]) <= NEWEST_MINOR:
        msg = f"Python {name} is not free-threaded. Write `{name}t` for the free-threaded build."
        raise UserError(msg)
    shown = "".join(c if c.isprintable() and c != "`" else "\N{REPLACEMENT CHARACTER}" for c in name[:20])
    msg = f"`{shown}` isn't a free-threaded Python. Write `3.14t` or `3.15t`."
    raise UserError(msg)


def named_target(names: Collection[str], usual: Target) -> Target:
    """Return the target that a text is about which names some, the usual one if it is among them or none is one."""
    target = usual
    if str(usual) not in names:
        for name in names:
            with suppress(UserError):
                target = parse_target(name)
    return target


@cache
def accepted_tags(target: Target) -> AcceptedTags:
    """Return what `packaging` accepts on a target: the same pairs for every platform, so one platform asks for all."""
    version = (3, target.minor)
    pairs: dict[str, set[tuple[str, str]]] = {"here": set(), "any": set()}
    for tags in (
        cpython_tags(version, abis=[target.abi], platforms=["here"]),
        compatible_tags(version, interpreter=target.interpreter, platforms=["here"]),
    ):
        for tag in tags:
            pairs[tag.platform].add((tag.interpreter, tag.abi))
    gil = cpython_tags(version, abis=[target.interpreter], platforms=["here"])
    return AcceptedTags(
        platform=frozenset(pairs["here"]),
        anywhere=frozenset(pairs["any"]),
        gil=frozenset((tag.interpreter, tag.abi) for tag in gil),
    )
