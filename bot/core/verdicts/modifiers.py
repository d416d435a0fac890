"""What a verdict alone does not tell: what was lost, what is still uploading, what is claimed, what replaced what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.index.metadata import CLASSIFIER, Metadata, free_threading_level
from bot.core.index.simple_api import File, Project, ProjectStatus, Release
from bot.core.text.sentences import joined
from bot.core.verdicts.curated import family, gil_reenabled, superseded
from bot.core.verdicts.earlier import Loss, losses
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.support import Offer, Support, first_trusted
from bot.core.wheels.platforms import PLATFORM_NAMES, platform_list
from bot.core.wheels.tags import ABI3T, Abi, read_tags
from bot.core.wheels.targets import NEWEST_MINOR, OLDEST_MINOR, Target

SETTLED = timedelta(hours=48)
"""How old a release must be before wheels it lacks count as lost: uploads have taken four days, nearly all take one."""

UPLOADS_CLOSED = timedelta(days=14)
"""PyPI takes no new files for older releases (since July 2026)."""

_CLEARLY_FEWER = 2 / 3
"""A release with fewer of the previous one's wheels than this is visibly incomplete."""

_BETA_LEVEL = 2
"""From this level on, the classifier claims that the GIL stays off."""

_FLOORS_THAT_MATTER = frozenset({"macOS", "glibc"})

_FREE_THREADED = tuple(Target(minor) for minor in range(OLDEST_MINOR, NEWEST_MINOR + 1))
"""A claim is about free-threaded Python, whichever of them was asked about."""


class ModifierKind(StrEnum):
    """The kinds of modifier, by the words of the contract."""

    LAGGING = "lagging"
    REGRESSED = "regressed"
    NARROWED = "narrowed"
    UPLOADING = "uploading"
    PURE_FALLBACK = "pure-fallback"
    FLOOR = "floor"
    REQUIRES = "requires"
    FAMILY = "family"
    PRERELEASE_ONLY = "prerelease-only"
    SUSPECT_WHEELS = "suspect-wheels"
    YANKED = "yanked"
    ARCHIVED = "archived"
    SUPERSEDED = "superseded"
    GIL_REENABLED = "gil-reenabled"
    CLAIM = "claim"
    CLAIM_CONTRADICTED = "claim-contradicted"


@dataclass(frozen=True, slots=True)
class Modifier:
    """One thing that a verdict should be read with; ``detail`` is a sentence for people, or None."""

    kind: ModifierKind
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A project before the judge: its newest release, what that offers, the targets asked about, the time (UTC)."""

    project: Project
    newest: Release
    offer: Offer
    targets: tuple[Target, ...]
    now: datetime

    @property
    def age(self) -> timedelta | None:
        """Return the newest release's age, None where the index has no upload times."""
        first = self.newest.first_upload
        return None if first is None else self.now - first


def about_package(case: Case, metadata: Metadata | None) -> tuple[Modifier, ...]:
    """Find what holds for the newest release whatever the target."""
    return tuple(_about_package(case, metadata))


def about_target(case: Case, target: Target, support: Support, verdict: Verdict) -> tuple[Modifier, ...]:
    """Find what holds for the newest release on one target."""
    return tuple(_about_target(case, target, support, verdict))


def _about_package(case: Case, metadata: Metadata | None) -> Iterator[Modifier]:
    if case.newest.is_yanked:
        reasons = {file.yanked for file in case.newest.files if isinstance(file.yanked, str) and file.yanked}
        yield Modifier(ModifierKind.YANKED, min(reasons, default=None))
    if case.project.status is ProjectStatus.ARCHIVED:
        yield Modifier(
            ModifierKind.ARCHIVED, "Its maintainers archived the project; no new releases are to be expected."
        )
    if replaced := superseded(case.project.name):
        yield Modifier(ModifierKind.SUPERSEDED, f"Use {replaced.by} instead: {replaced.why}.")
    if named := family(case.project.name):
        detail = f"Its wheels are published as {joined(named.members)}, {named.why}. {named.evidence}"
        yield Modifier(ModifierKind.FAMILY, detail)
    if reenabled := gil_reenabled(case.project.name, case.newest.version):
        yield Modifier(ModifierKind.GIL_REENABLED, f"Importing it turns the GIL back on: {reenabled.evidence}")
    if metadata is not None:
        yield from about_claim(metadata, trusted=has_free_threaded(case.newest), has_gil=case.offer.gil)


