"""The page of one package: what installs where and since when, what to know besides, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.digest.weeks import week_of
from bot.core.github.threads import ThreadState
from bot.core.history.timelines import Standing, Step, Timeline, settled
from bot.core.index.metadata import safe_link
from bot.core.inspection.modules import Declaration
from bot.core.site.drawing import StripSegment, Tick, offers, strip_of, written, years
from bot.core.site.facts import SitePackage
from bot.core.site.frame import moment
from bot.core.site.marks import GIL_WORDS, Mark, mark_of, word_of
from bot.core.text.sentences import LONGEST_PIECE, joined, one_line, shortened
from bot.core.upstream.threads import KnownThread
from bot.core.verdicts.judge import TargetVerdict
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.verdicts.wording import (
    advice,
    awaited_line,
    headline,
    member_lines,
    modifier_line,
    other_platforms_line,
    reasons,
    target_phrase,
)
from bot.core.wheels.platforms import PLATFORM_NAMES, PLATFORMS, Platform
from bot.core.wheels.targets import Target

MOST_EVENTS = 40
MOST_MODULES = 60
MOST_BLOCKERS = 30

_HOW: Mapping[str, str] = {"none": "no Python ABI", "any": "pure Python"}
_IDENTIFIERS: Mapping[Platform, str] = {platform: platform.value.replace("macos_", "macosx_") for platform in PLATFORMS}
_TO_BUILD = frozenset({Verdict.PARTIAL, Verdict.PURE_FALLBACK, Verdict.MIS_TAGGED, Verdict.ABI3_ONLY})
_LACKING = _TO_BUILD | {Verdict.NOT_YET, Verdict.BLOCKED}


@dataclass(frozen=True, slots=True)
class PlatformCell:
    """A platform and a Python: a shape and a word, the oldest system, and since which version."""

    mark: Mark
    word: str
    floor: str | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """A platform and its cells, one a Python."""

    platform: str
    cells: tuple[PlatformCell, ...]


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """One Python in short."""

    target: str
    mark: Mark
    word: str
    since: str | None
    gil: str
    gil_mark: Mark
    notes: tuple[str, ...]
    strip: tuple[StripSegment, ...]


@dataclass(frozen=True, slots=True)
class ReleaseEvent:
    """A release that changed what there is for a Python."""

    day: str
    version: str
    target: str
    mark: Mark
    word: str


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """An extension module and what it declares for each Python of the page."""

    name: str
    cells: tuple[PlatformCell, ...]


@dataclass(frozen=True, slots=True)
class Blocker:
    """A package that this one requires, and that has no wheels for the headline target."""

    name: str
    mark: Mark
    word: str


@dataclass(frozen=True, slots=True)
class ThreadLink:
    """An issue or pull request upstream."""

    name: str
    title: str
    url: str
    state: str
    changed: str


@dataclass(frozen=True, slots=True)
class WebLink:
    """Where else to look."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Shipping:
    """What a maintainer does: the builds to add, by cibuildwheel's identifiers."""

    targets: tuple[str, ...]
    builds: tuple[str, ...]
    tag: str


@dataclass(frozen=True, slots=True)
class PackagePage:
    """All of it; lists are empty where there is nothing to say."""

    name: str
    version: str | None
    released: str | None
    rank: int | None
    tracked: bool
    mark: Mark
    word: str
    sentence: str
    targets: tuple[TargetSummary, ...]
    rows: tuple[PlatformRow, ...]
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    events: tuple[ReleaseEvent, ...]
    years: tuple[Tick, ...]
    modules: tuple[ModuleRow, ...]
    module_targets: tuple[str, ...]
    modules_rest: int
    blockers: tuple[Blocker, ...]
    threads: tuple[ThreadLink, ...]
    threads_total: int
    links: tuple[WebLink, ...]
    tracking: WebLink | None
    tracker: str | None
    advice: tuple[str, ...]
    shipping: Shipping | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Around:
    """What is known round a package: threads upstream and how many there are, and what it requires."""

    threads: Sequence[KnownThread] = ()
    total: int = 0
    required: Sequence[Status] = ()


NOTHING_AROUND = Around()


