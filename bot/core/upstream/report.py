"""Where is looked, by the names that people know, and what a look found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.core.guide.tracking_table import TABLE
from bot.core.upstream.threads import Sources, ThreadOrigin, WatchedRepository


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
