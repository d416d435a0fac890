"""The sentences people read about a status; plain text, to be escaped by whoever shows it.

They say that something installs, never that it is thread-safe: a wheel shows that a build exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.core.inspection.modules import Gil
from bot.core.text.sentences import LONGEST_PIECE, joined, shortened
from bot.core.verdicts.judge import TargetVerdict
from bot.core.verdicts.modifiers import Modifier, ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.verdicts.support import admits_first_only, admits_older
from bot.core.wheels.platforms import PLATFORM_NAMES, PLATFORMS, Platform, platform_list
from bot.core.wheels.tags import ABI3T, FIRST_ABI3T_MINOR
from bot.core.wheels.targets import Target

LONGEST_LINE = 1_000
"""Characters of a line of ours that may hold one."""

_LONGEST_REQUIREMENT = 60

DISCLAIMER = "A wheel shows that a build exists, not that it is thread-safe."


@dataclass(frozen=True, slots=True)
class Phrase:
    """How a verdict reads: a glyph, a word or two, and a sentence about ``{target}``."""

    glyph: str
    word: str
    sentence: str


_PHRASES: Mapping[Verdict, Phrase] = MappingProxyType(
    {
        Verdict.SUPPORTED: Phrase("✅", "wheels", "installs on {target}, from wheels for every platform it supports"),
        Verdict.PARTIAL: Phrase("🟡", "partly", "installs on {target} from wheels, but not on every platform"),
        Verdict.NO_PYTHON_ABI: Phrase(
            "✅", "works as is", "installs on {target}: by their tags, its wheels hold no CPython extension"
        ),
        Verdict.PURE: Phrase("⬜", "pure Python", "installs on {target}: by their tags, its own files are pure Python"),
        Verdict.PURE_FALLBACK: Phrase(
            "🟡", "pure fallback", "installs on {target} as pure Python, without its compiled parts"
        ),
        Verdict.MIS_TAGGED: Phrase(
            "⛔", "mis-tagged", "has no wheel to trust on {target}: one would install, but its tags cannot be believed"
        ),
        Verdict.ABI3_ONLY: Phrase(
            "⛔", "abi3 only", "has no wheel for {target}: abi3 wheels do not work on free-threaded Python"
        ),
        Verdict.NOT_YET: Phrase("⛔", "no wheel", "has no wheel for {target}; installers build it from source"),
        Verdict.BLOCKED: Phrase(
            "⛔", "blocked", "has no wheel for {target} in its newest release, and no source to build from"
        ),
        Verdict.SDIST_ONLY: Phrase("⛔", "no wheels", "has no wheels for CPython; it can only be built from source"),
        Verdict.EXCLUDED: Phrase("⛔", "excluded", "does not admit {target}: its requires-python leaves it out"),
        Verdict.UNKNOWN: Phrase("❔", "could not tell", "could not be looked up"),
        Verdict.NOT_FOUND: Phrase("❔", "not found", "is not on PyPI"),
        Verdict.QUARANTINED: Phrase(
            "❔", "quarantined", "is quarantined on PyPI: nothing can be installed, do not try"
        ),
        Verdict.NO_FILES: Phrase("❔", "no files", "has no files on PyPI"),
    }
)

_ELSEWHERE: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_YET: "has no wheel for the platforms that are judged; installers build it from source",
        Verdict.BLOCKED: "has no wheel for the platforms that are judged, and no source to build from",
        Verdict.NO_PYTHON_ABI: "has wheels without a CPython extension, but none for the platforms that are judged",
    }
)
"""Sentences where all wheels are for other platforms: there, it may well install."""

_CATCHES: Mapping[ModifierKind, str] = MappingProxyType(
    {
        ModifierKind.GIL_REENABLED: "importing it turns the GIL back on",
        ModifierKind.YANKED: "it was yanked",
        ModifierKind.REQUIRES: "it requires what has no wheel",
    }
)
"""What makes good news of a release less good."""

_WARNINGS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.MIS_TAGGED: "Do not install it there: it may crash.",
        Verdict.NOT_YET: "A build from source may fail, or turn the GIL back on at import.",
        Verdict.BLOCKED: "Installers may take an older release without a word.",
        Verdict.SDIST_ONLY: "If it has extension modules, check at import whether the GIL stays off.",
    }
)

_TO_ASK_FOR = frozenset({Verdict.MIS_TAGGED, Verdict.ABI3_ONLY, Verdict.NOT_YET, Verdict.BLOCKED})
_NOBODY_TO_ASK = frozenset({ModifierKind.SUPERSEDED, ModifierKind.ARCHIVED, ModifierKind.FAMILY})
_NOTHING_TO_ASK = frozenset({ModifierKind.UPLOADING, ModifierKind.PRERELEASE_ONLY})


def phrase(verdict: Verdict) -> Phrase:
    """Return the glyph, word and sentence of a verdict."""
    return _PHRASES[verdict]


def headline(status: Status) -> Phrase:
    """Return the glyph, word and sentence of the headline: the verdict's, but never an all-clear with a catch."""
    verdict, judgement = status.headline.verdict, status.judgement
    words = phrase(verdict)
    if verdict in _ELSEWHERE and judgement.other_platforms and not judgement.scope:
        return replace(words, glyph="❔" if verdict.ok else words.glyph, sentence=_ELSEWHERE[verdict])
    if verdict is Verdict.SDIST_ONLY and not judgement.sdist and judgement.version is not None:
        return replace(words, sentence="has no wheels for CPython, and no source to build from")
    kinds = {modifier.kind for modifier in (*judgement.modifiers, *status.headline.modifiers)}
    catches = [catch for kind, catch in _CATCHES.items() if kind in kinds]
    if not catches or not verdict.ok:
        return words
    turn = "and" if ", but " in words.sentence else "but"
    sentence = f"{words.sentence}, {turn} {' and '.join(catches)}"
    return replace(words, glyph="🟡" if words.glyph == "✅" else words.glyph, sentence=sentence)


