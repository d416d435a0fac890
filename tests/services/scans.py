"""Scans as the bot makes them, between a fake index and a real database, with a clock and a list that tests set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.clients.direct import open_direct
from bot.clients.pypi import PackageIndex
from bot.clients.readers import alone
from bot.clients.web import Patience, open_http
from bot.core.history.scan import rules_for
from bot.core.index.top_packages import TopPackages
from bot.core.wheels.targets import Target
from bot.services.digest.digest import Digester
from bot.services.digest.history import HistoryReader
from bot.services.packages.scan import Scanner
from bot.services.packages.top_list import TopList
from storage.engine.engine import Engine
from storage.packages.digests import Digests
from storage.packages.documents import Documents
from storage.packages.names import Packages
from storage.packages.projects import Known, Projects
from storage.packages.scans import Scans
from tests.databases import Place, open_database
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import sdist, wheels
from tests.patience import at_most
from tests.services.lookups import NOW, QUICK, T314, T315

LONG_AGO = NOW - timedelta(days=100)
NEVER_SHIPPED = TopPackages(("never-shipped",), None)


@dataclass(frozen=True, slots=True)
class Station:
    """Everything that scans, and what tells of scans, over one database."""

    database: Engine
    scanner: Scanner
    packages: Packages
    projects: Projects
    scans: Scans
    digester: Digester
    history_reader: HistoryReader
    index: PackageIndex

    async def known(self) -> dict[str, Known]:
        """Return what is known of every project for the scanner's targets."""
        return await self.projects.known(rules_for(self.scanner.targets))

    async def ask(self, *names: str) -> None:
        """Let people ask about packages."""
        for name in names:
            await self.packages.id_of(name)
        await self.packages.count(dict.fromkeys(names, 1))


class IndexAddresses(Protocol):
    """Says where a package index is."""

    @property
    def index_url(self) -> str:
        """Return where its project pages are."""
        ...

    @property
    def json_api_url(self) -> str:
        """Return where its metadata is."""
        ...


@asynccontextmanager
async def open_station(  # noqa: PLR0913 - what a station is made of, all by keyword
    index: IndexAddresses,
    place: Place,
    clock: Callable[[], datetime],
    ranked: Sequence[str],
    *,
    targets: Sequence[Target] = (T314, T315),
    connections: int = 8,
) -> AsyncIterator[Station]:
    """Start as after a start of the program: nothing in memory, the database as it was left, this list of names."""

    async def fetch() -> bytes:
        return "\n".join(["# as of 2026-11-01", *ranked]).encode()

    async with (
        open_http("ftbot-tests") as http,
        open_direct("ftbot-tests") as direct,
        open_database(place) as database,
    ):
        once = Patience(attempts=1, deadline=at_most(60))
        pages = PackageIndex(direct, index.index_url, index.json_api_url, once, alone())
        top_list = TopList(fetch, Documents(database), lambda: NEVER_SHIPPED, clock)
        packages, projects, scans = Packages(database), Projects(database), Scans(database)
        scanner = Scanner(
            pages, top_list, packages, projects, scans, tuple(targets), clock, connections, first_pause=0.001
        )
        digester = Digester(scans, projects, Digests(database), tuple(targets), clock)
        patient = PackageIndex(http, index.index_url, index.json_api_url, QUICK)
        history_reader = HistoryReader(patient, digester, tuple(targets), clock)
        yield Station(database, scanner, packages, projects, scans, digester, history_reader, pages)


def publish_native(
    index: FakeIndex,
    *names: str,
    version: str = "1.0",
    uploaded: datetime = LONG_AGO,
    free_threaded: bool = True,
) -> None:
    """Publish projects with a wheel for the GIL build and, unless told otherwise, one for 3.14t."""
    time = uploaded.isoformat()
    tags = ("cp314-cp314-win_amd64", *(("cp314-cp314t-win_amd64",) if free_threaded else ()))
    for name in names:
        files = [*wheels(name, version, *tags, upload_time=time), sdist(name, version, upload_time=time)]
        index.publish(name, files)


def publish_pure(index: FakeIndex, *names: str) -> None:
    """Publish projects without native code."""
    for name in names:
        index.publish(name, wheels(name, "1.0", "py3-none-any", upload_time=LONG_AGO.isoformat()))


def numbered(stem: str, numbers: Iterable[int]) -> list[str]:
    """Make names that sort as they are numbered: ``p007``."""
    return [f"{stem}{number:03}" for number in numbers]


def asked_of(index: FakeIndex) -> list[str]:
    """List the projects that the index was asked about, a name for each request, in alphabetical order."""
    return sorted(request.path.split("/")[2] for request in index.requests if request.path != "/simple/")
