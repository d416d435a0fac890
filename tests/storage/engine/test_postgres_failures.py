"""A PostgreSQL server that goes away, comes back, and refuses: each is told in a sentence, and nothing is lost."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.core.database_address import parse_database
from bot.core.errors import StorageError
from bot.services.health import Health
from bot.services.metrics import Metrics
from storage.engine import postgres_sessions
from storage.engine.engine import Engine
from storage.engine.postgres import open_database
from storage.packages.documents import Documents
from tests import postgres
from tests.fakes.cable import Cable
from tests.patience import at_most
from tests.services.test_health import fill
from tests.storage.engine.test_postgres import add, database_of, names, use_once

LATER = datetime(2026, 11, 30, tzinfo=UTC)
NAME = "postgresql://ftbot@db/ftbot"
SECRET = "hunter2"
UNUSABLE_PARAMETERS = (
    f"The database {NAME} has parameters that cannot be used. Check FTBOT_DATABASE, and the files it names."
)
SETTINGS = {"ssl": "on", "wal_level": "replica"}
"""What a server needs that answers by TLS, and can become a standby."""


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[postgres.Cluster]:
    """Give a server that may be stopped, with TLS and a user whose password is asked for."""
    if postgres.programs() is None:
        pytest.skip("needs a PostgreSQL server: on Debian and Ubuntu, apt install postgresql")
    with postgres.prepared() as cluster:
        rules = cluster.data / "pg_hba.conf"
        rules.write_text("host all guarded all scram-sha-256\n" + rules.read_text())
        for path, content in zip(
            (cluster.data / "server.crt", cluster.data / "server.key"), certificate(), strict=True
        ):
            path.write_bytes(content)
            cluster.own(path)
        cluster.start(**SETTINGS)
        asyncio.run(cluster.server.make_template())
        yield cluster


def certificate() -> tuple[bytes, bytes]:
    """Make a certificate for ``localhost``, that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    return (
        made.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
    )


@pytest.fixture
def own_server(own_cluster: postgres.Cluster) -> postgres.Server:
    return own_cluster.server


@pytest.fixture
async def own_url(own_server: postgres.Server, tmp_path: Path) -> AsyncIterator[str]:
    """Give the address of a new database on that server."""
    async with own_server.database(tmp_path.name[-40:]) as url:
        yield url


def health_of(database: Engine) -> Health:
    """Look anew each time."""
    return Health(database, lambda: True, Metrics.new(), believed=0)


async def problem(health: Health) -> str | None:
    """Return what is wrong with the database by now, None where it works."""
    works = (await health.needs())["database"]
    told = health.problems().get("database")
    assert works == (told is None)
    return told


async def until_it_works(health: Health, seconds: float) -> None:
    async with asyncio.timeout(at_most(seconds)):
        while await problem(health) is not None:
            pass


async def test_a_server_that_goes_away_is_told_until_it_is_back_and_has_all_that_was_written(
    own_cluster: postgres.Cluster, own_url: str
) -> None:
    async with open_database(own_url, NAME) as database:
        health = health_of(database)
        await add(database, "numpy")
        assert await problem(health) is None
        own_cluster.stop()
        for _ in range(2):
            assert await problem(health) == (
                f"The database {NAME} cannot be reached. Start its server, or check FTBOT_DATABASE."
            )
        own_cluster.start(**SETTINGS)
        await until_it_works(health, 10)
        await add(database, "scipy")
        assert await names(database) == ["numpy", "scipy"]


async def test_who_begins_to_write_waits_for_a_server_that_restarts(
    own_cluster: postgres.Cluster, own_url: str
) -> None:
    async with open_database(own_url, NAME) as database:
        await add(database, "numpy")
        own_cluster.stop()
        writing = asyncio.create_task(add(database, "scipy"))
        reading = asyncio.create_task(database.read("SELECT COUNT(*) FROM packages WHERE name = 'numpy'"))
        own_cluster.start(**SETTINGS)
        await writing
        assert await reading == [(1,)]


async def test_a_standby_is_told_until_it_is_the_primary(own_cluster: postgres.Cluster, own_url: str) -> None:
    sentence = (
        f"The database {NAME} can only be read, as a standby. Make it writable, or set FTBOT_DATABASE to the primary."
    )
    server = own_cluster.server
    async with open_database(own_url, NAME) as database:
        health = health_of(database)
        await add(database, "numpy")
        own_cluster.stop()
        sign = own_cluster.data / "standby.signal"
        sign.touch()
        own_cluster.own(sign)
        own_cluster.start(**SETTINGS)
        await server.started()
        assert await problem(health) == sentence
        assert await names(database) == ["numpy"]
        with pytest.raises(StorageError) as told:
            await add(database, "scipy")
        assert str(told.value) == sentence
        async with open_database(own_url, NAME) as again:
            assert await names(again) == ["numpy"]
        await server.do("SELECT pg_promote()")
        await until_it_works(health, 10)
        await add(database, "scipy")