def has_free_threaded(release: Release) -> bool:
    """Return whether a release has a trusted wheel for any free-threaded Python."""
    return any(first_trusted(release, target)[0] for target in _FREE_THREADED)


def about_claim(metadata: Metadata, *, trusted: bool, has_gil: bool) -> Iterator[Modifier]:
    """Find what a release claims of itself, and whether its wheels say otherwise.

    ``trusted`` tells whether it has a trusted wheel for any free-threaded Python, ``has_gil`` one for a GIL build.
    """
    if metadata.free_threading is None:
        return
    shown = metadata.free_threading.rpartition(" :: ")[2]
    yield Modifier(ModifierKind.CLAIM, None if metadata.free_threading == CLASSIFIER else shown)
    level = free_threading_level(metadata.free_threading)
    if level is None:
        return
    if level >= _BETA_LEVEL and not trusted and has_gil:
        detail = "The classifier claims support, but there are wheels only for Pythons with the GIL."
        yield Modifier(ModifierKind.CLAIM_CONTRADICTED, detail)
    elif level < _BETA_LEVEL and trusted:
        detail = "There are free-threaded wheels, but the classifier calls support unstable: the GIL may come back on."
        yield Modifier(ModifierKind.CLAIM_CONTRADICTED, detail)


def _about_target(case: Case, target: Target, support: Support, verdict: Verdict) -> Iterator[Modifier]:
    if support.suspects:
        yield Modifier(ModifierKind.SUSPECT_WHEELS, _suspicion(support.suspects))
    if verdict is Verdict.PARTIAL and support.fallback:
        detail = "Platforms without a wheel fall back to the pure-Python one."
        yield Modifier(ModifierKind.PURE_FALLBACK, detail)
    if demands := _demands(target, support):
        yield Modifier(ModifierKind.FLOOR, demands)
    if verdict not in {Verdict.EXCLUDED, Verdict.NO_PYTHON_ABI} and not support.trusted:
        yield from _lagging(case, target)
    yield from _lost(case, target, support, verdict)
    if not support.trusted and verdict is not Verdict.NO_PYTHON_ABI:
        yield from _prerelease(case, target)


def _suspicion(filenames: tuple[str, ...]) -> str:
    others = f" and {len(filenames) - 1} more" if len(filenames) > 1 else ""
    if all(_is_abi3t(name) for name in filenames):
        why = (
            "abi3t begins with Python 3.15, so a wheel that names an older one may be for 3.15 and later, or a mistake"
        )
    else:
        why = "such tags usually mark a build for Pythons with the GIL"
    return f"{filenames[0]}{others} would install, but by its tags alone nobody can trust it: {why}."


def _is_abi3t(filename: str) -> bool:
    wheel = read_tags(File(filename).tags)
    return wheel is not None and any(abi == ABI3T for _, abi in wheel.pairs)


def _demands(target: Target, support: Support) -> str | None:
    """Return where the wheels need a newer macOS or glibc than those for the same Python with the GIL."""
    newer = []
    for platform, cover in support.covered.items():
        gil = support.gil_floors.get(platform)
        if cover.floor is None or gil is None or cover.floor.system not in _FLOORS_THAT_MATTER:
            continue
        if cover.floor.version > gil.version:
            newer.append(f"{cover.floor} on {PLATFORM_NAMES[platform]}, where those for {target.gil_build} need {gil}")
    return f"The wheels for {target} need {'; '.join(newer)}." if newer else None


def _lagging(case: Case, target: Target) -> Iterator[Modifier]:
    for earlier in sorted(case.targets, reverse=True):
        if earlier.is_supported and earlier.minor < target.minor and first_trusted(case.newest, earlier)[0]:
            yield Modifier(ModifierKind.LAGGING, f"It has wheels for {earlier}, not yet for {target}.")
            return


