"""A package index on loopback for scans, in a process of its own: thousands of pages, each answer a round trip late.

Prints the address at which it serves, and ends when its standard input does. A bare protocol instead of a framework,
so that the index is never what a scan waits for. Speaks what the program reads of PyPI (gzip, ETag, 304, serials) and:

    /counts              the answers since the last reset, as a ``Traffic``
    /reset               forgets them
    /change/NAME,NAME    adds a release to these projects
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gzip
import hashlib
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import msgspec

from benchmarks.made_projects import WALKED, MadeProject, document_of, most_downloaded, page_of, sample_of

PYPI_LISTS = 886_000
"""Projects on PyPI's list."""

_HEAD_LEVEL, _TAIL_LEVEL, _LISTING_LEVEL = 6, 1, 4
_MAKERS = 2
_AT_ONCE = 64
_SIMPLE_TYPE = "application/vnd.pypi.simple.v1+json"
_JSON_TYPE = "application/json"
_HEADERS = (
    "Server: index\r\nConnection: keep-alive\r\nCache-Control: max-age=600, public\r\n"
    "Content-Security-Policy: default-src 'none'; sandbox allow-top-navigation\r\n"
    "Referrer-Policy: origin-when-cross-origin\r\nAccept-Ranges: bytes\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
    "X-Served-By: cache-ams-0000001-AMS, cache-fra-0000002-FRA\r\nX-Cache: MISS, HIT\r\nX-Cache-Hits: 0, 1\r\n"
    "X-Timer: S1795435200.000000,VS0,VE1\r\nVary: Accept, Accept-Encoding\r\n"
    "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload\r\nX-Frame-Options: deny\r\n"
    "X-XSS-Protection: 1; mode=block\r\nX-Content-Type-Options: nosniff\r\nX-Permitted-Cross-Domain-Policies: none\r\n"
)
"""As many bytes of headers as PyPI's answers have."""

_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Traffic(msgspec.Struct, frozen=True):
    """What was asked for, and the bytes that went out, with headers."""

    requests: int = 0
    not_modified: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Body:
    """A body as sent, its entity tag and its media type."""

    sent: bytes
    etag: str
    kind: str

    @classmethod
    def of(cls, text: bytes, level: int, kind: str) -> Body:
        """Compress a body, as it will be sent."""
        sent = gzip.compress(text, level, mtime=0)
        return cls(sent, f'"{base64.b64encode(hashlib.md5(sent, usedforsecurity=False).digest()).decode()}"', kind)

    def answer(self, known: str | None, *, inflated: bool = False) -> bytes:
        """Write the answer to somebody who may know an entity tag, and may know no gzip."""
        head = f"{_HEADERS}ETag: {self.etag}\r\n"
        if known == self.etag:
            return f"HTTP/1.1 304 Not Modified\r\n{head}\r\n".encode()
        sent = gzip.decompress(self.sent) if inflated else self.sent
        encoding = "" if inflated else "Content-Encoding: gzip\r\n"
        lines = f"Content-Type: {self.kind}\r\n{encoding}Content-Length: {len(sent)}\r\n"
        return f"HTTP/1.1 200 OK\r\n{head}{lines}\r\n".encode() + sent