async def test_sessions_that_were_only_to_read_are_not_kept(own_server: postgres.Server, own_url: str) -> None:
    name = database_of(own_url)

    async def let(value: str) -> None:
        await own_server.do(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}')

    async with open_database(own_url, NAME) as database:
        await let("on")
        await own_server.kill_sessions(name)
        await asyncio.gather(*(names(database) for _ in range(5)))  # on connections that stay open
        with pytest.raises(StorageError, match="can only be read"):
            await add(database, "numpy")
        await let("off")
        for package in "abcdef":
            await add(database, package)


async def test_a_server_without_connections_is_told_and_waited_for(own_server: postgres.Server, own_url: str) -> None:
    await own_server.do("CREATE ROLE few LOGIN CONNECTION LIMIT 2")
    try:
        await own_server.do_in(database_of(own_url), "GRANT ALL ON ALL TABLES IN SCHEMA public TO few")
        await own_server.do_in(database_of(own_url), "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO few")
        url = own_server.tcp_url(database_of(own_url), "few")
        async with open_database(url, NAME) as database:
            health = health_of(database)
            await asyncio.gather(*(add(database, f"package-{number}") for number in range(6)))
            async with database.transaction() as one:
                await one.run("SELECT 1")
                async with database.transaction() as other:
                    await other.run("SELECT 1")
                    assert await problem(health) == (
                        f"The database {NAME} has no connection left. Raise its max_connections, or run fewer"
                        " processes."
                    )
    finally:
        await own_server.do_in(database_of(own_url), "DROP OWNED BY few")
        await own_server.do("DROP ROLE few")


async def test_a_wrong_password_is_told_without_it_and_tried_once_each_time(
    own_server: postgres.Server, own_url: str
) -> None:
    sentence = f"The database {NAME} refuses this user or password. Check FTBOT_DATABASE."
    await own_server.do(f"CREATE ROLE guarded SUPERUSER LOGIN PASSWORD '{SECRET}'")
    try:
        cable = Cable(own_server.port)
        async with cable.laid(own_url, f"guarded:{SECRET}") as url:
            async with open_database(url, NAME) as database:
                health = health_of(database)
                await add(database, "numpy")
                await own_server.do("ALTER ROLE guarded PASSWORD 'another'")
                await own_server.kill_sessions(database_of(own_url))
                cable.connections = 0
                assert await problem(health) == sentence
                for _ in range(3):
                    with pytest.raises(StorageError) as told:
                        await names(database)
                    assert str(told.value) == sentence
                assert cable.connections <= 2 * 4, "once, and once more without TLS, as nobody asked for it"
                await own_server.do(f"ALTER ROLE guarded PASSWORD '{SECRET}'")
                assert await problem(health) is None
                assert await names(database) == ["numpy"]
                await own_server.do("ALTER ROLE guarded PASSWORD 'another'")
            with pytest.raises(StorageError) as told:
                await use_once(open_database(url, NAME))
            assert str(told.value) == sentence
    finally:
        await own_server.do("DROP ROLE guarded")


async def test_a_database_that_is_missing_is_told(own_server: postgres.Server, tmp_path: Path) -> None:
    sentence = f"There is no database {NAME}. Make it, or check FTBOT_DATABASE."
    with pytest.raises(StorageError) as told:
        await use_once(open_database(own_server.url("nowhere"), NAME))
    assert str(told.value) == sentence
    async with own_server.database(tmp_path.name[-40:]) as url, open_database(url, NAME) as database:
        await own_server.do(f'DROP DATABASE "{database_of(url)}" WITH (FORCE)')
        assert await problem(health_of(database)) == sentence
        await own_server.do(f'CREATE DATABASE "{database_of(url)}"')


async def test_what_takes_too_long_is_ended_and_told(own_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgres_sessions._SETTINGS, "statement_timeout", "100ms")  # noqa: SLF001 — 30 s is long
    async with open_database(own_url, NAME) as database:
        with pytest.raises(StorageError, match=r"took too long\. Look at what keeps it busy\.$"):
            await database.read("SELECT pg_sleep(?)", (at_most(60),))
        await add(database, "numpy")


@contextmanager
def small_disk(cluster: postgres.Cluster) -> Iterator[Path]:
    """Mount a small file system in memory, which takes root, for the server."""
    path = cluster.server.folder / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "ftbot-test", path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this user may mount nothing")
    try:
        cluster.own(path)
        yield path
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


