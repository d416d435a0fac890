"""Where things are in a drawing: the share over time, and what a package's newest release offered since it began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.core.digest.digest import Point
from bot.core.digest.wording import percent
from bot.core.history.timelines import START, Standing, Timeline, settled
from bot.core.site.marks import Mark, mark_of
from bot.core.wheels.targets import Target

STRIP = 1000
"""Units across a timeline."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 50, 12, 28
_APART = 15
"""How far labels at the ends of lines are apart at least."""


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One target's share: the points of a line as SVG has them, and a label at its end."""

    target: str
    place: int
    points: str
    end_x: float
    end_y: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the chart and what it says: of a share at a height, of a month at a distance from the left."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class ChartRow:
    """A row of the table behind the chart."""

    day: str
    percents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart of a size: lines, what is written beside it, where lines begin and end, and the height of nothing."""

    name: str
    width: int
    height: int
    lines: tuple[ChartLine, ...]
    heights: tuple[Tick, ...]
    months: tuple[Tick, ...]
    left: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The share over time: drawn for wide and for narrow screens, and as a table, the newest row first."""

    drawings: tuple[Drawing, ...]
    targets: tuple[str, ...]
    rows: tuple[ChartRow, ...]
    now: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StripSegment:
    """A time in which the newest release offered the same: where it begins, how wide it is, its shape."""

    x: float
    width: float
    mark: Mark


def chart_of(points: Sequence[Point], targets: Sequence[Target]) -> Chart | None:
    """Draw shares; None where there is nothing to draw."""
    if not points or not targets:
        return None
    return Chart(
        drawings=(
            _Sheet("wide", 720, 240, 6).draw(points, targets),
            _Sheet("narrow", 340, 220, 12).draw(points, targets),
        ),
        targets=tuple(map(str, targets)),
        rows=tuple(_rows(points)),
        now=tuple((str(target), percent(points[-1].percent[place])) for place, target in enumerate(targets)),
    )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is drawn on: its size, and how many months apart there are labels below."""

    name: str
    width: int
    height: int
    months: int

    def draw(self, points: Sequence[Point], targets: Sequence[Target]) -> Drawing:
        lines = [self._line(points, target, place) for place, target in enumerate(targets)]
        return Drawing(
            name=self.name,
            width=self.width,
            height=self.height,
            lines=tuple(_apart(lines)),
            heights=tuple(Tick(self._y(share), f"{share} %") for share in (0, 25, 50, 75, 100)),
            months=tuple(self._months(points)),
            left=_LEFT,
            right=self.width - _RIGHT,
            bottom=self.height - _BOTTOM,
        )

    def _line(self, points: Sequence[Point], target: Target, place: int) -> ChartLine:
        placed = [(self._x(number, len(points)), self._y(point.percent[place])) for number, point in enumerate(points)]
        x, y = placed[-1]
        return ChartLine(str(target), place, " ".join(f"{each_x:g},{each_y:g}" for each_x, each_y in placed), x, y, y)

    def _x(self, number: int, count: int) -> float:
        return round(_LEFT + (self.width - _LEFT - _RIGHT) * (number / max(1, count - 1)), 1)

    def _y(self, share: float) -> float:
        return round(self.height - _BOTTOM - (self.height - _TOP - _BOTTOM) * share / 100, 1)

    def _months(self, points: Sequence[Point]) -> Iterator[Tick]:
        """Yield the first week of each half year, or of each year."""
        seen: set[tuple[int, int]] = set()
        for number, point in enumerate(points):
            month = (point.day.year, (point.day.month - 1) // self.months)
            if month not in seen and (point.day.month - 1) % self.months == 0:
                seen.add(month)
                yield Tick(self._x(number, len(points)), f"{point.day:%b %Y}")


def strip_of(steps: Timeline, now: datetime) -> tuple[StripSegment, ...]:
    """Draw a timeline from when free-threaded wheels began until now; losses count when they are settled."""
    held = [step for step in settled(steps) if step.moment <= now]
    segments: list[StripSegment] = []
    for place, step in enumerate(held):
        begins = _along(step.moment, now)
        ends = _along(held[place + 1].moment, now) if place + 1 < len(held) else float(STRIP)
        mark = mark_of(step.shows.verdict)
        if segments and segments[-1].mark is mark:
            segments[-1] = StripSegment(segments[-1].x, ends - segments[-1].x, mark)
        elif ends > begins:
            segments.append(StripSegment(begins, ends - begins, mark))
    return tuple(segments)


def years(now: datetime) -> tuple[Tick, ...]:
    """Return where years begin along a timeline."""
    beginnings = (datetime(year, 1, 1, tzinfo=UTC) for year in range(START.year + 1, now.year + 1))
    return tuple(Tick(_along(moment, now), str(moment.year)) for moment in beginnings)


def offers(standing: Standing) -> str:
    """Return by which tags a release was offered, for a word beside its shape."""
    return " and ".join("py3-none" if how == "none" else how for how in standing.how)


def _along(moment: datetime, now: datetime) -> float:
    whole = max(1.0, (now - START).total_seconds())
    return round(STRIP * min(1.0, max(0.0, (moment - START).total_seconds() / whole)), 1)


def _apart(lines: Sequence[ChartLine]) -> Iterator[ChartLine]:
    """Move labels apart that would lie on one another, from the highest line on."""
    taken = float("-inf")
    moved = {}
    for line in sorted(lines, key=lambda each: each.end_y):
        taken = max(line.end_y, taken + _APART)
        moved[line.place] = taken
    for line in lines:
        yield ChartLine(line.target, line.place, line.points, line.end_x, line.end_y, moved[line.place])


def _rows(points: Sequence[Point]) -> Iterator[ChartRow]:
    """Yield the last week of each month, the newest first."""
    seen: set[tuple[int, int]] = set()
    for point in reversed(points):
        if (point.day.year, point.day.month) not in seen:
            seen.add((point.day.year, point.day.month))
            yield ChartRow(written(point.day), tuple(map(percent, point.percent)))


def written(day: date) -> str:
    """Write a day: ``22 November 2026``."""
    return f"{day.day} {day:%B %Y}"
