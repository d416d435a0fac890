"""The command line as the contract has it: what is printed where, and with which exit code it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Final

import pytest
from inline_snapshot import snapshot

from bot.cli.program import app
from bot.core.errors import UpstreamError
from tests.command_line import Ended, Run, without_coverage
from tests.fakes.fake_discord import TOKEN, FakeDiscord
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import sdist, wheels
from tests.patience import at_most
from tests.test_config import DEFAULTS, SECRETS

COMMANDS: Final = (
    "status", "inspect", "deps", "scan", "list", "compare", "digest", "history", "site", "guide", "tracking", "triage",
    "upstream", "settings", "check", "migrate", "run",
)  # fmt: skip


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running_index:
        running_index.publish(
            "numpy",
            [
                *wheels("numpy", "2.5.5", "cp314-cp314-win_amd64", "cp314-cp314-manylinux_2_28_x86_64"),
                *wheels("numpy", "2.5.5", "cp314-cp314t-manylinux_2_28_x86_64"),
                sdist("numpy", "2.5.5"),
            ],
            classifiers=["Programming Language :: Python :: Free Threading :: 3 - Stable"],
            project_urls={"Source": "https://github.com/numpy/numpy"},
        )
        running_index.publish("six", wheels("six", "1.17.0", "py2.py3-none-any"))
        running_index.publish("gone", wheels("gone", "1.0", "py3-none-any"))
        running_index.script(refusal(410), path="^/simple/gone/", times=None)
        yield running_index


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ftbot.db"


@pytest.fixture(autouse=True)
def environment(index: FakeIndex, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the program to what belongs to this test, in this process and in those that it starts."""
    monkeypatch.setenv("FTBOT_INDEX_URL", index.index_url)
    monkeypatch.setenv("FTBOT_JSON_API_URL", index.json_api_url)
    monkeypatch.setenv("FTBOT_DATABASE", str(database))


