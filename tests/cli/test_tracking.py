"""``ftbot tracking`` as the contract has it, from outside."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.cli.tracking import patched_path
from storage.engine.sqlite import open_database
from storage.packages.documents import Documents
from tests.command_line import Ended, Run
from tests.fakes.fake_index import FakeIndex, refusal
from tests.services.scans import publish_native

HEAD = "| Project | Upstream issue | PyPI release | First version with support |\n| :-- | :-: | :-: | :-: |\n"
TICK = ":material-check-bold:"
TEXT = f"# Tracking ñ\n\n{HEAD}| numpy | [i](https://github.com/numpy/numpy/issues/26157) | | |\n| orjson | | | |\n"
WRITTEN = TEXT.replace("26157) | | |", f"26157) | {TICK} | 1.0 |")
UNCHECKED = "ftbot: Whether links moved or threads were closed was not checked: FTBOT_GITHUB_TOKEN is not set.\n"


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        publish_native(running, "numpy")
        publish_native(running, "orjson", free_threaded=False)
        yield running


@pytest.fixture(autouse=True)
def environment(index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_INDEX_URL", index.index_url)
    monkeypatch.setenv("FTBOT_JSON_API_URL", index.json_api_url)
    monkeypatch.setenv("FTBOT_GITHUB_API_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "ftbot.db"))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Give a page in a repository."""
    path = tmp_path / "repository" / "docs" / "tracking.md"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT, "utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=path.parent.parent, check=True)
    return path


def apply(page: Path, patch: str) -> str:
    """Apply a patch as people do, and give the page as it is then."""
    subprocess.run(["git", "apply"], cwd=page.parent, input=patch.encode(), check=True)
    return page.read_text("utf-8")


async def test_rows_as_json_have_the_keys_of_the_contract(ftbot: Run, page: Path) -> None:
    ended = await ftbot("tracking", str(page), "--json")
    (answer,) = ended.answers
    assert (ended.code, ended.err) == (0, UNCHECKED)
    assert answer == {
        "schema": 1,
        "rows": [
            {
                "line": 5,
                "project": "numpy",
                "package": "numpy",
                "state": "out-of-date",
                "reason": "1.0 (2026-08-14) was the first with wheels, for 3.14t. Its link was not checked.",
                "line_now": TEXT.splitlines()[4],
                "line_to_write": WRITTEN.splitlines()[4].replace(" |  | ", " | "),
            },
            {
                "line": 6,
                "project": "orjson",
                "package": "orjson",
                "state": "fine",
                "reason": "No release has a free-threaded wheel; the newest is 1.0.",
                "line_now": None,
                "line_to_write": None,
            },
        ],
        "missing": [],
    }


async def test_a_patch_is_what_git_apply_takes_and_then_it_is_empty(ftbot: Run, page: Path) -> None:
    ended = await ftbot("tracking", str(page), "--format", "patch")
    assert ended.code == 0
    assert await asyncio.to_thread(apply, page, ended.out) == WRITTEN
    again = await ftbot("tracking", str(page), "--format", "patch")
    assert again == Ended(0, "", f"{UNCHECKED}ftbot: There is nothing to write: the patch is empty.\n")


@pytest.mark.parametrize("name", ["my table.md", "a\tb.md", "one\n+++ b.md", '"quoted" \\ ñ\x7f.md'])
async def test_a_patch_applies_whatever_the_page_is_called(ftbot: Run, page: Path, name: str) -> None:
    named = await asyncio.to_thread(page.rename, page.with_name(name))
    ended = await ftbot("tracking", str(named), "--format", "patch")
    assert await asyncio.to_thread(apply, named, ended.out) == WRITTEN


async def test_the_text_of_a_pull_request_and_what_people_see(ftbot: Run, page: Path) -> None:
    text = (await ftbot("tracking", str(page), "--format", "markdown")).out
    assert text.startswith("# Bring 1 row of the tracking table up to date\n")
    assert "- **numpy** (line 5): 1.0 (2026-08-14) was the first with wheels" in text
    people = (await ftbot("tracking", str(page))).out
    assert people.startswith("2 rows: 1 fine, 1 to be written anew\n")


