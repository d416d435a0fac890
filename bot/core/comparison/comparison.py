"""Packages side by side: by which tag each is covered, for each target and platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.verdicts.judge import TargetVerdict
from bot.core.verdicts.status import Status
from bot.core.wheels.platforms import Platform, in_order
from bot.core.wheels.targets import Target


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One platform of one target; ``how`` has for each package the tag of the wheel there, None where it has none."""

    target: Target
    platform: Platform
    how: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The statuses of packages, each once, in the order asked, and a row for each platform that matters to any."""

    packages: tuple[Status, ...]
    rows: tuple[ComparedRow, ...]


def compare(packages: Sequence[Status]) -> Comparison:
    """Put packages side by side that were judged for the same targets.

    A target has a row for each platform in scope for any of them, so that one without native wheels adds none where
    there are others.
    """
    each_once = tuple({status.package: status for status in packages}.values())
    by_target: dict[Target, dict[str, TargetVerdict]] = {}
    for status in each_once:
        for verdict in status.judgement.targets:
            by_target.setdefault(verdict.target, {})[status.package] = verdict
    rows = [
        ComparedRow(target, platform, {package: _how(verdict, platform) for package, verdict in verdicts.items()})
        for target, verdicts in by_target.items()
        for platform in _platforms(verdicts)
    ]
    return Comparison(each_once, tuple(rows))


def _platforms(verdicts: Mapping[str, TargetVerdict]) -> tuple[Platform, ...]:
    """Return the platforms in scope for any of the packages; where there is none, those that any covers."""
    scope = {platform for verdict in verdicts.values() for platform in verdict.scope}
    return in_order(scope or {platform for verdict in verdicts.values() for platform in verdict.covered})


def _how(verdict: TargetVerdict, platform: Platform) -> str | None:
    cover = verdict.covered.get(platform)
    return None if cover is None else cover.how
