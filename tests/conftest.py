"""What every test gets: an event loop that nothing blocks, no settings from outside, the facts in ``../shared``."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shutil
import signal
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
import structlog
from blockbuster import BlockingError, blockbuster_ctx
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis.configuration import set_hypothesis_home_dir

from bot.loggers import set_up_later
from tests import postgres
from tests.command_line import Run, runner
from tests.databases import ENGINES, NewPlace, Place, open_database
from tests.databases import open_database as open_any
from tests.examples import register_profiles
from tests.patience import at_most
from tests.storage.engines import OpenEngine

ROOT = Path(__file__).resolve().parent.parent

register_profiles()
# By default it is the working directory, which `nothing_from_outside` changes.
set_hypothesis_home_dir(ROOT / ".hypothesis")


def pytest_xdist_auto_num_workers() -> int:
    """Run twice as many tests at a time as there are processors: many wait, for a process, a disk or a limit."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let tests have as much longer than usual as all that they wait for."""
    limit = pytest.mark.timeout(at_most(float(config.getini("timeout"))))
    for item in items:
        item.add_marker(limit)


def pytest_configure() -> None:
    """Let the garbage collector come seldom: tests make many objects that stay, and most others end without it."""
    gc.set_threshold(50_000, 20, 20)


def pytest_collection_finish() -> None:
    """Spare the garbage collector from looking through all tests again and again."""
    gc.freeze()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of recorded project pages, wheel cases and OpenAPI descriptions; without it, skip the test."""
    path = Path(os.environ.get("FTBOT_TEST_SHARED") or ROOT.parent / "shared")
    if not path.is_dir():
        pytest.skip(f"needs the recorded facts: {path} does not exist, FTBOT_TEST_SHARED may name another folder")
    return path


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder without a ``.env``."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a new database with all its tables."""
    path = tmp_path_factory.mktemp("migrated") / "ftbot.db"

    async def migrate() -> None:
        async with open_database(path):
            pass

    asyncio.run(migrate())
    return path


@pytest.fixture
def database_path(migrated_database: Path, tmp_path: Path) -> Path:
    """Give the path of a new database. It is a copy: making one takes seven times as long, which other tests show."""
    return Path(shutil.copy(migrated_database, tmp_path))


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[postgres.Cluster]:
    """Give a PostgreSQL server of the tests' own; without one on this machine, skip the test."""
    if postgres.programs() is None:
        pytest.skip("needs a PostgreSQL server: on Debian and Ubuntu, apt install postgresql")
    with postgres.running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_server(postgres_cluster: postgres.Cluster) -> postgres.Server:
    """Give the server, for whoever only asks it."""
    return postgres_cluster.server


@pytest.fixture
async def postgres_url(postgres_server: postgres.Server) -> str:
    """Give the address of an empty database with all its tables."""
    return await postgres_server.emptied()


_ON_EACH = ["sqlite", pytest.param("postgres", marks=pytest.mark.no_cover)]