def package_page(package: SitePackage, now: datetime, around: Around = NOTHING_AROUND) -> PackagePage:
    """Make the page of a package, tracked or not, as it is at a time (UTC).

    Within a week it is the same as long as the facts are, so that a site of files need not be written anew.
    """
    monday = week_of(now.date()).start
    status, judgement = package.status, package.status.judgement
    words = headline(status)
    modules, rest = _modules(package)
    return PackagePage(
        name=package.name,
        version=None if judgement.version is None else str(judgement.version),
        released=None if judgement.released is None else written(judgement.released.date()),
        rank=package.rank,
        tracked=package.tracked,
        mark=mark_of(status.headline.verdict, status.headline.gil),
        word=words.word,
        sentence=words.sentence.format(target=status.headline.target),
        targets=tuple(_summary(package, verdict, monday) for verdict in judgement.targets),
        rows=tuple(_rows(judgement.targets)),
        notes=_notes(status),
        facts=tuple(_facts(package)),
        events=tuple(_events(package.timelines, now)),
        years=years(monday),
        modules=modules,
        module_targets=tuple(
            str(verdict.target) for verdict in judgement.targets if verdict.target in package.imported
        ),
        modules_rest=rest,
        blockers=tuple(_blockers(around.required))[:MOST_BLOCKERS],
        threads=tuple(map(_thread, around.threads)),
        threads_total=around.total,
        links=tuple(_links(status)),
        tracking=_tracking(status),
        tracker=None if status.metadata is None else safe_link(status.metadata.tracker),
        advice=advice(status),
        shipping=_shipping(judgement.targets),
        problem=_problem(package),
    )


def _summary(package: SitePackage, verdict: TargetVerdict, now: datetime) -> TargetSummary:
    since = verdict.since
    day = "" if since is None or since.date is None else f", {written(since.date)}"
    return TargetSummary(
        target=str(verdict.target),
        mark=mark_of(verdict.verdict, verdict.gil),
        word=target_phrase(verdict).word,
        since=None if since is None else f"{since.version}{day}",
        gil=GIL_WORDS[verdict.gil],
        gil_mark=_GIL_MARKS.get(str(verdict.gil), Mark.UNKNOWN),
        notes=tuple(one_line(modifier_line(modifier)) for modifier in verdict.modifiers),
        strip=strip_of(package.timelines.get(verdict.target, ()), now),
    )


_GIL_MARKS: Mapping[str, Mark] = {"off": Mark.FULL, "on": Mark.BAD, "none": Mark.PURE}


def _rows(targets: Sequence[TargetVerdict]) -> Iterator[PlatformRow]:
    """Yield the platforms that any Python has wheels for or should have; one row where all are alike."""
    for platform in PLATFORMS:
        if any(platform in verdict.scope or platform in verdict.covered for verdict in targets):
            yield PlatformRow(PLATFORM_NAMES[platform], tuple(_cell(verdict, platform) for verdict in targets))


_MISSING = PlatformCell(Mark.NONE, "no wheel")
_NOT_EXPECTED = PlatformCell(Mark.UNKNOWN, "not expected")
_NOT_THERE = PlatformCell(Mark.UNKNOWN, "not in this wheel")


def _cell(verdict: TargetVerdict, platform: Platform) -> PlatformCell:
    cover = verdict.covered.get(platform)
    if cover is None:
        return (
            PlatformCell(Mark.NONE, "no wheel")
            if platform in verdict.missing
            else PlatformCell(Mark.UNKNOWN, "not expected")
        )
    since = None if verdict.since is None else verdict.since.by_platform.get(platform)
    floor = None if cover.floor is None else f"{cover.floor} or newer"
    mark = Mark.PURE if cover.how == "any" else Mark.FULL
    return PlatformCell(mark, _HOW.get(cover.how, cover.how), floor, None if since is None else str(since))


def _notes(status: Status) -> tuple[str, ...]:
    """Return what to know whatever the Python: text that holds pieces from elsewhere, each on one line."""
    judgement = status.judgement
    lines = [modifier_line(modifier) for modifier in judgement.modifiers]
    lines += reasons(status)
    lines += [line for line in (awaited_line(status),) if line is not None]
    if judgement.other_platforms:
        lines.append(other_platforms_line(", ".join(judgement.other_platforms[:10])))
    lines += member_lines(status)
    return tuple(one_line(line) for line in lines)


def _facts(package: SitePackage) -> Iterator[tuple[str, str]]:
    judgement = package.status.judgement
    if judgement.version is not None:
        yield "Source", "an sdist can be built" if judgement.sdist else "no sdist"
    if package.rank is not None:
        yield "Downloads", f"number {package.rank} on PyPI"
    if (status := package.status).metadata is not None:
        yield "Classifier", shortened(status.metadata.free_threading or "none about free threading", LONGEST_PIECE)


