"""``ftbot list`` as the contract has it, from outside."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from rich.cells import cell_len

from tests.command_line import Ended, Run
from tests.fakes.fake_index import FakeIndex
from tests.services.scans import publish_native, publish_pure


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        publish_native(running, "numpy", "lxml")
        publish_native(running, "orjson", free_threaded=False)
        publish_pure(running, "six")
        yield running


@pytest.fixture(autouse=True)
async def scanned(index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ftbot: Run) -> None:
    """Scan a list of packages into a database of this test."""
    top = tmp_path / "top.txt"
    top.write_text("numpy\nsix\norjson\nlxml\n")
    monkeypatch.setenv("FTBOT_INDEX_URL", index.index_url)
    monkeypatch.setenv("FTBOT_JSON_API_URL", index.json_api_url)
    monkeypatch.setenv("FTBOT_TOP_PACKAGES_URL", top.as_uri())
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "ftbot.db"))
    assert (await ftbot("scan", "--json")).code == 0


async def names(ftbot: Run, *arguments: str) -> list[object]:
    ended = await ftbot("list", *arguments, "--json")
    assert (ended.code, ended.err) == (0, "")
    return [answer["package"] for answer in ended.answers]


async def test_a_package_is_one_object_a_line_with_the_keys_of_the_contract(ftbot: Run) -> None:
    first, *_ = (await ftbot("list", "--json")).answers
    assert first == snapshot(
        {
            "schema": 1,
            "package": "numpy",
            "rank": 1,
            "version": "1.0",
            "targets": [
                {
                    "python": "3.14t",
                    "verdict": "supported",
                    "gil": None,
                    "since": {"version": "1.0", "date": "2026-08-14"},
                    "modifiers": [],
                },
                {"python": "3.15t", "verdict": "not-yet", "gil": None, "since": None, "modifiers": ["lagging"]},
            ],
        }
    )


async def test_one_target_alone_is_told_where_it_is_named(ftbot: Run) -> None:
    ended = await ftbot("list", "--target", "3.15t", "--json")
    assert (ended.out.count('"python": "3.15t"'), ended.out.count('"python"')) == (3, 3)


async def test_filters_choose(ftbot: Run) -> None:
    assert await names(ftbot) == ["numpy", "orjson", "lxml"]
    assert await names(ftbot, "--verdict", "supported") == ["numpy", "lxml"]
    assert await names(ftbot, "--verdict", "not-yet", "--verdict", "blocked") == ["orjson"]
    assert await names(ftbot, "--lagging") == ["numpy", "lxml"]
    assert await names(ftbot, "--target", "3.14t", "--lagging") == []
    assert await names(ftbot, "--gil", "on") == []
    assert await names(ftbot, "--gil", "unread", "--rank", "2-3") == ["orjson"]
    assert await names(ftbot, "--platform", "win_amd64", "--sort", "name") == ["lxml", "numpy"]
    assert await names(ftbot, "--missing", "win_amd64") == ["orjson"]
    assert await names(ftbot, "--gained-since", "2030-01-01", "--narrowed") == []
    assert await names(ftbot, "--limit", "2") == ["numpy", "orjson"]
    assert await names(ftbot, "--limit", "2", "--page", "2") == ["lxml"]


async def test_behind_the_last_page_there_is_nothing(ftbot: Run) -> None:
    for form in ([], ["--json"]):
        ended = await ftbot("list", "--limit", "2", "--page", "3", *form)
        assert ended == Ended(0, "", "ftbot: There is no page 3. The last is 2.\n")


async def test_a_pipe_gets_a_line_each_in_words_and_nothing_else(ftbot: Run) -> None:
    ended = await ftbot("list", "--limit", "2")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == snapshot("""\
1  numpy   1.0  ✅ wheels · since 1.0 (2026-08-14)  ⛔ no wheel · lagging  \n\
3  orjson  1.0  ⛔ no wheel                         ⛔ no wheel            \n\
""")
    assert (await ftbot("list", "--gil", "on")).out.strip() == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--target", "3.14"], "Python 3.14 is not free-threaded. Write `3.14t` for the free-threaded build."),
        (["--target", "3.13t"], "The scan judged 3.14t and 3.15t, not 3.13t. Name it in FTBOT_TARGETS, and scan."),
        (["--gained-since", "soon"], "`soon` is not a date. Write it like `2026-11-22`."),
        (["--sort", "size"], "`size` is not an order. Write rank, name or gained."),
    ],
)
async def test_what_makes_no_sense_is_refused(ftbot: Run, arguments: list[str], says: str) -> None:
    assert await ftbot("list", *arguments) == Ended(2, "", f"ftbot: {says}\n")


async def test_before_a_scan_it_says_what_to_do(ftbot: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "other.db"))
    says = "ftbot: Nothing has been scanned yet. A running bot does it soon, `ftbot scan` at once.\n"
    assert await ftbot("list", "--json") == Ended(2, "", says)


async def test_people_get_headings_and_how_many_there_are(ftbot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    ended = await ftbot("list", "--limit", "2")
    first, *_, last = ended.out.splitlines()
    assert "package" in first
    assert "3 packages, page 1 of 2 · scanned just now" in last
    assert "No tracked package fits." in (await ftbot("list", "--gil", "on")).out


def seen(text: str) -> list[str]:
    """Return the lines that people see, without styles."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("width", [40, 60, 80])
async def test_ranks_and_names_are_never_cut(
    ftbot: Run, monkeypatch: pytest.MonkeyPatch, width: int, terminal: bool
) -> None:
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    lines = seen((await ftbot("list")).out)
    assert max(map(cell_len, lines)) <= width
    told = [re.match(r" *(\d+)  (\w+) ", line) for line in lines]
    assert [match.groups() for match in told if match] == [("1", "numpy"), ("3", "orjson"), ("4", "lxml")]


async def test_where_it_is_narrow_less_is_said_of_each_python(ftbot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    for width, says in ((90, "✅ wheels · since 1.0 (2026-08-14)"), (60, "✅ wheels · since 1.0"), (50, "✅ wheels")):
        monkeypatch.setenv("COLUMNS", str(width))
        _, first, *_ = seen((await ftbot("list")).out)
        assert first.removeprefix("   1  numpy    1.0      ").startswith(f"{says} ")
