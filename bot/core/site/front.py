"""The front page: what is new, how far the ecosystem is, and what is waited for most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bot.core.digest.digest import Digest, Move, Share
from bot.core.digest.wording import gil_words, percent
from bot.core.guide.tracking_issues import tracking_issue
from bot.core.inspection.modules import Gil
from bot.core.listing.query import WAITED_FOR, ListQuery
from bot.core.site.drawing import Chart, chart_of, written
from bot.core.site.list_page import list_address
from bot.core.site.marks import Mark, mark_of, word_of
from bot.core.text.sentences import counted
from bot.core.wheels.platforms import platform_list

MOST_NEWS = 24


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
    awaited_list: str
    week: str
    since: str


def has_news(digest: Digest) -> bool:
    """Return whether any package moved in a week."""
    turned = () if digest.imported is None else digest.imported.moves
    return any((digest.gained, digest.completed, digest.lost, digest.narrowed, digest.pure, turned))


def front_page(digests: Sequence[Digest]) -> FrontPage:
    """Make the front page from the digests of this week so far and of those before it, the newest first.

    News are from all of them: as many are given as it takes that there are some.
    """
    digest = digests[0]
    headline = digest.shares[0]
    return FrontPage(
        headline=str(headline.target),
        packages=headline.packages,
        lead=_lead(headline),
        shares=tuple(_share(digest, share) for share in digest.shares),
        groups=tuple(_groups(digests, str(headline.target))),
        chart=chart_of(digest.chart, [share.target for share in digest.shares]),
        awaited=tuple(
            Awaited(each.package, each.rank, mark_of(each.verdict), word_of(each.verdict), tracking_issue(each.package))
            for each in digest.waiting
        ),
        awaited_count=digest.blocking,
        awaited_list=list_address(ListQuery(target=headline.target, verdicts=WAITED_FOR)),
        week=str(digest.week),
        since=written(digests[-1].week.monday),
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


_Words = Callable[[Move], str]


def _groups(digests: Sequence[Digest], headline: str) -> Iterator[NewsGroup]:
    def told(
        moves: Callable[[Digest], Sequence[Move]], words: Callable[[Move], str], *, lost: bool = False
    ) -> list[News]:
        return [_news(move, words(move), lost=lost) for digest in digests for move in moves(digest)]

    gained = told(lambda digest: digest.gained, _offer)
    kinds = (
        (f"New on {headline}", [news for news in gained if news.target == headline]),
        ("New on other Pythons", [news for news in gained if news.target != headline]),
        ("Now on every platform", told(lambda digest: digest.completed, lambda _: "wheels everywhere")),
        ("Newly keeps the GIL off", list(_turned(digests, Gil.OFF))),
        ("Turns the GIL on again", list(_turned(digests, Gil.ON))),
        ("Lost", told(lambda digest: digest.lost, lambda _: "no wheels any more", lost=True)),
        ("Lost a platform", told(lambda digest: digest.narrowed, _narrowing)),
        ("To or from pure Python", told(lambda digest: digest.pure, lambda move: word_of(move.verdict))),
    )
    for heading, news in kinds:
        newest = sorted(news, key=lambda each: each.iso, reverse=True)
        if news:
            yield NewsGroup(heading, tuple(newest[:MOST_NEWS]), max(0, len(news) - MOST_NEWS))


def _turned(digests: Sequence[Digest], gil: Gil) -> Iterator[News]:
    mark, word = (Mark.FULL, "keeps the GIL off") if gil is Gil.OFF else (Mark.BAD, "turns the GIL on")
    for digest in digests:
        for move in () if digest.imported is None else digest.imported.moves:
            if move.gil is gil:
                day = digest.week.monday
                words = f"{word}; {move.previous} did not"
                yield News(mark, move.package, move.version, words, str(move.target), "", day.isoformat())


def _narrowing(move: Move) -> str:
    return f"none for {platform_list(move.lost)} any more"


def _offer(move: Move) -> str:
    return f"none for {platform_list(move.missing)} yet" if move.missing else "on every platform"


def _news(move: Move, words: str, *, lost: bool = False) -> News:
    mark = Mark.NONE if lost else mark_of(move.verdict)
    return News(mark, move.package, move.version, words, str(move.target), _short(move.day), move.day.isoformat())


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"