def _events(timelines: Mapping[Target, Timeline], now: datetime) -> list[ReleaseEvent]:
    """Return the releases that changed something, the newest first; where Pythons were alike, once for all."""
    alike: dict[tuple[str, Mark, str], tuple[datetime, datetime, list[str]]] = {}
    for target, steps in timelines.items():
        for step in _turns([step for step in settled(steps) if step.moment <= now]):
            tags = offers(step.shows)
            word = word_of(step.shows.verdict)
            key = (step.version, mark_of(step.shows.verdict), f"{word}: {tags}" if tags else word)
            alike.setdefault(key, (step.moment, step.began, []))[2].append(str(target))
    events = sorted(alike.items(), key=lambda each: each[1][0], reverse=True)
    return [
        ReleaseEvent(written(began.date()), version, joined(targets), mark, word)
        for (version, mark, word), (_, began, targets) in events[:MOST_EVENTS]
    ]


def _turns(steps: Sequence[Step[Standing]]) -> Iterator[Step[Standing]]:
    """Yield the steps after which another shape holds; of a release that came piece by piece only what it came to."""
    before: Mark | None = None
    for place, step in enumerate(steps):
        is_last = place + 1 == len(steps) or steps[place + 1].version != step.version
        mark = mark_of(step.shows.verdict)
        if is_last and mark is not before:
            yield step
            before = mark


def _modules(package: SitePackage) -> tuple[tuple[ModuleRow, ...], int]:
    """Return the extension modules, those that turn the GIL back on first, and how many are left out."""
    targets = [verdict.target for verdict in package.status.judgement.targets if verdict.target in package.imported]
    declared: dict[str, list[PlatformCell]] = {}
    turning: dict[str, bool] = {}
    for place, target in enumerate(targets):
        for each in package.imported[target].modules:
            cells = declared.setdefault(
                one_line(each.module), [PlatformCell(Mark.UNKNOWN, "not in this wheel")] * len(targets)
            )
            cells[place] = _DECLARED[each.gil]
            turning[one_line(each.module)] = turning.get(one_line(each.module), False) or each.turns_gil_on
    names = sorted(declared, key=lambda name: (not turning[name], name))
    modules = tuple(ModuleRow(shortened(name, 120), tuple(declared[name])) for name in names[:MOST_MODULES])
    return modules, len(names) - len(modules)


_DECLARED: Mapping[Declaration, PlatformCell] = {
    Declaration.NOT_USED: PlatformCell(Mark.FULL, "does without"),
    Declaration.USED: PlatformCell(Mark.BAD, "needs the GIL"),
    Declaration.UNDECLARED: PlatformCell(Mark.BAD, "declares nothing"),
    Declaration.UNKNOWN: PlatformCell(Mark.UNKNOWN, "could not be told"),
}


def _blockers(required: Sequence[Status]) -> Iterator[Blocker]:
    for status in required:
        if status.headline.verdict.ok is False:
            yield Blocker(status.package, mark_of(status.headline.verdict), word_of(status.headline.verdict))


def _thread(known: KnownThread) -> ThreadLink:
    thread = known.issue
    words = {ThreadState.OPEN: "open", ThreadState.CLOSED: "closed", ThreadState.MERGED: "merged"}
    return ThreadLink(
        name=f"{thread.ref.repository}#{thread.ref.number}",
        title=shortened(one_line(thread.title), 140),
        url=thread.ref.url,
        state=words[thread.state],
        changed=written(thread.updated.date()),
    )


def _links(status: Status) -> Iterator[WebLink]:
    yield WebLink("PyPI", status.page)
    if (source := safe_link(status.source)) is not None:
        yield WebLink("Source", source)


def _tracking(status: Status) -> WebLink | None:
    url = safe_link(status.tracking_issue)
    return None if url is None else WebLink(url.removeprefix("https://").removeprefix("github.com/"), url)


def _shipping(targets: Sequence[TargetVerdict]) -> Shipping | None:
    lacking = [verdict for verdict in targets if verdict.verdict in _LACKING and verdict.target.is_supported]
    if not lacking:
        return None
    builds = [
        f"{verdict.target.abi}-{_IDENTIFIERS[platform]}"
        for verdict in lacking
        for platform in (verdict.missing or verdict.scope)
    ]
    return Shipping(tuple(str(verdict.target) for verdict in lacking), tuple(builds), lacking[0].target.abi)


def _problem(package: SitePackage) -> str | None:
    """Return why what is shown is not of today, if it is not."""
    if package.failed is not None:
        why = f"The last scan could not read it: {shortened(one_line(package.failed))}"
        return f"{why} What is shown was read {moment(package.status.checked)}."
    return None if package.status.error is None else shortened(one_line(package.status.error))
