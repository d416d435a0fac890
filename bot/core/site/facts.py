"""What the site knows of packages: the same facts for its pages, its feeds, its badges and its API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.history.timelines import Timeline
from bot.core.inspection.importing import as_imported
from bot.core.inspection.inspection import Inspection
from bot.core.verdicts.judge import Judgement
from bot.core.verdicts.status import Status
from bot.core.wheels.targets import Target


@dataclass(frozen=True, slots=True)
class Edition:
    """All that the site shows, as of the last scan that ended (UTC), and whatever was read in wheels since.

    ``token`` is another one for another edition, and the same as long as nothing changed. ``ranks`` has the tracked
    packages (normalized names), the most downloaded first, each with its place; None for one that somebody asked for.
    ``failed`` says why the last scan could not read some.
    """

    token: str
    scanned: datetime
    ranks: Mapping[str, int | None]
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SitePackage:
    """A package as the site shows it; the status is what ``ftbot status`` says, floors and all.

    ``rank`` is its place among the most downloaded, None where it has none. ``tracked`` tells that scans read it; of
    others nobody keeps timelines, and ``timelines`` has what was traced when it was looked up, if anything.
    ``failed`` says why the last scan could not read it: then the status is what an earlier one read. ``imported`` has
    what was read in the wheels that tell what importing does, with those modules alone that a target finds.
    """

    status: Status
    rank: int | None = None
    tracked: bool = False
    timelines: Mapping[Target, Timeline] = field(default_factory=dict)
    failed: str | None = None
    imported: Mapping[Target, Inspection] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the normalized name."""
        return self.status.package


def imported_modules(
    judgement: Judgement, wheels: Mapping[str, str], read: Mapping[str, Inspection]
) -> dict[Target, Inspection]:
    """Return what each target of a judgement imports, as far as its wheel was read.

    ``wheels`` names for each target, as written, the file that tells what importing does; ``read`` has what was read by
    file name.
    """
    return {
        verdict.target: as_imported(read[wheel], verdict.target)
        for verdict in judgement.targets
        for wheel in (wheels.get(str(verdict.target), ""),)
        if wheel in read
    }
