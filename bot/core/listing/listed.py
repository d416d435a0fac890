"""A tracked package as a line of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.core.inspection.modules import Gil
from bot.core.verdicts.judge import Judgement, TargetVerdict
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target


@dataclass(frozen=True, slots=True)
class ListedSince:
    """The release from which on there are wheels without a gap, and the day of its first (UTC), if that is known."""

    version: str | None
    day: date | None


@dataclass(frozen=True, slots=True)
class ListedTarget:
    """How a package stands on one target; ``gil`` is None where its wheel was not read."""

    target: Target
    verdict: Verdict
    gil: Gil | None = None
    since: ListedSince | None = None
    modifiers: tuple[ModifierKind, ...] = ()
    covered: tuple[Platform, ...] = ()
    missing: tuple[Platform, ...] = ()

    @property
    def gained(self) -> date | None:
        """Return the day from which on there are wheels without a gap, None where there are none, or nobody knows."""
        return None if self.since is None else self.since.day


@dataclass(frozen=True, slots=True)
class Listed:
    """A tracked package: its place among the most downloaded, None if it was only asked about, and its newest release.

    ``targets`` are all that are judged, the headline first. Of one that no scan could read, it is known that it is
    tracked: there is no ``version``, and the verdicts are ``unknown``.
    """

    name: str
    rank: int | None
    version: str | None
    targets: tuple[ListedTarget, ...]

    def on(self, target: Target) -> ListedTarget:
        """Return how it stands on a target that the scan judged."""
        return next(each for each in self.targets if each.target == target)


def listed_of(judgement: Judgement, rank: int | None) -> Listed:
    """Return the line of a package that was judged."""
    version = None if judgement.version is None else str(judgement.version)
    return Listed(judgement.package, rank, version, tuple(map(_target, judgement.targets)))


def unread(name: str, rank: int | None, targets: Sequence[Target]) -> Listed:
    """Return the line of a package of which nothing could be read yet."""
    return Listed(name, rank, None, tuple(ListedTarget(target, Verdict.UNKNOWN) for target in targets))


def _target(verdict: TargetVerdict) -> ListedTarget:
    since = verdict.since
    return ListedTarget(
        target=verdict.target,
        verdict=verdict.verdict,
        gil=verdict.gil,
        since=None if since is None else ListedSince(str(since.version), since.date),
        modifiers=tuple(modifier.kind for modifier in verdict.modifiers),
        covered=tuple(verdict.covered),
        missing=verdict.missing,
    )
