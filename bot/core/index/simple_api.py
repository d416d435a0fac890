"""Project pages of the Simple Repository API, as the rules need them: releases and the files of each.

Follows PEP 691 (JSON), 700 (versions, upload times), 714 (``core-metadata``) and 792 (project status). Every key after
API 1.0 is optional, as mirrors answer with fewer; a file that makes no sense is skipped, a page that makes none is an
``UpstreamError``.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, UTC, datetime
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter, itemgetter, methodcaller
from sys import intern
from urllib.parse import urljoin

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import Version
from propcache.api import cached_property

from bot.core.errors import TooLargeError, UpstreamError
from bot.core.index.limits import LONGEST_FILENAME, MANY_DOTS, check_cost, check_files

_SDIST_ENDINGS = (".tar.gz", ".zip")
_WHEEL_DASHES = (4, 5)
_ANYWHERE, _USUAL_TAGS = "-none-any.whl", "py3-none-any.whl"
_LEGACY_ENDINGS = (".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg", ".tgz", ".tar.bz2", ".tar.xz", ".tar.z")
"""Of distributions that PyPI once took and no installer takes now; in lower case."""

_FIRST_OF_VERSION = re.compile(r"v?\d", re.ASCII)
_yanked = attrgetter("yanked")
_in_utc = methodcaller("endswith", "Z")
_LARGEST_SERIAL = (1 << 63) - 1
"""As much as a column of a database holds."""


class ProjectStatus(StrEnum):
    """A project's status marker (PEP 792)."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    QUARANTINED = "quarantined"
    DEPRECATED = "deprecated"


class File(
    msgspec.Struct, frozen=True, gc=False, rename={"requires_python": "requires-python", "upload_time": "upload-time"}
):
    """A file of a release, by the index's own keys. A struct instead of a dataclass: pages hold up to 15,000."""

    filename: str
    requires_python: str | None = None
    upload_time: str | None = None
    yanked: bool | str = False

    @property
    def is_wheel(self) -> bool:
        """Return whether it is a wheel, else an sdist."""
        return self.filename.endswith(".whl")

    @property
    def tags(self) -> str:
        """Return what follows name and version in a wheel's file name: ``cp314-cp314t-win32``."""
        return self.filename[:-4].split("-", 2)[2]

    @property
    def upload_day(self) -> str | None:
        """Return the day of the upload as written, ``2026-11-15``."""
        return None if self.upload_time is None else self.upload_time[:10]

    @property
    def uploaded(self) -> datetime | None:
        """Return the upload time in UTC, None where the index does not say."""
        return None if self.upload_time is None else _read_time(self.upload_time)

    @property
    def is_yanked(self) -> bool:
        """Return whether the file was yanked (PEP 592); in JSON, any truthy value says so (PEP 691)."""
        return bool(self.yanked)


def earliest(files: Iterable[File]) -> datetime | None:
    """Return the time of the first upload among files, None where the index has no times."""
    return _first_and_last(files)[0]


class Release(msgspec.Struct, frozen=True, dict=True):
    """A release and its wheels and sdists, in the index's order. A struct: the projects of a scan have 100,000.

    ``believed`` names wheels whose tags are mostly wrong, and which were read and are what their tags promise.
    """

    version: Version
    files: tuple[File, ...]
    believed: frozenset[str] = frozenset()

    @cached_property
    def is_yanked(self) -> bool:
        """Return whether every file was yanked; PyPI yanks whole releases, other indexes single files."""
        return all(file.is_yanked for file in self.files)

    @cached_property
    def standing(self) -> tuple[File, ...]:
        """Return the files that count: those not yanked, or all of them in a release that was yanked whole."""
        yanked = any(map(_yanked, self.files)) and not self.is_yanked
        return tuple(file for file in self.files if not file.yanked) if yanked else self.files

    @cached_property
    def wheels(self) -> tuple[File, ...]:
        """Return the wheels that count."""
        return tuple([file for file in self.standing if file.filename.endswith(".whl")])

    @cached_property
    def wheel_tags(self) -> tuple[str, ...]:
        """Return the tags of the wheels that count, in the same order."""
        if not self.wheels:
            return ()
        project, version, _ = self.wheels[0].filename.split("-", 2)
        begin = f"{project}-{version}-"  # of all of them, on PyPI
        start = len(begin)
        return tuple(
            [
                intern(name[start:-4] if name.startswith(begin) else name[:-4].split("-", 2)[2])
                for name in [file.filename for file in self.wheels]
            ]
        )

    @cached_property
    def requirements(self) -> frozenset[str | None]:
        """Return what the files that count require of Python, None for nothing; one on PyPI, more elsewhere."""
        return frozenset([file.requires_python for file in self.standing])

    @property
    def python_requirements(self) -> frozenset[str]:
        """Return what of it is a text."""
        return frozenset([text for text in self.requirements if text is not None])

    @cached_property
    def has_sdist(self) -> bool:
        """Return whether the release can be built from source."""
        return len(self.standing) > len(self.wheels)

    @property
    def first_upload(self) -> datetime | None:
        """Return the time of the first upload, when the release came out; None where the index has no times."""
        return self._uploads[0]

    @property
    def last_upload(self) -> datetime | None:
        """Return the time of the last upload."""
        return self._uploads[1]

    @cached_property
    def _uploads(self) -> tuple[datetime | None, datetime | None]:
        return _first_and_last(self.files)


