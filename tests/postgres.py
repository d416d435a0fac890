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
from contextlib import asynccontextmanager, contextmanager, suppress
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
_SHARED = "shared"
USER = "postgres"
"""Who runs it for root, whom PostgreSQL refuses; Debian's package makes one."""

_DEBIAN = Path("/usr/lib/postgresql")
_MEMORY = Path("/dev/shm")  # noqa: S108 — a folder of a name that nobody guesses is made in it
_ROOM = 1 << 30
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # the machine is not switched off, and what processes wrote outlives them
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
    "log_min_messages": "fatal",
}

_STARTING = (OSError, asyncpg.CannotConnectNowError)


_BESIDE = """
CREATE SCHEMA beside;
CREATE TABLE beside.steps (of_table TEXT, before TEXT, after TEXT);

CREATE FUNCTION beside.note_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO beside.steps VALUES (TG_TABLE_NAME, OLD.state, NEW.state);
    RETURN NULL;
END $$;
CREATE TRIGGER note_step AFTER UPDATE OF state ON posts FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION beside.note_step();
CREATE TRIGGER note_step AFTER UPDATE OF state ON outbox FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION beside.note_step();

CREATE SCHEMA rows_of_migrations;
DO $$ DECLARE each record; filled boolean; BEGIN
    FOR each IN SELECT oid::regclass AS name FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', each.name) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE rows_of_migrations.%1$s AS SELECT * FROM %1$s', each.name);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION beside.shape() RETURNS text LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM pg_trigger) || ' ' || md5(string_agg(
        concat_ws(' ', relname, attrelid, attname, atttypid, attisdropped), ',' ORDER BY attrelid, attnum))
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace
$$;
CREATE TABLE beside.made AS SELECT beside.shape() AS shape;

CREATE FUNCTION beside.empty() RETURNS boolean LANGUAGE plpgsql AS $$ DECLARE each record; BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    PERFORM set_config('session_replication_role', 'replica', true);  -- neither foreign keys nor triggers are looked at
    FOR each IN SELECT oid::regclass AS name, pg_relation_size(oid) AS size FROM pg_class
            WHERE relkind = 'r' AND (relnamespace = 'public'::regnamespace OR oid = 'beside.steps'::regclass) LOOP
        IF each.size > 128 * 1024 THEN
            EXECUTE format('TRUNCATE %s CASCADE', each.name);
        ELSIF each.size > 0 THEN
            EXECUTE format('DELETE FROM %s', each.name);
        END IF;
    END LOOP;
    PERFORM setval(oid, 1, false) FROM pg_class WHERE relkind = 'S';
    FOR each IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'rows_of_migrations'::regnamespace
            LOOP
        EXECUTE format('INSERT INTO public.%1$I SELECT * FROM rows_of_migrations.%1$I', each.relname);
    END LOOP;
    RETURN beside.shape() = (SELECT shape FROM beside.made);
END $$;
"""
"""What tests keep in a database beside ours: which states were left for which, and what empties all tables.

Emptying them takes a tenth of the time that a new copy of the template takes. It says whether the tables are as they
were made.
"""


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


def _in_memory() -> Path | None:
    """Return a folder that is no disk, in which a server starts in a tenth of the time, if there is one with room."""
    try:
        has_room = shutil.disk_usage(_MEMORY).free > _ROOM
    except OSError:
        return None
    return _MEMORY if has_room and os.access(_MEMORY, os.W_OK) else None


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

    async def emptied(self) -> str:
        """Give the address of the one database that tests use after each other, empty, and without its sessions.

        One whose tables a test changed is made anew.
        """
        with suppress(asyncpg.PostgresError):
            if await self.do("SELECT beside.empty()", database=_SHARED):
                return self.url(_SHARED)
        await self.do(f"DROP DATABASE IF EXISTS {_SHARED} WITH (FORCE)")
        await self.do(f"CREATE DATABASE {_SHARED} TEMPLATE {_TEMPLATE}")
        return self.url(_SHARED)

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
        await self.do(_BESIDE, database=_TEMPLATE)

    async def do(self, statement: str, *values: str, database: str = "postgres") -> object:
        """Run a statement as the server's owner, and give the first value that it returns."""
        connection = await asyncpg.connect(self.url(database))
        try:
            if values or statement.startswith("SELECT"):
                return await connection.fetchval(statement, *values)
            return await connection.execute(statement)
        finally:
            connection.terminate()

    async def do_in(self, database: str, statement: str, *values: str) -> None:
        """Run a statement in a database as the server's owner."""
        await self.do(statement, *values, database=database)


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

    def kill(self) -> None:
        """Kill the server, as ``kill -9`` does: what it had not committed is lost, and nobody is told of anything."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    async def answering(self) -> None:
        """Wait until it answers, and start it again where it ended meanwhile: a session of the one before was left."""
        async for attempt in stamina.retry_context(
            on=_STARTING, timeout=at_most(30), attempts=None, wait_initial=0.05, wait_max=0.2
        ):
            with attempt:
                if self.process is None or self.process.poll() is not None:
                    self.start()
                await self.server.do("SELECT 1")

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
    with TemporaryDirectory(prefix="ftbot-postgres-", dir=_in_memory(), ignore_cleanup_errors=True) as name:
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
def running_cluster() -> Iterator[Cluster]:
    """Run a server in a folder of its own."""
    with prepared() as cluster:
        cluster.start()
        asyncio.run(cluster.server.make_template())
        yield cluster


@contextmanager
def running() -> Iterator[Server]:
    """Run a server, for whoever only asks it."""
    with running_cluster() as cluster:
        yield cluster.server
