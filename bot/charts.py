"""The digest's chart as a PNG: the share of packages with wheels over time, a line for each target.

Importing this imports matplotlib, which takes a while: import it when a chart is to be drawn. It does not use pyplot
and changes no settings of matplotlib's, so several threads may draw at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bot.core.digest.digest import Digest, Point
from bot.core.digest.wording import CHART_TITLE, dates, percent
from bot.core.text.sentences import counted

WIDTH, HEIGHT = 1200, 600
"""The size of a chart, in pixels."""

_DPI = 200
_FONT_SIZE = 12
_FONT = "DejaVu Sans"  # comes with matplotlib

# The ground is transparent: each colour has a contrast of at least 3 to white and to Discord's dark grey (#313338).
# Blue and orange differ with any kind of colour blindness; dashes and labels tell all lines apart.
_INK = "#848c97"
_COLOURS = ("#1e8fe1", "#cf7500", "#b764da", "#12a37c")
_DASHES = ("solid", (0, (5, 1.5)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)))
_GAP = 12.5
"""Between two labels at the ends of lines, in percent of the axis."""

_MOST_TICKS = 4
_MONTHS = 12


def draw(digest: Digest) -> bytes:
    """Draw the chart of a digest; the same digest gives the same picture. Takes some tenths of a second."""
    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI)
    figure.patch.set_alpha(0)
    axes = figure.add_axes((0.12, 0.13, 0.645, 0.72))
    axes.set_title(CHART_TITLE, loc="left", color=_INK, fontsize=_FONT_SIZE, fontname=_FONT, fontweight="bold", pad=9)
    _frame(axes, [point.day for point in digest.chart])
    _lines(axes, digest.chart, [str(share.target) for share in digest.shares])
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=_DPI, metadata={"Software": None})
    return picture.getvalue()


CARD_WIDTH, CARD_HEIGHT = 1200, 630
"""The size of the picture that chats show of a link, in pixels (Open Graph)."""

_PAPER, _TEXT, _SOFT = "#ffffff", "#1f2328", "#59636e"


def draw_card(digest: Digest) -> bytes:
    """Draw the picture of a link to a digest, or for this week's to the site; the same digest gives the same one."""
    figure = Figure(figsize=(CARD_WIDTH / _DPI, CARD_HEIGHT / _DPI), dpi=_DPI, facecolor=_PAPER)
    figure.text(0.05, 0.90, "Free-threaded Python", color=_TEXT, fontsize=17, fontname=_FONT, fontweight="bold")
    lines = [dates(digest.week) if digest.complete else "Which packages install on it?"]
    lines += [
        f"{share.target}: {percent(share.percent)} of {counted(share.packages, 'package')} have wheels"
        for share in digest.shares[:_MOST_LINES]
    ]
    for place, line in enumerate(lines):
        figure.text(0.05, 0.81 - 0.075 * place, line, color=_SOFT, fontsize=12, fontname=_FONT)
    axes = figure.add_axes((0.13, 0.11, 0.64, 0.44))
    _frame(axes, [point.day for point in digest.chart])
    _lines(axes, digest.chart, [str(share.target) for share in digest.shares])
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=_DPI, facecolor=_PAPER, metadata={"Software": None})
    return picture.getvalue()


_MOST_LINES = 2


def _frame(axes: Axes, days: Sequence[date]) -> None:
    axes.patch.set_alpha(0)
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])
    months = _ticks(days)
    first, last = (days[0].toordinal(), days[-1].toordinal()) if days else (0, 0)
    axes.set_xlim(first, max(last, first + 1))
    axes.set_xticks([month.toordinal() for month in months], [f"{month:%b %Y}" for month in months])
    axes.tick_params(colors=_INK, labelsize=_FONT_SIZE, labelfontfamily=_FONT, length=0, pad=6)
    axes.grid(axis="y", color=_INK, alpha=0.45, linewidth=0.7)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _lines(axes: Axes, points: Sequence[Point], targets: Sequence[str]) -> None:
    """Draw a line for each target, with its name and last value beside its end."""
    if not points:
        return
    days = [point.day.toordinal() for point in points]
    heights = _apart(points[-1].percent)
    for place, (target, height) in enumerate(zip(targets, heights, strict=True)):
        colour, dashes = _COLOURS[place % len(_COLOURS)], _DASHES[(place + place // len(_DASHES)) % len(_DASHES)]
        shares = [point.percent[place] for point in points]
        axes.plot(
            days,
            shares,
            color=colour,
            linestyle=dashes,
            linewidth=2.6,
            solid_capstyle="round",
            clip_on=False,
            zorder=3 + place,  # a dashed line over a solid one shows both
        )
        axes.plot(days[-1:], shares[-1:], color=colour, marker="o", markersize=5, clip_on=False, zorder=3 + place)
        axes.annotate(
            f"{target} {_short(shares[-1])}",
            xy=(1, height / 100),
            xycoords="axes fraction",
            xytext=(8, 0),
            textcoords="offset points",
            color=colour,
            fontsize=_FONT_SIZE,
            fontname=_FONT,
            fontweight="bold",
            verticalalignment="center",
        )


def _short(share: float) -> str:
    return percent(share).replace("less than ", "<").replace("more than ", ">")


def _ticks(days: Sequence[date]) -> list[date]:
    """Choose the first days of few months, evenly apart."""
    if not days:
        return []
    first, last = (day.year * _MONTHS + day.month - 1 for day in (days[0], days[-1]))
    months = [date(month // _MONTHS, month % _MONTHS + 1, 1) for month in range(first + (days[0].day > 1), last + 1)]
    for step in (1, 3, 6):
        ticks = [month for month in months if (month.month - 1) % step == 0]
        if len(ticks) <= _MOST_TICKS:
            return ticks
    years = [month for month in months if month.month == 1]
    return years[:: -(-len(years) // _MOST_TICKS)]


def _apart(heights: Sequence[float]) -> list[float]:
    """Move labels apart that would lie on one another, keeping their order, within the axis as far as they fit."""
    order = sorted(range(len(heights)), key=lambda place: (heights[place], -place))
    moved = [heights[place] for place in order]
    for below in range(len(moved) - 1):
        moved[below + 1] = max(moved[below + 1], moved[below] + _GAP)
    if moved:
        moved[-1] = min(moved[-1], 100)
    for above in reversed(range(1, len(moved))):
        moved[above - 1] = min(moved[above - 1], moved[above] - _GAP)
    return [moved[order.index(place)] for place in range(len(heights))]
