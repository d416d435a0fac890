"""How long the event loop waits while GitHub's pages are read: `python -m benchmarks.github_worker`.

The plain way iterates over PyGithub's list on the loop, without PyGithub's own pauses; the other is the bot's client,
whose one thread waits and parses. Both read the same pages from a server on loopback, in a process of its own, that
answers as late as GitHub does. What is measured is the longest time for which a task that only wants to run every
millisecond could not.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
from aiohttp import web
from github import Auth, Github

from benchmarks.figures import MILLISECONDS, Figure, median
from benchmarks.report import report
from bot.clients.github.reader import open_github_reader

BOUND_SECONDS = 120.0

REPOSITORY = "numpy/numpy"
TOKEN = "made-up"  # noqa: S105 — of no use anywhere
START = datetime(2026, 11, 1, tzinfo=UTC)
PER_PAGE = 100
BODY = "Traceback (most recent call last):\n" + '  File "spam.py", line 1, in <module>\n' * 100


def issue(number: int, url: str) -> dict[str, object]:
    """Make an issue as GitHub shows it, with a text as long as such reports are."""
    updated = f"{START + timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}"
    account = {"login": "ann", "id": 1, "type": "User", "url": f"{url}/users/ann", "site_admin": False}
    here = f"{url}/repos/{REPOSITORY}"
    return {
        "id": number,
        "node_id": f"I_{number}",
        "number": number,
        "title": f"Crash number {number} on 3.14t",
        "state": "open",
        "locked": False,
        "body": BODY,
        "user": account,
        "labels": [{"id": 1, "name": "free-threading", "color": "ededed", "default": False}],
        "comments": 3,
        "created_at": updated,
        "updated_at": updated,
        "closed_at": None,
        "url": f"{here}/issues/{number}",
        "repository_url": here,
        "html_url": f"https://github.com/{REPOSITORY}/issues/{number}",
        "assignees": [account] * 3,
    }


async def serve(pages: int, latency: float) -> None:
    """Serve a repository's issues until standard input ends."""

    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(latency)
        url = f"http://{request.host}"
        if not request.path.endswith("/issues"):
            return web.json_response({"full_name": REPOSITORY, "private": False, "url": f"{url}{request.path}"})
        since = datetime.fromisoformat(request.query["since"])
        first = int((since - START).total_seconds() // 60) + PER_PAGE * (int(request.query.get("page", "1")) - 1)
        numbers = range(max(0, first), pages * PER_PAGE)[:PER_PAGE]
        following = {**request.query, "page": str(int(request.query.get("page", "1")) + 1)}
        more = bool(numbers) and numbers[-1] < pages * PER_PAGE - 1
        link = {"Link": f'<{request.url.with_query(following)}>; rel="next"'} if more else {}
        return web.Response(
            body=msgspec.json.encode([issue(number, url) for number in numbers]),
            content_type="application/json",
            headers=link,
        )

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


@asynccontextmanager
async def server(pages: int, latency: float) -> AsyncIterator[str]:
    """Start the server and give its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.github_worker", "--serve"),
        *("--pages", str(pages), "--latency", str(latency)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    yield (await process.stdout.readline()).decode().strip()
    process.stdin.close()
    await process.wait()


async def longest_wait(read: Callable[[], Awaitable[int]], pages: int) -> float:
    """Return the longest time in seconds for which the loop did nothing else while ``read`` read all issues."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.01)
    longest = 0.0
    found = await read()
    await asyncio.sleep(0.01)
    ticking.cancel()
    assert found == pages * PER_PAGE
    return longest


async def measure(_folder: Path, *, pages: int, latency: float, repeat: int) -> list[tuple[str, list[Figure]]]:
    """Measure both ways, in turns."""
    async with server(pages, latency) as url:

        async def plainly() -> int:
            github = Github(base_url=url, auth=Auth.Token(TOKEN), per_page=PER_PAGE, seconds_between_requests=None)
            listed = github.get_repo(REPOSITORY).get_issues(state="all", sort="updated", direction="asc", since=START)
            return len({issue.node_id for issue in listed})

        async def by_the_client() -> int:
            async with open_github_reader(url, TOKEN, user_agent="ftbot-benchmark", now=now) as reader:
                listing = await reader.issues_since(REPOSITORY, START)
                return 0 if listing is None else len(listing.issues)

        async def not_at_all() -> int:
            await asyncio.sleep(latency * pages)
            return pages * PER_PAGE

        times: dict[str, list[float]] = {"nothing": [], "plain": [], "client": []}
        for _ in range(repeat):
            times["nothing"].append(await longest_wait(not_at_all, pages))
            times["plain"].append(await longest_wait(plainly, pages))
            times["client"].append(await longest_wait(by_the_client, pages))
    nothing, plain, client = (median(taken) * MILLISECONDS for taken in times.values())
    return [
        (
            f"The longest wait of the loop, {pages} pages of {PER_PAGE} issues, {latency * MILLISECONDS:.0f} ms each",
            [
                Figure("nothing is read", nothing, note=f"n = {repeat}"),
                Figure("PyGithub on the loop", plain),
                Figure("one thread owns PyGithub", client),
                Figure("times as long on the loop", plain / client, "×"),
            ],
        )
    ]


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def main() -> None:
    """Measure and print, or serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=4)
    parser.add_argument("--latency", type=float, default=0.15, help="seconds")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.pages, options.latency))
    else:
        measuring = partial(measure, pages=options.pages, latency=options.latency, repeat=options.repeat)
        asyncio.run(report(measuring, BOUND_SECONDS))


if __name__ == "__main__":
    main()
