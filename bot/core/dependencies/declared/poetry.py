"""Reads Poetry's own tables of pyproject.toml: ``[tool.poetry.dependencies]``, its groups and extras."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import SpecifierSet

from bot.core.dependencies.declared.poetry_versions import poetry_python, poetry_specifiers
from bot.core.dependencies.declared.reading import DeclaredReading, name_of
from bot.core.dependencies.demands import PATH, URL, VERSION_CONTROL, read_demand, shown
from bot.core.dependencies.files import MAIN, Demand, DemandGroup, GroupKind
from bot.core.dependencies.toml_text import array, string, table

_ELSEWHERE = {"git": VERSION_CONTROL, "path": PATH, "file": PATH, "url": URL}


def poetry_groups(reading: DeclaredReading, poetry: Mapping[str, object], *, main: bool) -> list[DemandGroup]:
    """Return what Poetry's tables ask for: the main group and the extras, if ``main``, and the groups.

    Where ``[project]`` says what is needed, they only add where it comes from.
    """
    groups: list[DemandGroup] = []
    if main:
        groups += _main(reading, poetry)
    named = {name: table(value) for name, value in table(poetry.get("group")).items()}
    own = {name_of(name) or name: _table(reading, table(value.get("dependencies"))) for name, value in named.items()}
    if "dev-dependencies" in poetry:
        old = _table(reading, table(poetry.get("dev-dependencies")))
        own["dev"] = [*own.get("dev", []), *old]
    included = {name_of(name) or name: _names(value.get("include-groups")) for name, value in named.items()}
    for name, demands in own.items():
        others = [each for other in included.get(name, []) for each in own.get(other, [])]
        groups.append(reading.group(GroupKind.GROUP, name, [demand for _, demand in [*demands, *others]]))
    return groups


def poetry_elsewhere(poetry: Mapping[str, object]) -> dict[str, str]:
    """Return which packages come from elsewhere than an index, by name, and the reason why they are not read."""
    found: dict[str, str] = {}
    for name, value in table(poetry.get("dependencies")).items():
        for entry in value if isinstance(value, list) else [value]:
            for key, reason in _ELSEWHERE.items():
                if key in table(entry) and (normalized := name_of(name)) is not None:
                    found[normalized] = reason
    return found


def _main(reading: DeclaredReading, poetry: Mapping[str, object]) -> list[DemandGroup]:
    demands = _table(reading, table(poetry.get("dependencies")))
    groups = [reading.group(GroupKind.MAIN, MAIN, [demand for optional, demand in demands if not optional])]
    by_name: dict[str, list[Demand]] = {}
    for _, demand in demands:
        by_name.setdefault(demand.name, []).append(demand)
    for extra, names in table(poetry.get("extras")).items():
        wanted = [each for name in _names(names) for each in by_name.get(name, [])]
        groups.append(reading.group(GroupKind.EXTRA, name_of(extra) or extra, wanted))
    return groups


def _table(reading: DeclaredReading, dependencies: Mapping[str, object]) -> list[tuple[bool, Demand]]:
    """Return what a table asks for, each with whether only an extra needs it."""
    found: list[tuple[bool, Demand]] = []
    for name, value in dependencies.items():
        if name.lower() == "python":
            continue
        line = reading.line_of(name)
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict | str):
                asked = {"version": entry} if isinstance(entry, str) else entry
                demand = _demand(reading, name, asked, line)
                if demand is not None:
                    found.append((asked.get("optional") is True, demand))
            else:
                reading.unread(name, "neither a version nor a table", line)
    return found


def _demand(reading: DeclaredReading, name: str, entry: Mapping[str, object], line: int | None) -> Demand | None:
    for key, reason in _ELSEWHERE.items():
        if key in entry:
            reading.unread(f"{name} = {{ {key} = {string(entry[key]) or '…'} }}", reason, line)
            return None
    extras = [each for each in array(entry.get("extras")) if isinstance(each, str)]
    bare = read_demand(f"{name}[{','.join(extras)}]" if extras else name, line)
    if isinstance(bare, str):
        reading.unread(name, bare, line)
        return None
    version = entry.get("version", "*")
    alternatives = poetry_specifiers(version) if isinstance(version, str) else None
    if alternatives is None:
        reading.unread(f"{name} = {version if isinstance(version, str) else '…'}", "no version that Poetry knows", line)
        return None
    if source := string(entry.get("source")):
        reading.odd(f"{bare.name} comes from another index ({shown(source)}); it is looked for on the usual one.")
    try:
        marker = _marker(entry)
    except (InvalidMarker, ValueError):
        reading.odd(f"The marker of {bare.name} makes no sense; it counts as needed everywhere.")
        marker = None
    return Demand(bare.name, bare.extras, _one(reading, bare.name, alternatives), marker, line=line)


def _one(reading: DeclaredReading, name: str, alternatives: list[SpecifierSet]) -> SpecifierSet:
    """Return the versions that are wanted; a requirement knows no alternatives, so that any version has to do."""
    if len(alternatives) == 1:
        return alternatives[0]
    reading.odd(f"{name} is wanted in one of several ranges of versions; any version was taken to do.")
    return SpecifierSet()


def _marker(entry: Mapping[str, object]) -> Marker | None:
    """Return when an entry is needed, as ``python``, ``platform`` and ``markers`` say together."""
    parts: list[Marker | None] = []
    if (python := string(entry.get("python"))) is not None:
        parts.append(poetry_python(python))
    if (platform := string(entry.get("platform"))) is not None:
        parts.append(_read(f'sys_platform == "{platform}"'))
    if (markers := string(entry.get("markers"))) is not None:
        parts.append(_read(markers))
    together: Marker | None = None
    for each in parts:
        if each is not None:
            together = each if together is None else together & each
    return together


def _read(marker: str) -> Marker | None:
    """Return a marker, within the bounds that requirements have."""
    found = read_demand(f"x; {marker}")
    if isinstance(found, str):
        raise InvalidMarker(found)
    return found.marker


def _names(value: object) -> list[str]:
    """Return the normalized names in a list, each once."""
    return list(dict.fromkeys(name for each in array(value) if (name := name_of(each)) is not None))
