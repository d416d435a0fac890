"""Poetry's own way of writing versions, put as everybody else writes them.

https://python-poetry.org/docs/dependency-specification/#version-constraints
"""

from __future__ import annotations

import re

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from bot.core.dependencies.demands import LONGEST_SPECIFIER

_OR = re.compile(r"\s*\|\|?\s*")
_PART = re.compile(r"(?P<how>\^|~=|~|===|==|!=|<>|>=|<=|=|>|<)?\s*(?P<version>[^\s,|<>=!~^]+)\s*,?\s*")
_WILD = re.compile(r"(?:\.[*xX])+$")
_PLAIN = {None: "==", "=": "==", "<>": "!="}
_WHOLE = 2
"""Numbers of a version of Python that mean all of its patches, too: ``3.11``."""


def poetry_specifiers(text: str) -> list[SpecifierSet] | None:
    """Return the alternatives of which one has to hold, ``^1 || ^2``; None of what makes no sense."""
    if len(text) > LONGEST_SPECIFIER:
        return None
    try:
        return [_all_of(each) for each in _OR.split(text.strip())]
    except (InvalidSpecifier, InvalidVersion, ValueError):
        return None


def poetry_python(text: str) -> Marker | None:
    """Return the marker that says what ``python = "^3.9"`` says; None if that is every Python.

    What makes no sense is a ``ValueError``.
    """
    alternatives = poetry_specifiers(text)
    if alternatives is None:
        raise ValueError(text)
    if not all(alternatives):
        return None
    try:
        return Marker(
            " or ".join(" and ".join(_about_python(one) for one in sorted(each, key=str)) for each in alternatives)
        )
    except InvalidMarker:
        raise ValueError(text) from None


def _all_of(text: str) -> SpecifierSet:
    """Return what all has to hold: parts with a comma or a space between them."""
    if not text:
        raise InvalidSpecifier(text)
    parts: list[str] = []
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None:
            raise InvalidSpecifier(text)
        parts += _plain(found["how"], found["version"])
        at = found.end()
    return SpecifierSet(",".join(parts))


def _plain(how: str | None, version: str) -> list[str]:
    """Return one part as specifiers that packaging knows."""
    if version in {"*", "x", "X"}:
        return []
    wild = _WILD.search(version)
    if wild is not None:
        version = version[: wild.start()]
    if how == "^":
        return [f">={version}", f"<{_next(Version(version), caret=True)}"]
    if how == "~":
        return [f">={version}", f"<{_next(Version(version), caret=False)}"]
    plain = _PLAIN.get(how, how or "")
    return [f"{plain}{version}{'.*' if wild is not None and plain in {'==', '!='} else ''}"]


def _next(version: Version, *, caret: bool) -> str:
    """Return the first version that is another one: to ``^`` by its first number but 0, to ``~`` by its second."""
    numbers = list(version.release)
    nonzero = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    changes = nonzero if caret else min(1, len(numbers) - 1)
    return ".".join(map(str, [*numbers[:changes], numbers[changes] + 1]))


def _about_python(specifier: Specifier) -> str:
    """Return a marker of all of a version: ``3.11`` is each 3.11, and 3.11.4 is more than 3.11."""
    how, version = specifier.operator, specifier.version
    all_of_it = how in {"==", "!="} and not version.endswith(".*") and version.count(".") < _WHOLE
    return f'python_full_version {how} "{version}{".*" if all_of_it else ""}"'