def _lost(case: Case, target: Target, support: Support, verdict: Verdict) -> Iterator[Modifier]:
    """Yield whether wheels were lost, or are still being uploaded.

    Nobody can say that the newest release is not just slow until it is 48 hours old or the one before lacks them too.
    What became pure Python needs none, but a pure wheel may be the first of an upload.
    """
    if not target.is_supported or case.newest.version.is_prerelease:
        return
    lost = losses(case.project, case.newest, target)
    regressed = () if lost.regressed is None else (lost.regressed,)
    slow = [loss for loss in (*regressed, *lost.narrowed) if _may_be_slow(case, loss)]
    if slow:
        loss = slow[0]
        age = "of unknown age" if case.age is None else "new"
        detail = f"{_had(case, target, loss)}; {case.newest.version} is {age} and may still be uploading."
        yield Modifier(ModifierKind.UPLOADING, detail)
    if verdict is Verdict.PURE:
        return
    for loss in regressed:
        if loss not in slow:
            yield Modifier(
                ModifierKind.REGRESSED, f"{_had(case, target, loss, everything=True)}; {_since(case, loss)}."
            )
    narrowed = [loss for loss in lost.narrowed if loss not in slow]
    if narrowed:
        details = (
            f"{_had(case, target, loss)}; {_since(case, loss)}.{_taken(case, support, loss)}" for loss in narrowed
        )
        yield Modifier(ModifierKind.NARROWED, " ".join(details))


def _had(case: Case, target: Target, loss: Loss, *, everything: bool = False) -> str:
    where = "" if everything else f" on {platform_list(loss.platforms)}"
    return f"{case.project.name} {loss.had.version} had wheels for {target}{where}"


def _since(case: Case, loss: Loss) -> str:
    confirmed = loss.lacks.version != case.newest.version
    return f"none since {loss.lacks.version}" if confirmed else f"{loss.lacks.version} has none"


def _taken(case: Case, support: Support, loss: Loss) -> str:
    """Return what installers do on platforms that lost their wheels; nothing where suspect wheels get in their way."""
    if support.suspects:
        return ""
    if loss.takes.version == loss.had.version:
        return f" There, pip and uv take {loss.had.version} without a word."
    if loss.takes.version == case.newest.version and support.fallback:
        return f" There, pip and uv take the pure-Python wheel of {loss.takes.version}."
    return (
        f" There, pip and uv build {loss.takes.version} from source; told to take wheels only, they take"
        f" {loss.had.version}."
    )


def _may_be_slow(case: Case, loss: Loss) -> bool:
    return loss.lacks.version == case.newest.version and _may_be_uploading(case, loss.had)


def _may_be_uploading(case: Case, previous: Release) -> bool:
    if case.age is None:  # nobody can say that it is old enough
        return True
    if case.age >= UPLOADS_CLOSED:
        return False
    return case.age < SETTLED or _is_incomplete(case.newest, previous)


def _is_incomplete(release: Release, previous: Release) -> bool:
    """Return whether files are visibly missing beside the release before: the sdist, or many wheels for GIL Pythons."""
    wheels, before = (sum(_serves_gil(file) for file in each.files) for each in (release, previous))
    return (previous.has_sdist and not release.has_sdist) or wheels < before * _CLEARLY_FEWER


def _serves_gil(file: File) -> bool:
    wheel = read_tags(file.tags) if file.is_wheel else None
    return wheel is not None and wheel.abi is Abi.NATIVE and bool(wheel.gil_abis)


def _prerelease(case: Case, target: Target) -> Iterator[Modifier]:
    for release in reversed(case.project.releases):
        if release.version <= case.newest.version:
            return
        if release.version.is_prerelease and not release.is_yanked and first_trusted(release, target)[0]:
            yield Modifier(ModifierKind.PRERELEASE_ONLY, f"The pre-release {release.version} has wheels for {target}.")
            return
