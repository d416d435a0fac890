"""What a digest says, in its order, as plain text; every form escapes it in its own way.

A digest is a title, a line for each target, sections of items, and a foot. A week in which nothing moved gets one line
in place of the sections that would be empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from enum import Enum

from bot.core.digest.digest import Digest, DigestThread, Move, Share, WaitingPackage
from bot.core.digest.imported import GilMove, GilOn
from bot.core.digest.weeks import Week
from bot.core.history.shares import GilShare
from bot.core.index.metadata import safe_link
from bot.core.inspection.modules import Gil
from bot.core.text.sentences import counted
from bot.core.text.whole_list import UNKNOWN, WholeList
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import project_page
from bot.core.verdicts.wording import phrase
from bot.core.wheels.platforms import platform_list

CHART_TITLE = "Share of tracked packages with wheels"
COMMENTS = "Comments"
"""The column that a table can do without."""

MOST_THREADS = 10
"""Upstream threads that a section lists."""

Where = Callable[["Section"], WholeList]
"""Tells where all of a section is."""

_WEEKS_OF_A_YEAR = 52
_MOST_UNREAD = 10


class SectionKind(Enum):
    """What a section is about, as far as it decides where all of it is."""

    MOVES = "what moved in the week"
    WAITING = "packages that are waited for"
    GIL_ON = "packages that turn the GIL back on"
    THREADS = "threads upstream"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a section: what it is about, what is said of it, a note such as the day, and where to see more.

    Note and address may be empty. The address is one to link to; everything else is plain text from elsewhere.
    """

    subject: str
    words: str
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its items; ``total`` counts those left out as well.

    In a list ``joint`` stands between an item's subject and its words; in a table ``columns`` stand over its parts.
    """

    heading: str
    joint: str
    columns: tuple[str, str, str]
    items: tuple[Item, ...]
    total: int
    kind: SectionKind = SectionKind.MOVES

    @property
    def rest(self) -> int:
        """Count what there is besides the items."""
        return self.total - len(self.items)


def nowhere(_section: Section) -> WholeList:
    """Return that nobody knows where all of a section is."""
    return UNKNOWN


def title(digest: Digest) -> str:
    """Name the digest by its week: ``Free-threaded Python, 16–22 November 2026``."""
    return f"Free-threaded Python, {dates(digest.week)}" + ("" if digest.complete else ", so far")


def dates(week: Week) -> str:
    """Write a week's first and last day, shortly: what they have in common is written once."""
    first, last = week.monday, week.sunday
    if first.year != last.year:
        return f"{_day(first)} {first.year} – {_day(last)} {last.year}"
    if first.month != last.month:
        return f"{_day(first)} – {_day(last)} {last.year}"
    return f"{first.day}–{_day(last)} {last.year}"


def percent(share: float) -> str:
    """Write a share in whole percent; what is not nothing or not all does not read as if it were."""
    whole = round(share)
    if whole == 0 < share:
        return "less than 1 %"
    if share < whole == 100:  # noqa: PLR2004 — percent
        return "more than 99 %"
    return f"{whole} %"


def share_line(share: Share, *, complete: bool = True) -> str:
    """Return how a target stands: its share of the packages, how many, how it changed, how many on every platform."""
    if not share.packages:
        return "no package could be read"
    packages = f"{percent(share.percent)} of {counted(share.packages, 'package')}"
    verb = "has" if share.packages == 1 else "have"
    change = f"{_signed(share.change)} {'' if complete else 'so far '}this week"
    counts = ((share.supported, "everywhere"), (share.partial, "on some platforms"))
    where = "".join(f", {number} {words}" for number, words in counts if number)
    return f"{packages} {verb} wheels ({share.with_wheels}, {change}){where}"


def target_line(digest: Digest, share: Share) -> str:
    """Return how a target stands, and what importing its packages does to the GIL where that was read."""
    line, gil = share_line(share, complete=digest.complete), gil_line(digest, share)
    return line if gil is None else f"{line}; {gil}"


