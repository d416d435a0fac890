"""No command imports what it does not use: a question in a terminal does not wait for libraries of the bot."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.cli.extras import EXTRAS
from bot.core.index.metadata import Metadata
from bot.core.verdicts.freshness import Reading
from storage.engine.sqlite import open_database
from storage.packages.statuses import Statuses
from tests.command_line import without_coverage
from tests.conftest import ROOT
from tests.core.pages import project, wheels
from tests.fakes.fake_discord import FakeDiscord
from tests.patience import at_most

DISCORD: Final = frozenset({"discord", "cogs"})
GITHUB: Final = frozenset({"github", "jwt", "cryptography", "requests", "urllib3", "bot.clients.github.worker"})
HTTP: Final = frozenset({"aiohttp", "httpx", "bot.clients.web"})
RUN: Final = frozenset({"apscheduler", "prometheus_client", "bot.services.metrics"})
CHART: Final = frozenset({"matplotlib"})
TRIAGE: Final = frozenset({"bot.core.triage", "bot.services.triage", "bot.core.classify.classify"})
DIGEST: Final = frozenset({"bot.core.digest", "bot.services.digest", "bot.core.history"})
DATABASE: Final = frozenset({"aiosqlite", "storage", "sqlite3"})
NOBODY: Final = DISCORD | GITHUB | HTTP | RUN | CHART
LOGS: Final = frozenset({"structlog", "bot.logs", "rich.traceback", "pygments"})
FILES: Final = frozenset(
    {
        "bot.core.dependencies.files",
        "bot.core.dependencies.judged",
        "bot.core.dependencies.naming",
        "bot.core.dependencies.selection",
        "bot.wiring.dependencies",
        "packaging.markers",
        "packaging.requirements",
        "tomli",
        "yaml",
    }
)
STATUS: Final = (
    NOBODY
    | TRIAGE
    | DIGEST
    | LOGS
    | FILES
    | {"bot.core.inspection.importing", "bot.core.schema.status", "dotenv", "rich.progress", "stamina"}
)
"""What a package that is in the database is answered without."""

RUNNER: Final = """\
import json, sys
from pathlib import Path
told, *arguments = sys.argv[1:]
sys.argv = ["ftbot", *arguments]
from ftbot.__main__ import main
try:
    main()
except SystemExit as end:
    lines = sys.modules.get("structlog")
    was_set_up = lines is None or lines.is_configured() or arguments[0] == "run"  # which may end before
    assert was_set_up, "what is logged would be written to stdout"
    Path(told).write_text(json.dumps([end.code or 0, sorted(sys.modules)]), "utf-8")
