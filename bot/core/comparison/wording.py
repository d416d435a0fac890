"""What is said of packages side by side: a line a subject, a cell a package; plain text, escaped by who shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.comparison.cadence import Cadence
from bot.core.comparison.comparison import Comparison
from bot.core.text.sentences import counted
from bot.core.verdicts.judge import TargetVerdict
from bot.core.verdicts.status import Status
from bot.core.verdicts.wording import gil_line, since_line, target_phrase
from bot.core.wheels.platforms import PLATFORM_NAMES

_HOW: Mapping[str, str] = {"none": "no Python ABI", "any": "pure Python"}
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """A line: what it is about, and a cell for each package in their order; ``group`` begins a Python."""

    subject: str
    cells: tuple[str, ...]
    group: bool = False


def comparison_lines(comparison: Comparison, cadences: Mapping[str, Cadence], now: datetime) -> Iterator[ComparedLine]:
    """Return what there is to say of packages, line by line."""
    packages = comparison.packages
    yield ComparedLine("version", tuple(_version(status) for status in packages))
    for place, first in enumerate(packages[0].judgement.targets):
        verdicts = [status.judgement.targets[place] for status in packages]
        yield ComparedLine(str(first.target), tuple(_state(verdict) for verdict in verdicts), group=True)
        yield from _optional("since", [_since(verdict) for verdict in verdicts])
        yield from _optional("GIL", [_gil(verdict) for verdict in verdicts])
        for row in comparison.rows:
            if row.target == first.target:
                cells = tuple(_how(row.how[status.package]) for status in packages)
                yield ComparedLine(PLATFORM_NAMES[row.platform], cells)
    yield from _about(packages, cadences, now)


def _about(packages: tuple[Status, ...], cadences: Mapping[str, Cadence], now: datetime) -> Iterator[ComparedLine]:
    releases = [_cadence(cadences.get(status.package), now) for status in packages]
    if any(releases):
        yield ComparedLine("releases", tuple(cell or NOTHING for cell in releases), group=True)
    yield from _optional(
        "open issues", [None if status.open_issues is None else str(status.open_issues) for status in packages]
    )


def _optional(subject: str, cells: list[str | None]) -> Iterator[ComparedLine]:
    if any(cells):
        yield ComparedLine(subject, tuple(cell or NOTHING for cell in cells))


def _version(status: Status) -> str:
    return NOTHING if status.judgement.version is None else str(status.judgement.version)


def _state(verdict: TargetVerdict) -> str:
    words = target_phrase(verdict)
    return f"{words.glyph} {words.word}"


def _since(verdict: TargetVerdict) -> str | None:
    line = since_line(verdict)
    return None if line is None else line.removeprefix("since ")


def _gil(verdict: TargetVerdict) -> str | None:
    line = gil_line(verdict)
    return None if line is None else line.removeprefix("importing it ")


def _how(how: str | None) -> str:
    return NOTHING if how is None else _HOW.get(how, how)


def _cadence(found: Cadence | None, now: datetime) -> str | None:
    if found is None or found.latest is None:
        return None
    days = max(0, (now - found.latest).days)
    return f"{found.releases} in a year, the last {counted(days, 'day')} ago"
