"""A proxy before PostgreSQL, PgBouncer itself: one that gives each transaction another session is told, others work."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg
import pytest
import stamina

from bot.core.errors import StorageError
from storage.engine.postgres import open_database
from storage.packages.names import Packages
from tests import postgres
from tests.patience import at_most

NAME = "postgresql://ftbot@proxy/ftbot"

SHARED_OUT = (
    f"The database {NAME} is behind a proxy that gives each transaction another session, as PgBouncer does with"
    " pool_mode = transaction or statement. Connect to the server itself, or let the proxy pool sessions"
    " (pool_mode = session)."
)


@cache
def pgbouncer() -> str:
    """Find the program; without it, skip the test."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if found is None:
        pytest.skip("needs PgBouncer: on Debian and Ubuntu, apt install pgbouncer")
    return found


def write_settings(folder: Path, server: postgres.Server, settings: Mapping[str, object]) -> None:
    """Write what PgBouncer reads, who is another user than root."""
    folder.chmod(0o755)
    (folder / "users.txt").write_text('"ftbot" ""\n')
    lines = [f"{setting} = {value}" for setting, value in settings.items()]
    databases = f"* = host={server.folder} port={server.port}"
    (folder / "pgbouncer.ini").write_text("\n".join(["[databases]", databases, "[pgbouncer]", *lines, ""]))


@asynccontextmanager
async def pooled(server: postgres.Server, url: str, **settings: object) -> AsyncIterator[str]:
    """Run PgBouncer before a server, and give the address of a database that leads through it."""
    port = postgres.free_port()
    ini = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "trust",
        "auth_file": "users.txt",
        "max_client_conn": 100,
        **settings,
    }
    with TemporaryDirectory(prefix="ftbot-pgbouncer-") as name:
        folder = Path(name)
        write_settings(folder, server, ini)
        process = subprocess.Popen(  # noqa: ASYNC220 — it is not waited for
            [pgbouncer(), "-q", "pgbouncer.ini"],
            user=postgres.USER if os.getuid() == 0 else None,
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        through = f"postgresql://ftbot@127.0.0.1:{port}{urlsplit(url).path}"
        try:
            async for attempt in stamina.retry_context(
                on=OSError, timeout=at_most(30), attempts=None, wait_initial=0.05, wait_max=0.2
            ):
                with attempt:
                    await (await asyncpg.connect(through)).close()
            yield through
        finally:
            process.terminate()
            process.wait(at_most(30))


async def use_once(url: str) -> None:
    async with open_database(url, NAME) as database:
        await database.check_writable()


@pytest.mark.parametrize(
    "settings",
    [
        {"pool_mode": "transaction"},
        {"pool_mode": "transaction", "default_pool_size": 1},
        {"pool_mode": "transaction", "server_round_robin": 1, "min_pool_size": 3},
        {"pool_mode": "statement"},
    ],
    ids=lambda settings: " ".join(f"{name}={value}" for name, value in settings.items()),
)
async def test_a_proxy_that_shares_sessions_out_is_told(
    postgres_server: postgres.Server, postgres_url: str, settings: dict[str, object]
) -> None:
    async with pooled(postgres_server, postgres_url, **settings) as url:
        for _ in range(3):
            with pytest.raises(StorageError) as told:
                await use_once(url)
            assert str(told.value) == SHARED_OUT


async def test_a_proxy_that_shares_sessions_out_is_told_beside_others_who_use_it(
    postgres_server: postgres.Server, postgres_url: str
) -> None:
    over = asyncio.Event()

    async def ask(url: str) -> None:
        connection = await asyncpg.connect(url, statement_cache_size=0)
        while not over.is_set():
            await connection.execute("SELECT 1")
        await connection.close()

    async with pooled(postgres_server, postgres_url, pool_mode="transaction") as url:
        others = [asyncio.create_task(ask(url)) for _ in range(4)]
        told = await asyncio.gather(*(use_once(url) for _ in range(8)), return_exceptions=True)
        over.set()
        await asyncio.gather(*others)
    assert [str(each) for each in told] == [SHARED_OUT] * 8


async def test_a_proxy_that_pools_sessions_does(postgres_server: postgres.Server, postgres_url: str) -> None:
    async with (
        pooled(postgres_server, postgres_url, pool_mode="session") as url,
        open_database(url, NAME) as one,
        open_database(postgres_url, NAME) as other,
    ):
        number = await Packages(one).id_of("numpy")
        assert await Packages(other).name_of(number) == "numpy"
        for _ in range(2):  # also on a connection that was used before
            assert await one.read("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')") == [
                ("30s", "5s")
            ]
        async with one.turn("scan") as taken, other.turn("scan") as elsewhere:
            assert (taken, elsewhere) == (True, False)
        await one.probe()
