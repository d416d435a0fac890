"""A tracked package as a line of a list, of what the site knows of it."""

from __future__ import annotations

from bot.core.listing.listed import Listed, ListedSince, ListedTarget
from bot.core.site.facts import SitePackage
from bot.core.verdicts.judge import TargetVerdict


def listed_of(package: SitePackage) -> Listed:
    """Return the line of a package."""
    judgement = package.status.judgement
    version = None if judgement.version is None else str(judgement.version)
    return Listed(package.name, package.rank, version, tuple(map(_target, judgement.targets)))


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
