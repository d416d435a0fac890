"""What the services ask of a package index, each as little as it needs: whoever answers may open it only then."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Protocol, TypeVar

from packaging.version import Version

from bot.clients.pages import LinkedProject, NoPage, PageSummary, ProjectPage
from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import MetadataFile, Project

_T = TypeVar("_T")


class Pages(Protocol):
    """Gives pages of projects, and what their newest releases say of themselves."""

    async def project(self, name: str, etag: str | None = None) -> ProjectPage | NoPage:
        """Read a project's page, unless it still has the ETag known. Raises ``UpstreamError``."""

    async def metadata(self, name: str, version: str, file: MetadataFile | None) -> Metadata | None:
        """Read what a release says of itself; None where that failed."""

    async def aside(self, work: Callable[[], _T]) -> _T:
        """Do work that takes time where it holds up nobody."""


class Summaries(Protocol):
    """Gives what is concluded from pages."""

    async def summary(self, name: str, etag: str | None, conclude: Callable[[Project], _T]) -> PageSummary[_T] | NoPage:
        """Read a project's page and conclude something from it. Raises ``UpstreamError``."""


class LinkedPages(Protocol):
    """Gives pages of projects with the links of a release's files."""

    async def linked(self, name: str, version: Version | None = None) -> LinkedProject | NoPage:
        """Read a project's page with one release's links, by default the newest's. Raises ``UpstreamError``."""


class ListedSummaries(Protocol):
    """Gives what is concluded from pages, and the list of all projects."""

    async def summary(
        self, name: str, etag: str | None, conclude: Callable[[Project], _T], *, brief: bool
    ) -> PageSummary[_T] | NoPage:
        """Read a project's page and conclude something from it; ``brief`` where of most only the newest release counts.

        Raises ``UpstreamError``.
        """

    async def serials(self, wanted: AbstractSet[str]) -> dict[str, int]:
        """Read the list of all projects for the serials of those wanted. Raises ``UpstreamError``."""


class Index(Pages, Summaries, Protocol):
    """Gives both."""
