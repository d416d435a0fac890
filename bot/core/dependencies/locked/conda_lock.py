"""conda-lock's unified lock: of each platform what pip installs."""

from __future__ import annotations

from bot.core.dependencies.files import MAIN, Demand, DependencyFile, FileKind, Lock, LockedPackage, SourceKind
from bot.core.dependencies.locked.reading import (
    CONDA_PLATFORMS,
    LockReading,
    Table,
    by_platform,
    file_name,
    name_of,
    shown,
    shown_address,
    specifier_of,
    string,
)
from bot.core.dependencies.toml_text import table
from bot.core.dependencies.yaml_text import parse_yaml
from bot.core.errors import UserError
from bot.core.text.sentences import counted

_VERSION = "1"
_PIP = "pip"
_INDEX_FILES = (".whl", ".tar.gz", ".zip")
_VCS = ("git+", "hg+", "svn+", "bzr+")


def read_conda_lock(file: str, text: str) -> DependencyFile:
    """Return what a ``conda-lock.yml`` says; its categories are groups."""
    said = table(parse_yaml(file, text))
    if not isinstance(said.get("package"), list):
        raise UserError(
            f"{shown(file)}: this is no unified lock of conda-lock's, it has no packages. Run `conda-lock`."
        )
    reading = LockReading(file)
    if said.get("version") != _VERSION:
        reading.odd("This lock's version is not the one known here (1): what could be read was read.")
    found: dict[str, list[LockedPackage]] = {}
    conda = 0
    for entry in reading.packages(said.get("package")):
        if entry.get("manager") != _PIP:
            conda += 1
            continue
        name = reading.named(entry, None)
        platform = CONDA_PLATFORMS.get(string(entry.get("platform")) or "")
        if name is not None and platform is not None:
            found.setdefault(platform.value, []).append(_package(entry, name, reading))
    if conda:
        reading.odd(f"What comes from conda channels is not looked at: {counted(conda, 'file')}.")
    packages = tuple(package for each in found.values() for package in each)
    lock = Lock(
        packages,
        walked=False,
        groups=reading.offered(sorted({group for each in packages for group in each.groups} - {MAIN})),
        platform_packages=by_platform({platform: tuple(each) for platform, each in found.items()}),
    )
    return DependencyFile(
        file, FileKind.CONDA_LOCK, lock=lock, not_read=tuple(reading.not_read), warnings=reading.warnings
    )


def _package(entry: Table, name: str, reading: LockReading) -> LockedPackage:
    url = string(entry.get("url")) or ""
    source, source_text = _source(url)
    wheels = reading.wheels(name, ({"url": url},))
    return LockedPackage(
        name,
        reading.versioned(name, entry.get("version")),
        source,
        source_text,
        wheels,
        sdist=not wheels,
        requires=tuple(
            Demand(required, specifier=specifier_of(version))
            for key, version in table(entry.get("dependencies")).items()
            if (required := name_of(key)) is not None
        ),
        groups=(name_of(entry.get("category")) or MAIN,),
    )


def _source(url: str) -> tuple[SourceKind, str | None]:
    """Return where a package comes from; wheels of a local version (``2.11.0+cu128``) are never on PyPI."""
    if url.startswith(_VCS):
        return SourceKind.GIT, shown_address(url, query=True)
    if url and ("://" not in url or url.startswith("file:")):
        return SourceKind.PATH, shown_address(url)
    name = file_name({"url": url})
    if "+" in name:
        return SourceKind.OTHER_INDEX, shown_address(url)
    return (SourceKind.INDEX, None) if not url or name.endswith(_INDEX_FILES) else (SourceKind.URL, shown_address(url))
