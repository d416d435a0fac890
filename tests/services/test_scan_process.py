"""The process that scans: whatever becomes of it, that is told, it is started again, and nothing is read twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.clients.child import inherited, own_command
from bot.config import settings_of
from bot.core.database_address import parse_database
from bot.core.errors import ScanBrokeError, ScannedElsewhereError, UpstreamError
from bot.core.history.breaker import ROW
from bot.services.metrics import Metrics, ScanEnd
from bot.services.packages.scan import ScanScope, ScanSummary
from bot.services.scan_process import ScanPatience, ScanProcess
from bot.wiring.scan_process import COMMAND, build_scan_process
from tests.conftest import ROOT
from tests.databases import held, open_database
from tests.fakes.fake_index import FakeIndex, refusal
from tests.patience import at_most
from tests.services.scans import asked_of, numbered, publish_native

NAMES = numbered("p", range(350))
PAUSES = (0.01, 0.01, 0.01)
AT_ONCE = ScanPatience(pauses=PAUSES)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells that of a process")

STARTER = """\
import asyncio, os, sys
from bot.config import settings_of
from bot.services.metrics import Metrics
from bot.services.packages.scan import ScanScope
from bot.wiring.scan_process import build_scan_process
asyncio.run(build_scan_process(settings_of(os.environ), Metrics.new()).scan(ScanScope.DUE))
"""


@dataclass(frozen=True, slots=True)
class Rig:
    """What scans, between an index and a database."""

    index: FakeIndex
    address: str
    variables: dict[str, str]

    def process(self, patience: ScanPatience = AT_ONCE) -> ScanProcess:
        """Make one, as the bot does, which waits as long as is said."""
        return replace(build_scan_process(settings_of(self.variables), Metrics.new()), patience=patience)

    @asynccontextmanager
    async def scanning(self, process: ScanProcess) -> AsyncIterator[asyncio.Task[ScanSummary]]:
        """Scan while the block runs."""
        task = asyncio.create_task(process.scan(ScanScope.DUE))
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, ScanBrokeError, ScannedElsewhereError):
                await task

    async def stored(self) -> set[str]:
        """Return which projects are in the database."""
        async with open_database(self.address) as database:
            return {str(name) for (name,) in await database.read("SELECT package FROM projects")}


@pytest.fixture
def rig(index: FakeIndex, address: str, tmp_path: Path) -> Rig:
    publish_native(index, *NAMES)
    (tmp_path / "names.txt").write_text("\n".join(NAMES))
    variables = {
        "FTBOT_INDEX_URL": index.index_url,
        "FTBOT_JSON_API_URL": index.json_api_url,
        "FTBOT_TOP_PACKAGES_URL": str(tmp_path / "names.txt"),
        "FTBOT_DATABASE": address,
        "FTBOT_TRACK": str(len(NAMES)),
        "FTBOT_LOG_FORMAT": "json",
        "FTBOT_DISCORD_TOKEN": "a-token-of-discord",
        "FTBOT_GITHUB_TOKEN": "a-token-of-github",
    }
    return Rig(index, address, variables)


def ends(process: ScanProcess) -> dict[ScanEnd, float]:
    """Count how processes ended."""
    samples = {
        sample.labels["outcome"]: sample.value
        for family in process.metrics.scan_ends.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }
    return {end: samples[end.value] for end in ScanEnd if samples[end.value]}


def metric(process: ScanProcess, name: str) -> float | None:
    return process.metrics.registry.get_sample_value(name)


async def arrived(hold: asyncio.Event) -> None:
    await asyncio.wait_for(hold.wait(), at_most(60))


async def ended(task: asyncio.Task[ScanSummary]) -> ScanSummary:
    return await asyncio.wait_for(task, at_most(60))


async def some_stored(rig: Rig) -> set[str]:
    async with asyncio.timeout(at_most(60)):
        while not (stored := await rig.stored()):
            pass
    return stored


async def until(reached: Callable[[], bool]) -> None:
    """Wait until a process has come so far, which nothing else tells."""
    async with asyncio.timeout(at_most(60)):
        while not reached():  # noqa: ASYNC110 — a process sets no event
            await asyncio.sleep(0.02)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_it_scans_into_the_database_and_tells_what_it_did(rig: Rig) -> None:
    process = rig.process()
    summary = await asyncio.wait_for(process.scan(ScanScope.DUE), at_most(60))
    assert summary == ScanSummary(350, 350, 0)
    assert await rig.stored() == set(NAMES)
    assert (ends(process), process.report(), process.pid) == ({ScanEnd.DONE: 1}, {"scan": True}, None)


async def test_everything_is_asked_for_where_that_is_wanted(rig: Rig) -> None:
    process = rig.process()
    await process.scan(ScanScope.DUE)
    assert (await process.scan(ScanScope.DUE)).requests == 0
    assert (await process.scan(ScanScope.EVERYTHING)).requests == 350


async def test_it_tells_how_far_it_is(rig: Rig) -> None:
    hold = rig.index.hold(path=f"^/simple/{NAMES[-1]}/")
    process = rig.process()
    async with rig.scanning(process) as task:
        await arrived(hold.arrived)
        await until(lambda: metric(process, "ftbot_scan_projects") == 350)
        hold.release.set()
        await ended(task)
    assert metric(process, "ftbot_scan_projects") == 0


@LINUX
async def test_it_gives_way_and_has_no_secret(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in rig.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OTHER_NAME_OF_IT", "Bot a-token-of-discord")
    hold = rig.index.hold()
    process = rig.process()
    async with rig.scanning(process) as task:
        await arrived(hold.arrived)
        assert process.pid is not None
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19
        about = Path(f"/proc/{process.pid}")
        environment = await asyncio.to_thread((about / "environ").read_bytes)
        assert b"FTBOT_INDEX_URL" in environment
        assert b"a-token-of" not in environment
        assert int(await asyncio.to_thread((about / "oom_score_adj").read_text)) == 500
        hold.release.set()
        await ended(task)


def test_what_holds_a_secret_or_is_a_setting_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ftbot_track", "1")
    monkeypatch.setenv("SOME_TOKEN", "Bot a-secret-that-tells")
    monkeypatch.setenv("SOME_PROXY", "http://127.0.0.1:9/")
    environment = inherited(("a-secret-that-tells", "", "http"), "FTBOT_")
    assert environment["SOME_PROXY"] == "http://127.0.0.1:9/"
    assert not {"ftbot_track", "FTBOT_TRACK", "SOME_TOKEN"} & set(environment)


async def test_one_that_is_killed_is_started_again_and_goes_on_where_it_was(rig: Rig) -> None:
    holds = [rig.index.hold(path=f"^/simple/{name}/") for name in NAMES[-ROW:]]  # it asks for so many at once
    process = rig.process()
    async with rig.scanning(process) as task:
        await asyncio.gather(*(arrived(hold.arrived) for hold in holds))
        stored = await some_stored(rig)
        assert process.pid is not None
        killed = process.pid
        again = rig.index.hold(path=f"^/simple/{NAMES[-1]}/")  # for the next one
        with capture_logs() as lines:
            os.kill(killed, signal.SIGKILL)
            await arrived(again.arrived)
        assert (process.works, metric(process, "ftbot_scan_works")) == (False, 0)
        assert process.pid not in {None, killed}
        again.release.set()
        assert (await ended(task)).packages == 350
    (told,) = [line for line in lines if line["event"] == "scan_process_broke"]
    assert told["reason"] == "The process that scans was ended by SIGKILL. Memory may have run out."
    assert (ends(process), process.works) == ({ScanEnd.DIED: 1, ScanEnd.DONE: 1}, True)
    assert metric(process, "ftbot_scan_works") == 1
    asked = Counter(asked_of(rig.index))
    assert {asked[name] for name in stored} == {1}, "what was stored was not read again"


@LINUX
async def test_one_whose_memory_runs_out_is_told_and_started_again(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "short of memory").touch()
    process = rig.process()
    once = 'if rm "$0"; then ulimit -v 100000; fi 2> /dev/null; exec "$@" 2> /dev/null'  # kB, of which it needs more
    process = replace(process, command=("sh", "-c", once, str(tmp_path / "short of memory"), *process.command))
    with capture_logs() as lines:
        assert (await process.scan(ScanScope.DUE)).packages == 350
    (told,) = [line for line in lines if line["event"] == "scan_process_broke"]
    assert told["how"] in {"died", "failed"}
    assert ends(process)[ScanEnd.DONE] == 1


async def test_one_that_hangs_is_ended_and_started_again(rig: Rig) -> None:
    hold = rig.index.hold()
    process = rig.process(ScanPatience(silent=at_most(5), pauses=PAUSES))
    async with rig.scanning(process) as task:
        await arrived(hold.arrived)
        assert process.pid is not None
        stopped = process.pid
        os.kill(stopped, signal.SIGSTOP)
        assert (await ended(task)).packages == 350
        assert not is_there(stopped)
    assert ends(process) == {ScanEnd.STUCK: 1, ScanEnd.DONE: 1}


async def test_one_that_gets_nowhere_is_ended_and_started_again(rig: Rig) -> None:
    hold = rig.index.hold(path=f"^/simple/{NAMES[7]}/")
    process = rig.process(ScanPatience(still=at_most(4), pauses=PAUSES))
    async with rig.scanning(process) as task:
        await arrived(hold.arrived)
        with capture_logs() as lines:
            assert (await ended(task)).packages == 350
    assert ends(process) == {ScanEnd.STUCK: 1, ScanEnd.DONE: 1}
    assert "The process that scans got nowhere for too long." in [line.get("reason") for line in lines]


async def test_a_locked_database_is_told_and_waited_for(rig: Rig) -> None:
    process = rig.process(ScanPatience(pauses=(3600.0,)))
    with capture_logs() as lines:
        async with held(rig.address, "projects"), rig.scanning(process):
            await until(lambda: ends(process) == {ScanEnd.FAILED: 1})
            assert not process.works
        assert (await process.scan(ScanScope.DUE)).packages == 350
    reasons = [line["reason"] for line in lines if line["event"] == "scan_process_broke"]
    name = parse_database(rig.address)
    assert reasons in (
        [f"The database {name} is locked by another program. Stop the other one, or try again."],
        [f"The database {name} is busy: another process has the row. Try again."],
    )
    assert process.works


async def test_no_second_one_scans_into_a_database(rig: Rig) -> None:
    process = rig.process()
    async with open_database(rig.address) as database:
        async with database.turn("scan"):
            with pytest.raises(ScannedElsewhereError, match=r"^Another process scans"):
                await process.scan(ScanScope.DUE)
        assert (ends(process), process.works) == ({ScanEnd.ELSEWHERE: 4}, True)
        assert rig.index.requests == []
        assert (await process.scan(ScanScope.DUE)).packages == 350


async def test_a_second_one_scans_when_the_first_was_killed(rig: Rig) -> None:
    hold = rig.index.hold(times=None)
    first, second = rig.process(ScanPatience(pauses=(3600.0,))), rig.process(ScanPatience(pauses=(0.2,) * 100))
    async with rig.scanning(first):
        await arrived(hold.arrived)
        async with rig.scanning(second) as task:
            await until(lambda: ScanEnd.ELSEWHERE in ends(second))
            assert first.pid is not None
            os.kill(first.pid, signal.SIGKILL)
            rig.index.heal()
            assert (await ended(task)).packages == 350


async def test_it_ends_with_whoever_started_it_however_that_ends(rig: Rig) -> None:
    hold = rig.index.hold(times=None)
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTER, cwd=ROOT, env=os.environ | rig.variables,
        stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await arrived(hold.arrived)
    starter.kill()
    assert starter.stderr is not None
    await asyncio.wait_for(starter.stderr.read(), at_most(60))  # which the scan has, too
    await starter.wait()
    async with open_database(rig.address) as database, database.turn("scan") as taken:
        assert taken


async def test_it_ends_when_it_is_not_wanted_any_more(rig: Rig) -> None:
    hold = rig.index.hold(times=None)
    process = rig.process()
    async with rig.scanning(process) as task:
        await arrived(hold.arrived)
        assert process.pid is not None
        pid = process.pid
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ended(task)
        assert not is_there(pid)
    assert ends(process) == {}


async def test_an_index_that_answers_nothing_is_no_fault_of_the_process(rig: Rig) -> None:
    rig.index.script(refusal(410), path="^/simple/", times=None)
    process = rig.process()
    with pytest.raises(UpstreamError, match=r"^Nothing was scanned: "):
        await process.scan(ScanScope.DUE)
    assert (ends(process), process.works) == ({ScanEnd.UNANSWERED: 1}, True)


@pytest.mark.parametrize(
    ("says", "end"),
    [
        ("print('Hello')", ScanEnd.GARBLED),
        ("print('{}')", ScanEnd.GARBLED),
        ("print('[' * 4000)", ScanEnd.GARBLED),
        ("print('x' * 1_000_000)", ScanEnd.GARBLED),
        ("sys.stdout.buffer.write(b'\\xff\\n')", ScanEnd.GARBLED),
        ("""print('{"type":"done","packages":-1,"requests":0,"failed":0}')""", ScanEnd.GARBLED),
        ("""print('{"type":"failed","why":"bug","reason":"' + 'x' * 600 + '"}')""", ScanEnd.GARBLED),
        ("""print('{"type":"failed","why":"bug","reason":"It broke."}')""", ScanEnd.FAILED),
        ("print('unfinished', end='')", ScanEnd.DIED),
        ("", ScanEnd.DIED),
        ("sys.exit(3)", ScanEnd.DIED),
        ("os.close(1); sys.stdin.read()", ScanEnd.DIED),
        ("sys.stdin.read()", ScanEnd.STUCK),
    ],
)
async def test_whatever_it_says_ends_in_a_sentence(rig: Rig, says: str, end: ScanEnd) -> None:
    silent = 0.5 if end is ScanEnd.STUCK else at_most(60)
    process = replace(
        rig.process(ScanPatience(silent=silent, pauses=())), command=(sys.executable, "-c", f"import os, sys\n{says}")
    )
    with pytest.raises(ScanBrokeError, match=r"^[A-Z][^\n]*\.$"):
        await process.scan(ScanScope.DUE)
    assert (ends(process), process.works) == ({end: 1}, False)


async def test_one_that_cannot_be_started_is_told(rig: Rig) -> None:
    process = replace(rig.process(ScanPatience(pauses=())), command=("/nowhere/python",))
    with pytest.raises(ScanBrokeError, match=r"^The process that scans could not be started: No such file"):
        await process.scan(ScanScope.DUE)
    assert ends(process) == {ScanEnd.DIED: 1}


async def test_its_command_is_this_program_wherever_it_is_started(tmp_path: Path) -> None:
    (tmp_path / "ftbot.py").write_text("raise SystemExit('not this one')")
    (tmp_path / "bot.py").write_text("raise SystemExit('not this one')")
    ran = await asyncio.create_subprocess_exec(
        *own_command(COMMAND, "--help"), cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await ran.communicate()
    assert ran.returncode == 0
    assert b"Scan for ftbot run" in out