async def test_a_disk_of_the_server_that_is_full_is_told_until_there_is_room(
    own_cluster: postgres.Cluster, own_url: str
) -> None:
    server, name = own_cluster.server, database_of(own_url)
    with small_disk(own_cluster) as path:
        await server.do(f"CREATE TABLESPACE small LOCATION '{path}'")
        try:
            for table in ("documents", "probes"):
                await server.do_in(name, f"ALTER TABLE {table} SET TABLESPACE small")
            async with open_database(own_url, NAME) as database:
                documents, health = Documents(database), health_of(database)
                await documents.record("first", os.urandom(1 << 19), LATER)
                await asyncio.to_thread(fill, path / "filler")
                with pytest.raises(StorageError) as told:
                    await documents.record("second", os.urandom(1 << 19), LATER)
                assert str(told.value) == f"The disk of the database {NAME} is full. Make room there."
                (path / "filler").unlink()
                await documents.record("second", b"", LATER)
                assert await problem(health) is None
        finally:
            for table in ("documents", "probes"):
                with suppress(Exception):
                    await server.do_in(name, f"ALTER TABLE {table} SET TABLESPACE pg_default")
            await server.do("DROP TABLESPACE small")


async def test_tls_is_as_it_is_asked_for(
    own_cluster: postgres.Cluster, own_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where certificates are looked for
    server, name = own_cluster.server, database_of(own_url)
    right, wrong = tmp_path / "right.crt", tmp_path / "wrong.crt"
    right.write_bytes((own_cluster.data / "server.crt").read_bytes())
    wrong.write_bytes(certificate()[0])

    async def encrypted(url: str) -> object:
        async with open_database(url, NAME) as database:
            ((found,),) = await database.read("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        return found

    def url(host: str, mode: str, root: Path | None = None) -> str:
        parameters = {"sslmode": mode} | ({} if root is None else {"sslrootcert": str(root)})
        return server.tcp_url(name, host=host, **parameters)

    assert await encrypted(url("127.0.0.1", "require"))
    assert await encrypted(url("localhost", "verify-full", right))
    for refused in (
        url("localhost", "verify-full", wrong),
        url("127.0.0.1", "verify-full", right),
    ):
        with pytest.raises(StorageError) as told:
            await encrypted(refused)
        assert str(told.value) == (
            f"The database {NAME} shows a certificate that is not trusted."
            " Check host and sslrootcert in FTBOT_DATABASE."
        )
    with pytest.raises(StorageError) as told:
        await encrypted(url("localhost", "verify-full"))
    assert str(told.value) == UNUSABLE_PARAMETERS


@pytest.mark.parametrize(
    "asked",
    [
        "host=127.0.0.1&port=none",
        "host=,",
        "host=db..example",
        "connect_timeout=5",
        "max_connections=5",
        "statement_timeout=soon",
        "options=-c%20nothing%3D1",
        "sslmode=perhaps",
        "sslmode=verify-full&sslrootcert=/nowhere/root.crt",
        "sslmode=require&sslcert=/nowhere/client.crt&sslkey=/nowhere/client.key",
        "target_session_attrs=any-of-them",
    ],
    ids=lambda asked: asked.replace("/", " "),
)
async def test_parameters_that_cannot_be_used_are_told(own_server: postgres.Server, own_url: str, asked: str) -> None:
    host = "" if "host" in asked else f"127.0.0.1:{own_server.port}"
    with pytest.raises(StorageError) as told:
        await use_once(open_database(f"postgresql://ftbot:{SECRET}@{host}/{database_of(own_url)}?{asked}", NAME))
    assert str(told.value) == UNUSABLE_PARAMETERS


async def test_of_several_hosts_one_that_answers_is_used(own_server: postgres.Server, own_url: str) -> None:
    hosts = f"127.0.0.1:{postgres.free_port()},127.0.0.1:{own_server.port}"
    where = parse_database(f"postgresql://ftbot@{hosts}/{database_of(own_url)}?target_session_attrs=primary")
    async with open_database(where.written, str(where)) as database:
        await add(database, "numpy")
        assert await names(database) == ["numpy"]


async def test_a_server_without_tls_is_told(postgres_server: postgres.Server, postgres_url: str) -> None:
    url = postgres_server.tcp_url(database_of(postgres_url), sslmode="require")
    with pytest.raises(StorageError) as told:
        await use_once(open_database(url, NAME))
    assert str(told.value) == (
        f"The server of the database {NAME} does not encrypt. Let it, or take sslmode out of FTBOT_DATABASE."
    )
