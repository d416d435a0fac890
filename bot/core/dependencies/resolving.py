"""What the resolver is told and what it answers: lines of requirements, pins, and trees of causes in its own words.

The resolver is uv, run by ``bot.clients.resolver``. It is given nothing but lines that are written here, from demands
that were read before, and its answers are read here: text, of which nothing is promised from version to version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from bot.core.dependencies.environments import holds, marker_environment
from bot.core.dependencies.files import Demand
from bot.core.text.sentences import joined, printable, shortened
from bot.core.wheels.platforms import PLATFORM_NAMES, Platform
from bot.core.wheels.targets import Target

_NAME = r"(?<![\w.-])(?P<name>[a-z0-9](?:[a-z0-9-]{0,200}[a-z0-9])?)"
_EXTRAS = r"(?:\[[a-z0-9-]{0,200}\])?"
_VERSIONS = _EXTRAS + r"(?P<versions>(?:[<>=!~]\S{0,500})?)"
_SPECIFIER = re.compile(r"[A-Za-z0-9.*+!_<>=~,-]*", re.ASCII)
_EXTRA = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)
_LONGEST_SPECIFIER = 500
_PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?:\s+# via (?P<via>.+))?")
_WARNING = re.compile(r"^warning: (?P<text>.+)$", re.MULTILINE)
_ABOUT_THIS_PYTHON = "The requested Python version"

_FAILED_PACKAGE = re.compile(rf"Failed to resolve dependencies for package `{_NAME}==[^`]*`")
_URL_INSIDE = re.compile(r"Package `(?P<other>[a-z0-9-]+)` was included as a URL dependency")
_FAILED_FETCH = re.compile(r"Failed to fetch: `?\S+/files/(?P<name>[a-z0-9-]+)/")

_STRONG: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"{_NAME} was not found in the package registry"), "the index has no such package."),
    (re.compile(rf"there are no versions of {_NAME}"), "the index has no release of it."),
    (
        re.compile(rf"{_NAME}{_VERSIONS} ha(?:s|ve) no usable wheels"),
        "no version that may be taken here has a wheel, only source, and nothing is built to read it.",
    ),
    (
        re.compile(rf"{_NAME}{_VERSIONS} ha(?:s|ve) no wheels with a matching Python"),
        "no version that may be taken here has a wheel for Python {python}.",
    ),
    (
        re.compile(rf"{_NAME}{_VERSIONS} ha(?:s|ve) no wheels with a matching platform"),
        "no version that may be taken here has a wheel for {platform}.",
    ),
    (
        re.compile(rf"does not satisfy Python\S+ and (?:\S+ ){{0,6}}?{_NAME}{_VERSIONS} depends? on Python"),
        "no version that may be taken here takes Python {python}.",
    ),
    (
        re.compile(rf"{_NAME}{_VERSIONS} ha(?:s|ve) (?:invalid|inconsistent) metadata"),
        "what it says of itself makes no sense.",
    ),
    (re.compile(rf"{_NAME}{_VERSIONS} w(?:as|ere) yanked"), "every version that may be taken here was yanked."),
)
"""Reasons why a package cannot be taken, whatever else is required: the first in the text is the first to go."""

_SEVERAL = "no version that may be taken here has a wheel for Python {python} on {platform}."
"""Said where it is another reason for some versions than for others."""

_WEAK: tuple[re.Pattern[str], ...] = (
    re.compile(rf"there is no version of {_NAME}{_VERSIONS}"),
    re.compile(rf"only {_NAME}\S{{0,500}} (?:is|are) available and you require (?P=name){_VERSIONS}(?![\w-])"),
    re.compile(
        rf"only {_NAME}\S{{0,500}} (?:is|are) available and (?:\S+ ){{1,9}}?depends? on (?P=name){_VERSIONS}(?![\w-])"
    ),
)
"""Reasons that also stand where requirements conflict."""

_REQUIRED = re.compile(rf"you require {_NAME}")
_ALSO_REQUIRED = re.compile(rf"you require \S+ and {_NAME}(?=[<>=!~,.\s\[])")
_MOST_SENTENCES = 3
_LONGEST_SENTENCE = 300
_LONGEST_WARNING = 300
_LISTED = 3

RESOLVER_PLATFORMS: Mapping[Platform, str] = MappingProxyType(
    {
        Platform.MANYLINUX_X86_64: "x86_64-manylinux_2_40",
        Platform.MANYLINUX_AARCH64: "aarch64-manylinux_2_40",
        Platform.MUSLLINUX_X86_64: "x86_64-unknown-linux-musl",
        Platform.MUSLLINUX_AARCH64: "aarch64-unknown-linux-musl",
        Platform.MACOS_X86_64: "x86_64-apple-darwin",
        Platform.MACOS_ARM64: "aarch64-apple-darwin",
        Platform.WIN_AMD64: "x86_64-pc-windows-msvc",
        Platform.WIN_ARM64: "aarch64-pc-windows-msvc",
        Platform.WIN32: "i686-pc-windows-msvc",
    }
)
"""Our platforms as the resolver calls them: the newest systems that it knows, as a verdict asks for no older ones."""


@dataclass(frozen=True, slots=True)
class ResolvedPin:
    """A package and the version that was chosen; ``required_by`` has the packages that require it, by name.

    ``direct`` says that it is among the demands, too.
    """

    name: str
    version: Version
    required_by: tuple[str, ...]
    direct: bool


@dataclass(frozen=True, slots=True)
class UnreadPackage:
    """A package that could not be resolved, and was left out with all that only it requires.

    ``reason`` is a sentence that begins with what follows from that. ``required_by`` has what requires it, as far as
    the resolver said. ``allowed`` are the versions that may be taken, if not all.
    """

    name: str
    reason: str
    required_by: tuple[str, ...]
    direct: bool
    allowed: SpecifierSet | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What is installed, by name, for a target on a platform; ``warnings`` are sentences of the resolver."""

    pins: tuple[ResolvedPin, ...]
    unread: tuple[UnreadPackage, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequirementLines:
    """What the resolver is given: ``lines``, and whose they are; and the demands that cannot be given to it."""

    lines: tuple[str, ...]
    names: frozenset[str]
    unread: tuple[UnreadPackage, ...]


@dataclass(frozen=True, slots=True)
class Culprit:
    """Whom a failed resolution is due to: the package to leave out, and why."""

    name: str
    reason: str
    required_by: tuple[str, ...] = ()


def requirement_lines(demands: Iterable[Demand], target: Target, platform: Platform) -> RequirementLines:
    """Return the demands that hold on a platform, each as a line ``name[extra]specifier``.

    Markers are evaluated here, so that none is handed on. What a line could be read as something else with is not
    handed on either: the resolver knows options, includes and variables in such lines.
    """
    environment = marker_environment(target, platform)
    lines: dict[str, None] = {}
    names: set[str] = set()
    unread: dict[str, UnreadPackage] = {}
    for demand in demands:
        if not holds(demand.marker, environment):
            continue
        line = _line(demand)
        if line is None:
            shown = _printable(demand.name, 100)
            unread[shown] = UnreadPackage(
                shown, _unread("it is required in a way that is not given to the resolver."), (), direct=True
            )
        else:
            lines[line] = None
            names.add(demand.name)
    return RequirementLines(tuple(lines), frozenset(names), tuple(unread.values()))


def read_pins(text: str, direct: frozenset[str]) -> tuple[ResolvedPin, ...]:
    """Read the resolver's answer; a line that is none of a pin is left out."""
    pins: dict[str, ResolvedPin] = {}
    for line in text.splitlines():
        found = _PIN.fullmatch(line.strip())
        if found is None:
            continue
        try:
            version = Version(found["version"])
        except InvalidVersion:
            continue
        via = tuple(sorted({name for part in (found["via"] or "").split(",") if (name := _via(part)) is not None}))
        pins[found["name"]] = ResolvedPin(found["name"], version, via, found["name"] in direct)
    return tuple(pins[name] for name in sorted(pins))


def read_warnings(text: str) -> tuple[str, ...]:
    """Read what the resolver warns of, as sentences; that the target is another Python than the one here is no news."""
    found = (match["text"] for match in _WARNING.finditer(text))
    shown = (_printable(each.replace("`", ""), _LONGEST_WARNING) for each in found if _ABOUT_THIS_PYTHON not in each)
    return tuple(dict.fromkeys(each if each.endswith(".") else f"{each}." for each in shown))


def find_culprit(text: str, excluded: frozenset[str], target: Target, platform: Platform) -> Culprit | None:
    """Find the package without which the rest may be resolved, None where what is required contradicts itself."""
    words = " ".join(text.split())
    if (failed := _FAILED_PACKAGE.search(words)) is not None:
        other = _URL_INSIDE.search(words)
        reason = "its dependencies make no sense." if other is None else f"it takes {other['other']} from a URL."
        return _fresh(Culprit(failed["name"], _unread(reason)), excluded)
    if (failed := _FAILED_FETCH.search(words)) is not None:
        return _fresh(Culprit(failed["name"], _unread("its file is not where the index says.")), excluded)
    found = [
        (match.start("name"), match["name"], reason)
        for pattern, reason in _STRONG
        for match in pattern.finditer(words)
        if match["name"] not in excluded
    ]
    if found:
        _, name, reason = min(found)
        several = len({other for _, named, other in found if named == name}) > 1
        why = (_SEVERAL if several else reason).format(python=f"3.{target.minor}", platform=PLATFORM_NAMES[platform])
        return Culprit(name, _unread(why), tuple(_requiring(words, name)))
    if len(_required(words)) > 1:
        return None
    for pattern in _WEAK:
        for match in pattern.finditer(words):
            if match["name"] not in excluded:
                versions = match["versions"].rstrip(".,")
                reason = (
                    f"the index has no version {versions} of it." if versions else "the index has no version of it."
                )
                return Culprit(match["name"], _unread(reason), tuple(_requiring(words, match["name"])))
    return None


def conflict(text: str) -> str:
    """Return what is said of requirements that contradict each other: the resolver's last words, made plain."""
    _, found, tree = text.partition("cause:")
    parts = re.split(r"(?m)^[ ]*(?:And because|Because)\b", tree if found else text)
    told = [sentence for part in parts[-_MOST_SENTENCES:] if (sentence := _plain(part))]
    return f"What is required cannot be installed together{': ' if told else ''}{'; '.join(told)}."


def _plain(sentence: str) -> str:
    """Return what a sentence of the tree takes for granted, without what it concludes, on one line."""
    said = re.split(r",?\s+we can conclude that|\n\s*hint:|\n\s*\n", sentence, maxsplit=1)[0]
    said = re.sub(r"(?:all|one) of:\n((?:[ ]+\S+\n)+)", _listed, f"{said}\n")
    said = re.sub(r"only the following versions of \S+ are available:\n((?:[ ]+\S+\n)+)", _available, said)
    said = re.sub(r"we know from \(\d+\) that ", "", said)
    return _printable(" ".join(said.split()).rstrip(".,"), _LONGEST_SENTENCE)


def _listed(found: re.Match[str]) -> str:
    names = found[1].split()
    return f" {joined(names if len(names) <= _LISTED else [*names[:_LISTED], 'others'])} "


def _available(found: re.Match[str]) -> str:
    return f" only{_listed(found)}are available "


def _line(demand: Demand) -> str | None:
    specifier = str(demand.specifier)
    if len(specifier) > _LONGEST_SPECIFIER or not _SPECIFIER.fullmatch(specifier) or not _has_versions(demand):
        return None
    extras = sorted({canonicalize_name(extra) for extra in demand.extras})
    if not _is_normalized(demand.name) or not all(map(_EXTRA.fullmatch, extras)):
        return None
    wanted = f"[{','.join(extras)}]" if extras else ""
    return f"{demand.name}{wanted}{specifier}"


def _has_versions(demand: Demand) -> bool:
    """Return whether the resolver can read all versions in a demand; after ``===`` anything may stand."""
    try:
        return all(each.operator != "===" or bool(Version(each.version)) for each in demand.specifier)
    except InvalidVersion:
        return False


def _is_normalized(name: str) -> bool:
    try:
        return canonicalize_name(name, validate=True) == name and name.isascii()
    except InvalidName:
        return False


def _via(part: str) -> str | None:
    """Return who requires a pin; an answer also names the input, and packages with the extra that requires it."""
    name = part.strip().partition("[")[0]
    return name if _EXTRA.fullmatch(name) else None


def _requiring(words: str, name: str) -> Iterator[str]:
    """Return who the tree says requires a package."""
    pattern = rf"{_NAME}{_VERSIONS} depends? on (?:\S+ and ){{0,9}}?{re.escape(name)}(?=[<>=!~\s,.\[]|$)"
    seen = {name}
    for match in re.finditer(pattern, words):
        if match["name"] not in seen:
            seen.add(match["name"])
            yield match["name"]


def _required(words: str) -> frozenset[tuple[str, int]]:
    """Return what the tree says that is required by whoever asks, the same package twice where it is named twice."""
    found: dict[str, int] = {}
    for pattern in (_REQUIRED, _ALSO_REQUIRED):
        for match in pattern.finditer(words):
            found[match["name"]] = found.get(match["name"], 0) + 1
    return frozenset((name, number) for name, times in found.items() for number in range(times))


def _fresh(culprit: Culprit, excluded: frozenset[str]) -> Culprit | None:
    return None if culprit.name in excluded else culprit


def _unread(why: str) -> str:
    return f"Its own dependencies were not read: {why}"


def _printable(text: str, most: int) -> str:
    return shortened(printable(text), most)