@dataclass(frozen=True, slots=True)
class Project:
    """A project as its page shows it; ``releases`` from the oldest version to the newest, by PEP 440.

    ``serial`` is PyPI's number of its last change; ``other_files`` counts its distributions in forgotten formats.
    """

    name: str
    status: ProjectStatus
    releases: tuple[Release, ...]
    other_files: int = 0
    serial: int | None = None

    @property
    def files(self) -> tuple[File, ...]:
        """Return the files of all releases."""
        return tuple(file for release in self.releases for file in release.files)


_NOTHING = msgspec.Raw(b"null")


class _Page(msgspec.Struct):
    files: list[File]
    name: msgspec.Raw = _NOTHING
    meta: msgspec.Raw = _NOTHING
    project_status: msgspec.Raw = msgspec.field(default=_NOTHING, name="project-status")


class _LoosePage(msgspec.Struct):
    files: list[msgspec.Raw]
    name: msgspec.Raw = _NOTHING
    meta: msgspec.Raw = _NOTHING
    project_status: msgspec.Raw = msgspec.field(default=_NOTHING, name="project-status")


@dataclass(frozen=True, slots=True)
class MetadataFile:
    """Where a wheel's metadata file is (PEP 658), and its hashes by algorithm as far as the index gives any."""

    url: str
    hashes: Mapping[str, str]


class _Link(msgspec.Struct):
    filename: str
    url: str
    core_metadata: bool | dict[str, str] = msgspec.field(default=False, name="core-metadata")


class _LinkPage(msgspec.Struct):
    files: list[_Link]


_decode_page = msgspec.json.Decoder(_Page).decode
_decode_loose_page = msgspec.json.Decoder(_LoosePage).decode
_decode_file = msgspec.json.Decoder(File).decode
_decode_links = msgspec.json.Decoder(_LinkPage).decode


def parse(name: str, body: bytes, *, brief: bool = False) -> Project:
    """Read the JSON project page of a project; ``name`` is its normalized name.

    ``brief`` leaves of a project that never had a wheel for a platform only the release that people get, which saves
    most of the work. Raises ``UpstreamError``, and ``TooLargeError`` for a page that would take too long to judge.
    """
    try:
        page = _decode_page(body)
        return _project(name, page, page.files, brief=brief)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        loose = _decode_loose_page(body)
        check_files(name, len(loose.files))
        files = [file for raw in loose.files if (file := _file(raw)) is not None]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        msg = "The index answered something that is not a project page in JSON."
        raise UpstreamError(msg, retryable=True) from None
    if loose.files and not files:
        msg = "The index answered a project page on which not one file can be read."
        raise UpstreamError(msg, retryable=True)
    return _project(name, loose, files, brief=brief)


def group(name: str, files: Sequence[File], status: ProjectStatus, serial: int | None = None) -> Project:
    """Sort files into releases by the version in their names.

    Of what is neither wheel nor sdist only the project's own distributions in forgotten formats are counted.
    Where files of one release spell its version differently (1.0, 1.0.0), the longest spelling names it. Raises
    ``TooLargeError``.
    """
    check_files(name, len(files))
    names: dict[str, bool] = {}
    releases: dict[Version, tuple[Version, list[File]]] = {}
    buckets: dict[tuple[str, str], list[File] | None] = {}
    prefix = sdist = ""  # of the wheel before: indexes list the wheels of a release in a row, then its sdist
    run: list[File] | None = None
    others = 0
    wide: list[str] = []
    known: set[str] = set()  # tags of wheels
    for file in files:
        filename = file.filename
        # Nearly every file is a wheel of the release before it, with tags that a release before that one had.
        if run is not None and (
            filename == sdist or (filename.startswith(prefix) and filename[len(prefix) :] in known)
        ):
            run.append(file)
            continue
        if filename.count(".") > MANY_DOTS:
            wide.append(filename)
        parts = _split(filename)
        if parts is None:
            others += _is_legacy(name, filename)
            continue
        if parts not in buckets:
            project, text = parts
            if project not in names:
                names[project] = canonicalize_name(project) == name
            version = _version(text) if names[project] else None
            buckets[parts] = None if version is None else _bucket(releases, version)
        bucket = buckets[parts]
        if bucket is not None:
            bucket.append(file)
            run = None
            if filename.endswith(".whl"):
                stem = f"{parts[0]}-{parts[1]}"
                prefix, sdist, run = f"{stem}-", f"{stem}.tar.gz", bucket
                known.add(filename[len(prefix) :])
    check_cost(name, files, wide)
    ordered = tuple(
        [Release(spelled, tuple(listed)) for _, (spelled, listed) in sorted(releases.items(), key=itemgetter(0))]
    )
    return Project(name, status, ordered, others, serial)