def gil_line(digest: Digest, share: Share) -> str | None:
    """Return how many packages with wheels for a target keep the GIL off when imported; None where nothing was read."""
    found = [] if digest.imported is None else [each for each in digest.imported.shares if each.target == share.target]
    if not found or not share.with_wheels or found[0].unread >= share.with_wheels:
        return None
    return gil_words(found[0])


def gil_words(share: GilShare) -> str:
    """Return how many of the packages with wheels keep the GIL off when imported, and how many nobody has read."""
    unread = f" ({share.unread} not read yet)" if share.unread else ""
    return f"of these, {share.off} {'keeps' if share.off == 1 else 'keep'} the GIL off when imported{unread}"


def quiet_line(digest: Digest) -> str | None:
    """Return the line for a week without moves, None for one with some; unread packages are not mentioned."""
    if not digest.is_quiet:
        return None
    if not any(share.packages for share in digest.shares):
        return "No package could be read, so nothing can be said about this week."
    if not digest.complete:
        return "No package has gained or lost wheels so far this week."
    return "A quiet week: no package gained or lost wheels."


def chart_text(digest: Digest) -> str:
    """Return what the chart shows in words and numbers, for those who do not see it."""
    if not digest.chart:
        return f"{CHART_TITLE}: nothing to show."
    return " ".join([f"{CHART_TITLE}.", *(_course(digest, place) for place in range(len(digest.shares)))])


def sections(digest: Digest) -> tuple[Section, ...]:
    """Return the sections that have something to say, in the order in which they are read."""
    headline = digest.shares[0].target if digest.shares else None
    gained = [_gain(move) for move in digest.gained if move.target == headline]
    later = [_gain(move) for move in digest.gained if move.target != headline]
    waiting = tuple(_waiting(each) for each in digest.waiting)
    packages, issues = ("Package", "Why", ""), digest.issues
    every = (
        _moves(f"Newly supported on {headline}", gained),
        _moves("New Python support", later),
        _moves("Now on every platform", [_completion(move) for move in digest.completed]),
        _moves("Lost", [_loss(move) for move in digest.lost]),
        _moves("Lost a platform", [_narrowing(move) for move in digest.narrowed]),
        _moves("To or from pure Python", [_purity(move) for move in digest.pure]),
        *_gil_sections(digest),
        Section(
            f"Still waiting for {headline}, most downloaded first",
            ": ",
            packages,
            waiting,
            digest.blocking,
            SectionKind.WAITING,
        ),
        _threads("Issues answered by wheels", issues.answered, issues.totals.answered, "Wheels"),
        _threads("Issues opened", issues.opened, issues.totals.opened),
        _threads("Issues closed", issues.closed, issues.totals.closed),
        _threads("Most discussed issues", issues.discussed, issues.totals.discussed),
    )
    return tuple(section for section in every if section.items)


def _gil_sections(digest: Digest) -> Iterator[Section]:
    imported = digest.imported
    if imported is None:
        return
    columns = ("Package", "Release", "Before")
    for gil, heading in ((Gil.OFF, "Newly keeps the GIL off when imported"), (Gil.ON, "Turns the GIL on again")):
        moves = [move for move in imported.moves if move.gil is gil]
        items = tuple(_gil_move(move) for move in moves)
        yield Section(heading, ": ", columns, items, len(items))
    on = tuple(Item(each.package, _modules(each), "", project_page(each.package)) for each in imported.on)
    heading = "Have wheels, and turn the GIL back on when imported"
    columns = ("Package", "Modules that do not declare otherwise", "")
    yield Section(heading, ": ", columns, on, imported.turning_on, SectionKind.GIL_ON)


def _gil_move(move: GilMove) -> Item:
    words, note = f"{move.version} on {move.target}", f"{move.previous} did not"
    return Item(move.package, words, note, project_page(move.package))


def _modules(each: GilOn) -> str:
    rest = each.count - 1
    return each.modules[0] + (f" and {rest} more" if rest else "")


