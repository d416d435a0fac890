"""The sentences people read about a status; plain text, to be escaped by whoever shows it.

They say that something installs, never that it is thread-safe: a wheel shows that a build exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.core.modifiers import Modifier, ModifierKind
from bot.core.platforms import Platform
from bot.core.rules import Verdict
from bot.core.status import Status
from bot.core.verdict import TargetVerdict

LONGEST_PIECE = 300
"""Characters of a text from elsewhere, such as the reason for a yank, that are shown."""

MOST_LISTED = 10
"""Names in a list that are shown."""

DISCLAIMER = "A wheel shows that a build exists, not that it is thread-safe."

PLATFORM_NAMES: Mapping[Platform, str] = MappingProxyType(
    {
        Platform.MANYLINUX_X86_64: "Linux x86-64",
        Platform.MANYLINUX_AARCH64: "Linux arm64",
        Platform.MUSLLINUX_X86_64: "musl x86-64",
        Platform.MUSLLINUX_AARCH64: "musl arm64",
        Platform.MACOS_X86_64: "macOS x86-64",
        Platform.MACOS_ARM64: "macOS arm64",
        Platform.WIN_AMD64: "Windows x64",
        Platform.WIN_ARM64: "Windows arm64",
        Platform.WIN32: "Windows 32-bit",
    }
)


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
            "✅", "works as is", "installs on {target}: its wheels contain no CPython extension"
        ),
        Verdict.PURE: Phrase("⬜", "pure Python", "installs on {target}: it is pure Python, there is nothing to build"),
        Verdict.PURE_FALLBACK: Phrase(
            "🟡", "pure fallback", "installs on {target} as pure Python, without its compiled parts"
        ),
        Verdict.MIS_TAGGED: Phrase(
            "⛔", "mis-tagged", "has no wheel to trust on {target}: one would install, but its tags are wrong"
        ),
        Verdict.ABI3_ONLY: Phrase(
            "⛔", "abi3 only", "has no wheel for {target}: abi3 wheels do not work on free-threaded Python"
        ),
        Verdict.NOT_YET: Phrase("⛔", "no wheel", "has no wheel for {target}; installers build it from source"),
        Verdict.BLOCKED: Phrase(
            "⛔", "blocked", "cannot be installed on {target}: no wheel, and no source to build from"
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
    }
)
"""Sentences where all wheels are for other platforms: there, it may well install."""

_CATCHES: Mapping[ModifierKind, str] = MappingProxyType(
    {
        ModifierKind.GIL_REENABLED: "importing it turns the GIL back on",
        ModifierKind.YANKED: "it was yanked",
    }
)
"""What makes good news of a release less good."""

_ADVICE: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.MIS_TAGGED: "Do not install it there: it may crash. Ask upstream for wheels tagged {abi}.",
        Verdict.ABI3_ONLY: "Ask upstream for {abi} wheels, or from Python 3.15 on for abi3t ones.",
        Verdict.NOT_YET: (
            "A build from source may fail, or turn the GIL back on at import. Ask upstream for {abi} wheels."
        ),
        Verdict.BLOCKED: (
            "Installers may take an older release without a word. Ask upstream for {abi} wheels or an sdist."
        ),
        Verdict.SDIST_ONLY: "If it has extension modules, check at import whether the GIL stays off.",
    }
)


def phrase(verdict: Verdict) -> Phrase:
    """Give the glyph, word and sentence of a verdict."""
    return _PHRASES[verdict]


def headline(status: Status) -> Phrase:
    """Give the glyph, word and sentence of the headline: the verdict's, but never all clear where there is a catch."""
    verdict, judgement = status.headline.verdict, status.judgement
    words = phrase(verdict)
    if verdict in _ELSEWHERE and judgement.other_platforms and not judgement.scope:
        return replace(words, sentence=_ELSEWHERE[verdict])
    kinds = {modifier.kind for modifier in judgement.modifiers}
    catches = [catch for kind, catch in _CATCHES.items() if kind in kinds]
    if not catches or not verdict.ok:
        return words
    turn = "and" if ", but " in words.sentence else "but"
    sentence = f"{words.sentence}, {turn} {' and '.join(catches)}"
    return replace(words, glyph="🟡" if words.glyph == "✅" else words.glyph, sentence=sentence)


def advice(verdicts: Sequence[TargetVerdict]) -> tuple[str, ...]:
    """Say what to do about verdicts, once where the same is to be done about several; nothing where nothing is."""
    abis: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.verdict in _ADVICE:
            abis.setdefault(_ADVICE[verdict.verdict], []).append(verdict.target.abi)
    return tuple(text.format(abi=_and(listed)) for text, listed in abis.items())


def one_line(text: str, longest: int = LONGEST_PIECE) -> str:
    """Give a text from elsewhere on one line, cut where it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def listed(names: Sequence[str], most: int = MOST_LISTED) -> str:
    """List names, the first few of many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def counted(number: int, what: str) -> str:
    """Say how many there are of something: ``1 package``, ``2 packages``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def other_platforms_line(names: str) -> str:
    """Say that there are wheels for the platforms listed, and why that is all that is said of them."""
    return f"It also has wheels, of whatever kind, for {names}, platforms that are not judged here."


def since_line(verdict: TargetVerdict) -> str | None:
    """Say from which release on the wheels exist without a gap."""
    if verdict.since is None:
        return None
    day = verdict.since.date
    return f"since {verdict.since.version}" + ("" if day is None else f" ({day.day} {day:%B %Y})")


def covered_line(verdict: TargetVerdict) -> str:
    """List the platforms covered, with the tag where it is not the target's own and the floor where there is one.

    A tag that several platforms have is said once, before them.
    """
    if verdict.verdict in {Verdict.PURE, Verdict.PURE_FALLBACK}:
        return "every platform"
    counted = Counter(cover.how for cover in verdict.covered.values())
    groups: dict[str, list[str]] = {"": []}
    for platform, cover in verdict.covered.items():
        how = "" if cover.how == verdict.target.abi else _HOW.get(cover.how, cover.how)
        shared = how if counted[cover.how] > 1 else ""
        notes = [] if how == shared else [how]
        notes += [] if cover.floor is None else [f"{cover.floor}+"]
        groups.setdefault(shared, []).append(PLATFORM_NAMES[platform] + (f" ({', '.join(notes)})" if notes else ""))
    return "; ".join((f"{how}: " if how else "") + ", ".join(names) for how, names in groups.items() if names)


def missing_line(verdict: TargetVerdict) -> str:
    """List the platforms that have wheels for other Pythons but none for this one."""
    return ", ".join(PLATFORM_NAMES[platform] for platform in verdict.missing)


_HOW: Mapping[str, str] = MappingProxyType({"none": "no Python ABI", "any": "pure Python"})


def modifier_line(modifier: Modifier) -> str:
    """Say what a modifier means, in one line."""
    lead = _MODIFIERS[modifier.kind]
    return lead if modifier.detail is None else f"{lead}: {modifier.detail}"


_MODIFIERS: Mapping[ModifierKind, str] = MappingProxyType(
    {
        ModifierKind.LAGGING: "Lagging",
        ModifierKind.REGRESSED: "Regressed",
        ModifierKind.UPLOADING: "Upload in progress",
        ModifierKind.PURE_FALLBACK: "Pure-Python fallback",
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


def _and(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