@pytest.fixture(params=_ON_EACH)
def address(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database, on each engine; coverage is measured on the first.

    Whoever tests what only one engine does asks for ``database_path`` or ``postgres_url``.
    """
    return str(request.getfixturevalue(ENGINES[request.param]))


@pytest.fixture
def open_engine(address: str) -> OpenEngine:
    """Give what opens the test's database, again or beside; it was migrated before."""
    return lambda: open_any(address)


@pytest.fixture
def open_postgres(postgres_url: str) -> OpenEngine:
    """Give what opens a new PostgreSQL database, again or beside."""
    return lambda: open_any(postgres_url)


@pytest.fixture(scope="session", params=_ON_EACH)
def new_place(request: pytest.FixtureRequest) -> NewPlace:
    """Give what gives an empty database each time, for properties: another one for each example."""

    async def in_memory() -> Place:
        return None

    server: postgres.Server | None = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    return in_memory if server is None else server.emptied


@pytest.fixture(autouse=True)
def nothing_from_outside(request: pytest.FixtureRequest, empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a developer's settings, from the environment or a ``.env``, out of the tests: they may hold real tokens.

    The processes that a test starts inherit its environment, and run without the machine's variables for Python too.
    Where no coverage is measured in a test, none is in its processes.
    """
    unwanted = ["FTBOT_", "PYTHON"]
    if request.node.get_closest_marker("no_cover"):
        unwanted.append("COVERAGE_")
    for name in os.environ:
        if name.startswith(tuple(unwanted)) and not name.startswith("FTBOT_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(empty_folder)


@pytest.fixture(scope="session", autouse=True)
def interrupts_arrive() -> Iterator[None]:
    """Let the processes that tests start be interrupted: a shell does not let what it runs in the background."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """Give the loggers back to pytest after a test that sets logs up as the program does."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    sought = logging._srcfile, logging.logThreads, logging.logProcesses  # noqa: SLF001 — as its documentation has it
    yield
    logging._srcfile, logging.logThreads, logging.logProcesses = sought  # noqa: SLF001 — as its documentation has it
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    set_up_later(None)


@pytest.fixture
def signals_as_before() -> Iterator[None]:
    """Give the signals back to pytest after a test that runs the bot in this process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    signal.set_wakeup_fd(-1)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def ftbot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, logs_as_before: None) -> Run:  # noqa: ARG001 — for what it does at the end
    """Give what runs the command line."""
    return runner(capsys, monkeypatch)


@pytest.fixture(scope="session", autouse=True)
def one_tls_context() -> Iterator[None]:
    """Read the certificate authorities once: that takes longer than most tests, and none of them uses TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx, "create_ssl_context", cache(httpx.create_ssl_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_reading_of_a_key() -> Iterator[None]:
    """Read a private key once: it is checked, which takes longer than most tests of triage, each of which reads it."""
    with pytest.MonkeyPatch.context() as patch:
        if "bot.clients.github.app" in sys.modules:
            patch.setattr("bot.clients.github.app.load_pem_private_key", cache(load_pem_private_key))
        yield


@pytest.fixture(scope="session")
def blocking_calls() -> Iterator[list[str]]:
    """Stop the program's calls that would block the event loop (files, SQLite, sleep, locks, sockets) and list them.

    Calls count when the program is on the stack, directly or through a library: the tests and their fakes may read a
    file. They are listed as well as raised, as the program answers any error with a reply and would hide them.
    """
    calls: list[str] = []
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        # It patches built-in types through the memory layout that objects have in builds with the GIL.
        yield calls
        return

    class RecordedBlockingError(BlockingError):
        def __init__(self, func: str) -> None:
            calls.append(func)
            super().__init__(func)

    with pytest.MonkeyPatch.context() as patch, blockbuster_ctx(["bot", "cogs", "storage"]) as guard:
        for function in guard.functions.values():
            # A first import reads files, and which test meets it is chance. The time it takes shows at start-up.
            function.can_block_in("<frozen importlib._bootstrap>", {"_find_and_load"})
            # PostgreSQL's driver looks for its settings in a file or two when it opens a connection.
            function.can_block_in("asyncpg/connect_utils.py", {"_parse_connect_dsn_and_args"})
        for name in ("threading.Lock.acquire", "threading.Lock.acquire_lock"):
            # Coverage takes a lock for the first line of a file in a thread, and two threads of the program can meet.
            guard.functions[name].can_block_in("coverage/collector.py", {"lock_data"})
        for name in ("io.TextIOWrapper.write", "io.BufferedWriter.write"):
            # A log line is written where it is logged; pytest's own log file is among the places.
            guard.functions[name].can_block_in("logging/__init__.py", {"emit"})
            guard.functions[name].can_block_in("structlog/_output.py", {"msg"})
        patch.setattr("blockbuster.blockbuster.BlockingError", RecordedBlockingError)
        yield calls


@pytest.fixture(autouse=True)
def event_loop_stays_free(blocking_calls: list[str]) -> Iterator[None]:
    """Fail a test in which the program blocked the event loop."""
    blocking_calls.clear()
    yield
    if blocking_calls:
        pytest.fail(f"the event loop was blocked by {', '.join(blocking_calls)}")