async def test_a_new_installation_names_much_downloaded_packages_without_a_row(
    ftbot: Run, page: Path, index: FakeIndex
) -> None:
    publish_native(index, "tomli")
    (answer,) = (await ftbot("tracking", str(page), "--json")).answers
    assert answer["missing"] == [
        {
            "package": "tomli",
            "reason": "Number 64 of the most downloaded. 1.0 (2026-08-14) was the first with wheels, for 3.14t.",
        }
    ]
    people = (await ftbot("tracking", str(page))).out
    assert "Much downloaded packages with native code that have no row (1)\nThey are named by" in people


async def test_where_nothing_is_to_be_written_the_text_says_so(ftbot: Run, page: Path) -> None:
    written = f"{HEAD}| numpy | | {TICK} | 1.0 |\n"
    await asyncio.to_thread(page.write_text, written, "utf-8")
    title, _, first, *_ = (await ftbot("tracking", str(page), "--format", "markdown")).out.splitlines()
    assert title == "# Nothing is to be written anew in the tracking table"
    assert first.startswith("The one row was compared with the index on ")


async def test_without_a_file_the_published_page_is_compared_or_a_copy(ftbot: Run, tmp_path: Path) -> None:
    nothing = await ftbot("tracking", "--json")
    assert (nothing.code, nothing.out) == (4, "")
    assert nothing.err.startswith("ftbot: The published table could not be read: ")
    async with open_database(tmp_path / "ftbot.db") as database:
        await Documents(database).record("tracking table", TEXT.encode(), datetime(2026, 1, 2, tzinfo=UTC))
    copied = await ftbot("tracking", "--format", "patch")
    assert copied.code == 0
    assert "The published table could not be read, so its copy of 2026-01-02 is compared" in copied.err
    assert copied.out.startswith("diff --git a/docs/tracking.md b/docs/tracking.md\n")
    async with open_database(tmp_path / "ftbot.db") as database:
        await Documents(database).record("tracking table", TEXT.encode(), datetime.now(UTC))
    assert json.loads((await ftbot("tracking", "--json")).out)["rows"][0]["project"] == "numpy"


async def test_a_page_is_read_from_standard_input(ftbot: Run) -> None:
    ended = await ftbot("tracking", "-", "--json", stdin=TEXT.encode())
    assert (ended.code, len(json.loads(ended.out)["rows"])) == (0, 2)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (None, "cannot be read: No such file or directory. Name another file."),
        (b"\xff\xfe", "is no text in UTF-8 (byte 0). Name another file."),
        (b"# Nothing\n", "The page has no table with the columns"),
        (TEXT.replace("| :-- |", "| :-x |").encode(), "Line 4 does not separate headings from rows"),
        (b"x" * 8_000_001, "more than 8,000,000 bytes. That is no tracking table."),
    ],
)
async def test_what_is_no_page_is_refused(ftbot: Run, page: Path, body: bytes | None, says: str) -> None:
    await asyncio.to_thread(page.unlink if body is None else partial(page.write_bytes, body or b""))
    ended = await ftbot("tracking", str(page), "--json")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert says in ended.err


async def test_json_and_another_form_exclude_each_other(ftbot: Run, page: Path) -> None:
    ended = await ftbot("tracking", str(page), "--json", "--format", "patch")
    assert ended == Ended(2, "", "ftbot: --json and --format exclude each other. Give only one of them.\n")


async def test_an_index_that_fails_for_a_row_is_exit_code_4(ftbot: Run, page: Path, index: FakeIndex) -> None:
    index.script(refusal(403), path="^/simple/numpy/", times=None)
    ended = await ftbot("tracking", str(page), "--json")
    assert ended.code == 4
    assert "The index could not be read for 1 of 2 rows; they say so." in ended.err
    assert [each["state"] for each in json.loads(ended.out)["rows"]] == ["person", "fine"]


def test_a_patch_names_the_page_as_its_repository_does(page: Path, tmp_path: Path) -> None:
    assert patched_path(str(page)) == "docs/tracking.md"
    assert patched_path(None) == patched_path("-") == "docs/tracking.md"
    (tmp_path / "other" / "docs").mkdir(parents=True)
    assert patched_path(str(tmp_path / "other" / "docs" / "tracking.md")) == "docs/tracking.md"
    assert patched_path(str(tmp_path / "other" / "table.md")) == "table.md"
