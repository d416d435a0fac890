"""What a package index knows of its projects, and the documents that it answers with.

The Simple API's JSON after PEP 691, 700, 714 and 792, the JSON API and core metadata files as PyPI writes them, and the
same with what mirrors leave out or write differently (``Dialect``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import msgspec
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

UPLOADED = "2026-01-15T12:00:00.000000Z"
"""When a file was uploaded unless a test says otherwise."""


class StatusShape(Enum):
    """Where and how an index writes a project's status (PEP 792)."""

    STATUS = "PyPI: an object with the key status"
    STATE = "the PEP's text: an object with the key state"
    UNDER_META = "the specification's example: a string under meta"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an index writes and what it offers; the defaults are PyPI's in late 2026."""

    api_version: str = "1.4"
    newer_keys: bool = True
    """Whether files have ``core-metadata`` and projects a status (and whether the metadata files are there)."""
    etags: bool = True
    gzip: bool = True
    serial_as_text: bool = False
    relative_urls: bool = False
    status_shape: StatusShape = StatusShape.STATUS
    project_json: bool = True
    release_json: bool = True


PYPI = Dialect()
MIRROR = Dialect(
    api_version="1.1",
    newer_keys=False,
    etags=False,
    gzip=False,
    serial_as_text=True,
    relative_urls=True,
    release_json=False,
)


@dataclass(frozen=True, slots=True)
class File:
    """A file on the index; ``metadata`` is the text of its core metadata file (PEP 658), None where it has none."""

    filename: str
    upload_time: str | None = UPLOADED
    requires_python: str | None = None
    yanked: bool | str = False
    metadata: str | None = None
    size: int = 1_000
    sha256: str | None = None
    """Of its content, where there is any; else one is made up."""

    @property
    def version(self) -> Version | None:
        """Return the version in the file's name, None where that does not parse."""
        try:
            if self.filename.endswith(".whl"):
                return parse_wheel_filename(self.filename)[1]
            return parse_sdist_filename(self.filename)[1]
        except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
            return None


@dataclass(frozen=True, slots=True)
class Project:
    """A project on the index; those after the status are what its releases say of themselves, for the JSON API."""

    name: str
    files: tuple[File, ...]
    serial: int
    status: str | None = None
    classifiers: Sequence[str] = ()
    project_urls: Mapping[str, str] = field(default_factory=dict)
    home_page: str | None = None
    requires_dist: Sequence[str] = ()
    recorded: bytes | None = None
    """A page as recorded from a real index, answered as it is."""

    @property
    def normalized_name(self) -> str:
        """Return the name that the project's address has."""
        return canonicalize_name(self.name)

    @property
    def standing_files(self) -> tuple[File, ...]:
        """Return the files that the index shows: none of a project in quarantine."""
        return () if self.status == "quarantined" else self.files

    @property
    def newest_version(self) -> Version | None:
        """Return the version that PyPI's JSON API describes: not yanked, then not a pre-release, then the newest."""
        versions = [(not file.yanked, not v.is_prerelease, v) for file in self.files if (v := file.version) is not None]
        return max(versions)[2] if versions else None


def wheels(project: str, version: str, *tags: str, upload_time: str | None = UPLOADED) -> list[File]:
    """Make the wheels of one release; ``tags`` are what follows the version in their file names."""
    stem = f"{project.replace('-', '_')}-{version}"
    return [File(f"{stem}-{each}.whl", upload_time) for each in tags]


def sdist(project: str, version: str, *, upload_time: str | None = UPLOADED) -> File:
    """Make the sdist of a release."""
    return File(f"{project.replace('-', '_')}-{version}.tar.gz", upload_time)


def simple_page(project: Project, dialect: Dialect, files_url: str) -> bytes:
    """Write a project's page of the Simple API in JSON."""
    if project.recorded is not None:
        return project.recorded
    meta: dict[str, object] = {"api-version": dialect.api_version, "_last-serial": _serial(project.serial, dialect)}
    page: dict[str, object] = {"meta": meta, "name": project.normalized_name}
    versions = {str(file.version) for file in project.standing_files if file.version is not None}
    page["versions"] = sorted(versions, key=Version)
    page["files"] = [_file(file, dialect, files_url) for file in project.standing_files]
    if project.status is not None and dialect.newer_keys:
        if dialect.status_shape is StatusShape.UNDER_META:
            meta["project-status"] = project.status
        else:
            key = "status" if dialect.status_shape is StatusShape.STATUS else "state"
            page["project-status"] = {key: project.status}
    return msgspec.json.encode(page)


def simple_list(projects: Sequence[Project], dialect: Dialect, serial: int) -> bytes:
    """Write the list of all projects, each with its last serial as PyPI has it."""
    listed = [{"name": each.name, "_last-serial": _serial(each.serial, dialect)} for each in projects]
    meta = {"api-version": dialect.api_version, "_last-serial": _serial(serial, dialect)}
    return msgspec.json.encode({"meta": meta, "projects": listed})


def json_document(project: Project, version: str | None = None) -> bytes | None:
    """Write what PyPI's JSON API says of a project or one release; None where it answers 404."""
    newest = project.newest_version
    described = newest if version is None else _version(version)
    files = [file for file in project.standing_files if file.version == described]
    if described is None or not files:
        return None
    info = {
        "name": project.name,
        "version": str(described),
        "classifiers": list(project.classifiers),
        "project_urls": dict(project.project_urls) or None,
        "home_page": project.home_page,
        "requires_dist": list(project.requires_dist) or None,
        "yanked": all(file.yanked for file in files),
        "downloads": {"last_day": -1, "last_month": -1, "last_week": -1},
        "bugtrack_url": None,
    }
    urls = [{"filename": file.filename, "python_version": "source", "size": file.size} for file in files]
    return msgspec.json.encode({"info": info, "last_serial": project.serial, "urls": urls, "vulnerabilities": []})


def _file(file: File, dialect: Dialect, files_url: str) -> dict[str, object]:
    entry: dict[str, object] = {
        "filename": file.filename,
        "hashes": {"sha256": file.sha256 or hashlib.sha256(file.filename.encode()).hexdigest()},
        "size": file.size,
        "url": f"{files_url}{file.filename}",
        "yanked": file.yanked,
    }
    if file.requires_python is not None:
        entry["requires-python"] = file.requires_python
    if file.upload_time is not None:
        entry["upload-time"] = file.upload_time
    if dialect.newer_keys:
        digest = None if file.metadata is None else hashlib.sha256(file.metadata.encode()).hexdigest()
        entry["core-metadata"] = entry["data-dist-info-metadata"] = digest is not None and {"sha256": digest}
        entry["provenance"] = None
    return entry


def _serial(serial: int, dialect: Dialect) -> int | str:
    return str(serial) if dialect.serial_as_text else serial


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
