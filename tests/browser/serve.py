"""Serves the site for a browser until its standard input ends: as the bot serves it, and as the files that are written.

``python -m tests.browser.serve`` prints one JSON object: where both are, and what is there.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from bot.core.digest.weeks import week_of
from tests.fakes.fake_index import FakeIndex
from tests.web.sites import TRACKED, Rig, open_rig


async def main() -> None:
    """Serve both, say where, and wait."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with FakeIndex() as index, open_rig(index, folder / "site.db", {"FTBOT_PUBLIC_URL": ""}) as rig:
            files = folder / "files"
            await _write(rig, files)
            async with _served(files) as port:
                told = {
                    "live": f"http://127.0.0.1:{rig.port}",
                    "files": f"http://127.0.0.1:{port}",
                    "folder": str(files),
                    "packages": list(TRACKED),
                    "week": str(week_of(datetime.now(UTC).date())),
                    "pins": {"supported": "both==1.0", "blocks": "nothing==1.0"},
                }
                sys.stdout.write(f"{json.dumps(told)}\n")
                sys.stdout.flush()
                await asyncio.to_thread(sys.stdin.read)


async def _write(rig: Rig, folder: Path) -> None:
    """Write the site as whoever hosts it does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "site", "--output", str(folder),
        env={**os.environ, "FTBOT_DATABASE": str(rig.path)}, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == 0, "ftbot site failed"


def _file_at(folder: Path, address: str) -> Path | None:
    path = folder / address.lstrip("/")
    path = path / "index.html" if path.is_dir() else path
    return path if path.is_file() and path.resolve().is_relative_to(folder.resolve()) else None


@asynccontextmanager
async def _served(folder: Path) -> AsyncIterator[int]:
    """Serve files as a static host does: a folder is its index.html."""

    async def answer(request: web.Request) -> web.StreamResponse:
        path = await asyncio.to_thread(_file_at, folder, request.path)
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