"""

BLOCKER: Final = """\
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
"""


def run(
    folder: Path, *arguments: str, variables: Mapping[str, str] | None = None, blocked: Collection[str] = ()
) -> tuple[int, frozenset[str], subprocess.CompletedProcess[str]]:
    """Run a command in a process of its own; give its exit code, what it imported, and how it ended."""
    told = folder / "told.json"
    (folder / "sitecustomize.py").write_text(BLOCKER.format(blocked=set(blocked)) if blocked else "", "utf-8")
    unreachable = "http://127.0.0.1:9/"
    # Coverage would import more than the commands do.
    environment = {name: value for name, value in without_coverage().items() if not name.startswith("FTBOT_")}
    settings = {
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "FTBOT_DATABASE": str(folder / "ftbot.db"),
        "FTBOT_INDEX_URL": unreachable,
        "FTBOT_JSON_API_URL": unreachable,
        "FTBOT_TOP_PACKAGES_URL": unreachable,
        "FTBOT_GUIDE_URL": unreachable,
        "FTBOT_GITHUB_API_URL": unreachable,
    }
    ended = subprocess.run(
        [sys.executable, "-c", RUNNER, str(told), *arguments],
        cwd=folder,
        env=environment | settings | dict(variables or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    code, imported = json.loads(told.read_text("utf-8"))
    return code, frozenset(imported), ended


@pytest.mark.parametrize(
    ("command", "code", "never"),
    [
        ("--help", 0, NOBODY | TRIAGE | DIGEST | DATABASE | {"asyncio", "structlog", "rich", "pydantic"}),
        ("--version", 0, NOBODY | TRIAGE | DIGEST | DATABASE | {"asyncio", "structlog", "rich", "bot.config"}),
        ("settings", 0, NOBODY | TRIAGE | DIGEST | DATABASE | LOGS | {"asyncio", "dotenv"}),
        ("status numpy --offline", 4, STATUS),
        ("status numpy", 4, DISCORD | GITHUB | CHART | TRIAGE | DIGEST | {"bot.wiring.dependencies", "yaml"}),
        ("inspect numpy", 4, DISCORD | GITHUB | CHART | TRIAGE | DIGEST | {"lief", "capstone"}),
        ("deps-action", 2, NOBODY | TRIAGE | DIGEST | {"stamina"}),
        ("deps-hook nothing.txt", 2, NOBODY | TRIAGE | DIGEST | {"stamina"}),
        ("deps -r nowhere.txt", 2, NOBODY | TRIAGE | DIGEST),
        ("deps numpy", 4, DISCORD | GITHUB | CHART | TRIAGE | DIGEST | {"lief", "capstone"}),
        ("scan", 4, DISCORD | GITHUB | CHART | TRIAGE | {"httpx"}),
        ("scan --json", 4, DISCORD | GITHUB | CHART | TRIAGE | {"httpx", "bot.terminal.scan", "rich.progress"}),
        ("list", 2, NOBODY | TRIAGE),
        ("compare numpy scipy", 4, DISCORD | GITHUB | CHART | TRIAGE | DIGEST),
        ("guide zebra", 3, DISCORD | GITHUB | CHART | TRIAGE | DIGEST),
        ("tracking nowhere.md", 2, NOBODY | TRIAGE),
        ("digest", 2, NOBODY | TRIAGE),
        ("history", 2, NOBODY | TRIAGE),
        ("site --output site", 2, NOBODY | {"bot.services.triage"}),
        ("upstream list", 0, NOBODY | {"bot.services.triage"}),
        ("triage classify --jsonl", 0, NOBODY | DIGEST | DATABASE | {"asyncio", "structlog", "bot.core.triage"}),
        ("triage evaluate nowhere.jsonl", 2, NOBODY | DIGEST | DATABASE | {"bot.services.triage"}),
        ("check", 4, DISCORD | GITHUB | CHART | TRIAGE | DIGEST),
        ("migrate --to new.db", 2, NOBODY | TRIAGE | DIGEST | {"asyncpg"}),
        ("deps numpy==2.0", 4, DISCORD | GITHUB | CHART | TRIAGE | DIGEST | {"yaml"}),
        ("run", 2, NOBODY | TRIAGE | DIGEST | DATABASE),
    ],
)
def test_no_command_imports_what_it_does_not_use(
    tmp_path: Path, command: str, code: int, never: frozenset[str]
) -> None:
    ended, imported, told = run(tmp_path, *command.split())
    assert ended == code, told.stderr
    assert never & imported == frozenset()


IDLE: Final = """\
import gc, json, sys
from pathlib import Path
left_alone, leave_alone = [], gc.freeze
gc.freeze = lambda: (left_alone.append(gc.get_threshold()), leave_alone())
told = sys.argv.pop()
from ftbot.__main__ import main
try:
    main()
except SystemExit:
    Path(told).write_text(json.dumps([left_alone, gc.get_threshold(), gc.isenabled(), sorted(sys.modules)]), "utf-8")
