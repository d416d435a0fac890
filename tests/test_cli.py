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

from bot.cli import app
from bot.core.errors import UpstreamError
from tests.command_line import Ended, Run
from tests.fakes.fake_discord import TOKEN, FakeDiscord
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import sdist, wheels
from tests.test_config import DEFAULTS, SECRETS

COMMANDS: Final = ("status", "scan", "digest", "history", "triage", "watch", "settings", "check", "run")


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


async def start(*arguments: str, stdout: int = asyncio.subprocess.PIPE, **variables: str) -> asyncio.subprocess.Process:
    """Start the program as a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=stdout, stderr=asyncio.subprocess.PIPE, env=os.environ | variables,
    )  # fmt: skip


async def end_of(process: asyncio.subprocess.Process) -> Ended:
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode is not None
    assert b"Traceback" not in err
    return Ended(process.returncode, (out or b"").decode(), err.decode())


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
                    "modifiers": [],
                },
                {
                    "python": "3.15t",
                    "verdict": "not-yet",
                    "ok": False,
                    "covered": {},
                    "missing": ["manylinux_x86_64", "win_amd64"],
                    "since": None,
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
    monkeypatch.setattr("storage.database._BUSY_SECONDS", 0.05)
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
    assert len(app.registered_commands) + len(app.registered_groups) == len(COMMANDS)
    assert all(f"{number} " in text for number in range(5))


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_explains_itself(ftbot: Run, command: str) -> None:
    ended = await ftbot(command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert "Usage: ftbot " in ended.out


@pytest.mark.parametrize("arguments", [["bogus"], ["status"], ["status", "numpy", "--bogus"], ["settings", "x"]])
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

    monkeypatch.setattr("bot.commands.answer_status", broken)
    ended = await ftbot("status", "numpy")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "ZeroDivisionError: by zero" in ended.err
    assert "FTBOT_LOG_LEVEL=debug" in ended.err


async def test_an_upstream_that_fails_a_whole_command_is_exit_code_4(
    ftbot: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise UpstreamError("The moon did not answer.")

    monkeypatch.setattr("bot.commands.check_everything", failing)
    assert await ftbot("check") == Ended(4, "", "ftbot: The moon did not answer. Try again later.\n")


# As a process of its own


async def test_it_answers_whatever_alphabet_stdout_has(index: FakeIndex) -> None:
    ended = await end_of(await start("status", "six", PYTHONIOENCODING="ascii", NO_COLOR="1"))
    assert (ended.code, ended.err) == (0, "")
    assert "six installs on 3.14t" in ended.out
    assert ended.out.isascii()
    assert "\x1b" not in ended.out
    assert {request.headers["User-Agent"].partition("/")[0] for request in index.requests} == {"ftbot"}


async def test_a_reader_that_has_enough_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        process = await start("status", "six", "--json", stdout=writing)
    finally:
        os.close(writing)
    assert await end_of(process) == Ended(0, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
async def test_an_answer_that_cannot_be_written_is_no_bug() -> None:
    with Path("/dev/full").open("wb") as full:  # noqa: ASYNC230 - a device, which never blocks
        ended = await end_of(await start("status", "six", "--json", stdout=full.fileno()))
    assert ended.code == 2
    assert "cannot be written" in ended.err


async def test_an_offline_question_without_an_answer_says_how_to_get_one(ftbot: Run) -> None:
    ended = await ftbot("status", "six", "--offline")
    assert ended.code == 4
    assert "ask again without --offline" in ended.err


async def test_an_interrupt_ends_it_without_a_word(index: FakeIndex) -> None:
    hold = index.hold()
    process = await start("status", "six")
    await asyncio.wait_for(hold.arrived.wait(), 20)
    process.send_signal(signal.SIGINT)
    assert (await end_of(process)).code == 130
