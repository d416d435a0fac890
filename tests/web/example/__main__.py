"""Writes an example of the site from what is recorded beside this: ``python -m tests.web.example FOLDER``.

The recording is of PyPI on 22 November 2026: of some packages the releases that changed what there is for free-threaded
Python, by version, day, whether there is an sdist, and tags. Nobody is asked, and nothing else is touched.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from packaging.version import Version

from bot.cli.site import write_site
from bot.core.history.scan import Conclusion, conclude
from bot.core.index.simple_api import File, ProjectStatus, group
from bot.core.inspection.inspection import Inspection
from bot.core.inspection.modules import Declaration, ExtensionModule, How
from bot.core.wheels.targets import Target
from storage.engine.engine import Engine
from storage.engine.sqlite import open_database
from storage.packages.inspections import Inspections
from storage.packages.projects import Projects
from storage.packages.scans import Scans

_RECORDING = Path(__file__).parent / "packages.json"
_TARGETS = (Target(14), Target(15))
_MODULES = {
    "lxml": (("lxml.etree", Declaration.USED), ("lxml.objectify", Declaration.USED)),
    "numpy": (
        ("numpy._core._multiarray_umath", Declaration.NOT_USED),
        ("numpy.linalg._umath_linalg", Declaration.NOT_USED),
    ),
    "pyyaml": (("yaml._yaml", Declaration.NOT_USED),),
}
"""What was read in wheels of some."""


class Recording(msgspec.Struct):
    """Platform tags, and packages: name, rank, releases; tags of wheels lead to places among the platforms."""

    platforms: list[str]
    packages: list[tuple[str, int, list[tuple[str, str, int, dict[str, list[int]]]]]]


def main() -> None:
    """Write it, and say how to open it."""
    into = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "example.db"
        asyncio.run(_record(database))
        os.environ["FTBOT_DATABASE"] = str(database)
        write_site(into, None)
    sys.stdout.write(f"To look at it: python3 -m http.server -d {into} 8000, and open http://localhost:8000/\n")


async def _record(path: Path) -> None:
    recording = msgspec.json.decode(await asyncio.to_thread(_RECORDING.read_bytes), type=Recording)
    now = datetime.now(UTC)
    concluded: list[Conclusion] = []
    for name, _, releases in recording.packages:
        files = [file for release in releases for file in _files(name, release, recording.platforms)]
        concluded.append(conclude(group(name, files, ProjectStatus.ACTIVE), _TARGETS, now))
    native = {each.package for each in concluded if each.native}
    async with open_database(path) as database:
        await Projects(database).record(1, now, [(each, None) for each in concluded])
        await _read_wheels(database, concluded, now)
        scans = Scans(database)
        tracked = [(name, rank) for name, rank, _ in recording.packages if name in native]
        await scans.end(await scans.begin(now, now), now, tracked, {}, len(tracked))


def _files(name: str, release: tuple[str, str, int, dict[str, list[int]]], platforms: list[str]) -> Iterator[File]:
    version, day, sdist, tags = release
    uploaded, stem = f"{day}T12:00:00Z", f"{name.replace('-', '_')}-{version}"
    for python_and_abi, places in tags.items():
        for place in places:
            yield File(f"{stem}-{python_and_abi}-{platforms[place]}.whl", None, uploaded)
    if sdist:
        yield File(f"{stem}.tar.gz", None, uploaded)


async def _read_wheels(database: Engine, concluded: list[Conclusion], now: datetime) -> None:
    for each in concluded:
        modules = tuple(
            ExtensionModule(module, f"{module.replace('.', '/')}.so", gil, How.SLOT)
            for module, gil in _MODULES.get(each.package, ())
        )
        for place, wheel in enumerate(each.wheels.values() if modules else ()):
            file = f"{each.package}-{place}"
            read = Inspection(wheel, file, verified=False, bytes_read=0, bytes=None, requests=0, modules=modules)
            await Inspections(database).record(each.package, Version(wheel.split("-")[1]), read, now)


if __name__ == "__main__":
    main()