def target_phrase(verdict: TargetVerdict) -> Phrase:
    """Return the glyph and word of a verdict beside its target: no green tick where importing turns the GIL back on."""
    words = phrase(verdict.verdict)
    if verdict.gil is not Gil.ON or not verdict.verdict.ok:
        return words
    return replace(words, glyph="🟡" if words.glyph == "✅" else words.glyph, word=f"{words.word}, GIL back on")


def gil_line(verdict: TargetVerdict) -> str | None:
    """Return what importing what installs on a target does to the GIL, None where its wheel was not read."""
    return None if verdict.gil is None else GIL_LINES.get(verdict.gil)


GIL_LINES: Mapping[Gil, str] = MappingProxyType(
    {
        Gil.OFF: "importing it keeps the GIL off",
        Gil.ON: "importing it turns the GIL back on",
        Gil.UNKNOWN: "whether importing it turns the GIL back on could not be told",
    }
)


def advice(status: Status) -> tuple[str, ...]:
    """Return what to do about the verdicts, each once; nothing where nothing is.

    Upstream is asked only for what can be had: by nobody for 3.13t, which the ecosystem has left, for a Python that is
    not out, in place of a package that replaced this one, or for what is just being released.
    """
    verdicts = status.judgement.targets
    warnings = dict.fromkeys(_WARNINGS[each.verdict] for each in verdicts if each.verdict in _WARNINGS)
    lacking = [each for each in verdicts if each.verdict in _TO_ASK_FOR]
    left = [each.target for each in lacking if not each.target.is_supported]
    future = [each.target for each in lacking if not each.target.is_out(status.checked.date())]
    lines = [*warnings]
    lines += [f"{target} was an experiment that build tools have left. Look at 3.14t instead." for target in left]
    lines += [f"Python {target} is not out yet, so there is nothing to ask for." for target in future]
    asked = [each for each in lacking if each.target not in {*left, *future} and not _kinds(each) & _NOTHING_TO_ASK]
    if asked and not {modifier.kind for modifier in status.judgement.modifiers} & _NOBODY_TO_ASK:
        tags = {_wanted(each): each.target for each in reversed(asked)}
        or_sdist = " or an sdist" if any(each.verdict is Verdict.BLOCKED for each in asked) else ""
        serve = "" if ABI3T not in tags else f" serve {tags[ABI3T]} and later"
        which = serve and (", which" if len(tags) == 1 else "; abi3t ones")
        lines.append(f"Ask upstream for {joined([*tags][::-1])} wheels{or_sdist}{which}{serve}.")
    return tuple(lines)


def reasons(status: Status) -> tuple[str, ...]:
    """Return for each Python that ``requires-python`` shuts out how it does so; the text is the release's own."""
    excluded = [(each.target, each.requires_python) for each in status.judgement.targets if each.requires_python]
    lines = [f"Its requires-python, {_shown(text)}, {_lets_in(text, target)}." for target, text in excluded]
    if any(admits_older(text, target) for target, text in excluded):
        lines.append("pip refuses it there; uv reads only the lower bound, and takes it all the same.")
    return tuple(lines)


def member_lines(status: Status) -> tuple[str, ...]:
    """Return how the packages stand under whose names the wheels of this one are published."""
    return tuple(
        f"{member.package}{'' if member.judgement.version is None else f' {member.judgement.version}'}: "
        + ", ".join(f"{phrase(each.verdict).word} on {each.target}" for each in member.judgement.targets)
        for member in status.family
    )


def awaited_line(status: Status) -> str | None:
    """Return which version is to bring support, where the tracking table names one that is not out."""
    version = status.awaited_version
    return None if version is None else f"The tracking table names {version} as the first with support. It is not out."


def newest_line(status: Status) -> str | None:
    """Return the line that tells the newest release, where another one was asked about."""
    return None if status.newest is None else f"The newest release is {status.newest}."


def other_platforms_line(names: str) -> str:
    """Return the line about wheels for platforms that are not judged."""
    return f"It also has wheels, of whatever kind, for {names}, platforms that are not judged here."


