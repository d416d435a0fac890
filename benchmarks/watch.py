"""What a round of watching costs GitHub: ``python -m benchmarks.watch``, in some seconds, on loopback only.

The fake GitHub of the tests has a tracking table with as many threads as the published one had in 2026; it runs in the
same process, so that the times are bounds from above. The rounds are those of ``ftbot upstream poll``: the first, one
in which nothing changed, one after a restart, and one in which some threads changed.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from benchmarks.figures import MILLISECONDS, Figure, Limit
from benchmarks.report import report
from bot.clients.github.reader import open_github_reader
from bot.core.guide.tracking_table import PATH, REPOSITORY
from bot.core.upstream.report import PollReport
from bot.core.upstream.threads import Sources
from bot.services.upstream.watcher import Watcher
from storage.engine.sqlite import open_database
from storage.github.cursors import Cursors
from storage.github.threads import Threads
from storage.packages.documents import Documents
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.github_world import FakeIssue

BOUND_SECONDS = 120.0
_A_REQUEST = 100
"""Threads that one request asks about; where nothing changed, there is one for the table besides."""

_CHANGED = 5
_MONTHS = timedelta(days=100)


async def measure(threads: int, folder: Path) -> list[tuple[str, list[Figure]]]:
    """Look at a table of so many threads, round after round."""
    limit = Limit(1 + math.ceil(threads / _A_REQUEST))
    async with FakeGitHub(validate=False) as server:
        issues = _publish(server, threads)
        database = folder / "ftbot.db"
        async with _watcher(server, database) as watcher:
            sections = [await _round(server, watcher, "The first round")]
            sections.append(await _round(server, watcher, "A round in which nothing changed", limit))
        async with _watcher(server, database) as watcher:
            sections.append(await _round(server, watcher, "The same after a restart", limit))
            for issue in issues[:_CHANGED]:
                issue.comment("Any news?")
            sections.append(await _round(server, watcher, f"A round in which {_CHANGED} threads changed"))
    return sections


def _publish(server: FakeGitHub, threads: int) -> list[FakeIssue]:
    """Open a thread in each of many repositories, and publish the table that names them."""
    lines, issues = ["| Project | Upstream issue |", "| :--- | :---: |"], list[FakeIssue]()
    for number in range(threads):
        repository = server.repository(f"owner-{number}/project-{number}", labels=["free-threading", "enhancement"])
        issue = repository.open(
            "Support free-threaded Python",
            "It should be tested with 3.14t, and wheels should be published. " * 20,
            labels=["free-threading"],
            is_pr=number % 7 == 0,
            created=datetime.now(UTC) - _MONTHS,
        )
        issues.append(issue)
        lines.append(f"| project-{number} | [:simple-github:]({issue.html_url}) |")
    server.repository(REPOSITORY, files={PATH: "\n".join(lines).encode()})
    return issues


@asynccontextmanager
async def _watcher(server: FakeGitHub, database: Path) -> AsyncIterator[Watcher]:
    def now() -> datetime:
        return datetime.now(UTC)

    async with (
        open_github_reader(server.url, server.token, user_agent="ftbot-benchmark", now=now) as reader,
        open_database(database) as opened,
    ):
        yield Watcher(reader, Threads(opened), Cursors(opened), Documents(opened), Sources(), now)


async def _round(
    server: FakeGitHub, watcher: Watcher, title: str, limit: Limit | None = None
) -> tuple[str, list[Figure]]:
    points, began = server.graphql_points, time.perf_counter()
    found = await watcher.poll()
    took = time.perf_counter() - began
    assert not found.failed, found.failed
    return title, _figures(found, server.graphql_points - points, took, limit)


def _figures(found: PollReport, points: int, took: float, limit: Limit | None) -> list[Figure]:
    watched = sum(found.watched.values())
    return [
        Figure("requests", found.requests, "", limit, f"for {watched} threads"),
        Figure("GraphQL points", points, "", note="of 5,000 in an hour"),
        Figure("time", took * MILLISECONDS, note=f"{found.new} new threads, {found.events} events"),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Count what a round of watching asks of GitHub.")
    parser.add_argument("--threads", type=int, default=137, help="in the tracking table (default: 137)")
    options = parser.parse_args(arguments)
    asyncio.run(report(partial(measure, options.threads), BOUND_SECONDS))


if __name__ == "__main__":
    main()
