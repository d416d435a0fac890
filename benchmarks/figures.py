"""Figures: percentiles of samples, and a plain table that puts each figure beside its target."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MILLISECONDS = 1000.0
_HEADS = ("what", "figure", "target", "")


@dataclass(frozen=True, slots=True)
class Limit:
    """A target: the most that a figure may be, or with ``at_least`` the least."""

    value: float
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; ``value`` is None where this system cannot tell, ``note`` says what else belongs to it."""

    what: str
    value: float | None
    unit: str = "ms"
    limit: Limit | None = None
    note: str = ""

    def cells(self) -> tuple[str, str, str, str]:
        """Return the columns of the line."""
        shown = "–" if self.value is None else f"{_number(self.value)} {self.unit}"
        if self.limit is None:
            return self.what, shown, "", self.note
        sign = "≥" if self.limit.at_least else "≤"
        target = f"{sign} {_number(self.limit.value)} {self.unit}"
        return self.what, shown, target, "  ".join(part for part in (self._verdict(self.limit), self.note) if part)

    def _verdict(self, limit: Limit) -> str:
        if self.value is None:
            return ""
        met = self.value >= limit.value if limit.at_least else self.value <= limit.value
        share = f" ({self.value / limit.value:.2f} of the target)" if limit.value else ""
        return f"{'met' if met else 'missed'}{share}"


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the smallest sample that so many percent of the samples do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def median(samples: Sequence[float]) -> float:
    """Return the 50th percentile."""
    return percentile(samples, 50)


def table(sections: Iterable[tuple[str, Sequence[Figure]]]) -> str:
    """Lay out sections of figures in columns of one width."""
    laid_out = [(title, [figure.cells() for figure in figures]) for title, figures in sections]
    rows = [_HEADS, *(cells for _, lines in laid_out for cells in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    text = [_line(_HEADS, widths)]
    for title, lines in laid_out:
        text += ["", title, *(_line(cells, widths) for cells in lines)]
    return "\n".join(text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    what, figure, target, rest = cells
    return f"  {what:<{widths[0]}}  {figure:>{widths[1]}}  {target:>{widths[2]}}  {rest}".rstrip()


def _number(value: float) -> str:
    """Write three digits of a small number and all of a large one."""
    if value and abs(value) < 0.1:  # noqa: PLR2004 — where two decimals stop telling anything
        return f"{value:.4f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:,.0f}"  # noqa: PLR2004 — as above
