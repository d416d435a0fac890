"""An answer to "does it work?": the judge's verdicts with what was known of the package, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote

from packaging.version import Version

from bot.core.guide.tracking_issues import first_version, tracking_issue
from bot.core.index.metadata import Metadata
from bot.core.verdicts.judge import Judgement, TargetVerdict
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.targets import Target

PYPI = "https://pypi.org/project/"
"""What the addresses of projects' pages begin with."""


def project_page(package: str, version: str | None = None) -> str:
    """Return the address of a project's page on PyPI, or of a release's."""
    parts = (package,) if version is None else (package, version)
    path = "/".join(quote(part, safe="", errors="replace") for part in parts)
    return f"{PYPI}{path}/"


class MetadataState(StrEnum):
    """Whether what a release says of itself could be read, by the words of the contract."""

    COMPLETE = "complete"
    TIMED_OUT = "timed-out"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Status:
    """The status of a package, as one question about it is answered.

    ``checked`` is when the index was last read (UTC); ``stale`` says that it could not be read now and this is what it
    said then; ``error`` is a sentence about what went wrong, if anything did. ``upstream_thread`` is where
    free-threading support is tracked and ``first_version`` the first to have it, as the tracking table has them now;
    ``open_issues`` is how many threads are open: None is not known. ``family`` has the statuses of the packages under
    whose names its wheels are published. ``newest`` is the newest release where another one was asked about.
    """

    judgement: Judgement
    checked: datetime
    metadata: Metadata | None = None
    stale: bool = False
    error: str | None = None
    upstream_thread: str | None = None
    open_issues: int | None = None
    first_version: str | None = None
    family: tuple[Status, ...] = ()
    newest: Version | None = None

    @property
    def package(self) -> str:
        """Return the normalized name."""
        return self.judgement.package

    @property
    def headline(self) -> TargetVerdict:
        """Return the verdict for the first target, which is the one in large letters."""
        return self.judgement.targets[0]

    @property
    def page(self) -> str:
        """Return the address of the project's page on PyPI."""
        return project_page(self.package)

    @property
    def tracking_issue(self) -> str | None:
        """Return where free-threading support is tracked upstream, as far as is known."""
        return self.upstream_thread or tracking_issue(self.package)

    @property
    def awaited_version(self) -> str | None:
        """Return the first version with support, as the tracking table has it, if that is not out yet."""
        named, newest = self.first_version or first_version(self.package), self.newest or self.judgement.version
        return named if named is not None and newest is not None and newest < Version(named) else None

    @property
    def source(self) -> str | None:
        """Return the address of the source, where the release names it."""
        return None if self.metadata is None else self.metadata.source

    @property
    def metadata_state(self) -> MetadataState:
        """Return whether classifier and links were read, did not come in time, or are not offered at all."""
        if self.metadata is not None:
            return MetadataState.COMPLETE if self.metadata.offered else MetadataState.NONE
        nobody_asks = self.judgement.version is None and self.headline.verdict is not Verdict.UNKNOWN
        return MetadataState.NONE if nobody_asks else MetadataState.TIMED_OUT


class Upstream(Protocol):
    """What is known of a package's upstream threads, from memory."""

    def tracking(self, package: str) -> str | None:
        """Return the address of the thread about free-threading support, None where none is known."""

    def first_version(self, package: str) -> str | None:
        """Return the first version with support, by PEP 440, None where nobody says."""

    def open_count(self, package: str) -> int | None:
        """Return how many threads about free-threading are open, None where nobody looked."""


def with_upstream(status: Status, upstream: Upstream | None) -> Status:
    """Add what is known of a package's upstream threads to its status."""
    if upstream is None:
        return status
    return replace(
        status,
        upstream_thread=upstream.tracking(status.package),
        first_version=upstream.first_version(status.package),
        open_issues=upstream.open_count(status.package),
    )


def of_targets(judgement: Judgement, targets: Sequence[Target]) -> Judgement:
    """Keep the verdicts for the targets asked about, in the order asked."""
    by_target = {verdict.target: verdict for verdict in judgement.targets}
    kept = tuple(by_target[target] for target in targets)
    return Judgement(
        judgement.package,
        kept,
        version=judgement.version,
        released=judgement.released,
        other_platforms=judgement.other_platforms,
        sdist=judgement.sdist,
        modifiers=judgement.modifiers,
    )


def failed(verdict: Verdict) -> bool:
    """Return whether a verdict means that no project was read."""
    return verdict in {Verdict.UNKNOWN, Verdict.NOT_FOUND}
