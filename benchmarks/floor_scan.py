"""The floor of a scan: 50 connections of aiohttp download every page, inflate it as the program does, forget it.

Takes the address of the Simple API and a file with a name a line.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import aiohttp

from benchmarks.outcomes import Measurement, Stopwatch, tell
from bot.clients.answers import Answer

_CONNECTIONS = 50
_HEADERS = {"Accept": "application/vnd.pypi.simple.v1+json", "Accept-Encoding": "gzip"}


async def _download(session: aiohttp.ClientSession, index: str, names: Iterator[str]) -> int:
    inflated = 0
    for name in names:
        async with session.get(f"{index}{name}/", headers=_HEADERS) as response:
            sent = await response.read()
            inflated += len(Answer(HTTPStatus(response.status), index, response.headers, sent).body())
    return inflated


async def _scan(index: str, names: list[str]) -> Measurement:
    stopwatch, left = Stopwatch(), iter(names)
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        with stopwatch.running():
            inflated = await asyncio.gather(*(_download(session, index, left) for _ in range(_CONNECTIONS)))
    return stopwatch.outcome(sum(inflated))


def main(index: str, names_file: str) -> None:
    """Download every page; print what that took and how many bytes the pages had."""
    names = Path(names_file).read_text(encoding="utf-8").split()
    tell(asyncio.run(_scan(index, names)))


if __name__ == "__main__":
    main(*sys.argv[1:])
