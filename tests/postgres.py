"""A PostgreSQL server of this machine for the tests: in a temporary folder, on a Unix socket, ended with them."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import asyncpg
import stamina

from storage.engine.postgres import open_database
from tests.patience import at_most

_TEMPLATE = "migrated"
USER = "postgres"
"""Who runs it for root, whom PostgreSQL refuses; Debian's package makes one."""

_DEBIAN = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "log_min_messages": "fatal",
}


_STARTING = (OSError, asyncpg.CannotConnectNowError)


def _has_user() -> bool:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True


@cache
def programs() -> Path | None:
    """Find the folder of ``initdb`` and ``postgres``, the newest of several; None where none can be run."""
    if os.getuid() == 0 and not _has_user():
        return None
    installed = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parent.parent.name), reverse=True)
    found = shutil.which("postgres")
    return installed[0].parent if installed else None if found is None else Path(found).resolve().parent


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs; ``folder`` has its socket, whose name has the port."""

    folder: Path
    port: int

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://ftbot@/{quote(database)}?host={quote(str(self.folder), safe='')}&port={self.port}"

    async def kill_sessions(self, database: str) -> None:
        """End all connections to a database, as when a server restarts."""
        await self.do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database)

    @asynccontextmanager
    async def database(self, name: str) -> AsyncIterator[str]:
        """Make a database that has all tables, give its address, and drop it after."""
        await self.do(f'CREATE DATABASE "{name}" TEMPLATE {_TEMPLATE}')
        try:
            yield self.url(name)
        finally:
            await self.do(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def make_template(self) -> None:
        """Make the database that others are copies of."""
        async for attempt in stamina.retry_context(
            on=_STARTING, timeout=at_most(30), attempts=None, wait_initial=0.05, wait_max=0.2
        ):
            with attempt:
                await self.do(f"CREATE DATABASE {_TEMPLATE}")
        async with open_database(self.url(_TEMPLATE), _TEMPLATE):
            pass

    async def do(self, statement: str, *values: str) -> None:
        """Run a statement as the server's owner."""
        await self.do_in("postgres", statement, *values)

    async def do_in(self, database: str, statement: str, *values: str) -> None:
        """Run a statement in a database as the server's owner."""
        connection = await asyncpg.connect(self.url(database))
        try:
            await connection.execute(statement, *values)
        finally:
            await connection.close()


@contextmanager
def running() -> Iterator[Server]:
    """Run a server in a folder of its own; PostgreSQL refuses to be run by root, so another user does it for root."""
    found = programs()
    assert found is not None
    user = USER if os.getuid() == 0 else None
    with TemporaryDirectory(prefix="ftbot-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        subprocess.run(
            [found / "initdb", "--pgdata=data", "--username=ftbot", "--auth=trust", "--locale=C", "--encoding=UTF8",
             "--no-sync"],
            user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        port = free_port()
        settings = [
            word
            for setting, value in (_SETTINGS | {"port": str(port)}).items()
            for word in ("-c", f"{setting}={value}")
        ]
        process = subprocess.Popen(
            [found / "postgres", "-D", "data", "-k", folder, *settings],
            user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            server = Server(folder, port)
            asyncio.run(server.make_template())
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown
            process.wait(at_most(30))
