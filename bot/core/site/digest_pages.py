"""The digests as pages of the site: a week, and the archive of weeks."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from bot.core.digest.digest import Digest
from bot.core.digest.weeks import Week
from bot.core.digest.wording import (
    Section,
    dates,
    listed_unread,
    percent,
    quiet_line,
    sections,
    source_line,
    target_line,
    title,
)
from bot.core.site.drawing import Chart, chart_of
from bot.core.site.front import Bar
from bot.core.site.list_page import list_address
from bot.core.site.whole_lists import section_query
from bot.core.text.sentences import counted, one_line
from bot.core.verdicts.status import PYPI


@dataclass(frozen=True, slots=True)
class WeekShare:
    """How a target stood at the end of the week."""

    target: str
    percent: str
    bar: Bar
    line: str


@dataclass(frozen=True, slots=True)
class WeekItem:
    """What happened to something: ``package`` names its page here where it has one, else ``url`` leads elsewhere."""

    subject: str
    package: str | None
    url: str
    words: str
    note: str


@dataclass(frozen=True, slots=True)
class WeekSection:
    """What happened of one kind; ``rest`` counts what is left out.

    ``listed`` is where all of it is on a site that is served, from its front page, if it is anywhere.
    """

    heading: str
    columns: tuple[str, ...]
    entries: tuple[WeekItem, ...]
    total: int
    rest: int
    listed: str | None = None


@dataclass(frozen=True, slots=True)
class DigestPage:
    """A week; ``before`` and ``after`` are the weeks beside it that have pages, if any."""

    week: str
    title: str
    complete: bool
    shares: tuple[WeekShare, ...]
    quiet: str | None
    sections: tuple[WeekSection, ...]
    chart: Chart | None
    source: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class WeekLine:
    """A week in the archive: its name, its days, and what happened in a line."""

    week: str
    dates: str
    summary: str
    complete: bool


def digest_page(digest: Digest, weeks: Sequence[Week], tracked: Container[str]) -> DigestPage:
    """Make a week's page; ``weeks`` are all that have one, and ``tracked`` the packages that do."""
    beside = sorted({*weeks, digest.week})
    place = beside.index(digest.week)
    return DigestPage(
        week=str(digest.week),
        title=title(digest),
        complete=digest.complete,
        shares=tuple(
            WeekShare(
                str(share.target),
                percent(share.percent),
                Bar(
                    1000 * share.supported // max(1, share.packages),
                    1000 * share.partial // max(1, share.packages),
                ),
                target_line(digest, share),
            )
            for share in digest.shares
        ),
        quiet=quiet_line(digest),
        sections=tuple(_section(digest, section, tracked) for section in sections(digest)),
        chart=chart_of(digest.chart, [share.target for share in digest.shares]),
        source=source_line(digest) + listed_unread(digest),
        before=str(beside[place - 1]) if place > 0 else None,
        after=str(beside[place + 1]) if place + 1 < len(beside) else None,
    )


def _section(digest: Digest, section: Section, tracked: Container[str]) -> WeekSection:
    noted = any(item.note for item in section.items)
    return WeekSection(
        section.heading,
        section.columns if noted else section.columns[:2],
        tuple(
            WeekItem(
                one_line(item.subject), _package(item.url, tracked), item.url, one_line(item.words), one_line(item.note)
            )
            for item in section.items
        ),
        section.total,
        section.rest,
        listed=list_address(query) if (query := section_query(digest, section)) is not None else None,
    )


def _package(url: str, tracked: Container[str]) -> str | None:
    """Return the package whose page on the index an item names, if it has one here."""
    name = url.removeprefix(PYPI).partition("/")[0] if url.startswith(PYPI) else ""
    return name if name in tracked else None


def week_line(digest: Digest) -> WeekLine:
    """Sum a week up in a line."""
    counts = (
        (len(digest.gained), "gain"),
        (len(digest.completed), "completion"),
        (len(digest.lost) + len(digest.narrowed), "loss"),
        (digest.issues.totals.opened, "issue opened"),
    )
    told = [_counted(number, what) for number, what in counts if number]
    return WeekLine(str(digest.week), dates(digest.week), ", ".join(told) or "a quiet week", digest.complete)


def _counted(number: int, what: str) -> str:
    if what == "loss":
        return f"{number} loss{'' if number == 1 else 'es'}"
    if what == "issue opened":
        return f"{counted(number, 'issue')} opened"
    return counted(number, what)
