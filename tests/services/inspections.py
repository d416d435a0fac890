"""Wheels with extension modules on an index, and what reads them, over one database."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.clients.inspector import open_module_reader
from bot.clients.pypi import PackageIndex
from bot.clients.web import open_http
from bot.clients.wheel_files import WheelFiles
from bot.services.packages.inspection import Inspector
from storage.engine.engine import Engine
from storage.packages.inspections import Inspections
from tests.databases import Place, open_database
from tests.fakes.file_host import FileHost
from tests.fakes.index_pages import File
from tests.inspector.ways import foreign
from tests.services.lookups import QUICK, Clock

OFF, ON, UNKNOWN = "slot_not_used", "slot_used", "call_computed"
"""Ways to declare, by what importing such a module does."""


def wheel_of(modules: Mapping[str, str], *, more: Mapping[str, bytes] | None = None, python: str = "314t") -> bytes:
    """Return a wheel: each module, such as ``demo/m``, with the way in which it declares; and more files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for module, way in modules.items():
            archive.writestr(f"{module}.cpython-{python}-aarch64-linux-gnu.so", foreign("linux-arm64", way))
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return buffer.getvalue()


def publish(
    host: FileHost,
    name: str,
    wheels: Mapping[str, bytes],
    version: str = "1.0",
    links: Mapping[str, str] | None = None,
) -> None:
    """Publish a release with wheels, by what follows the version in their names; the first says the project's links."""
    files = []
    for tags, content in wheels.items():
        link = host.put(f"{name}-{version}-{tags}.whl", content)
        files.append(File(link.filename, size=len(content), sha256=link.sha256))
    if name in host.projects:
        host.upload(name, *files)
    else:
        host.publish(name, files, project_urls=links)


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What reads wheels, and where it keeps what it read."""

    inspector: Inspector
    inspections: Inspections
    database: Engine


@asynccontextmanager
async def open_laboratory(host: FileHost, place: Place, clock: Clock) -> AsyncIterator[Laboratory]:
    """Start as after a start of the program."""
    async with open_http("ftbot-tests") as http, open_database(place) as database:
        index = PackageIndex(http, host.index_url, host.json_api_url, QUICK)
        files = WheelFiles(http, host.index_url, QUICK)
        inspections = Inspections(database)
        yield Laboratory(Inspector(index, files, open_module_reader, inspections, clock), inspections, database)
