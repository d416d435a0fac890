"""A package index on loopback for dependencies, in a process of its own: each answer a round trip late.

Two applications' worth of made-up projects, named after the first: ``project-NNNNN`` of all sizes, with the documents
of the JSON API, which require nothing; and ``part-NNN``, which require each other, with the metadata files of their
newest wheels. ``part-000`` requires all others, by some steps. Prints the address at which it serves, and ends when
its standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec
from packaging.version import Version

from benchmarks.made_projects import WALKED, MadeProject, document_of, most_downloaded, page_of, sample_of
from benchmarks.scan_index import Body, IndexConnection, ScanIndex

PINNED, PARTS = 100, 130
"""How many packages are pinned, and how many are chosen for one that requires them."""

_LEVEL = 6
_DIRECT = 40
"""How many of the parts the first one requires itself; the others are required by these, and by each other."""

_BEHIND = 4
"""The newest release but three is pinned, as applications do not have the newest of all."""

_JSON, _METADATA = "application/json", "application/octet-stream"
_SIMPLE = "application/vnd.pypi.simple.v1+json"
_FILES = b"https://files.example/"
_METADATA_HASH = re.compile(rb'("(?:core|data-dist-info)-metadata":)\{[^}]*\}')
"""uv checks what it is told of them, and that is made up."""


class _File(msgspec.Struct):
    """A file on a page, as far as it says where it is."""

    filename: str
    url: str


class _Page(msgspec.Struct):
    """A page, as far as it says where files are."""

    files: list[_File]
    versions: list[str]


def pins() -> list[str]:
    """Return the pinned projects with their versions, some releases old where there are as many."""
    return [f"{project.name}=={_older(_read(page_of(project)).versions)}" for project in pinned()]


def pinned() -> list[MadeProject]:
    """Return the projects that are pinned: of all sizes that those of PyPI have."""
    return _spread(PINNED)


def parts() -> list[MadeProject]:
    """Return the projects that require each other, of all sizes, too."""
    return [replace(project, name=f"part-{number:03}") for number, project in enumerate(_spread(PARTS))]


def required_by(number: int) -> Sequence[int]:
    """Return which parts a part requires: the first some itself, each of these the next ones."""
    if number == 0:
        return range(1, _DIRECT + 1)
    return [each for each in (number + _DIRECT, number + 2 * _DIRECT) if each < PARTS]


def make_index(address: str) -> ScanIndex:
    """Make all answers, with the address where they will be."""
    bodies = dict(_pinned_bodies())
    made = parts()
    for number, project in enumerate(made):
        bodies.update(_part_bodies(project, [made[each].name for each in required_by(number)], address))
    return ScanIndex({}, bodies, 0)


def _older(versions: Sequence[str]) -> str:
    return sorted(versions, key=Version)[-_BEHIND:][0]


def _spread(count: int) -> list[MadeProject]:
    return sample_of(most_downloaded(WALKED), WALKED // count)[:count]


def _pinned_bodies() -> Iterator[tuple[str, Body]]:
    for project in pinned():
        yield f"/simple/{project.name}/", Body.of(page_of(project), _LEVEL, _SIMPLE)
        yield f"/pypi/{project.name}/json", Body.of(document_of(project), _LEVEL, _JSON)


def _part_bodies(project: MadeProject, requires: Sequence[str], address: str) -> Iterator[tuple[str, Body]]:
    page = _METADATA_HASH.sub(rb"\1true", page_of(project)).replace(_FILES, address.encode())
    yield f"/simple/{project.name}/", Body.of(page, _LEVEL, _SIMPLE)
    read = _read(page)
    newest = max(read.versions, key=Version)
    lines = [f"Metadata-Version: 2.4\nName: {project.name}\nVersion: {newest}\n"]
    lines += [f"Requires-Dist: {name}\n" for name in requires]
    metadata = Body.of("".join(lines).encode(), _LEVEL, _METADATA)
    for file in read.files:
        if f"-{newest}-" in file.filename:
            yield f"/{file.url.removeprefix(address)}.metadata", metadata


def _read(page: bytes) -> _Page:
    return msgspec.json.decode(page, type=_Page)


async def _serve(delay: float) -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    index = make_index(address)
    server = await asyncio.get_running_loop().create_server(lambda: IndexConnection(index, delay), sock=listening)
    async with server:
        print(address, flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)


def main() -> None:
    """Make the pages, then serve them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--round-trip", type=float, default=30.0, help="milliseconds (default: 30)")
    options = parser.parse_args()
    round_trip: float = options.round_trip
    asyncio.run(_serve(round_trip / 1000))


if __name__ == "__main__":
    main()