def source_line(digest: Digest) -> str:
    """Return what the digest rests on: week, time of its data (UTC), rules, how many packages are unread."""
    read = digest.read.astimezone(UTC)
    year = "" if read.year == digest.week.sunday.year else f" {read.year}"
    parts = [str(digest.week), f"data read {read.day} {read:%b}{year} {read:%H:%M} UTC", f"by rules {digest.rules}"]
    if digest.unread:
        parts.append(f"{len(digest.unread)} of {counted(digest.tracked, 'package')} could not be read or dated")
    return " · ".join(parts)


def listed_unread(digest: Digest, shown: Callable[[str], str] = str) -> str:
    """Name the first few packages that could not be read, for the end of ``source_line``; ``shown`` escapes a name.

    All of them are in the digest as JSON, which is said where not all are named.
    """
    rest = len(digest.unread) - _MOST_UNREAD
    names = ", ".join(shown(name) for name in digest.unread[:_MOST_UNREAD])
    all_named = f" and {rest} more (all are in the digest as JSON)" if rest > 0 else ""
    return (f": {names}" if names else "") + all_named


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def _signed(change: int) -> str:
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return f"{sign}{abs(change)}" if change else "no change"


def _course(digest: Digest, place: int) -> str:
    """Return where a target's line begins, where it was a year ago and where it ends."""
    *earlier, last = digest.chart
    told = [earlier[0]] if earlier else []
    told += [earlier[-_WEEKS_OF_A_YEAR]] if len(earlier) > _WEEKS_OF_A_YEAR else []
    parts = [f"{percent(point.percent[place])} in {point.day:%B %Y}" for point in told]
    parts.append(f"{percent(last.percent[place])} on {_day(last.day)} {last.day.year}")
    return f"{digest.shares[place].target}: {', '.join(parts)}."


def _moves(heading: str, items: Sequence[Item]) -> Section:
    return Section(heading, " ", ("Release", "What it has", "Day"), tuple(items), len(items))


def _threads(heading: str, threads: Sequence[DigestThread], total: int, note: str = COMMENTS) -> Section:
    items = tuple(_thread(each) for each in threads[:MOST_THREADS])
    return Section(heading, ": ", ("Issue", "Title", note), items, total, SectionKind.THREADS)


def _gain(move: Move) -> Item:
    if move.verdict is Verdict.PURE:
        return _move(move, f"is pure Python: nothing to build for {move.target}")
    tags = " and ".join("py3-none" if how == "none" else how for how in move.how)
    wheels = f"{tags} wheels" if tags else "wheels"
    target = "" if move.how == (move.target.abi,) else f" for {move.target}"
    where = f", none for {platform_list(move.missing)}" if move.missing else " on every platform"
    return _move(move, f"has {wheels}{target}{where}")


def _completion(move: Move) -> Item:
    return _move(move, f"has {move.target} wheels for every platform now")


def _loss(move: Move) -> Item:
    had = "" if move.previous is None else f"; {move.previous} had them"
    what = (
        f"does not admit {move.target} any more" if move.verdict is Verdict.EXCLUDED else f"has no {move.target} wheels"
    )
    return _move(move, f"{what}{had}")


def _narrowing(move: Move) -> Item:
    had = "" if move.previous is None else f"; {move.previous} had them"
    return _move(move, f"has no {move.target} wheels for {platform_list(move.lost)} any more{had}")


def _purity(move: Move) -> Item:
    if move.verdict is Verdict.PURE:
        return _move(move, f"is pure Python now: it has nothing of its own to build for {move.target}")
    if move.verdict is Verdict.PURE_FALLBACK:
        return _move(move, f"installs on {move.target} as pure Python, without its compiled parts")
    return _move(move, f"is not pure Python any more, and has no {move.target} wheels")


def _move(move: Move, words: str) -> Item:
    page = project_page(move.package, move.version)
    return Item(f"{move.package} {move.version}", words, _day(move.day), page)


def _waiting(waiting: WaitingPackage) -> Item:
    return Item(waiting.package, phrase(waiting.verdict).word, "", project_page(waiting.package))


def _thread(thread: DigestThread) -> Item:
    note = thread.answer or (counted(thread.comments, "comment") if thread.comments else "")
    return Item(f"{thread.repository}#{thread.number}", thread.title, note, safe_link(thread.url) or "")
