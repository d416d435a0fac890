"""What releases say of themselves is read politely: once a release, some at a time, as long as it is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bot.clients.pages import NoPage, ProjectPage
from bot.core.index.metadata import CLASSIFIER, Metadata
from bot.core.index.simple_api import MetadataFile
from bot.services.site.release_metadata import AT_ONCE, MetadataReader
from storage.packages.metadata import ReleaseMetadata
from storage.packages.projects import Projects
from storage.packages.scans import Scans
from tests.core.pages import NOW
from tests.databases import open_database
from tests.web.pages.data import change, fill

_T = TypeVar("_T")


class Index:
    """An index that says something of every release, unless it is down."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.down = False

    async def project(self, name: str, etag: str | None = None) -> ProjectPage | NoPage:  # noqa: ARG002 - a protocol's
        raise AssertionError("nobody needs a page")

    async def metadata(self, name: str, version: str, file: MetadataFile | None) -> Metadata | None:  # noqa: ARG002 - a protocol's
        self.asked.append((name, version))
        return None if self.down else Metadata(CLASSIFIER)

    async def aside(self, work: Callable[[], _T]) -> _T:
        return work()


async def test_a_release_is_asked_about_once(address: str) -> None:
    async with open_database(address) as database:
        await fill(database, packages=30)
        index = Index()
        store = ReleaseMetadata(database)
        reader = MetadataReader(index, Scans(database), Projects(database), store, lambda: NOW)
        index.down = True
        assert await reader.read() == 0
        assert index.asked == [("beta", "1.0")]  # alpha's is known
        index.down, index.asked = False, []
        assert [await reader.read() for _ in range(3)] == [AT_ONCE, 9, 0]
        assert len(set(index.asked)) == len(index.asked) == 29
        await change(database, "gamma")
        index.asked = []
        await reader.look()
        assert index.asked == [("gamma", "9.0")]
        assert await store.of(["gamma"]) == {"gamma": ("9.0", Metadata(CLASSIFIER))}


async def test_without_a_scan_there_is_nothing_to_ask(address: str) -> None:
    async with open_database(address) as database:
        reader = MetadataReader(Index(), Scans(database), Projects(database), ReleaseMetadata(database), lambda: NOW)
        assert await reader.read() == 0
