"""Reads what pyproject.toml declares: ``[project]``, ``[dependency-groups]``, and the tables of Poetry, PDM and uv.

https://packaging.python.org/en/latest/specifications/pyproject-toml/
https://packaging.python.org/en/latest/specifications/dependency-groups/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.core.dependencies.declared.poetry import poetry_elsewhere, poetry_groups
from bot.core.dependencies.declared.reading import DeclaredReading, name_of
from bot.core.dependencies.demands import EDITABLE, PATH, URL, VERSION_CONTROL, shown
from bot.core.dependencies.files import (
    MAIN,
    MOST_ENTRIES,
    Demand,
    DemandGroup,
    DependencyFile,
    FileKind,
    GroupKind,
    Root,
)
from bot.core.dependencies.toml_text import array, parse_toml, table
from bot.core.errors import UserError
from bot.core.text.sentences import joined

_SOURCES = {"git": VERSION_CONTROL, "path": PATH, "url": URL, "workspace": "another project of the workspace"}

_DEEPEST_EXTRA = 20
"""Extras of a project that need each other, ``project[all]``, which need others, and so on."""

_Item = Demand | str
"""What a dependency group (PEP 735) has: a demand, or the name of a group that it includes."""


def read_pyproject(file: str, text: str) -> DependencyFile:
    """Return what a project requires: always, with each of its extras, and in each of its groups."""
    top = parse_toml(file, text)
    reading = DeclaredReading(file, text)
    project, tool = table(top.get("project")), table(top.get("tool"))
    poetry = table(tool.get("poetry"))
    name = name_of(project.get("name")) or name_of(poetry.get("name"))
    of_poetry = "dependencies" not in project and "dependencies" in poetry
    groups = [
        *_of_project(reading, project, tool, dynamic_is_known=of_poetry),
        *poetry_groups(reading, poetry, main=of_poetry),
        *_of_groups(reading, table(top.get("dependency-groups"))),
        *_of_tools(reading, tool),
    ]
    if not (project or poetry or "dependency-groups" in top):
        where = "[project] nor [dependency-groups] nor [tool.poetry]"
        reading.odd(f"{shown(file)} declares no dependencies: it has neither {where}.")
    groups = _without(reading, groups, _elsewhere(reading, tool, poetry))
    groups = _with_own_extras(reading, name, _together(reading, groups))
    return DependencyFile(
        file=file,
        kind=FileKind.PYPROJECT,
        roots=(Root(name, tuple(groups)),),
        not_read=tuple(reading.not_read),
        warnings=reading.warnings,
    )


def groups_of_script(reading: DeclaredReading, top: Mapping[str, object]) -> list[DemandGroup]:
    """Return what the metadata of a script asks for, which has ``dependencies`` and the tables of tools."""
    demands = reading.demands(_list(reading, top, "dependencies", "dependencies"), "dependencies")
    groups = [reading.group(GroupKind.MAIN, MAIN, demands)]
    return _without(reading, groups, _elsewhere(reading, table(top.get("tool")), {}))


def _of_project(
    reading: DeclaredReading, project: Mapping[str, object], tool: Mapping[str, object], *, dynamic_is_known: bool
) -> Iterator[DemandGroup]:
    dynamic = [each for each in array(project.get("dynamic")) if isinstance(each, str)]
    where = "project.dependencies"
    yield reading.group(GroupKind.MAIN, MAIN, reading.demands(_list(reading, project, "dependencies", where), where))
    for extra, entries in table(project.get("optional-dependencies")).items():
        where = f"project.optional-dependencies.{extra}"
        yield reading.group(
            GroupKind.EXTRA, name_of(extra) or extra, reading.demands(_entries(reading, entries, where), where)
        )
    for key, what in (("dependencies", "dependencies"), ("optional-dependencies", "extras")):
        if key in dynamic and key not in project and not dynamic_is_known:
            reading.unread(f'dynamic = ["{key}"]', "known only when it is built")
            reading.odd(
                f"{shown(reading.file)}: its {what} are dynamic: they are known only when it is built. "
                f"Give {_where_dynamic(tool, key)} instead."
            )


def _where_dynamic(tool: Mapping[str, object], key: str) -> str:
    """Return which file says what is dynamic, where setuptools is told one."""
    dynamic = table(table(table(tool.get("setuptools")).get("dynamic")).get(key))
    named = dynamic.get("file")
    files = [shown(each) for each in ([named] if isinstance(named, str) else array(named)) if isinstance(each, str)]
    return joined(files[:3]) if files else "a lock file or requirements.txt"


def _of_groups(reading: DeclaredReading, groups: Mapping[str, object]) -> Iterator[DemandGroup]:
    """Return the dependency groups, with what they include in its place.

    packaging.dependency_groups loses a whole group with one bad entry, and repeats what is included twice.
    """
    items: dict[str, list[_Item]] = {}
    for written, entries in groups.items():
        where = f"dependency-groups.{written}"
        name = name_of(written)
        if name is None:
            reading.unread(where, "no name of a group", reading.line_of(written))
            continue
        if name in items:
            reading.odd(f"There are two groups with the name {name}; they were taken together.")
        items.setdefault(name, []).extend(_items(reading, _entries(reading, entries, where), where))
    visits = [0]
    for name in items:
        yield reading.group(GroupKind.GROUP, name, _included(reading, name, items, visits))


def _items(reading: DeclaredReading, entries: list[object], where: str) -> Iterator[_Item]:
    for entry in entries:
        if isinstance(entry, dict):
            included = name_of(entry.get("include-group"))
            if included is None or len(entry) != 1:
                reading.unread(where, 'neither a requirement nor `{include-group = "…"}`', None)
            else:
                yield included
        elif (demand := reading.demand(entry, where)) is not None:
            yield demand


def _included(
    reading: DeclaredReading, name: str, items: Mapping[str, list[_Item]], visits: list[int]
) -> Iterator[Demand]:
    """Give the demands of a group and of those that it includes, each group once."""
    seen = {name}
    path = [(name, iter(items[name]))]
    while path:
        visits[0] += 1
        if visits[0] > 10 * MOST_ENTRIES:
            raise UserError(f"{shown(reading.file)}: its dependency groups include each other too often to be read.")
        item = next(path[-1][1], None)
        if item is None:
            path.pop()
        elif isinstance(item, Demand):
            yield item
        elif item not in items:
            reading.odd(f"The dependency group {path[-1][0]} includes {item}, which does not exist.")
        elif any(item == group for group, _ in path):
            reading.odd(f"The dependency group {path[-1][0]} includes {item}, which includes {path[-1][0]}.")
        elif item not in seen:
            seen.add(item)
            path.append((item, iter(items[item])))


def _of_tools(reading: DeclaredReading, tool: Mapping[str, object]) -> Iterator[DemandGroup]:
    """Return the groups that uv and PDM had before there were dependency groups."""
    uv = table(tool.get("uv"))
    if "dev-dependencies" in uv:
        where = "tool.uv.dev-dependencies"
        yield reading.group(
            GroupKind.GROUP, "dev", reading.demands(_list(reading, uv, "dev-dependencies", where), where)
        )
    for written, entries in table(table(tool.get("pdm")).get("dev-dependencies")).items():
        where = f"tool.pdm.dev-dependencies.{written}"
        demands: list[Demand] = []
        for entry in _entries(reading, entries, where):
            if isinstance(entry, str) and entry.lstrip().startswith(("-e ", "--editable")):
                reading.unread(entry, EDITABLE, reading.line_of(entry))
            elif (demand := reading.demand(entry, where)) is not None:
                demands.append(demand)
        yield reading.group(GroupKind.GROUP, name_of(written) or written, demands)


def _elsewhere(reading: DeclaredReading, tool: Mapping[str, object], poetry: Mapping[str, object]) -> Mapping[str, str]:
    """Return what comes from elsewhere than an index, by name, with the reason why it is not read."""
    found = poetry_elsewhere(poetry)
    for written, value in table(table(tool.get("uv")).get("sources")).items():
        name = name_of(written)
        if name is None:
            continue
        entries = [table(each) for each in (value if isinstance(value, list) else [value])]
        reasons = [_SOURCES[key] for entry in entries for key in _SOURCES if key in entry]
        if any("index" in entry for entry in entries):
            reading.odd(f"{name} comes from another index, as tool.uv.sources says; it is looked for on the usual one.")
        if reasons and all("marker" in entry for entry in entries):
            reading.odd(f"{name} comes from elsewhere on some platforms, as tool.uv.sources says; that was not read.")
        elif reasons:
            found[name] = reasons[0]
    return found


def _without(reading: DeclaredReading, groups: list[DemandGroup], elsewhere: Mapping[str, str]) -> list[DemandGroup]:
    """Return the groups without what comes from elsewhere than an index, which is told, each once."""
    told: set[str] = set()
    for group in groups:
        for demand in group.demands:
            if demand.name in elsewhere and demand.name not in told:
                told.add(demand.name)
                reading.unread(demand.name, elsewhere[demand.name], demand.line)
    return [
        replace(group, demands=tuple(each for each in group.demands if each.name not in elsewhere)) for group in groups
    ]


def _together(reading: DeclaredReading, groups: list[DemandGroup]) -> list[DemandGroup]:
    """Return the groups, of which those of one kind and name are one; the first is the main one."""
    found: dict[tuple[GroupKind, str], list[Demand]] = {(GroupKind.MAIN, MAIN): []}
    for group in groups:
        found.setdefault((group.kind, group.name), []).extend(group.demands)
    return [reading.group(kind, name, demands) for (kind, name), demands in found.items()]


def _with_own_extras(reading: DeclaredReading, own: str | None, groups: list[DemandGroup]) -> list[DemandGroup]:
    """Return the groups with what the project's own extras need in place of ``project[extra]``."""
    extras = {group.name: group.demands for group in groups if group.kind is GroupKind.EXTRA}
    if own is None:
        return groups
    visits = 0

    def spread(demands: tuple[Demand, ...]) -> Iterator[Demand]:
        nonlocal visits
        waiting: list[tuple[Demand, tuple[str, ...]]] = [(each, ()) for each in reversed(demands)]
        while waiting:
            visits += 1
            demand, through = waiting.pop()
            if visits > 2 * MOST_ENTRIES or len(through) > _DEEPEST_EXTRA:
                raise UserError(f"{shown(reading.file)}: its extras need each other too often to be read.")
            if demand.name != own:
                yield demand
                continue
            for extra in reversed(demand.extras):
                if extra not in through:
                    waiting += [(_when(each, demand), (*through, extra)) for each in reversed(extras.get(extra, ()))]

    return [reading.group(group.kind, group.name, spread(group.demands)) for group in groups]


def _when(demand: Demand, needed: Demand) -> Demand:
    """Return a demand that holds only when another one does."""
    if needed.marker is None:
        return demand
    return replace(demand, marker=needed.marker if demand.marker is None else needed.marker & demand.marker)


def _list(reading: DeclaredReading, around: Mapping[str, object], key: str, where: str) -> list[object]:
    return _entries(reading, around[key], where) if key in around else []


def _entries(reading: DeclaredReading, value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        reading.unread(where, "no list of requirements", reading.line_of(where.rpartition(".")[2]))
    return array(value)
