"""Where is looked, by the names that people know, and what is told of it: what a round did, which threads are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.github.threads import ThreadState
from bot.core.guide.tracking_table import TABLE
from bot.core.upstream.threads import KnownThread, Sources, ThreadEvent, ThreadOrigin, WatchedRepository


@dataclass(frozen=True, slots=True)
class PollReport:
    """What a round did: how many threads and events are new, and how many threads are watched for which reason.

    ``failed`` says of each source that could not be read why.
    """

    new: int
    events: int
    requests: int
    failed: Mapping[str, str]
    watched: Mapping[ThreadOrigin, int]


@dataclass(frozen=True, slots=True)
class WatchedSource:
    """A source and when it was read last, None if it never was."""

    name: str
    origin: ThreadOrigin
    checked: datetime | None


@dataclass(frozen=True, slots=True)
class WatchOverview:
    """The sources and the threads that are known from them, by repository and number."""

    sources: tuple[WatchedSource, ...]
    threads: tuple[KnownThread, ...]

    @property
    def open(self) -> int:
        """Count the threads that are open."""
        return sum(thread.issue.state is ThreadState.OPEN for thread in self.threads)


@dataclass(frozen=True, slots=True)
class FinishedRound:
    """What one round of watching did: its report, the events that are new, and what is watched after it."""

    report: PollReport
    events: tuple[ThreadEvent, ...]
    overview: WatchOverview


def source_cursors(sources: Sources) -> Iterator[tuple[str, ThreadOrigin, str]]:
    """Name each source as people know it, why its threads are known, and the cursor that says when it was read."""
    yield TABLE, ThreadOrigin.TABLE, TABLE
    for repository in sources.repositories:
        yield str(repository), ThreadOrigin.REPOSITORY, repository_cursor(repository)
    for query in sources.searches:
        yield query, ThreadOrigin.SEARCH, search_cursor(query)


def repository_cursor(repository: WatchedRepository) -> str:
    """Return the cursor that says how far a repository was read."""
    return f"repository {repository}"


def search_cursor(query: str) -> str:
    """Return the cursor that says how far a search was read."""
    return f"search {query}"
