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
from urllib.parse import quote, urlencode

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

    def tcp_url(self, database: str, user: str = "ftbot", host: str = "127.0.0.1", **parameters: str) -> str:
        """Return the address of a database by TCP; ``user`` may have a password, as in addresses."""
        asked = urlencode(parameters)
        return f"postgresql://{user}@{host}:{self.port}/{quote(database)}{'?' if asked else ''}{asked}"

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

    async def started(self) -> None:
        """Wait until the server answers."""
        async for attempt in stamina.retry_context(
            on=_STARTING, timeout=at_most(30), attempts=None, wait_initial=0.05, wait_max=0.2
        ):
            with attempt:
                await self.do("SELECT 1")

    async def make_template(self) -> None:
        """Make the database that others are copies of."""
        await self.started()
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


@dataclass(slots=True)
class Cluster:
    """A server's data, in a folder of its own, and the server where it runs."""

    server: Server
    user: str | None
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """Return the folder with the data."""
        return self.server.folder / "data"

    def start(self, **settings: str) -> None:
        """Start the server, which needs a moment to answer."""
        chosen = _SETTINGS | {"port": str(self.server.port)} | settings
        words = [word for setting, value in chosen.items() for word in ("-c", f"{setting}={value}")]
        self.process = subprocess.Popen(
            [_programs() / "postgres", "-D", "data", "-k", self.server.folder, *words],
            user=self.user, cwd=self.server.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def stop(self) -> None:
        """Stop the server, if it runs, and wait for it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # a fast shutdown
            self.process.wait(at_most(30))
            self.process = None

    def own(self, path: Path) -> None:
        """Give a file or folder to whom the server runs as."""
        path.chmod(0o700 if path.is_dir() else 0o600)
        if self.user is not None:
            shutil.chown(path, self.user, self.user)


def _programs() -> Path:
    found = programs()
    assert found is not None
    return found


@contextmanager
def prepared() -> Iterator[Cluster]:
    """Make a server in a folder of its own; PostgreSQL refuses to be run by root, so another user does it for root."""
    user = USER if os.getuid() == 0 else None
    with TemporaryDirectory(prefix="ftbot-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        subprocess.run(
            [_programs() / "initdb", "--pgdata=data", "--username=ftbot", "--auth=trust", "--locale=C",
             "--encoding=UTF8", "--no-sync"],
            user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        cluster = Cluster(Server(folder, free_port()), user)
        try:
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def running() -> Iterator[Server]:
    """Run a server in a folder of its own."""
    with prepared() as cluster:
        cluster.start()
        asyncio.run(cluster.server.make_template())
        yield cluster.server
