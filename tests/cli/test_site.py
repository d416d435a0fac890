"""``ftbot site`` as the contract has it, from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.engine.sqlite import open_database
from tests.command_line import Run
from tests.web.pages.data import fill


@pytest.fixture
async def database(database_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set a database that was scanned, with nobody there to be asked."""
    async with open_database(database_path) as opened:
        await fill(opened)
    monkeypatch.setenv("FTBOT_DATABASE", str(database_path))
    monkeypatch.setenv("FTBOT_INDEX_URL", "http://127.0.0.1:9/")
    return database_path


@pytest.mark.usefixtures("database")
async def test_it_says_what_it_wrote(ftbot: Run, tmp_path: Path) -> None:
    into = tmp_path / "site"
    first = await ftbot("site", "--output", str(into))
    assert (first.code, first.err) == (0, "")
    number = int(first.out.split()[0])
    assert first.out == f"{number} files in {into}: {number} written, 0 taken away, the others as they were.\n"
    assert (into / "packages/alpha/index.html").is_file()
    again = await ftbot("site", "--output", str(into))
    assert again.out == f"{number} files in {into}: 0 written, 0 taken away, the others as they were.\n"


@pytest.mark.usefixtures("database")
async def test_absolute_links_are_of_the_address_that_was_given(
    ftbot: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTBOT_PUBLIC_URL", "https://set.example/a")
    page = tmp_path / "site/packages/alpha/index.html"
    assert (await ftbot("site", "--output", str(tmp_path / "site"))).code == 0
    assert '<link rel="canonical" href="https://set.example/a/packages/alpha/">' in page.read_text("utf-8")
    assert (await ftbot("site", "--output", str(tmp_path / "site"), "--base-url", "https://given.example/")).code == 0
    assert '<link rel="canonical" href="https://given.example/packages/alpha/">' in page.read_text("utf-8")
    assert "set.example" not in page.read_text("utf-8")


@pytest.mark.parametrize(
    "base", ["example.org", "ftp://example.org", "https://user:word@example.org", "https://x.org/?a"]
)
@pytest.mark.usefixtures("database")
async def test_an_address_that_is_none_is_wrong_usage(ftbot: Run, tmp_path: Path, base: str) -> None:
    ended = await ftbot("site", "--output", str(tmp_path / "site"), "--base-url", base)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("ftbot: --base-url cannot be used: ")
    assert not (tmp_path / "site").exists()


@pytest.mark.usefixtures("database")
async def test_a_folder_of_somebody_else_is_refused(ftbot: Run, tmp_path: Path) -> None:
    ended = await ftbot("site", "--output", str(tmp_path))  # the database is in it
    assert (ended.code, ended.out) == (2, "")
    assert "holds files that no ftbot wrote. Name an empty folder" in ended.err


async def test_before_a_scan_there_is_nothing_to_write(
    ftbot: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "ftbot.db"))
    ended = await ftbot("site", "--output", str(tmp_path / "site"))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "ftbot: Nothing has been scanned yet. A running bot does it soon, `ftbot scan` at once.\n"
    assert not (tmp_path / "site").exists()
