"""The lock that the standard describes (PEP 751): ``pylock.toml`` and ``pylock.NAME.toml``, also the invalid ones.

Each entry says with its marker when it is installed, extras and dependency groups included.
"""

from __future__ import annotations

from bot.core.dependencies.files import Demand, DependencyFile, FileKind, Lock, LockedPackage, SourceKind
from bot.core.dependencies.locked.reading import (
    LockReading,
    Table,
    file_name,
    index_source,
    is_file_of_pypi,
    lines_of,
    name_of,
    names_of,
    shown,
    shown_address,
    string,
    strings,
    tables,
)
from bot.core.dependencies.toml_text import parse_toml, table
from bot.core.errors import UserError

_KNOWN = "1."
_REQUIRED = ("lock-version", "created-by", "packages")


def read_pylock(file: str, text: str) -> DependencyFile:
    """Return what a ``pylock.toml`` says."""
    said = parse_toml(file, text)
    reading = LockReading(file)
    _check(said, reading)
    found = reading.packages(said.get("packages"))
    lines = lines_of(text, "[[packages]]", len(found))
    packages = tuple(
        package
        for entry, line in zip(found, lines, strict=True)
        if (package := _package(entry, line, reading)) is not None
    )
    defaults = names_of(said.get("default-groups"))
    lock = Lock(
        packages,
        walked=False,
        default_groups=defaults,
        extras=reading.offered(names_of(said.get("extras"))),
        groups=reading.offered((*names_of(said.get("dependency-groups")), *defaults)),
        requires_python=string(said.get("requires-python")),
    )
    return DependencyFile(file, FileKind.PYLOCK, lock=lock, not_read=tuple(reading.not_read), warnings=reading.warnings)


def _check(said: Table, reading: LockReading) -> None:
    if not any(key in said for key in _REQUIRED):
        raise UserError(
            f"{reading.file}: this is no pylock.toml, it has neither lock-version nor packages. Lock again."
        )
    for key in _REQUIRED:
        if key not in said:
            reading.odd(f"{key} is missing, which the standard requires.")
    version = said.get("lock-version")
    if version is not None and not (isinstance(version, str) and version.startswith(_KNOWN)):
        reading.odd("This lock-version is not the one known here (1.0): what could be read was read.")
    if "environments" in said:
        environments = strings(said["environments"])
        if not environments:
            reading.odd("environments names none, for which some installers refuse every machine.")
        for each in environments:
            reading.marker(each)


def _package(entry: Table, line: int | None, reading: LockReading) -> LockedPackage | None:
    name = reading.named(entry, line)
    if name is None:
        return None
    if name != entry.get("name"):
        reading.odd(f"The name {shown(str(entry.get('name')))!r} is not normalized, for which pip refuses the file.")
    wheels = tables(entry.get("wheels"))
    sdist = table(entry.get("sdist"))
    source, source_text = _source(entry, (*wheels, *((sdist,) if sdist else ())))
    version = reading.versioned(name, entry.get("version"))
    if version is None and source in {SourceKind.INDEX, SourceKind.OTHER_INDEX}:
        reading.odd(f"{name} has no version.")
    return LockedPackage(
        name,
        version,
        source,
        source_text,
        reading.wheels(name, wheels),
        sdist=bool(sdist),
        requires=_demands(entry, reading),
        marker=reading.marker(entry.get("marker")),
        line=line,
    )


def _source(entry: Table, files: tuple[Table, ...]) -> tuple[SourceKind, str | None]:
    """Return where an entry comes from: files that are no index's, but a folder's, say nothing about it."""
    vcs, directory, archive = (table(entry.get(key)) for key in ("vcs", "directory", "archive"))
    if vcs:
        return SourceKind.GIT, _where(vcs)
    if directory:
        return SourceKind.PATH, _where(directory)
    if archive:
        kind = SourceKind.PATH if string(archive.get("url")) is None else SourceKind.URL
        return kind, _where(archive)
    index = string(entry.get("index"))
    if index is not None:
        return index_source(index)
    elsewhere = [url for each in files if (url := string(each.get("url"))) is not None and not is_file_of_pypi(url)]
    if elsewhere and len(elsewhere) == len(files) and "+" in file_name(files[0]):
        return SourceKind.OTHER_INDEX, shown_address(elsewhere[0].rpartition("/")[0])
    return SourceKind.INDEX, None


def _where(source: Table) -> str | None:
    url, path = string(source.get("url")), string(source.get("path"))
    if url is not None:
        return shown_address(url, query=True)
    return None if path is None else shown_address(path)


def _demands(entry: Table, reading: LockReading) -> tuple[Demand, ...]:
    """Return whom an entry requires: named as the standard has it, or as pdm writes requirements."""
    found: list[Demand] = []
    for each in tables(entry.get("dependencies")):
        name = name_of(each.get("name"))
        if name is not None:
            found.append(Demand(name, version=string(each.get("version"))))
    pdm = table(table(entry.get("tool")).get("pdm"))
    return (*found, *reading.demands(pdm.get("dependencies")))