@dataclass(slots=True)
class ScanIndex:
    """The bodies by path, the projects that they belong to, and the list of all projects with many more beside them."""

    projects: dict[str, MadeProject]
    bodies: dict[str, Body]
    listed: int
    changes: dict[str, int] = field(default_factory=dict)
    traffic: Traffic = field(default_factory=Traffic)

    def refresh_listing(self) -> None:
        """Write the list of all projects anew."""
        if not self.listed:
            return
        ours = [
            f'{{"_last-serial":{project.serial + self.changes.get(name, 0)},"name":"{name}"}}'
            for name, project in self.projects.items()
        ]
        others = [
            f'{{"_last-serial":{number * 48 % 41_000_000},"name":"somebody-{number * 7_919:08x}"}}'
            for number in range(self.listed - len(ours))
        ]
        text = f'{{"meta":{{"_last-serial":42000000,"api-version":"1.4"}},"projects":[{",".join(others + ours)}]}}\n'
        self.bodies["/simple/"] = Body.of(text.encode(), _LISTING_LEVEL, _SIMPLE_TYPE)

    def answer(self, path: str, known: str | None, *, inflated: bool = False) -> bytes:
        """Answer a request, and count it."""
        body = self.bodies.get(path)
        answer = _NOT_FOUND if body is None else body.answer(known, inflated=inflated)
        self.traffic = Traffic(
            self.traffic.requests + 1,
            self.traffic.not_modified + answer.startswith(b"HTTP/1.1 304"),
            self.traffic.sent + len(answer),
        )
        return answer

    def control(self, path: str) -> bytes | None:
        """Do what the benchmark asks for; None for a path that is nothing of the kind."""
        what, _, names = path.removeprefix("/").partition("/")
        if what == "reset":
            self.traffic = Traffic()
        elif what == "change":
            for name in names.split(","):
                self.changes[name] = self.changes.get(name, 0) + 1
                page = page_of(self.projects[name], self.changes[name])
                self.bodies[f"/simple/{name}/"] = Body.of(page, _HEAD_LEVEL, _SIMPLE_TYPE)
            self.refresh_listing()
        elif what != "counts":
            return None
        text = msgspec.json.encode(self.traffic)
        return (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text
        )


class IndexConnection(asyncio.Protocol):
    """One client, which sends one request at a time, without a body."""

    def __init__(self, index: ScanIndex, delay: float) -> None:
        self._index = index
        self._delay = delay
        self._received = b""
        self._write: Callable[[bytes], object] = len

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._write = partial(_write, transport)

    def data_received(self, data: bytes) -> None:
        """Answer what was asked, a round trip later."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            path = lines[0].split(" ")[1]
            told = self._index.control(path)
            if told is not None:
                self._write(told)
                continue
            known = next((line[15:] for line in lines if line[:15].lower() == "if-none-match: "), None)
            inflated = not any("gzip" in line for line in lines if line[:16].lower() == "accept-encoding:")
            answer = self._index.answer(path, known, inflated=inflated)
            asyncio.get_running_loop().call_later(self._delay, self._write, answer)


def _write(transport: asyncio.Transport, answer: bytes) -> None:
    if not transport.is_closing():
        transport.write(answer)


def _bodies(project: MadeProject, level: int, document: bool) -> list[tuple[str, Body]]:  # noqa: FBT001 — mapped
    made = [(f"/simple/{project.name}/", Body.of(page_of(project), level, _SIMPLE_TYPE))]
    if document:
        made.append((f"/pypi/{project.name}/json", Body.of(document_of(project), level, _JSON_TYPE)))
    return made


def make_index(count: int, documents: int, listed: int) -> ScanIndex:
    """Make so many projects, the answers of the JSON API for every ``documents``-th of them, and a list."""
    projects = most_downloaded(count)
    levels = [_HEAD_LEVEL if place < WALKED else _TAIL_LEVEL for place in range(count)]
    described = set(sample_of(projects, documents)) if documents else set()
    with_document = [project in described for project in projects]
    with ProcessPoolExecutor(_MAKERS) as makers:
        made = makers.map(_bodies, projects, levels, with_document, chunksize=_AT_ONCE)
        bodies = {path: body for pairs in made for path, body in pairs}
    index = ScanIndex({project.name: project for project in projects}, bodies, listed)
    index.refresh_listing()
    return index


async def _serve(index: ScanIndex, delay: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: IndexConnection(index, delay), "127.0.0.1", 0)
    async with server:
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)


def main() -> None:
    """Make the pages, then serve them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", type=int, default=WALKED, help=f"how many (default: {WALKED})")
    parser.add_argument(
        "--documents", type=int, default=0, help="JSON API for every so manieth by size (default: 0, none)"
    )
    parser.add_argument("--listed", type=int, default=0, help="how many projects /simple/ lists (default: 0, no list)")
    parser.add_argument("--round-trip", type=float, default=30.0, help="milliseconds (default: 30)")
    options = parser.parse_args()
    count: int = options.projects
    documents: int = options.documents
    listed: int = options.listed
    round_trip: float = options.round_trip
    asyncio.run(_serve(make_index(count, documents, listed), round_trip / 1000))


if __name__ == "__main__":
    main()