def metadata_file(body: bytes, page_url: str, filenames: Sequence[str]) -> MetadataFile | None:
    """Find where the index offers the metadata file of one of these wheels (PEP 658), None if it does not.

    A link from a page that came by https to one that would come by http counts as none.
    """
    wanted = frozenset(filenames)
    try:
        links = _decode_links(body).files
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    found = next((link for link in links if link.filename in wanted and link.core_metadata is not False), None)
    if found is None:
        return None
    try:
        url = urljoin(page_url, found.url) + ".metadata"
    except ValueError:
        return None
    if page_url.startswith("https:") and not url.startswith("https:"):
        return None
    return MetadataFile(url, {} if isinstance(found.core_metadata, bool) else found.core_metadata)


def pack(project: Project) -> bytes:
    """Reduce a project to what the rules need, for storage: some 1 % of the page."""
    rows = [(file.filename, file.requires_python, file.upload_time, file.yanked) for file in project.files]
    return zlib.compress(msgspec.msgpack.encode((project.status, project.other_files, project.serial, rows)))


def unpack(name: str, packed: bytes) -> Project:
    """Read what ``pack`` made; raises ``ValueError`` where it did not make it, or where it is too large to judge."""
    try:
        status, others, serial, rows = _decode_packed(zlib.decompress(packed))
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        msg = f"the stored page of {name} is unreadable"
        raise ValueError(msg) from error
    try:
        project = group(name, [File(*row) for row in rows], status, serial)
    except TooLargeError as error:
        raise ValueError(str(error)) from error
    return replace(project, other_files=others)


_Packed = tuple[ProjectStatus, int, int | None, list[tuple[str, str | None, str | None, bool | str]]]
_decode_packed = msgspec.msgpack.Decoder(_Packed).decode


def _project(name: str, page: _Page | _LoosePage, files: Sequence[File], *, brief: bool) -> Project:
    """Make the project of a page with these files; an index that redirects may answer with another project's."""
    named = _json(page.name)
    if isinstance(named, str) and canonicalize_name(named) != canonicalize_name(name):
        msg = "The index answered with another project's page."
        raise UpstreamError(msg)
    meta = _json(page.meta)
    status, serial = _status(page.project_status, meta), _serial(meta)
    newest = _newest(name, files) if brief else None
    if newest is not None:
        project = group(name, newest, status, serial)
        if project.releases:
            return project
    return group(name, files, status, serial)


def _newest(name: str, files: Sequence[File]) -> Sequence[File] | None:
    """Return the files of what looks like the newest release, a pre-release only where there are no others.

    None where any file is a wheel for a platform, or was yanked. Raises ``TooLargeError`` where ``group`` would.
    """
    check_files(name, len(files))
    texts: dict[str, dict[str, None]] = {}  # of versions, by how the project is spelled
    spelled, listed = "", dict[str, None]()  # of the file before, which nearly always is spelled alike
    wide: list[str] = []
    for file in files:
        filename = file.filename
        if file.yanked:
            return None
        if filename.endswith(_ANYWHERE):
            project, text, tags = filename.split("-", 2)
            if tags != _USUAL_TAGS and filename.count(".") > MANY_DOTS:
                wide.append(filename)
        elif filename.endswith(".tar.gz"):
            project, _, text = filename[:-7].rpartition("-")
        elif filename.endswith(".whl"):
            return None
        elif (parts := _split(filename)) is not None:
            project, text = parts
        else:
            continue
        if project != spelled:
            spelled, listed = project, texts.setdefault(project, {})
        listed[text] = None
    check_cost(name, files, wide)
    own = {project: listed for project, listed in texts.items() if canonicalize_name(project) == name}
    chosen = _newest_texts([text for listed in own.values() for text in listed])
    begins = tuple([f"{project}-{text}" for project in own for text in chosen])
    near = [file for file in files if file.filename.startswith(begins)]
    return [file for file in near if (parts := _split(file.filename)) is not None and parts[1] in chosen]


