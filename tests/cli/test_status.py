"""``ftbot status`` about releases, files and many packages, from outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from bot.cli.platforms import current_platform
from tests.command_line import Run
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import wheels

TAG = {
    "manylinux_x86_64": "manylinux_2_28_x86_64",
    "manylinux_aarch64": "manylinux_2_28_aarch64",
    "macos_arm64": "macosx_11_0_arm64",
}.get(current_platform(), current_platform().value)
GIL, FREE = f"cp314-cp314-{TAG}", f"cp314-cp314t-{TAG}"


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        running.publish("lib", [*wheels("lib", "1.0", GIL), *wheels("lib", "2.0", GIL, FREE)])
        for number in range(80):
            running.publish(f"p{number}", wheels(f"p{number}", "1.0", GIL, FREE))
        yield running


@pytest.fixture(autouse=True)
def environment(index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the program to what belongs to this test."""
    monkeypatch.setenv("FTBOT_INDEX_URL", index.index_url)
    monkeypatch.setenv("FTBOT_JSON_API_URL", index.json_api_url)
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "data" / "ftbot.db"))
    monkeypatch.setenv("FTBOT_TARGETS", "3.14t")


async def written(tmp_path: Path, text: str, name: str = "requirements.txt") -> str:
    await asyncio.to_thread((tmp_path / name).write_text, text)
    return str(tmp_path / name)


async def test_a_release_that_is_named_has_the_card_of_that_release(ftbot: Run) -> None:
    ended = await ftbot("status", "lib==1.0")
    assert (ended.code, ended.err) == (0, "")
    assert "─ lib 1.0 ─" in ended.out
    assert "• The newest release is 2.0." in ended.out
    assert "⛔" in ended.out
    newest = (await ftbot("status", "lib==2.0")).out
    assert "─ lib 2.0 ─" in newest
    assert "The newest release" not in newest


async def test_json_of_a_release_has_the_keys_of_any_status(ftbot: Run) -> None:
    ended = await ftbot("status", "lib", "Lib == 1.0", "lib==1.0.0", "--json", "--target", "3.15t", "--target", "3.14t")
    newest, old, same = ended.answers
    assert ended.code == 0
    assert [answer["version"] for answer in (newest, old, same)] == ["2.0", "1.0", "1.0"]
    assert newest.keys() == old.keys()
    targets = old["targets"]
    assert isinstance(targets, list)
    assert [(each["python"], each["verdict"]) for each in targets] == [("3.15t", "blocked"), ("3.14t", "blocked")]
    assert (old["metadata"], newest["metadata"]) == ("complete", "complete")


async def test_a_release_that_is_not_there_is_told_with_the_newest(ftbot: Run) -> None:
    ended = await ftbot("status", "lib==9.0", "lib==1.0", "acme==1.0", "--json")
    assert ended.code == 3
    assert [(answer["package"], answer["verdict"]) for answer in ended.answers] == [
        ("lib", "not-found"),
        ("lib", "blocked"),
        ("acme", "not-found"),
    ]
    assert ended.err.startswith("ftbot: The index has no release 9.0 of lib. The newest is 2.0.\n")


async def test_a_release_is_answered_from_what_is_stored(ftbot: Run, index: FakeIndex) -> None:
    await ftbot("status", "lib")
    asked = len(index.requests)
    ended = await ftbot("status", "lib==1.0", "--offline", "--json")
    assert (ended.code, ended.answers[0]["verdict"], len(index.requests)) == (0, "blocked", asked)
    index.script(refusal(502), times=None)
    ended = await ftbot("status", "lib==1.0", "--refresh", "--json")
    assert (ended.answers[0]["verdict"], ended.answers[0]["stale"]) == ("blocked", True)
    assert (await ftbot("status", "acme==1.0", "--json")).code == 4


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Nothing was asked about."),
        (["lib>=1"], "`lib>=1` names no single release. Write lib, or lib==VERSION."),
        (["lib @ https://example.org/lib.whl"], "cannot be looked up: a URL"),
        (["-r", "nowhere.txt"], "There is no file nowhere.txt."),
        (["no name!"], "no name!"),
    ],
)
async def test_what_makes_no_sense_is_one_sentence(ftbot: Run, arguments: list[str], says: str) -> None:
    ended = await ftbot("status", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


async def test_a_file_names_packages_and_nothing_is_resolved(ftbot: Run, index: FakeIndex, tmp_path: Path) -> None:
    path = await written(tmp_path, "lib==1.0\np1>=1\nlib == 1.0\np2; sys_platform == 'amiga'\n-e .\n")
    ended = await ftbot("status", "p3", "-r", path, "--json")
    assert [(answer["package"], answer["version"]) for answer in ended.answers] == [
        ("p3", "1.0"),
        ("lib", "1.0"),
        ("p1", "1.0"),
    ]
    assert ended.code == 0
    assert ended.err.startswith("ftbot: requirements.txt:5: -e .: an editable project")
    assert {request.path.split("/")[2] for request in index.requests} == {"p3", "lib", "p1"}


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_of_many_packages_each_has_a_line(
    ftbot: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    path = await written(tmp_path, "".join(f"p{number}==1.0\n" for number in range(78)) + "acme\n")
    monkeypatch.setenv("COLUMNS", str(width))
    ended = await ftbot("status", "lib==1.0", "-r", path)
    lines = ended.out.splitlines()
    assert lines[0].startswith("80 packages on 3.14t, ")
    assert len(lines) < 95
    assert max(map(cell_len, lines)) <= width
    assert [line.split(";")[0].split() for line in lines if line.startswith("  lib")] == [["lib", "1.0", "blocked"]]
    assert "works from 2.0" in ended.out
    assert ended.code == 3


async def test_many_packages_are_answered_from_storage_where_nobody_is_asked(ftbot: Run, index: FakeIndex) -> None:
    names = [f"p{number}" for number in range(11)]
    assert (await ftbot("status", *names, "--offline")).code == 4
    assert (await ftbot("status", *names)).code == 0
    asked = len(index.requests)
    assert (await ftbot("status", *names, "--offline")).code == 0
    assert len(index.requests) == asked
    assert (await ftbot("status", *names, "--refresh")).code == 0
    assert len(index.requests) == asked + 11
    assert len((await ftbot("status", *names, "--json")).answers) == 11
