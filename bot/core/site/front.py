"""The front page: what is new, how far the ecosystem is, and what is waited for most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from bot.core.digest.digest import Digest, Move, Moves, Share
from bot.core.digest.wording import gil_words, percent
from bot.core.guide.tracking_issues import tracking_issue
from bot.core.site.drawing import Chart, chart_of, written
from bot.core.site.marks import Mark, mark_of, word_of
from bot.core.text.sentences import counted
from bot.core.wheels.platforms import platform_list

MOST_NEWS = 24
RECENT = (timedelta(days=7), timedelta(days=30), timedelta(days=90))
"""How far back news go: so far that there are some, a Monday has some, too."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A share as a bar: of 1000 units, how many have wheels everywhere, and how many on some platforms."""

    everywhere: int
    somewhere: int


@dataclass(frozen=True, slots=True)
class TargetShare:
    """How a target stands."""

    target: str
    percent: str
    bar: Bar
    everywhere: int
    somewhere: int
    lacking: int
    change: str
    gil: str | None


@dataclass(frozen=True, slots=True)
class News:
    """A package that moved: its shape, and what happened in a few words."""

    mark: Mark
    package: str
    version: str
    words: str
    target: str
    day: str
    iso: str


@dataclass(frozen=True, slots=True)
class NewsGroup:
    """News of one kind, the most downloaded first; ``rest`` counts those left out."""

    heading: str
    news: tuple[News, ...]
    rest: int


@dataclass(frozen=True, slots=True)
class Awaited:
    """A package that is waited for, with its place among the most downloaded."""

    package: str
    rank: int | None
    mark: Mark
    word: str
    thread: str | None


@dataclass(frozen=True, slots=True)
class FrontPage:
    """All of it; ``headline`` is the first target."""

    headline: str
    packages: int
    lead: str
    shares: tuple[TargetShare, ...]
    groups: tuple[NewsGroup, ...]
    chart: Chart | None
    awaited: tuple[Awaited, ...]
    awaited_count: int
    week: str
    since: str


def is_quiet(moves: Moves) -> bool:
    """Return whether nothing moved."""
    return not any((moves.gained, moves.completed, moves.lost, moves.narrowed, moves.pure))


def front_page(digest: Digest, moves: Moves, since: date) -> FrontPage:
    """Make the front page from the digest of this week so far, and from what moved since a day."""
    targets = [share.target for share in digest.shares]
    headline = digest.shares[0]
    return FrontPage(
        headline=str(headline.target),
        packages=headline.packages,
        lead=_lead(headline),
        shares=tuple(_share(digest, share) for share in digest.shares),
        groups=tuple(_groups(moves, str(headline.target))),
        chart=chart_of(digest.chart, targets),
        awaited=tuple(
            Awaited(each.package, each.rank, mark_of(each.verdict), word_of(each.verdict), tracking_issue(each.package))
            for each in digest.waiting
        ),
        awaited_count=digest.blocking,
        week=str(digest.week),
        since=written(since),
    )


def _lead(share: Share) -> str:
    what = f"{counted(share.packages, 'package')} with native code that people download most"
    return f"{share.with_wheels} of the {what} have wheels for Python {share.target}."


def _share(digest: Digest, share: Share) -> TargetShare:
    whole = max(1, share.packages)
    sign = "+" if share.change > 0 else "\N{MINUS SIGN}"
    return TargetShare(
        target=str(share.target),
        percent=percent(share.percent),
        bar=Bar(1000 * share.supported // whole, 1000 * share.partial // whole),
        everywhere=share.supported,
        somewhere=share.partial,
        lacking=share.packages - share.with_wheels,
        change=f"{sign}{abs(share.change)} this week" if share.change else "no change this week",
        gil=_gil(digest, share),
    )


def _gil(digest: Digest, share: Share) -> str | None:
    """Return how many of those with wheels keep the GIL off; None where nothing was read."""
    found = () if digest.imported is None else digest.imported.shares
    read = [each for each in found if each.target == share.target and each.unread < share.with_wheels]
    return gil_words(read[0]) if read else None


def _groups(moves: Moves, headline: str) -> Iterator[NewsGroup]:
    gained = [move for move in moves.gained if str(move.target) == headline]
    others = [move for move in moves.gained if str(move.target) != headline]
    kinds = (
        (f"New on {headline}", [_news(move, _offer(move)) for move in gained]),
        ("New on other Pythons", [_news(move, _offer(move)) for move in others]),
        ("Now on every platform", [_news(move, "wheels everywhere") for move in moves.completed]),
        ("Lost", [_news(move, "no wheels any more", lost=True) for move in moves.lost]),
        ("Lost a platform", [_news(move, f"none for {platform_list(move.lost)} any more") for move in moves.narrowed]),
        ("To or from pure Python", [_news(move, word_of(move.verdict)) for move in moves.pure]),
    )
    for heading, news in kinds:
        if news:
            yield NewsGroup(heading, tuple(news[:MOST_NEWS]), max(0, len(news) - MOST_NEWS))


def _offer(move: Move) -> str:
    return f"none for {platform_list(move.missing)} yet" if move.missing else "on every platform"


def _news(move: Move, words: str, *, lost: bool = False) -> News:
    mark = Mark.NONE if lost else mark_of(move.verdict)
    return News(mark, move.package, move.version, words, str(move.target), _short(move.day), move.day.isoformat())


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"