async def start(
    *arguments: str, stdout: int = asyncio.subprocess.PIPE, stderr: int = asyncio.subprocess.PIPE, **variables: str
) -> asyncio.subprocess.Process:
    """Start the program as a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ftbot", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=without_coverage() | variables,
    )  # fmt: skip


async def end_of(process: asyncio.subprocess.Process, encoding: str = "utf-8") -> Ended:
    out, err = await asyncio.wait_for(process.communicate(), at_most(60))
    assert process.returncode is not None
    ended = Ended(process.returncode, (out or b"").decode(encoding), (err or b"").decode(encoding))
    assert "Traceback" not in ended.err
    assert "Exception ignored" not in ended.err
    return ended


# ftbot status


async def test_json_is_an_object_with_the_keys_of_the_contract(ftbot: Run) -> None:
    ended = await ftbot("status", "NumPy", "--json")
    (answer,) = ended.answers
    checked = str(answer["checked"])
    assert (ended.code, ended.err, len(checked), checked[-1]) == (0, "", 20, "Z")
    assert answer | {"checked": "now"} == snapshot(
        {
            "schema": 1,
            "package": "numpy",
            "version": "2.5.5",
            "released": "2026-01-15T12:00:00Z",
            "verdict": "partial",
            "ok": True,
            "targets": [
                {
                    "python": "3.14t",
                    "verdict": "partial",
                    "ok": True,
                    "covered": {"manylinux_x86_64": "cp314t"},
                    "missing": ["win_amd64"],
                    "since": {"version": "2.5.5", "date": "2026-01-15"},
                    "since_by_platform": {"manylinux_x86_64": "2.5.5"},
                    "gil": None,
                    "gil_modules": [],
                    "modifiers": [],
                },
                {
                    "python": "3.15t",
                    "verdict": "not-yet",
                    "ok": False,
                    "covered": {},
                    "missing": ["manylinux_x86_64", "win_amd64"],
                    "since": None,
                    "since_by_platform": {},
                    "gil": None,
                    "gil_modules": [],
                    "modifiers": [{"kind": "lagging", "detail": "It has wheels for 3.14t, not yet for 3.15t."}],
                },
            ],
            "scope": ["manylinux_x86_64", "win_amd64"],
            "other_platforms": [],
            "sdist": True,
            "modifiers": [{"kind": "claim", "detail": "3 - Stable"}],
            "classifier": "Programming Language :: Python :: Free Threading :: 3 - Stable",
            "links": {
                "pypi": "https://pypi.org/project/numpy/",
                "source": "https://github.com/numpy/numpy",
                "tracking_issue": "https://github.com/numpy/numpy/issues/26157",
            },
            "metadata": "complete",
            "checked": "now",
            "stale": False,
            "error": None,
        }
    )


async def test_answers_come_in_the_order_asked(ftbot: Run) -> None:
    ended = await ftbot("status", "six", "NUMPY", "nosuchthing", "Six", "--json")
    assert [answer["package"] for answer in ended.answers] == ["six", "numpy", "nosuchthing", "six"]
    assert [answer["ok"] for answer in ended.answers] == [True, True, None, True]
    assert ended.code == 3


@pytest.mark.parametrize(
    ("packages", "code", "verdicts"),
    [
        (["six"], 0, ["pure"]),
        (["nosuchthing"], 3, ["not-found"]),
        (["nosuchthing", "six"], 3, ["not-found", "pure"]),
        (["gone"], 4, ["unknown"]),
        (["six", "gone"], 4, ["pure", "unknown"]),
        (["gone", "nosuchthing"], 4, ["unknown", "not-found"]),
        (["six", "no pe"], 2, []),
        (["gone", "a" * 201], 2, []),
        (["@everyone"], 2, []),
        (["--", "-r"], 2, []),
        ([""], 2, []),
    ],
)
async def test_exit_codes_tell_how_it_ended(ftbot: Run, packages: list[str], code: int, verdicts: list[str]) -> None:
    ended = await ftbot("status", "--json", *packages)
    assert (ended.code, [answer["verdict"] for answer in ended.answers]) == (code, verdicts)
    assert (ended.err == "") is (code == 0)
    for line in ended.err.splitlines():
        assert line.startswith("ftbot: ")
        assert line.endswith((".", "?"))


async def test_a_person_gets_cards_on_stdout_and_failures_on_stderr(ftbot: Run) -> None:
    ended = await ftbot("status", "numpy", "numppy", "six")
    assert ended.code == 3
    assert ended.err.startswith("ftbot: There is no package called numppy on the index. Did you mean numpy")
    assert [line for line in ended.out.splitlines() if line.startswith("╭")] == snapshot(
        [
            "╭─ numpy 2.5.5 ────────────────────────────────────────────────────────────────────────────────────╮",
            "╭─ six 1.17.0 ─────────────────────────────────────────────────────────────────────────────────────╮",
        ]
    )
    assert "\x1b" not in ended.out


async def test_what_is_stored_is_used_while_it_is_fresh(ftbot: Run, index: FakeIndex) -> None:
    await ftbot("status", "numpy")
    assert (await ftbot("status", "numpy", "--json")).code == 0
    assert index.count() == 1
    (answer,) = (await ftbot("status", "numpy", "--json", "--refresh")).answers
    assert (index.count(), index.not_modified, answer["verdict"]) == (2, 1, "partial")
    assert answer["classifier"] == "Programming Language :: Python :: Free Threading :: 3 - Stable"


async def test_offline_asks_nobody(ftbot: Run, index: FakeIndex) -> None:
    await ftbot("status", "numpy")
    index.requests.clear()
    ended = await ftbot("status", "numpy", "six", "--offline", "--json")
    assert [(answer["verdict"], answer["stale"]) for answer in ended.answers] == [
        ("partial", False),
        ("unknown", False),
    ]
    assert ended.code == 4
    assert "Nothing is stored about six" in ended.err
    assert index.requests == []


async def test_an_earlier_answer_serves_when_the_index_fails_and_says_so(ftbot: Run, index: FakeIndex) -> None:
    await ftbot("status", "numpy")
    index.script(refusal(410), times=None)
    ended = await ftbot("status", "numpy", "--refresh", "--json")
    (answer,) = ended.answers
    assert (ended.code, answer["stale"], answer["verdict"], answer["version"]) == (0, True, "partial", "2.5.5")
    assert answer["error"] == "127.0.0.1 says that the page is gone (status 410)."
    assert "the index could not be asked again" in (await ftbot("status", "numpy", "--refresh")).out


async def test_offline_and_refresh_exclude_each_other(ftbot: Run) -> None:
    ended = await ftbot("status", "numpy", "--offline", "--refresh")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("targets", "pythons", "verdict"),
    [
        (["3.14t", "3.15t"], ["3.14t", "3.15t"], "partial"),
        (["3.15t", "3.14t"], ["3.15t", "3.14t"], "not-yet"),
        (["3.15T", "3.15t"], ["3.15t"], "not-yet"),
        (["3.13t"], ["3.13t"], "not-yet"),
    ],
)
async def test_the_first_target_is_the_headline(
    ftbot: Run, targets: list[str], pythons: list[str], verdict: str
) -> None:
    options = [part for target in targets for part in ("--target", target)]
    (answer,) = (await ftbot("status", "numpy", "--json", *options)).answers
    listed = answer["targets"]
    assert isinstance(listed, list)
    assert ([target["python"] for target in listed], answer["verdict"]) == (pythons, verdict)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("3.14", "Python 3.14 is not free-threaded. Write `3.14t` for the free-threaded build."),
        ("3.12t", "isn't a free-threaded Python. Write `3.14t` or `3.15t`."),
        ("cp314t", "isn't a free-threaded Python. Write `3.14t` or `3.15t`."),
    ],
)
async def test_a_python_with_the_gil_is_refused_with_the_one_to_write(ftbot: Run, target: str, says: str) -> None:
    ended = await ftbot("status", "numpy", "--target", target)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith(f"{says}\n")


# A database that cannot be used


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    path.write_bytes(b"This is no database, but long enough to look like something. " * 100)
    yield


@contextmanager
def newer(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
        connection.execute("INSERT INTO schema_version VALUES (9999)")
    yield


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def a_folder(path: Path) -> Iterator[None]:
    path.mkdir()
    yield


@pytest.mark.parametrize(
    ("state", "says"),
    [(damaged, "damaged"), (newer, "newer ftbot"), (locked, "locked"), (a_folder, "cannot be opened")],
)
async def test_a_database_that_cannot_be_used_is_a_warning_and_the_answer_comes(
    ftbot: Run,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    state: Callable[[Path], AbstractContextManager[None]],
    says: str,
) -> None:
    monkeypatch.setattr("storage.engine.sqlite._BUSY_SECONDS", 0.05)
    database.parent.mkdir()
    with state(database):
        ended = await ftbot("status", "six", "--json")
        assert (ended.code, [answer["verdict"] for answer in ended.answers]) == (0, ["pure"])
        assert says in ended.err
        assert ended.err.endswith("Answering without it.\n")
        checked = await ftbot("check")
        assert (checked.code, says in checked.out) == (2, True)


# ftbot settings, check, --version, --help


async def test_settings_lists_every_variable_and_masks_secrets(ftbot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in SECRETS:
        monkeypatch.setenv(variable, f"hush-{variable}")
    people, programs = await ftbot("settings"), await ftbot("settings", "--json")
    assert (people.code, programs.code) == (0, 0)
    assert "hush" not in people.out + people.err + programs.out + programs.err
    (answer,) = programs.answers
    listed = answer["settings"]
    assert isinstance(listed, dict)
    assert set(listed) == set(DEFAULTS) | {"FTBOT_DATABASE"}
    assert {listed[variable] for variable in SECRETS} == {"********"}
    assert listed["FTBOT_GITHUB_APP_ID"] is None
    assert all(variable in people.out for variable in listed)


@pytest.mark.parametrize("command", [["status", "six"], ["settings"], ["check"], ["run"]], ids=lambda parts: parts[0])
async def test_a_bad_setting_is_named_by_every_command(
    ftbot: Run, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("FTBOT_HTTP_PORT", "http")
    ended = await ftbot(*command)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("ftbot: FTBOT_HTTP_PORT cannot be used: ")


async def test_a_dotenv_file_with_an_open_quote_starts_nothing(
    ftbot: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread((tmp_path / ".env").write_text, f'FTBOT_DISCORD_TOKEN="{TOKEN}\n')
    monkeypatch.chdir(tmp_path)
    for command in ("run", "settings", "check", "scan"):
        ended = await ftbot(command)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("ftbot: Line 1 of .env cannot be read: ")
        assert TOKEN not in ended.err


async def test_a_misspelt_setting_is_told_and_stops_nothing(ftbot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_TRAKC", "s3cret")
    says = "ftbot: FTBOT_TRAKC in the environment is not a setting. Did you mean FTBOT_TRACK?\n"
    for arguments in (["settings"], ["settings", "--json"], ["check", "--json"], ["status", "six"]):
        ended = await ftbot(*arguments)
        assert ended.err == says
        assert "s3cret" not in ended.out


async def test_check_says_what_works(ftbot: Run, index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.publish(
        "packaging", wheels("packaging", "26.3", "py3-none-any"), home_page="https://github.com/pypa/packaging"
    )
    async with FakeDiscord() as discord:
        monkeypatch.setenv("FTBOT_DISCORD_API_URL", discord.api_url)
        monkeypatch.setenv("FTBOT_DISCORD_TOKEN", TOKEN)
        ended = await ftbot("check", "--json")
        (answer,) = ended.answers
        checks = answer["checks"]
        assert isinstance(checks, list)
        assert (ended.code, answer["schema"]) == (0, 1)
        assert {check["subject"]: check["works"] for check in checks} == {
            "package index": True,
            "JSON API": True,
            "database": True,
            "curated list": True,
            "Discord token": True,
            "GitHub token": None,
            "GitHub App": None,
            "GitHub webhooks": None,
        }
        monkeypatch.setenv("FTBOT_DISCORD_TOKEN", "another-token")
        refused = await ftbot("check")
        assert refused.code == 2
        assert "refused. Make a new one and set FTBOT_DISCORD_TOKEN" in " ".join(refused.out.split())
        assert "another-token" not in refused.out + refused.err


async def test_check_tells_an_index_that_fails_from_a_setting_that_is_wrong(ftbot: Run, index: FakeIndex) -> None:
    index.script(refusal(410), times=None)
    ended = await ftbot("check")
    assert ended.code == 4
    assert "FTBOT_INDEX_URL" in ended.out


async def test_the_version_is_that_of_the_package_and_names_the_python(ftbot: Run) -> None:
    ended = await ftbot("--version")
    assert ended.code == 0
    assert ended.out.startswith("ftbot 0.")
    assert f"(Python {sys.version.split()[0]}, " in ended.out


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["-h"], 0), ([], 2)])
async def test_help_mentions_every_command_and_the_exit_codes(ftbot: Run, arguments: list[str], code: int) -> None:
    ended = await ftbot(*arguments)
    text = ended.out + ended.err
    assert ended.code == code
    assert all(f"\n  {command} " in text for command in COMMANDS)
    shown = [each for each in app.registered_commands if not each.hidden]
    groups = [each for each in app.registered_groups if each.hidden is not True]
    assert len(shown) + len(groups) == len(COMMANDS)
    assert "scan-for-bot" not in text
    assert "\n  watch " not in text
    assert all(f"{number} " in text for number in range(6))


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_explains_itself(ftbot: Run, command: str) -> None:
    ended = await ftbot(command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert "Usage: ftbot " in ended.out


@pytest.mark.parametrize("arguments", [["bogus"], ["inspect"], ["status", "numpy", "--bogus"], ["settings", "x"]])
async def test_wrong_usage_is_told_on_stderr(ftbot: Run, arguments: list[str]) -> None:
    ended = await ftbot(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Try 'ftbot" in ended.err


async def test_running_without_a_token_says_what_is_missing(ftbot: Run) -> None:
    ended = await ftbot("run")
    assert (ended.code, ended.out) == (2, "")
    assert "FTBOT_DISCORD_TOKEN is not set." in ended.err


# What nobody foresaw


async def test_a_bug_is_one_sentence_and_exit_code_1(ftbot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("bot.cli.status.answer_status", broken)
    ended = await ftbot("status", "numpy")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "ZeroDivisionError: by zero" in ended.err
    assert "FTBOT_LOG_LEVEL=debug" in ended.err


async def test_an_upstream_that_fails_a_whole_command_is_exit_code_4(
    ftbot: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise UpstreamError("The moon did not answer.")

    monkeypatch.setattr("bot.cli.check.check_everything", failing)
    assert await ftbot("check") == Ended(4, "", "ftbot: The moon did not answer. Try again later.\n")


# As a process of its own


@pytest.fixture
def closed() -> Iterator[int]:
    """Give a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.fixture