"""


class Idle(NamedTuple):
    """A bot that nobody asked anything: what it set of the garbage collector, and what it imported."""

    left_alone: int
    threshold: int
    collects: bool
    imported: frozenset[str]


async def idle_bot(folder: Path, **variables: str) -> Idle:
    """Run a bot until it is connected, and end it."""
    told = folder / "told.json"
    async with FakeDiscord(validate=False) as discord:
        settings = {
            "PYTHONPATH": str(ROOT),
            "FTBOT_DISCORD_TOKEN": discord.token,
            "FTBOT_DISCORD_API_URL": discord.api_url,
            "FTBOT_DISCORD_GATEWAY_URL": discord.gateway_url,
            "FTBOT_DATABASE": str(folder / "ftbot.db"),
            "FTBOT_HTTP_PORT": "0",
            "FTBOT_TRACK": "0",
        }
        bot = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", IDLE, "run", str(told)),
            cwd=folder,
            env=without_coverage() | settings | variables,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await discord.connected(at_most(60))
        bot.terminate()
        await asyncio.wait_for(bot.wait(), at_most(60))
    left_alone, (threshold, *_), collects, imported = json.loads(told.read_text("utf-8"))
    return Idle(len(left_alone), threshold, collects, frozenset(imported))


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be asked to end there")
async def test_an_idle_bot_has_imported_nothing_that_only_others_use(tmp_path: Path) -> None:
    idle = await idle_bot(tmp_path)
    formats = {"bot.core.dependencies.reading", "bot.core.dependencies.locked.uv_lock"}
    wheels = {"bot.clients.wheel_files", "bot.services.packages.tracked_wheels", "lief", "capstone"}
    triage = {"bot.services.triage.loop", "bot.core.triage.decide.decisions", "bot.core.classify.text.lexicon"}
    watching = {"bot.services.upstream.watcher", "bot.clients.github.reader"}
    never = GITHUB | CHART | formats | wheels | triage | watching | {"rich", "pygments", "click", "nacl"}
    assert never & idle.imported == frozenset()
    # Once by the bot, and once at the end of every command.
    assert (idle.left_alone, idle.threshold, idle.collects) == (2, 10_000, True)


def store_demo(database: Path) -> None:
    """Store a package as it was read a moment ago."""

    async def store() -> None:
        async with open_database(database) as opened:
            page = project(*wheels("cp314-cp314t-manylinux_2_28_x86_64"))
            read = Reading.of(page, datetime.now(UTC), metadata=Metadata(requires=("numpy>=2; python_version<'4'",)))
            await Statuses(opened, "http://127.0.0.1:9/").record(read)

    asyncio.run(store())


@pytest.mark.parametrize("question", ["status demo --offline", "status demo"])
def test_a_package_that_storage_knows_is_answered_with_little(tmp_path: Path, question: str) -> None:
    store_demo(tmp_path / "ftbot.db")
    code, imported, told = run(tmp_path, *question.split())
    assert code == 0, told.stderr
    assert "demo 1.0" in told.stdout
    assert STATUS & imported == frozenset()


def test_a_lock_that_storage_knows_is_answered_without_http(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("demo==1.0\n", "utf-8")
    store_demo(tmp_path / "ftbot.db")
    code, imported, told = run(tmp_path, "deps", "-r", str(lock), "--platform", "manylinux_x86_64")
    assert code == 0, told.stderr
    assert "demo 1.0" in told.stdout
    never = NOBODY | TRIAGE | DIGEST | {"lief", "capstone", "bot.clients.resolver"}
    assert never & imported == frozenset()


def test_every_library_of_an_extra_is_known_by_the_name_that_is_imported() -> None:
    project = msgspec.toml.decode((ROOT / "pyproject.toml").read_bytes())["project"]
    renamed = {"discord-py": "discord", "pygithub": "github", "pyjwt": "jwt"}
    listed = {
        (renamed.get(name, name.replace("-", "_")), extra)
        for extra, requirements in project["optional-dependencies"].items()
        for name in (canonicalize_name(Requirement(text).name) for text in requirements)
    }
    # Two are in an extra of their own, too, which is the one to name. Time zones are data that nothing imports by name.
    assert set(EXTRAS.items()) == listed - {("matplotlib", "bot"), ("jinja2", "bot"), ("tzdata", "bot")}


@pytest.mark.parametrize(
    ("command", "variables", "says"),
    [
        ("run", {"FTBOT_DISCORD_TOKEN": "x"}, "Install ftbot[bot]."),
        ("upstream poll", {"FTBOT_GITHUB_TOKEN": "x"}, "Install ftbot[bot]."),
        ("triage replay", {}, "Install ftbot[bot]."),
        ("triage issue numpy/numpy#1", {}, "Install ftbot[bot]."),
        ("site --output site", {}, "Install ftbot[site]."),
        ("migrate --from postgresql://a/b --to new.db", {}, "Install ftbot[postgres]."),
    ],
)
def test_a_command_whose_extra_is_missing_says_which(
    tmp_path: Path, command: str, variables: dict[str, str], says: str
) -> None:
    code, _, told = run(tmp_path, *command.split(), variables=variables, blocked=EXTRAS)
    assert (code, told.stdout) == (2, "")
    assert told.stderr.startswith("ftbot: This needs ")
    assert told.stderr.endswith(f", which is not installed. {says}\n")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("settings", 0), ("status numpy", 4), ("status numpy --offline", 4), ("scan", 4), ("digest", 2),
        ("deps numpy", 4), ("deps-action", 2), ("deps-hook nothing.txt", 2),
        ("history", 2), ("upstream list", 0), ("triage classify --jsonl", 0), ("check", 4),
        ("migrate --to new.db", 2),
    ],
)  # fmt: skip
def test_the_other_commands_need_no_extra(tmp_path: Path, command: str, code: int) -> None:
    ended, _, told = run(tmp_path, *command.split(), blocked=EXTRAS)
    assert ended == code, told.stderr
    assert "not installed" not in told.stderr
