"""Watching as the bot does it, between a fake GitHub and a real database, with a clock that tests set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot.clients.github.reader import open_github_reader
from bot.core.guide.tracking_table import PATH, REPOSITORY, parse_table
from bot.core.upstream.threads import EventKind, Sources
from bot.services.upstream.issues import UpstreamThreads
from bot.services.upstream.tracking import Tracking
from bot.services.upstream.watcher import Watcher
from storage.github.cursors import Cursors
from storage.github.package_threads import PackageThreads
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads
from storage.packages.documents import Documents
from tests.databases import Place, open_database
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.github_world import FakeIssue
from tests.services.lookups import NOW, QUICK, Clock


@dataclass(frozen=True, slots=True)
class UpstreamPoll:
    """Everything that watches, and what tells of it, over one database."""

    watcher: Watcher
    threads: Threads
    events: ThreadEvents
    cursors: Cursors
    upstream: UpstreamThreads
    tracking: Tracking

    async def happened(self, after: int = 0) -> list[tuple[EventKind, str, str]]:
        """Return what was noticed after the event with this number: what, to which thread, and its detail."""
        return [(event.kind, str(event.ref), event.detail) for _, event in await self.events.numbered_after(after)]


@asynccontextmanager
async def open_poll(  # noqa: PLR0913 - what watching is made of, all by keyword
    server: FakeGitHub,
    place: Place,
    clock: Clock,
    *,
    repositories: Sequence[str] = (),
    searches: Sequence[str] = (),
    token: str | None = None,
) -> AsyncIterator[UpstreamPoll]:
    """Start as after a start of the program: nothing in memory, the database as it was left."""
    async with (
        open_github_reader(
            server.url, token or server.token, user_agent="ftbot-tests", now=clock, patience=QUICK
        ) as reader,
        open_database(place) as database,
    ):
        threads, events, cursors = Threads(database), ThreadEvents(database), Cursors(database)
        sources = Sources.of(repositories, searches)
        watcher = Watcher(reader, threads, cursors, Documents(database), sources, clock)
        tracking = Tracking(PackageThreads(database), Documents(database))
        yield UpstreamPoll(watcher, threads, events, cursors, UpstreamThreads(threads), tracking)


def publish_table(server: FakeGitHub, *rows: tuple[str, FakeIssue | str]) -> None:
    """Publish the tracking table: the name of each project, and its thread or whatever stands there instead."""
    lines = ["| Project | Upstream issue | PyPI release |", "| :--- | :---: | :---: |"]
    for project, thread in rows:
        link = thread if isinstance(thread, str) else f"[:simple-github:]({thread.html_url})"
        lines.append(f"| {project} | {link} | :material-check-bold: |")
    write_table(server, "\n".join(lines))


def write_table(server: FakeGitHub, text: str) -> None:
    """Publish the page with the tracking table as it is given."""
    repository = server.world.names.get(REPOSITORY.casefold()) or server.repository(REPOSITORY)
    repository.files[PATH] = text.encode()


def open_all(server: FakeGitHub, table: str) -> list[FakeIssue]:
    """Open the threads that a table names, each long ago."""
    opened: list[FakeIssue] = []
    for row in parse_table(table):
        if row.issue is not None:
            name = row.issue.repository
            repository = server.world.names.get(name.casefold()) or server.repository(name)
            title = f"Support for free-threaded Python in {row.project}"
            opened.append(repository.open(title, number=row.issue.number, created=NOW - timedelta(days=500)))
    return opened