def full() -> Iterator[int]:
    """Give a disk without room."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no full device")
    with Path("/dev/full").open("wb") as device:
        yield device.fileno()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
async def test_it_answers_whatever_alphabet_stdout_has(index: FakeIndex, encoding: str) -> None:
    ended = await end_of(await start("status", "six", "numpy", PYTHONIOENCODING=encoding, NO_COLOR="1"), encoding)
    assert (ended.code, ended.err) == (0, "")
    assert "| - six installs on 3.14t" in ended.out
    assert "| mixed: numpy installs on 3.14t" in ended.out
    assert "\\" not in ended.out
    assert "\x1b" not in ended.out
    assert {request.headers["User-Agent"].partition("/")[0] for request in index.requests} == {"ftbot"}


@pytest.mark.parametrize("arguments", [["--help"], ["status", "-h"], ["settings"], ["check"], ["upstream", "list"]])
async def test_every_command_speaks_ascii_where_there_is_nothing_else(arguments: list[str]) -> None:
    ended = await end_of(await start(*arguments, PYTHONIOENCODING="ascii"), "ascii")
    assert ended.out
    assert "\\u" not in ended.out + ended.err
    assert "\\x" not in ended.out + ended.err


@pytest.mark.parametrize(("terminal", "is_poor"), [("dumb", True), ("linux", True), ("xterm", False)])
async def test_a_terminal_that_shows_little_of_its_encoding_gets_words(terminal: str, is_poor: bool) -> None:
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    try:
        screen, stdout = pty.openpty()
    except OSError:
        pytest.skip("this system has no pseudo-terminals left")
    try:
        process = await start("status", "six", stdout=stdout, TERM=terminal, NO_COLOR="1", LC_ALL="C.UTF-8")
        assert (await end_of(process)).code == 0
        shown = os.read(screen, 4_000)
    finally:
        os.close(stdout)
        os.close(screen)
    assert ("⬜ six".encode() in shown, b"- six" in shown, shown.isascii()) == (not is_poor, is_poor, is_poor)


SAID: Final = (
    ["--version"],
    ["triage", "--help"],
    ["status", "six"],
    ["status", "six", "numpy", "--json"],
    ["settings"],
)


@pytest.mark.parametrize("arguments", SAID, ids=" ".join)
async def test_a_reader_that_has_enough_is_no_error(closed: int, arguments: list[str]) -> None:
    assert await end_of(await start(*arguments, stdout=closed)) == Ended(0, "", "")


@pytest.mark.parametrize("arguments", SAID, ids=" ".join)
async def test_an_answer_that_cannot_be_written_is_no_bug(full: int, arguments: list[str]) -> None:
    says = "ftbot: The answer cannot be written: No space left on device. Make room, or write it elsewhere.\n"
    assert await end_of(await start(*arguments, stdout=full)) == Ended(2, "", says)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["status", "nosuchthing", "six", "--json"], 3, "There is no package called nosuchthing on the index."),
        (["status", "gone"], 4, "It is not known whether gone works"),
        (["status", "no pe"], 2, "no pe"),
        (["inspect"], 2, "Missing argument"),
        (["nosuchcommand"], 2, "No such command"),
        (["digest"], 2, "Nothing has been scanned yet."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
async def test_an_earlier_error_is_never_hidden(
    closed: int, full: int, arguments: list[str], code: int, says: str
) -> None:
    for stdout in (closed, full):
        ended = await end_of(await start(*arguments, stdout=stdout))
        assert ended.code == code
        assert says in ended.err
    assert (await end_of(await start(*arguments, stdout=full, stderr=full))).code == code


async def test_an_answer_comes_though_its_errors_cannot_be_written(full: int) -> None:
    ended = await end_of(await start("status", "nosuchthing", "six", "--json", stderr=full))
    assert (ended.code, [answer["package"] for answer in ended.answers]) == (3, ["nosuchthing", "six"])


async def test_threads_are_not_read_on_when_nobody_reads_the_answers(closed: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ftbot", "triage", "classify", "--jsonl",
        stdin=asyncio.subprocess.PIPE, stdout=closed, stderr=asyncio.subprocess.PIPE, env=without_coverage(),
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(b'{"repo": "a/b", "number": 1, "title": "t"}\n')  # and its end never comes
    assert process.stderr is not None
    assert await asyncio.wait_for(process.stderr.read(), at_most(60)) == b""
    assert await asyncio.wait_for(process.wait(), at_most(60)) == 0


async def test_an_offline_question_without_an_answer_says_how_to_get_one(ftbot: Run) -> None:
    ended = await ftbot("status", "six", "--offline")
    assert ended.code == 4
    assert "ask again without --offline" in ended.err


async def test_an_interrupt_ends_it_without_a_word(index: FakeIndex) -> None:
    hold = index.hold()
    process = await start("status", "six")
    await asyncio.wait_for(hold.arrived.wait(), at_most(60))
    process.send_signal(signal.SIGINT)
    assert (await end_of(process)).code == 130


async def test_a_server_that_is_not_there_is_a_sentence_without_its_password(
    ftbot: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTBOT_DATABASE", "postgresql://ada:s3cret@127.0.0.1:1/ftbot")
    ended = await ftbot("history")
    assert (ended.code, ended.out) == (2, "")
    assert "postgresql://ada:********@127.0.0.1:1/ftbot cannot be reached" in ended.err
    assert "s3cret" not in ended.err


def found_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@pytest.mark.parametrize("command", [("settings",), ("check",), ("run",), ("status", "numpy")])
async def test_a_database_that_no_engine_opens_makes_no_folder_and_shows_no_password(
    ftbot: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = found_in(tmp_path)
    monkeypatch.setenv("FTBOT_DATABASE", "mysql://ada:s3cret@db.example/ftbot")
    monkeypatch.setenv("FTBOT_DISCORD_TOKEN", "never-sent")
    ended = await ftbot(*command)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("ftbot: FTBOT_DATABASE cannot be used: It is no address of PostgreSQL.")
    assert "s3cret" not in ended.err
    assert found_in(tmp_path) == before


@pytest.mark.parametrize("command", [("scan",), ("check",), ("status", "numpy"), ("settings",)])
async def test_a_setting_that_holds_line_breaks_is_shown_on_one_line(
    ftbot: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    below = tmp_path / "file"
    below.write_text("no folder", "utf-8")
    monkeypatch.setenv("FTBOT_DATABASE", f"{below}/one\nFORGED\x1b[31m")
    ended = await ftbot(*command)
    lines = (ended.out + ended.err).splitlines()
    assert not any(line.startswith("FORGED") or "\x1b" in line for line in lines)
