"""A package index on loopback, in a process of its own: project pages of the size and shape of numpy's, counted.

Prints the address at which it serves, and ends when its standard input does. ``/counts`` tells how often each path was
asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from aiohttp import web

MODEL = "numpy"
CROWDED = "crowd"
"""A project that is only asked for by everybody at once; its name is as long as the model's, and so is its page."""

_COMPRESSION = 6
_LINUX = ("manylinux_2_27_{}.manylinux_2_28_{}", "musllinux_1_2_{}")
_PLATFORMS = (
    *(tag.replace("{}", machine) for tag in _LINUX for machine in ("x86_64", "aarch64")),
    *("macosx_10_15_x86_64", "macosx_11_0_arm64", "macosx_14_0_arm64", "macosx_14_0_x86_64"),
    *("win32", "win_amd64", "win_arm64"),
)
_YESTERDAY = ("cp312-cp312", "cp313-cp313", "cp313-cp313t", "cp314-cp314", "cp314-cp314t")
_TODAY = (*_YESTERDAY, "cp315-cp315", "cp315-cp315t")


@dataclass(frozen=True, slots=True)
class Era:
    """Releases in a row with the same wheels: so many releases, for these Pythons, on the first so many platforms."""

    releases: int
    pythons: tuple[str, ...]
    platforms: int


_ERAS = (
    Era(60, ("cp27-cp27mu", "cp34-cp34m", "cp35-cp35m", "cp36-cp36m"), 3),
    Era(50, ("cp37-cp37m", "cp38-cp38", "cp39-cp39", "cp310-cp310"), 6),
    Era(34, _YESTERDAY, len(_PLATFORMS)),
    Era(6, _TODAY, len(_PLATFORMS)),
)
"""150 releases and 4,400 files, as numpy has."""


def cold_names(count: int) -> list[str]:
    """Name projects that nobody asked for yet, as many as two digits number; as long as the model's."""
    return [f"num{number:02}" for number in range(count)]


def model_page() -> bytes:
    """Make a project page with the keys, sizes and history of numpy's, the same each time."""
    names: list[tuple[str, datetime]] = []
    versions: list[str] = []
    day = datetime(2016, 1, 1, tzinfo=UTC)
    for era in _ERAS:
        for _ in range(era.releases):
            day += timedelta(days=26)
            versions.append(f"{1 + len(versions) // 100}.{len(versions) // 10 % 10}.{len(versions) % 10}")
            names += [(name, day) for name in _files(versions[-1], era)]
    files = [_file(name, time) for name, time in names]
    page = {"files": files, "meta": {"api-version": "1.1", "_last-serial": "1"}, "name": MODEL, "versions": versions}
    return msgspec.json.encode(page)


def read_page(path: Path) -> bytes:
    """Read a recorded page of numpy, compressed or not."""
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def page_of(name: str, model: bytes) -> bytes:
    """Make the model's page that of another project with a name of the same length."""
    assert len(name) == len(MODEL)
    return model.replace(MODEL.encode(), name.encode())


def _files(version: str, era: Era) -> Iterator[str]:
    for python in era.pythons:
        for platform in _PLATFORMS[: era.platforms]:
            yield f"{MODEL}-{version}-{python}-{platform}.whl"
    yield f"{MODEL}-{version}.tar.gz"


def _file(name: str, time: datetime) -> dict[str, object]:
    digest = hashlib.sha256(name.encode()).hexdigest()
    place = hashlib.blake2b(name.encode(), digest_size=32).hexdigest()
    return {
        "filename": name,
        "hashes": {"sha256": digest},
        "requires-python": ">=3.9" if time.year < 2024 else ">=3.12",  # noqa: PLR2004 — any year would do
        "size": 12_000_000 + int(digest[:5], 16),
        "upload-time": time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "url": f"https://files.example/packages/{place[:2]}/{place[2:4]}/{place[4:]}/{name}",
        "yanked": False,
    }


def _metadata() -> bytes:
    """Make an answer of the JSON API, of the usual 50 kB."""
    info = {
        "classifiers": ["Programming Language :: Python :: Free Threading :: 3 - Stable"],
        "project_urls": {"Source": "https://github.com/numpy/numpy"},
        "home_page": None,
        "description": "Arrays. " * 1_000,
    }
    return msgspec.json.encode(
        {"info": info, "urls": [_file(f"{number}.whl", datetime.now(UTC)) for number in range(90)]}
    )


@dataclass(frozen=True, slots=True)
class LoopbackIndex:
    """Serves compressed pages and one answer of the JSON API for all of them."""

    pages: dict[str, bytes]
    metadata: bytes
    counts: Counter[str] = field(default_factory=Counter)

    def application(self) -> web.Application:
        """Build the aiohttp application."""
        application = web.Application()
        application.router.add_get("/simple/{name}/", self._project)
        application.router.add_get("/pypi/{name}/{version}/json", self._release)
        application.router.add_get("/counts", self._counted)
        return application

    async def _project(self, request: web.Request) -> web.Response:
        self.counts[request.path] += 1
        page = self.pages.get(request.match_info["name"])
        if page is None:
            return web.Response(status=404)
        kind = "application/vnd.pypi.simple.v1+json"
        return web.Response(body=page, headers={"Content-Type": kind, "Content-Encoding": "gzip", "ETag": '"1"'})

    async def _release(self, request: web.Request) -> web.Response:
        self.counts[request.path] += 1
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        return web.Response(body=self.metadata, headers=headers)

    async def _counted(self, _request: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(dict(self.counts)), content_type="application/json")


async def _serve(model: bytes, cold: int) -> None:
    names = [MODEL, CROWDED, *cold_names(cold)]
    pages = {name: gzip.compress(page_of(name, model), _COMPRESSION) for name in names}
    runner = web.AppRunner(LoopbackIndex(pages, gzip.compress(_metadata())).application(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)
    finally:
        await runner.cleanup()


def main() -> None:
    """Serve the pages, made or recorded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, help="a recorded page of numpy's to serve instead of a made one")
    parser.add_argument("--cold", type=int, default=40, help="how many projects besides numpy")
    options = parser.parse_args()
    page: Path | None = options.page
    cold: int = options.cold
    asyncio.run(_serve(model_page() if page is None else read_page(page), cold))


if __name__ == "__main__":
    main()