def _newest_texts(texts: Sequence[str]) -> Collection[str]:
    """Return how the newest of some versions is written; indexes list the newest last, where it is found soonest."""
    for stable in (True, False):
        newest: Version | None = None
        chosen: list[str] = []
        for text in reversed(texts):
            version = _version(text)
            if version is None or (newest is not None and version < newest) or (stable and version.is_prerelease):
                continue
            if version == newest:
                chosen.append(text)
            else:
                newest, chosen = version, [text]
        if chosen:
            return chosen
    return ()


def _bucket(releases: dict[Version, tuple[Version, list[File]]], version: Version) -> list[File]:
    """Return the files of a release, new or known by another spelling, of which the longest stays."""
    spelled, files = releases.setdefault(version, (version, []))
    if len(version.release) > len(spelled.release):
        releases[version] = version, files
    return files


def _split(filename: str) -> tuple[str, str] | None:
    """Split a file name into project and version, as `packaging` does, without reading either.

    None where it is too long for a file, so that nobody can install it.
    """
    if len(filename) > LONGEST_FILENAME:
        return None
    if filename.endswith(".whl"):
        if filename.count("-") not in _WHEEL_DASHES:
            return None
        project, version, _ = filename.split("-", 2)
        return (project, version) if project and "__" not in project else None
    for ending in _SDIST_ENDINGS:
        if filename.endswith(ending):
            project, _, version = filename.removesuffix(ending).rpartition("-")
            return (project, version) if project else None
    return None


def _is_legacy(name: str, filename: str) -> bool:
    """Return whether a file is a distribution of this project in a format that installers have forgotten."""
    if not filename.lower().endswith(_LEGACY_ENDINGS):
        return False
    normalized, prefix = canonicalize_name(filename), f"{name}-"
    return normalized.startswith(prefix) and _FIRST_OF_VERSION.match(normalized, len(prefix)) is not None


@lru_cache(maxsize=2_048)
def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:  # InvalidVersion is one, and so is the complaint about a number with thousands of digits
        return None


def _first_and_last(files: Iterable[File]) -> tuple[datetime | None, datetime | None]:
    """Compare times as written where all are written alike, in UTC (PEP 700), which is cheap; else as times."""
    texts = [file.upload_time for file in files if file.upload_time is not None]
    if not texts:
        return None, None
    if len(set(map(len, texts))) == 1 and all(map(_in_utc, texts)):
        first, last = _read_time(min(texts)), _read_time(max(texts))
        if first is not None and last is not None:
            return first, last
    times = [read for text in texts if (read := _read_time(text)) is not None]
    return min(times, default=None), max(times, default=None)


@lru_cache(maxsize=4096)
def _read_time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        utc = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
    return utc if utc.year < MAXYEAR else None  # no upload, and to others days can be added


def _file(raw: msgspec.Raw) -> File | None:
    """Read one file of a page that has wrong types somewhere: without a name it is nothing, else the rest stays."""
    try:
        return _decode_file(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        entry = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(entry, dict) or not isinstance(filename := entry.get("filename"), str):
        return None
    requires_python, upload_time, yanked = (entry.get(key) for key in ("requires-python", "upload-time", "yanked"))
    return File(
        filename=filename,
        requires_python=requires_python if isinstance(requires_python, str) else None,
        upload_time=upload_time if isinstance(upload_time, str) else None,
        yanked=yanked if isinstance(yanked, str) else bool(yanked),
    )


def _status(status: msgspec.Raw, meta: object) -> ProjectStatus:
    """Find the status marker: PyPI's ``{"status": …}``, the PEP's ``{"state": …}``, or its example under ``meta``."""
    under_meta = meta.get("project-status") if isinstance(meta, Mapping) else None
    return _marker(_json(status)) or _marker(under_meta) or ProjectStatus.ACTIVE


def _serial(meta: object) -> int | None:
    """Find PyPI's ``_last-serial``, which mirrors write as text."""
    found = meta.get("_last-serial") if isinstance(meta, Mapping) else None
    try:
        serial = int(found) if isinstance(found, int | str) and not isinstance(found, bool) else None
    except ValueError:
        return None
    return serial if serial is not None and 0 <= serial <= _LARGEST_SERIAL else None


def _marker(content: object) -> ProjectStatus | None:
    if isinstance(content, Mapping):
        content = content.get("status", content.get("state"))
    if isinstance(content, str) and content in ProjectStatus.__members__.values():
        return ProjectStatus(content)
    return None


def _json(raw: msgspec.Raw) -> object:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
