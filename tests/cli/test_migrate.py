"""``ftbot migrate`` as the contract has it, from outside."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from tests.command_line import Run
from tests.moves import everything, fill, made_rows, open_at, raw
from tests.postgres import Server

NO_ADDRESS = "cannot be used: It is no address of PostgreSQL. Give postgresql://USER:PASSWORD@HOST/DATABASE, or a path."


@pytest.fixture
async def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set a database with two rows in every table."""
    path = tmp_path / "ftbot.db"
    await fill(str(path), made_rows(2))
    monkeypatch.setenv("FTBOT_DATABASE", str(path))
    return path


async def test_it_says_what_would_be_moved_and_what_was(ftbot: Run, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.db"
    asked = ("migrate", "--from", str(source), "--to", str(target))
    looked = await ftbot(*asked, "--dry-run")
    assert (looked.code, looked.err) == (0, "")
    assert looked.out.endswith(f" rows would be moved from {source} to {target}.\n")
    assert not target.exists()
    moved = await ftbot(*asked)
    assert (moved.code, moved.err) == (0, "")
    rows = sum(map(len, (await everything(str(source))).values()))
    assert re.search(
        rf"\n{rows} rows were moved from {re.escape(str(source))} to .* in \d+\.\d seconds\.\n$", moved.out
    )
    assert re.search(r"^ *2  posts *$", moved.out, re.MULTILINE)
    assert await everything(str(target)) == await everything(str(source))
    again = await ftbot(*asked)
    assert again.code == 0
    assert again.out.endswith(f"{target} has all {rows} rows of {source} already. Nothing was moved.\n")


async def test_as_json(ftbot: Run, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.db"
    (looked,) = (await ftbot("migrate", "--to", str(target), "--dry-run", "--json")).answers
    ended = await ftbot("migrate", "--to", str(target), "--json")
    (told,) = ended.answers
    assert (ended.code, ended.err) == (0, "")
    tables = told.pop("tables")
    assert isinstance(tables, list)
    assert isinstance(told.pop("seconds"), float)
    assert (told.pop("from"), told.pop("to")) == (str(source), str(target))
    assert told.pop("rows") == looked["rows"] == sum(table["rows"] for table in tables)
    assert told == snapshot({"schema": 1, "dry_run": False, "resumed": False, "already": False, "replaced": 0})
    assert (looked["dry_run"], looked["already"]) == (True, False)
    assert all(re.fullmatch("[0-9a-f]{32}", table["hash"]) and table["same"] for table in tables)
    assert isinstance(looked["tables"], list)
    assert {(table["hash"], table["same"]) for table in looked["tables"]} == {(None, None)}


async def test_what_had_nul_is_counted(ftbot: Run, source: Path, tmp_path: Path) -> None:
    with raw(str(source)) as connection:
        connection.execute("UPDATE packages SET name = 'a' || char(0) || id")
    ended = await ftbot("migrate", "--to", str(tmp_path / "new.db"))
    assert ended.code == 0
    assert ended.out.endswith("2 texts had NUL characters, which became U+FFFD.\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Give --from or --to; the other one is FTBOT_DATABASE."),
        (
            ("--to", ":memory:"),
            "A database in memory is gone when it is closed. Name a file or a postgresql:// address.",
        ),
        (
            ("--to", "mysql://a/b"),
            f"--to {NO_ADDRESS}",
        ),
        (
            ("--from", "postgresql://a:word@/"),
            f"--from {NO_ADDRESS}",
        ),
        (("--from", "nowhere.db"), "There is no database of ftbot at nowhere.db. Name one that a bot ran on."),
        (("--from", "ftbot.db", "--to", "ftbot.db"), "Both are the same database. Name two different ones."),
    ],
)
@pytest.mark.usefixtures("source")
async def test_what_makes_no_sense_is_wrong_usage(
    ftbot: Run, arguments: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = await ftbot("migrate", *arguments)
    assert (ended.code, ended.out, ended.err) == (2, "", f"ftbot: {says}\n")


async def test_a_bot_that_runs_is_in_the_way(ftbot: Run, source: Path, tmp_path: Path) -> None:
    async with open_at(str(source)) as database, database.turn("lead") as taken:
        assert taken
        ended = await ftbot("migrate", "--to", str(tmp_path / "new.db"))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(
        f"ftbot: A bot is running on the database {source}, or another `ftbot migrate`. Stop it"
    )


async def test_a_database_that_is_half_filled_is_no_database_yet(
    ftbot: Run, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "new.db"
    with raw(str(source)) as connection:
        connection.execute("UPDATE watches SET targets = x'00'")
    ended = await ftbot("migrate", "--to", str(target))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "ftbot: The table watches has something else than text in its column targets, which ftbot did not write. Mend"
        " or delete that row. Then run the same again: it goes on where it was.\n"
    )
    monkeypatch.setenv("FTBOT_DATABASE", str(target))
    used = await ftbot("history")
    assert used.code == 2
    assert used.err == (
        f"ftbot: The database {target} is incomplete: `ftbot migrate` was interrupted while it filled it. Run that"
        " again, which goes on where it was, or set FTBOT_DATABASE to another one.\n"
    )
    with raw(str(source)) as connection:
        connection.execute("UPDATE watches SET targets = ''")
    looked = await ftbot("migrate", "--from", str(source), "--dry-run")
    assert looked.out.endswith(f" to {target}, after those that an earlier run moved.\n")
    other = tmp_path / "other.db"
    await fill(str(other), {})
    refused = await ftbot("migrate", "--from", str(other))
    assert refused.code == 2
    assert refused.err.startswith(f"ftbot: The database {target} is half filled from another one than {other}. Go on")
    assert (await ftbot("migrate", "--from", str(source))).code == 0


@pytest.fixture
async def secret_url(postgres_server: Server, tmp_path: Path) -> AsyncIterator[str]:
    """Give the address of an empty PostgreSQL database with a password in it."""
    name = tmp_path.name[-40:]
    await postgres_server.do(f'CREATE DATABASE "{name}"')
    yield f"postgresql://ftbot:hunter%402@127.0.0.1:{postgres_server.port}/{name}?password=hunter3"
    await postgres_server.do(f'DROP DATABASE "{name}" WITH (FORCE)')


async def test_no_password_is_shown_anywhere(ftbot: Run, source: Path, secret_url: str) -> None:
    shown = []
    asked = ("migrate", "--to", secret_url)
    for arguments in ((*asked, "--dry-run"), (*asked, "--json"), asked, ("migrate", "--to", secret_url + "#x")):
        ended = await ftbot(*arguments)
        shown.append(ended.out + ended.err)
    nobody = re.sub(r":\d+/", ":9/", secret_url)
    gone = await ftbot("migrate", "--to", nobody)
    assert gone.code == 2
    assert "cannot be reached" in gone.err
    shown.append(gone.out + gone.err)
    assert "postgresql://ftbot:********@127.0.0.1" in shown[0]
    assert not [text for text in shown if "hunter" in text]
    assert await everything(str(source))


async def test_help_teaches(ftbot: Run) -> None:
    ended = await ftbot("migrate", "--help")
    assert ended.code == 0
    for word in ("--from", "--to", "--dry-run", "--json", "Stop the bot first", ".pgpass", "goes on where it was"):
        assert word in ended.out
