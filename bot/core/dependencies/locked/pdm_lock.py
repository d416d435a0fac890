"""pdm's lock: groups and markers of each entry, and a package repeated for each set of its extras that is needed."""

from __future__ import annotations

from dataclasses import replace

from bot.core.dependencies.files import MAIN, DependencyFile, FileKind, Lock, LockedPackage, SourceKind
from bot.core.dependencies.locked.reading import (
    LockReading,
    Table,
    lines_of,
    names_of,
    shown,
    shown_address,
    string,
    tables,
    unsure,
)
from bot.core.dependencies.toml_text import parse_toml, table
from bot.core.errors import UserError

_MAIN = "default"
_KNOWN = "4."


def read_pdm_lock(file: str, text: str) -> DependencyFile:
    """Return what a ``pdm.lock`` says; its group ``default`` is what the application always needs."""
    said = parse_toml(file, text)
    reading = LockReading(file)
    meta = table(said.get("metadata"))
    if not meta and "package" not in said:
        raise UserError(f"{shown(file)}: this is no pdm.lock, it has neither metadata nor packages. Run `pdm lock`.")
    version = meta.get("lock_version")
    if not (isinstance(version, str) and version.startswith(_KNOWN)):
        reading.odd("This lock_version is not one known here (4): what could be read was read.")
    found = reading.packages(said.get("package"))
    lines = lines_of(text, "[[package]]", len(found))
    by_extras = [_package(entry, line, reading) for entry, line in zip(found, lines, strict=True)]
    packages = unsure(_together([each for each in by_extras if each is not None]))
    groups = dict.fromkeys((*_groups(meta.get("groups")), *(group for each in packages for group in each.groups)))
    lock = Lock(
        packages,
        walked=False,
        groups=reading.offered(group for group in groups if group != MAIN),
        requires_python=_requires_python(meta),
    )
    return DependencyFile(
        file, FileKind.PDM_LOCK, lock=lock, not_read=tuple(reading.not_read), warnings=reading.warnings
    )


def _groups(value: object) -> tuple[str, ...]:
    return tuple(MAIN if name == _MAIN else name for name in names_of(value))


def _requires_python(meta: Table) -> str | None:
    """Return for which Pythons it was locked, if that is the same for all of its targets."""
    targets = {string(each.get("requires_python")) for each in tables(meta.get("targets"))}
    return targets.pop() if len(targets) == 1 else None


def _package(entry: Table, line: int | None, reading: LockReading) -> LockedPackage | None:
    name = reading.named(entry, line)
    if name is None:
        return None
    source, source_text = _source(entry)
    files = tables(entry.get("files"))
    wheels = reading.wheels(name, files)
    demands = reading.demands(entry.get("dependencies"))
    extras = names_of(entry.get("extras"))
    return LockedPackage(
        name,
        reading.versioned(name, entry.get("version")),
        source,
        source_text,
        wheels,
        sdist=len(files) > len(wheels),
        requires=() if extras else demands,
        extras=dict.fromkeys(extras, tuple(each for each in demands if each.name != name)),
        groups=_groups(entry.get("groups")) or (MAIN,),
        marker=reading.marker(entry.get("marker")),
        line=line,
    )


def _source(entry: Table) -> tuple[SourceKind, str | None]:
    for key in ("git", "hg", "svn", "bzr"):
        if (address := string(entry.get(key))) is not None:
            return SourceKind.GIT, shown_address(address, query=True)
    url, path = string(entry.get("url")), string(entry.get("path"))
    if url is not None:
        return SourceKind.URL, shown_address(url)
    return (SourceKind.INDEX, None) if path is None else (SourceKind.PATH, shown_address(path))


def _together(found: list[LockedPackage]) -> tuple[LockedPackage, ...]:
    """Return a package once, with what each of its extras demands, from the entry without extras and those with.

    The entry without extras is needed wherever one with extras is, so that its marker counts.
    """
    whole: dict[tuple[str, str, str], LockedPackage] = {}
    plain: set[tuple[str, str, str]] = set()
    for each in sorted(found, key=lambda package: len(package.extras)):
        key = (each.name, str(each.version), each.origin)
        if not each.extras:
            plain.add(key)
        known = whole.get(key)
        if known is None:
            whole[key] = each
            continue
        counts = known.marker == each.marker or (each.extras and key in plain)
        whole[key] = replace(
            known,
            groups=tuple(dict.fromkeys((*known.groups, *each.groups))),
            extras={**known.extras, **{name: each.extras[name] for name in each.extras}},
            marker=known.marker if counts else None,
        )
    return tuple(whole.values())
