"""``ftbot compare`` and ``ftbot guide`` as the contract has them, from outside."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from rich.cells import cell_len

from tests.command_line import Ended, Run
from tests.fakes.fake_index import FakeIndex, refusal
from tests.services.scans import publish_native, publish_pure


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        publish_native(running, "numpy")
        publish_native(running, "orjson", free_threaded=False)
        publish_pure(running, "six")
        yield running


@pytest.fixture(autouse=True)
def environment(index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_INDEX_URL", index.index_url)
    monkeypatch.setenv("FTBOT_JSON_API_URL", index.json_api_url)
    monkeypatch.setenv("FTBOT_GUIDE_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "ftbot.db"))


async def test_packages_side_by_side_as_json(ftbot: Run) -> None:
    ended = await ftbot("compare", "NumPy", "orjson", "numpy", "--target", "3.14t", "--json")
    (answer,) = ended.answers
    (numpy,) = (await ftbot("status", "numpy", "--target", "3.14t", "--json")).answers
    assert (ended.code, ended.err, list(answer)) == (0, "", ["schema", "packages", "rows"])
    packages = json.loads(ended.out)["packages"]
    assert [each["package"] for each in packages] == ["numpy", "orjson"]
    assert packages[0] | {"checked": ""} == numpy | {"checked": ""}
    assert answer["rows"] == [{"python": "3.14t", "platform": "win_amd64", "how": {"numpy": "cp314t", "orjson": None}}]


async def test_packages_side_by_side_for_people(ftbot: Run) -> None:
    ended = await ftbot("compare", "numpy", "orjson", "six")
    assert (ended.code, ended.err) == (0, "")
    assert [line.rstrip() for line in ended.out.splitlines() if not line.startswith("releases")] == snapshot(
        [
            "             numpy                        orjson                       six",
            "version      1.0                          1.0                          1.0",
            "",
            "3.14t        ✅ wheels                    ⛔ no wheel                  ⬜ pure Python",
            "since        1.0 (14 August 2026)         –                            –",
            "Windows x64  cp314t                       –                            pure Python",
            "",
            "3.15t        ⛔ no wheel                  ⛔ no wheel                  ⬜ pure Python",
            "Windows x64  –                            –                            pure Python",
            "",
            "             days ago                     days ago                     days ago",
            "",
            "A wheel shows that a build exists, not that it is thread-safe.",
        ]
    )


async def test_packages_that_do_not_fit_beside_each_other_stand_below(
    ftbot: Run, index: FakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"package-{letter}" for letter in "abcdefghij"]
    publish_native(index, *names)
    monkeypatch.setenv("COLUMNS", "80")
    lines = (await ftbot("compare", *names)).out.splitlines()
    assert [line.split() for line in lines if "package-" in line] == [names[:4], names[4:8], names[8:]]
    assert [line.split().count("cp314t") for line in lines if "cp314t" in line] == [4, 4, 2]
    assert max(map(cell_len, lines)) <= 80


async def test_what_does_not_exist_is_told_and_the_others_compared(ftbot: Run) -> None:
    ended = await ftbot("compare", "numpy", "nunpy", "--json")
    assert (ended.code, len(ended.answers)) == (3, 1)
    assert ended.err.startswith("ftbot: ")
    assert "nunpy" in ended.err


async def test_an_index_that_cannot_be_reached_is_exit_code_4(ftbot: Run, index: FakeIndex) -> None:
    index.script(refusal(403), times=None)
    ended = await ftbot("compare", "numpy", "six")
    assert (ended.code, ended.out) == (4, "")


@pytest.mark.parametrize("names", [["numpy"], ["numpy", "NumPy"], [f"p{number}" for number in range(11)]])
async def test_fewer_than_two_or_too_many_are_refused(ftbot: Run, names: list[str]) -> None:
    says = "ftbot: Name 2 to 10 packages to compare, such as numpy and scipy.\n"
    assert await ftbot("compare", *names) == Ended(2, "", says)


async def test_the_guide_s_sections_are_named_though_nobody_answers(ftbot: Run) -> None:
    ended = await ftbot("guide", "pybind11")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "Declaring free-threaded support http://127.0.0.1:9/porting-extensions/#declaring-free-threaded-support\n"
    )
    (answer,) = (await ftbot("guide", "CI", "with", "cibuildwheel", "--json")).answers
    assert answer["title"] == "Building free-threaded wheels with cibuildwheel"


async def test_a_topic_that_the_guide_does_not_have_is_exit_code_3(ftbot: Run) -> None:
    ended = await ftbot("guide", "zebra")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("ftbot: The guide has nothing that looks like that. It has, among others: ")


@pytest.mark.parametrize("topic", [[""], ["  ", "\t"]])
async def test_no_topic_is_wrong_usage(ftbot: Run, topic: list[str]) -> None:
    says = "ftbot: A topic is missing. Try `ftbot guide pybind11`.\n"
    assert await ftbot("guide", *topic) == Ended(2, "", says)
