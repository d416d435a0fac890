"""uv's lock: who requires whom, walked from the members of the workspace.

Its revisions only add to what older ones say. Extras and groups that exclude each other are encoded as extras in
markers: ``extra == 'extra-9-mitmproxy-cu12'`` holds if the extra ``cu12`` of ``mitmproxy`` is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.dependencies.files import (
    MAIN,
    Demand,
    DemandGroup,
    DependencyFile,
    FileKind,
    GroupKind,
    Lock,
    LockedPackage,
    Root,
    SourceKind,
)
from bot.core.dependencies.locked.reading import (
    LockReading,
    Table,
    index_source,
    lines_of,
    name_of,
    names_of,
    shown_address,
    specifier_of,
    string,
    strings,
    tables,
)
from bot.core.dependencies.toml_text import parse_toml, table
from bot.core.errors import UserError

_VERSION = 1
_NEWEST_REVISION = 5
_PROJECTS = ("editable", "virtual", "directory")
_PATHS = (*_PROJECTS, "path")


def read_uv_lock(file: str, text: str) -> DependencyFile:
    """Return what a ``uv.lock`` says."""
    said = parse_toml(file, text)
    reading = LockReading(file)
    _check_version(said, reading)
    found = reading.packages(said.get("package"))
    lines = lines_of(text, "[[package]]", len(found))
    packages: list[LockedPackage] = []
    own: dict[str, Root] = {}
    for entry, line in zip(found, lines, strict=True):
        name = reading.named(entry, line)
        if name is None:
            continue
        packages.append(_package(entry, name, line, reading))
        own.setdefault(name, _root(entry, packages[-1], reading))
    roots = _roots(said, found, own, reading)
    kinds = {(group.kind, group.name) for root in roots for group in root.groups}
    lock = Lock(
        tuple(packages),
        walked=True,
        extras=reading.offered(sorted(name for kind, name in kinds if kind is GroupKind.EXTRA)),
        groups=reading.offered(sorted(name for kind, name in kinds if kind is GroupKind.GROUP)),
        conflicts=_conflicts(said),
        requires_python=string(said.get("requires-python")),
    )
    return DependencyFile(
        file, FileKind.UV_LOCK, roots, lock=lock, not_read=tuple(reading.not_read), warnings=reading.warnings
    )


def _check_version(said: Table, reading: LockReading) -> None:
    version, revision = said.get("version"), said.get("revision", 0)
    if version is None and "package" not in said:
        raise UserError(
            f"{reading.file}: this is no lock of uv's, it has neither a version nor packages. Run `uv lock`."
        )
    if version != _VERSION:
        reading.odd("This lock's version is not the one known here (1): what could be read was read.")
    elif not isinstance(revision, int) or revision > _NEWEST_REVISION:
        reading.odd(f"This lock's revision is newer than those known here (up to {_NEWEST_REVISION}).")


def _package(entry: Table, name: str, line: int | None, reading: LockReading) -> LockedPackage:
    source, source_text = _source(table(entry.get("source")))
    optional = table(entry.get("optional-dependencies"))
    return LockedPackage(
        name,
        reading.versioned(name, entry.get("version")),
        source,
        source_text,
        reading.wheels(name, tables(entry.get("wheels"))),
        sdist=bool(table(entry.get("sdist"))),
        requires=_demands(entry.get("dependencies"), reading),
        extras={
            extra: _demands(demands, reading)
            for key, demands in optional.items()
            if (extra := name_of(key)) is not None
        },
        forks=tuple(
            marker for each in strings(entry.get("resolution-markers")) if (marker := reading.marker(each)) is not None
        ),
        line=line,
    )


def _source(source: Table) -> tuple[SourceKind, str | None]:
    git, url = string(source.get("git")), string(source.get("url"))
    if git is not None:
        return SourceKind.GIT, shown_address(git, query=True)
    if url is not None:
        return SourceKind.URL, shown_address(url)
    for key in _PATHS:
        if (path := string(source.get(key))) is not None:
            return SourceKind.PATH, shown_address(path)
    return index_source(string(source.get("registry")))


def _demands(value: object, reading: LockReading) -> tuple[Demand, ...]:
    found = []
    for each in tables(value):
        name = name_of(each.get("name"))
        if name is None:
            reading.odd("A dependency without a name was left out.")
            continue
        source = table(each.get("source"))
        kind, text = _source(source)
        found.append(
            Demand(
                name,
                names_of(each.get("extra")) or names_of(each.get("extras")),
                specifier_of(each.get("specifier")),
                reading.marker(each.get("marker")),
                string(each.get("version")),
                source=f"{kind}: {text}" if source else None,
            )
        )
    return tuple(found)


def _root(entry: Table, package: LockedPackage, reading: LockReading) -> Root:
    development = table(entry.get("dev-dependencies")) or table(entry.get("dependency-groups"))
    return Root(
        package.name,
        (
            DemandGroup(GroupKind.MAIN, MAIN, package.requires),
            *(DemandGroup(GroupKind.EXTRA, extra, demands) for extra, demands in package.extras.items()),
            *_groups(development, reading),
        ),
    )


def _groups(value: Table, reading: LockReading) -> Iterable[DemandGroup]:
    for key, demands in value.items():
        group = name_of(key)
        if group is not None:
            yield DemandGroup(GroupKind.GROUP, group, _demands(demands, reading))


def _roots(said: Table, found: tuple[Table, ...], own: dict[str, Root], reading: LockReading) -> tuple[Root, ...]:
    """Return the members of the workspace, and what it or a script requires that is no project.

    A project alone is no member of anything: it is what is in this folder. Without any, everything is a root.
    """
    manifest = table(said.get("manifest"))
    roots = [own[name] for name in dict.fromkeys(names_of(manifest.get("members"))) if name in own]
    required = _demands(manifest.get("requirements"), reading)
    groups = tuple(_groups(table(manifest.get("dependency-groups")), reading))
    if required or groups:
        roots.append(Root(None, (DemandGroup(GroupKind.MAIN, MAIN, required), *groups)))
    if not roots:
        sources = [(name_of(each.get("name")), table(each.get("source"))) for each in found]
        here = [name for name, source in sources if any(source.get(key) == "." for key in _PROJECTS)]
        roots = [own[name] for name in dict.fromkeys(here) if name is not None]
    if not roots and own:
        reading.odd("This lock names no project: all of its packages count as needed.")
        demands = tuple(Demand(name, marker=None) for name in own)
        roots = [Root(None, (DemandGroup(GroupKind.MAIN, MAIN, demands),))]
    return tuple(roots)


def _conflicts(said: Table) -> tuple[tuple[str, ...], ...]:
    value = said.get("conflicts")
    if not isinstance(value, list):
        return ()
    return tuple(tuple(name for each in tables(one) if (name := _encoded(each))) for one in value)


def _encoded(conflict: Table) -> str | None:
    package = name_of(conflict.get("package"))
    if package is None:
        return None
    for kind in ("extra", "group"):
        if (name := name_of(conflict.get(kind))) is not None:
            return f"{kind}-{len(package)}-{package}-{name}"
    return f"project-{len(package)}-{package}"