def since_line(verdict: TargetVerdict) -> str | None:
    """Return from which release on the wheels exist without a gap."""
    if verdict.since is None:
        return None
    day = verdict.since.date
    return f"since {verdict.since.version}" + ("" if day is None else f" ({day.day} {day:%B %Y})")


def covered_line(verdict: TargetVerdict) -> str:
    """List the platforms covered by system, with the tag of the wheels where it is not the target's own."""
    if verdict.verdict in {Verdict.PURE, Verdict.PURE_FALLBACK}:
        return "every platform"
    groups: dict[str, list[Platform]] = {}
    for platform, cover in verdict.covered.items():
        how = "" if cover.how == verdict.target.abi else _HOW.get(cover.how, cover.how)
        groups.setdefault(how, []).append(platform)
    everywhere = f"every platform ({len(PLATFORMS)})"
    names = {
        how: everywhere if len(platforms) == len(PLATFORMS) else platform_list(platforms)
        for how, platforms in groups.items()
    }
    return "; ".join(f"{how}: {listed}" if how else listed for how, listed in sorted(names.items()))


def missing_line(verdict: TargetVerdict) -> str:
    """List the platforms that have wheels for other Pythons but none for this one."""
    return platform_list(verdict.missing)


def floors_line(verdict: TargetVerdict) -> str | None:
    """Return the oldest systems that the wheels work on, such as ``needs glibc 2.28+``; None where no tag names one."""
    floors: dict[str, dict[str, list[str]]] = {}
    for platform, cover in verdict.covered.items():
        if cover.floor is not None:
            by = "" if cover.floor_how is None else f" by {cover.floor_how}"
            version = f"{cover.floor.version[0]}.{cover.floor.version[1]}+{by}"
            machine = PLATFORM_NAMES[platform].rpartition(" ")[2]
            floors.setdefault(cover.floor.system, {}).setdefault(version, []).append(machine)
    return f"needs {', '.join(_floors(system, versions) for system, versions in floors.items())}" if floors else None


def floor_lines(verdict: TargetVerdict) -> tuple[str, ...]:
    """Return for each platform that has wheels which, and from which system on they work."""
    return tuple(
        f"{PLATFORM_NAMES[platform]}: {_HOW.get(cover.how, cover.how)}"
        + ("" if cover.floor is None else f", from {cover.floor}")
        + ("" if cover.floor_how is None else f" by {_HOW.get(cover.floor_how, cover.floor_how)}")
        for platform, cover in verdict.covered.items()
    )


_HOW: Mapping[str, str] = MappingProxyType({"none": "no Python ABI", "any": "pure Python"})


def modifier_line(modifier: Modifier) -> str:
    """Return what a modifier means, in one line."""
    lead = _MODIFIERS[modifier.kind]
    if modifier.detail is None:
        return lead
    longest = LONGEST_PIECE if modifier.kind is ModifierKind.YANKED else LONGEST_LINE
    return f"{lead}: {shortened(modifier.detail, longest)}"


_MODIFIERS: Mapping[ModifierKind, str] = MappingProxyType(
    {
        ModifierKind.LAGGING: "Lagging",
        ModifierKind.REGRESSED: "Regressed",
        ModifierKind.NARROWED: "Narrowed",
        ModifierKind.UPLOADING: "Upload in progress",
        ModifierKind.PURE_FALLBACK: "Pure-Python fallback",
        ModifierKind.FLOOR: "Needs a newer system",
        ModifierKind.REQUIRES: "Requirement without wheels",
        ModifierKind.FAMILY: "Other names",
        ModifierKind.PRERELEASE_ONLY: "Pre-release only",
        ModifierKind.SUSPECT_WHEELS: "Suspect wheels",
        ModifierKind.YANKED: "Yanked",
        ModifierKind.ARCHIVED: "Archived",
        ModifierKind.SUPERSEDED: "Superseded",
        ModifierKind.GIL_REENABLED: "Re-enables the GIL",
        ModifierKind.CLAIM: "Its classifier claims Free Threading",
        ModifierKind.CLAIM_CONTRADICTED: "Claim and wheels disagree",
    }
)


def _kinds(verdict: TargetVerdict) -> frozenset[ModifierKind]:
    return frozenset(modifier.kind for modifier in verdict.modifiers)


def _wanted(verdict: TargetVerdict) -> str:
    """Name the tag to ask for: who ships abi3 can ship abi3t, which nothing before 3.15 loads."""
    if verdict.verdict is Verdict.ABI3_ONLY and verdict.target.minor >= FIRST_ABI3T_MINOR:
        return ABI3T
    return verdict.target.abi


def _shown(requires_python: str) -> str:
    return shortened(requires_python, _LONGEST_REQUIREMENT)


def _lets_in(requires_python: str, target: Target) -> str:
    if admits_first_only(requires_python, target):
        return f"lets in 3.{target.minor}.0 and none of its bug-fix releases"
    return f"leaves {target} out"


def _floors(system: str, versions: Mapping[str, Sequence[str]]) -> str:
    if len(versions) == 1:
        return f"{system} {next(iter(versions))}"
    return f"{system} {joined([f'{version} ({joined(machines)})' for version, machines in versions.items()])}"
