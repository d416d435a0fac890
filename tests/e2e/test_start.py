"""What keeps ``ftbot run`` from starting ends it at once, with a sentence what and a sentence what next."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from bot.build import version
from bot.cli.program import main

pytestmark = pytest.mark.usefixtures("logs_as_before", "signals_as_before")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set a token, a free port and a database of this test; nothing of it comes as far as Discord."""
    version()  # looked up in files, once a process, when nobody waits yet
    monkeypatch.setenv("FTBOT_DISCORD_TOKEN", "never-sent")
    monkeypatch.setenv("FTBOT_DISCORD_API_URL", "http://127.0.0.1:9/api/v10")
    monkeypatch.setenv("FTBOT_DISCORD_GATEWAY_URL", "ws://127.0.0.1:9/")
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "ftbot.db"))
    monkeypatch.setenv("FTBOT_HTTP_PORT", "0")
    monkeypatch.setenv("FTBOT_LOG_FORMAT", "json")
    monkeypatch.setattr("sys.argv", ["ftbot", "run"])
    monkeypatch.setattr("storage.engine.sqlite._BUSY_SECONDS", 0.05)
    return tmp_path / "ftbot.db"


def complaint(capfd: pytest.CaptureFixture[str]) -> str:
    """Run the program, which ends with exit code 2, and give what it says on stderr."""
    with pytest.raises(SystemExit) as ended:
        main()
    written = capfd.readouterr()
    assert (ended.value.code, written.out) == (2, "")
    assert "Traceback" not in written.err
    last = written.err.splitlines()[-1]
    assert last.startswith("ftbot: ")
    return last


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    path.touch(0o400)
    if os.access(path, os.W_OK):
        pytest.skip("this user, root, may write every file")
    yield


@contextmanager
def corrupt(path: Path) -> Iterator[None]:
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)
    yield


@contextmanager
def newer(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
        connection.execute("INSERT INTO schema_version VALUES (9999)")
    yield


@contextmanager
def below_a_file(path: Path) -> Iterator[None]:
    path.parent.rmdir()
    path.parent.write_text("no folder", "utf-8")
    yield
    path.parent.unlink()
    path.parent.mkdir()


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (locked, "is locked by another program. Stop the other one, or try again."),
        (read_only, "cannot be written. Give this user write access to it and its folder."),
        (corrupt, "is damaged or no database. Move it away; ftbot makes a new one."),
        (newer, "is from a newer ftbot (schema 9999, "),
        (below_a_file, "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_used_is_named(
    database: Path,
    capfd: pytest.CaptureFixture[str],
    state: Callable[[Path], AbstractContextManager[None]],
    says: str,
) -> None:
    with state(database):
        text = complaint(capfd)
    assert text.startswith(f"ftbot: The database {database} ")
    assert says in text


def test_a_misspelt_setting_is_logged_and_stops_nothing(
    database: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FTBOT_TRAKC", "s3cret")
    database.mkdir()
    with pytest.raises(SystemExit):
        main()
    warned, complained = capfd.readouterr().err.splitlines()
    line = json.loads(warned)
    assert (line["event"], line["level"]) == ("setting_without_effect", "warning")
    assert line["reason"] == "FTBOT_TRAKC in the environment is not a setting. Did you mean FTBOT_TRACK?"
    assert "s3cret" not in warned
    assert complained.startswith(f"ftbot: The database {database} ")


@pytest.mark.usefixtures("database")
def test_a_port_that_is_taken_is_named(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("FTBOT_HTTP_PORT", str(port))
        text = complaint(capfd)
    assert text.startswith(f"ftbot: Port {port} on 127.0.0.1 cannot be opened: ")
    assert text.endswith("Set FTBOT_HTTP_PORT to a free one.")


@pytest.mark.usefixtures("database")
def test_a_host_with_a_line_break_is_named_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FTBOT_HTTP_HOST", "a\nb\x1b[31m..c")
    assert complaint(capfd).startswith(
        "ftbot: `a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m..c` is no name"
    )
