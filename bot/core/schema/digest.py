"""A digest as JSON (schema 1)."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import field

from bot.core.digest.digest import Digest, DigestThread, Issues, Move, Share
from bot.core.digest.imported import ImportedGil
from bot.core.inspection.modules import Gil
from bot.core.schema.history import GilShareJson, gil_share
from bot.core.schema.objects import Day, JsonObject, Url, as_json
from bot.core.schema.times import SCHEMA, Timestamp, timestamp
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform


class ShareJson(JsonObject, frozen=True):
    """How many tracked packages have wheels for a target, and how many more or fewer than a week before."""

    python: str
    packages: int
    with_wheels: int
    supported: int
    partial: int
    percent: float
    change: int


class GilOnJson(JsonObject, frozen=True):
    """A package that has wheels and turns the GIL back on when imported; ``modules`` names some."""

    package: str
    rank: int | None
    python: str
    modules: list[str]


class GilMoveJson(JsonObject, frozen=True):
    """A package of which two releases were read that differ."""

    package: str
    rank: int | None
    python: str
    version: str
    previous: str
    gil: Gil


class ImportedGilJson(JsonObject, frozen=True):
    """What importing the tracked packages does to the GIL, as far as their wheels were read."""

    shares: list[GilShareJson]
    gil_on: list[GilOnJson]
    turning_on: int
    moves: list[GilMoveJson]


class DigestMoveJson(JsonObject, frozen=True):
    """A package that moved on a target: by which release, on which day, with which tags, where wheels are missing."""

    package: str
    rank: int | None
    python: str
    version: str
    previous: str | None
    day: Day
    verdict: Verdict
    how: list[str]
    covered: list[Platform]
    missing: list[Platform]
    lost: list[Platform]


class WaitingJson(JsonObject, frozen=True):
    """A package that many download, and that has no wheel."""

    package: str
    rank: int | None
    verdict: Verdict


class ChartPointJson(JsonObject, frozen=True):
    """The share of packages with wheels at the end of a week, in percent by target."""

    day: Day
    percent: dict[str, float]


class DigestThreadJson(JsonObject, frozen=True):
    """An issue or pull request upstream."""

    repository: str
    number: int
    title: str
    url: Url
    comments: int


class AnsweredThreadJson(DigestThreadJson, frozen=True):
    """One that a release's wheels answer: ``lxml 6.2.0 for 3.14t``."""

    answer: str


class TotalsJson(JsonObject, frozen=True):
    """How many threads there were, of which the digest shows some."""

    opened: int
    closed: int
    discussed: int
    answered: int


class IssuesJson(JsonObject, frozen=True):
    """What happened upstream in the week."""

    opened: list[DigestThreadJson]
    closed: list[DigestThreadJson]
    discussed: list[DigestThreadJson]
    answered: list[AnsweredThreadJson]
    totals: TotalsJson


class DigestJson(JsonObject, frozen=True):
    """What moved in an ISO week: the object of ``ftbot digest --format json``. A week that is over stays as it is."""

    schema: int
    week: str
    complete: bool
    monday: Day = field(name="from")
    sunday: Day = field(name="to")
    read: Timestamp
    rules: str
    tracked: int
    unread: list[str]
    shares: list[ShareJson]
    imported: ImportedGilJson | None
    gained: list[DigestMoveJson]
    completed: list[DigestMoveJson]
    lost: list[DigestMoveJson]
    narrowed: list[DigestMoveJson]
    pure: list[DigestMoveJson]
    waiting: list[WaitingJson]
    blocking: int
    chart: list[ChartPointJson]
    issues: IssuesJson


def digest_json(digest: Digest) -> dict[str, object]:
    """Return the JSON object of ``ftbot digest --format json`` (schema 1)."""
    return as_json(digest_object(digest))


def digest_object(digest: Digest) -> DigestJson:
    """Return the same with its types."""
    names = [str(share.target) for share in digest.shares]
    return DigestJson(
        schema=SCHEMA,
        week=str(digest.week),
        complete=digest.complete,
        monday=digest.week.monday.isoformat(),
        sunday=digest.week.sunday.isoformat(),
        read=timestamp(digest.read),
        rules=digest.rules,
        tracked=digest.tracked,
        unread=list(digest.unread),
        shares=[_share(share) for share in digest.shares],
        imported=None if digest.imported is None else _imported(digest.imported),
        gained=_moves(digest.gained),
        completed=_moves(digest.completed),
        lost=_moves(digest.lost),
        narrowed=_moves(digest.narrowed),
        pure=_moves(digest.pure),
        waiting=[WaitingJson(package=each.package, rank=each.rank, verdict=each.verdict) for each in digest.waiting],
        blocking=digest.blocking,
        chart=[
            ChartPointJson(
                day=point.day.isoformat(),
                percent=dict(zip(names, (round(each, 1) for each in point.percent), strict=True)),
            )
            for point in digest.chart
        ],
        issues=_issues(digest.issues),
    )


def _share(share: Share) -> ShareJson:
    return ShareJson(
        python=str(share.target),
        packages=share.packages,
        with_wheels=share.with_wheels,
        supported=share.supported,
        partial=share.partial,
        percent=round(share.percent, 1),
        change=share.change,
    )


def _imported(imported: ImportedGil) -> ImportedGilJson:
    return ImportedGilJson(
        shares=[gil_share(share) for share in imported.shares],
        gil_on=[
            GilOnJson(package=each.package, rank=each.rank, python=str(each.target), modules=list(each.modules))
            for each in imported.on
        ],
        turning_on=imported.turning_on,
        moves=[
            GilMoveJson(
                package=move.package,
                rank=move.rank,
                python=str(move.target),
                version=move.version,
                previous=move.previous,
                gil=move.gil,
            )
            for move in imported.moves
        ],
    )


def _moves(moves: Iterable[Move]) -> list[DigestMoveJson]:
    return [
        DigestMoveJson(
            package=move.package,
            rank=move.rank,
            python=str(move.target),
            version=move.version,
            previous=move.previous,
            day=move.day.isoformat(),
            verdict=move.verdict,
            how=list(move.how),
            covered=list(move.covered),
            missing=list(move.missing),
            lost=list(move.lost),
        )
        for move in moves
    ]


def _issues(issues: Issues) -> IssuesJson:
    totals = issues.totals
    return IssuesJson(
        opened=[_thread(thread) for thread in issues.opened],
        closed=[_thread(thread) for thread in issues.closed],
        discussed=[_thread(thread) for thread in issues.discussed],
        answered=[_answered(thread) for thread in issues.answered],
        totals=TotalsJson(
            opened=totals.opened, closed=totals.closed, discussed=totals.discussed, answered=totals.answered
        ),
    )


def _thread(thread: DigestThread) -> DigestThreadJson:
    return DigestThreadJson(
        repository=thread.repository,
        number=thread.number,
        title=thread.title,
        url=thread.url,
        comments=thread.comments,
    )


def _answered(thread: DigestThread) -> AnsweredThreadJson:
    return AnsweredThreadJson(
        repository=thread.repository,
        number=thread.number,
        title=thread.title,
        url=thread.url,
        comments=thread.comments,
        answer=thread.answer,
    )
