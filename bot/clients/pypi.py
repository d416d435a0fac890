"""A package index: project pages of its Simple API, metadata from wherever it is offered.

PyPI's Index API is preferred for files, its JSON API only asked for metadata; mirrors may lack the latter, so every
route but the project page is optional.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

import structlog
from packaging.version import Version

from bot.clients.answers import LARGEST_BODY, Answer, host_of
from bot.clients.guard import service_at
from bot.clients.pages import LinkedProject, NoPage, PageSummary, ProjectPage
from bot.clients.readers import Readers
from bot.clients.web import Http, Patience, fetch, stream
from bot.core.errors import UpstreamError
from bot.core.index.file_links import file_links
from bot.core.index.listing import ProjectListReader
from bot.core.index.metadata import NOT_OFFERED, Metadata
from bot.core.index.metadata_files import from_json_api, from_metadata_file
from bot.core.index.simple_api import MetadataFile, Project, metadata_file, parse
from bot.core.origins import Host
from bot.core.verdicts.freshness import Newest
from bot.core.verdicts.support import newest_release

_T = TypeVar("_T")

_JSON = "application/vnd.pypi.simple.v1+json"
_LISTING_DEADLINE = 120.0
LARGEST_METADATA = 8 << 20
"""Bytes of a metadata file, inflated; those with a very long description have one MiB."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PackageIndex:
    """Reads one index; ``index_url`` and ``json_api_url`` end with a slash.

    ``hosts`` are those besides its own that the index may lead to.
    """

    http: Http
    index_url: str
    json_api_url: str
    patience: Patience = field(default_factory=Patience)
    readers: Readers = field(default_factory=Readers)
    hosts: tuple[Host, ...] = ()

    async def project(self, name: str, etag: str | None = None) -> ProjectPage | NoPage:
        """Read a project's page, unless it still has the ETag known. Raises ``UpstreamError``."""
        return await self._page(name, etag, partial(read_page, name))

    async def summary(
        self, name: str, etag: str | None, conclude: Callable[[Project], _T], *, brief: bool = False
    ) -> PageSummary[_T] | NoPage:
        """Read a project's page and conclude something from it where pages are read; ``brief`` as for ``parse``."""
        return await self._page(name, etag, partial(_read_summary, name, conclude, brief))

    async def linked(self, name: str, version: Version | None = None) -> LinkedProject | NoPage:
        """Read a project's page with the links of one release's files, by default the newest's.

        The release is None where there is none of that version. Raises ``UpstreamError``.
        """
        return await self._page(name, None, partial(_read_linked, name, version))

    async def serials(self, wanted: AbstractSet[str]) -> dict[str, int]:
        """Read the list of all projects, some 10 MB, for the serials of those wanted; missing ones are left out.

        Raises ``UpstreamError``, also where the index lists no serials.
        """
        found: dict[str, int] = {}
        listing = ProjectListReader()
        headers, service = {"Accept": _JSON}, service_at(self.index_url, self.hosts)
        async with stream(self.http, self.index_url, headers, service=service, deadline=_LISTING_DEADLINE) as pieces:
            async for piece in pieces:
                found.update((name, serial) for name, serial in listing.feed(piece) if name in wanted)
        if not listing.is_complete:
            raise UpstreamError("The index's list of projects is not what it should be.")
        return found

    async def _page(self, name: str, etag: str | None, read: Callable[[Answer], _T]) -> _T | NoPage:
        if self.patience.attempts == 1:  # a scan asks thousands of times, and counts attempts itself
            return await self._ask_once(name, etag, read)
        async for attempt in self.patience.retrying():
            with attempt:
                return await self._ask_once(name, etag, read)
        raise UpstreamError("The index was not asked.")

    async def _ask_once(self, name: str, etag: str | None, read: Callable[[Answer], _T]) -> _T | NoPage:
        url = f"{self.index_url}{quote(name)}/"
        headers = {"Accept": _JSON} | ({} if etag is None else {"If-None-Match": etag})
        service = service_at(self.index_url, self.hosts)
        answer = await fetch(self.http, url, headers, service=service, deadline=self.patience.deadline)
        if answer.status is HTTPStatus.NOT_FOUND:
            return NoPage.NOT_FOUND
        if answer.status is HTTPStatus.NOT_MODIFIED and etag is not None:
            return NoPage.NOT_MODIFIED
        return await self.aside(partial(read, answer))

    async def aside(self, work: Callable[[], _T]) -> _T:
        """Do work that takes time where pages are read."""
        return await self.readers.aside(work)

    async def metadata(self, name: str, version: str, file: MetadataFile | None) -> Metadata | None:
        """Read what a release says of itself, from the first place that has it.

        ``NOT_OFFERED`` where none has; None where one could not be read, and there is no other.
        """
        failed = False
        for place in self._places(name, version, file):
            try:
                service = service_at(place.service_url, self.hosts if place.service_url == self.index_url else ())
                answer = await fetch(
                    self.http, place.url, {}, service=service, deadline=self.patience.deadline, most=place.most
                )
                if answer.status is HTTPStatus.OK:
                    return await self.aside(partial(_read_metadata, place.read, answer))
            except UpstreamError as error:
                failed = True
                log.warning("metadata_failed", package=name, version=version, url=place.url[:500], reason=str(error))
        return None if failed else NOT_OFFERED

    def _places(self, name: str, version: str, file: MetadataFile | None) -> Iterator[_Place]:
        if file is not None:
            yield _Place(self.index_url, file.url, LARGEST_METADATA, partial(from_metadata_file, hashes=file.hashes))
        release = f"{self.json_api_url}{quote(name)}"
        for url in (f"{release}/{quote(version)}/json", f"{release}/json"):
            yield _Place(self.json_api_url, url, LARGEST_BODY, from_json_api)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where metadata may be: a URL of a service, how many bytes are read, and how."""

    service_url: str
    url: str
    most: int
    read: Callable[[bytes], Metadata]


def _read_metadata(read: Callable[[bytes], Metadata], answer: Answer) -> Metadata:
    return read(answer.body())


def _read_project(name: str, answer: Answer, *, brief: bool = False) -> tuple[Project, bytes]:
    if answer.status is not HTTPStatus.OK:
        problem = "says that the page is gone" if answer.status is HTTPStatus.GONE else "answered out of turn"
        raise UpstreamError(f"{host_of(answer.url)} {problem} (status {answer.status.value}).")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        raise UpstreamError(f"{host_of(answer.url)} answered HTML instead of JSON (PEP 691).", retryable=True)
    body = answer.body()
    return parse(name, body, brief=brief), body


def _read_summary(name: str, conclude: Callable[[Project], _T], brief: bool, answer: Answer) -> PageSummary[_T]:  # noqa: FBT001 — bound by place
    project, _ = _read_project(name, answer, brief=brief)
    return PageSummary(conclude(project), answer.etag, len(answer.sent))


def _read_linked(name: str, version: Version | None, answer: Answer) -> LinkedProject:
    project, body = _read_project(name, answer)
    if version is None:
        release = newest_release(project)
    else:
        release = next((each for each in project.releases if each.version == version), None)
    if release is None:
        return LinkedProject(project, None, {})
    return LinkedProject(project, release, file_links(body, answer.url, [file.filename for file in release.files]))


def read_page(name: str, answer: Answer) -> ProjectPage:
    """Read the page that an index answered with; CPU-bound. Raises ``UpstreamError``."""
    project, body = _read_project(name, answer)
    newest = newest_release(project)
    if newest is None:
        return ProjectPage(project, None, answer.etag, None)
    wheels = tuple(file.filename for file in newest.standing if file.is_wheel)
    file = metadata_file(body, answer.url, wheels) if wheels else None
    return ProjectPage(project, Newest(newest.version, newest.first_upload), answer.etag, file)
