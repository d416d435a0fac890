"""``ftbot inspect``, and what ``status`` and ``scan`` make of it, as the contract has them, from outside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from tests.command_line import Run
from tests.fakes.fake_index import refusal
from tests.fakes.file_host import FileHost
from tests.inspector.ways import foreign
from tests.services.inspections import OFF, ON, UNKNOWN, publish, wheel_of

LINUX = "cp314-cp314t-manylinux_2_28_aarch64"
TARGET_KEYS = [
    "python", "gil", "wheel", "sha256", "verified", "bytes_read", "bytes", "requests", "notes", "reason", "modules",
]  # fmt: skip


@pytest.fixture
async def host() -> AsyncIterator[FileHost]:
    async with FileHost() as running:
        publish(running, "good", {LINUX: wheel_of({"good/m": OFF})})
        publish(running, "bad", {LINUX: wheel_of({"bad/m": ON, "bad/_private/m": ON})})
        publish(running, "unsure", {LINUX: wheel_of({"unsure/m": UNKNOWN})})
        yield running


@pytest.fixture(autouse=True)
def environment(host: FileHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the program to what belongs to this test."""
    top = tmp_path / "top.json"
    rows = [{"download_count": 9, "project": name} for name in ("good", "bad", "unsure")]
    top.write_text(json.dumps({"last_update": "2026-11-01 06:34:06", "rows": rows}))
    monkeypatch.setenv("FTBOT_INDEX_URL", host.index_url)
    monkeypatch.setenv("FTBOT_JSON_API_URL", host.json_api_url)
    monkeypatch.setenv("FTBOT_TOP_PACKAGES_URL", top.as_uri())
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "data" / "ftbot.db"))
    monkeypatch.setenv("FTBOT_TARGETS", "3.14t")


def gils(answer: dict[str, object]) -> list[object]:
    """Return what an answer says of each target."""
    targets = answer["targets"]
    assert isinstance(targets, list)
    return [each["gil"] for each in targets]


async def test_json_has_the_keys_of_the_contract(ftbot: Run) -> None:
    ended = await ftbot("inspect", "Bad", "--json")
    (answer,) = ended.answers
    assert (ended.code, ended.err) == (5, "")
    assert list(answer) == ["schema", "package", "version", "targets", "error"]
    assert (answer["schema"], answer["package"], answer["version"], answer["error"]) == (1, "bad", "1.0", None)
    targets = answer["targets"]
    assert isinstance(targets, list)
    (target,) = targets
    assert list(target) == TARGET_KEYS
    assert (target["python"], target["gil"], target["wheel"]) == ("3.14t", "on", f"bad-1.0-{LINUX}.whl")
    assert target["modules"] == [
        {
            "module": "bad._private.m",
            "file": "bad/_private/m.cpython-314t-aarch64-linux-gnu.so",
            "gil": "used",
            "how": "slot",
            "reason": None,
        },
        {
            "module": "bad.m",
            "file": "bad/m.cpython-314t-aarch64-linux-gnu.so",
            "gil": "used",
            "how": "slot",
            "reason": None,
        },
    ]


async def test_people_read_what_each_module_declares(ftbot: Run) -> None:
    ended = await ftbot("inspect", "bad")
    lines = ended.out.splitlines()
    assert lines[:5] == snapshot(
        [
            "bad 1.0",
            "🟡 3.14t: importing it turns the GIL back on: bad.m and 1 more.",
            "  bad-1.0-cp314-cp314t-manylinux_2_28_aarch64.whl",
            "  bad._private.m  used  by a slot  ",
            "  bad.m           used  by a slot  ",
        ]
    )
    assert (ended.code, ended.err) == (5, "")


async def test_what_keeps_the_gil_off_is_an_answer(ftbot: Run) -> None:
    ended = await ftbot("inspect", "good")
    assert (ended.code, ended.err) == (0, "")
    assert "✅ 3.14t: importing it keeps the GIL off." in ended.out


async def test_what_cannot_be_told_is_a_warning_with_the_reason(ftbot: Run) -> None:
    ended = await ftbot("inspect", "unsure")
    assert ended.code == 0
    assert ended.err.startswith("ftbot: It could not be told for 3.14t: unsure.m: ")


async def test_what_does_not_exist_is_told_and_the_others_are_answered(ftbot: Run) -> None:
    ended = await ftbot("inspect", "gone", "bad", "--json")
    assert ended.code == 3
    assert ended.err == "ftbot: There is no package called gone on the index.\n"
    assert [answer["error"] for answer in ended.answers] == ["There is no package called gone on the index.", None]


async def test_wheels_of_a_folder_are_read_before_they_are_published(ftbot: Run, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    await asyncio.to_thread(dist.mkdir)
    for name, way in (("demo", ON), ("other", OFF)):
        path = dist / f"{name}-1.0-{LINUX}.whl"
        await asyncio.to_thread(path.write_bytes, wheel_of({f"{name}/m": way}))
    ended = await ftbot("inspect", f"{dist}/", "--json")
    assert (ended.code, ended.err) == (5, "")
    assert [(answer["package"], gils(answer)) for answer in ended.answers] == [("demo", ["on"]), ("other", ["off"])]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["./nowhere"], "There is no .whl file at `nowhere`. Name one, or a folder with some."),
        (["good", "--version", "new"], "`new` is not a version. Use one as the index has it, such as 6.1.3."),
        (["good", "bad", "--version", "1.0"], "--version is of one package. Name one, or leave --version out."),
        (["good", "--target", "3.14"], "Python 3.14 is not free-threaded. Write `3.14t` for the free-threaded build."),
    ],
)
async def test_what_makes_no_sense_is_one_sentence(ftbot: Run, arguments: list[str], says: str) -> None:
    ended = await ftbot("inspect", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


async def test_status_tells_what_was_read_and_nothing_before(ftbot: Run) -> None:
    (before,) = (await ftbot("status", "bad", "--json")).answers
    await ftbot("inspect", "bad")
    (after,) = (await ftbot("status", "bad", "--offline", "--json")).answers
    assert gils(before) == [None]
    targets = after["targets"]
    assert isinstance(targets, list)
    (target,) = targets
    assert (target["verdict"], target["gil"], target["gil_modules"]) == ("supported", "on", ["bad.m", "bad._private.m"])
    assert [modifier["kind"] for modifier in target["modifiers"]] == ["gil-reenabled"]
    card = (await ftbot("status", "bad", "--offline")).out
    assert "🟡 bad installs on 3.14t" in card
    assert "importing it turns the GIL back on" in card


async def test_a_scan_may_read_inside_all_that_it_tracks(ftbot: Run, host: FileHost) -> None:
    ended = await ftbot("scan", "--inspect", "--json")
    (answer,) = ended.answers
    inspected = answer["inspected"]
    assert isinstance(inspected, dict)
    assert (ended.code, inspected | {"bytes": 0}) == (
        0,
        {"packages": 3, "bytes": 0, "failed": [], "left": 0, "gil": {"off": 1, "on": 1, "unknown": 1}},
    )
    asked = len(host.ranges())
    again = await ftbot("scan", "--inspect")
    assert len(host.ranges()) == asked
    assert "Nothing was left to read inside." in again.out


async def test_history_tells_how_many_keep_the_gil_off_today_as_far_as_they_were_read(ftbot: Run) -> None:
    await ftbot("scan", "--json")
    (before,) = (await ftbot("history", "--json")).answers
    assert before["imported"] is None
    assert "when imported" not in (await ftbot("history")).out
    await ftbot("inspect", "bad", "good")
    (after,) = (await ftbot("history", "--json")).answers
    assert after["imported"] == [{"python": "3.14t", "gil_off": 1, "unread": 1}]
    said = "3.14t today: 3 packages with wheels; of these, 1 keeps the GIL off when imported (1 not read yet)\n"
    assert (await ftbot("history")).out.endswith(said)
    (earlier,) = (await ftbot("history", "--to", "2026-01-31", "--json")).answers
    (named,) = (await ftbot("history", "--packages", "bad", "--json")).answers
    assert (earlier["imported"], named["imported"]) == (None, None)


async def test_check_names_what_wheels_contradict(ftbot: Run, host: FileHost) -> None:
    publish(host, "osqp", {LINUX: wheel_of({"osqp/m": OFF})})
    await ftbot("inspect", "osqp")
    checks = (await ftbot("check", "--json")).answers[0]["checks"]
    assert isinstance(checks, list)
    (found,) = [each for each in checks if each["subject"] == "curated list"]
    assert found["finding"] == "says that osqp 1.0 turns the GIL back on, and the wheels say that it does not"


async def test_a_folder_is_taken_by_its_name_where_it_holds_wheels(
    ftbot: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, wheels in (("dist", 1), ("good", 0)):
        await asyncio.to_thread((tmp_path / folder).mkdir)
        if wheels:
            path = tmp_path / folder / f"mine-1.0-{LINUX}.whl"
            await asyncio.to_thread(path.write_bytes, wheel_of({"mine/m": ON}))
    monkeypatch.chdir(tmp_path)
    ended = await ftbot("inspect", "dist", "good", "--json")
    assert (ended.code, [answer["package"] for answer in ended.answers]) == (5, ["mine", "good"])


async def test_a_file_that_is_no_wheel_does_not_pass(ftbot: Run, tmp_path: Path) -> None:
    path = tmp_path / f"mine-1.0-{LINUX}.whl"
    await asyncio.to_thread(path.write_bytes, b"text")
    ended = await ftbot("inspect", str(path))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"ftbot: mine-1.0-{LINUX}.whl cannot be read: ")


async def test_a_file_is_read_for_the_pythons_asked_for_and_those_that_are_out(ftbot: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine-1.0-cp310-abi3.abi3t-manylinux_2_28_aarch64.whl"
    await asyncio.to_thread(path.write_bytes, wheel_of({"mine/m": OFF}))
    (answer,) = (await ftbot("inspect", str(path), "--json")).answers
    targets = answer["targets"]
    assert isinstance(targets, list)
    assert {"3.14t", "3.20t"}.isdisjoint(each["python"] for each in targets)
    (none,) = (await ftbot("inspect", str(path), "--target", "3.14t", "--json")).answers
    assert none["targets"] == []
    assert f"– {path.name} fits no such Python" in (await ftbot("inspect", str(path), "--target", "3.14t")).out


async def test_a_wheel_that_cannot_be_fetched_is_an_upstream_that_failed(ftbot: Run, host: FileHost) -> None:
    host.script(refusal(503), path="^/files/", times=None)
    ended = await ftbot("inspect", "good")
    assert ended.code == 4
    assert "answered with status 503." in ended.err
    assert "nothing was fetched" not in ended.out


async def test_a_database_that_is_damaged_is_told(ftbot: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    junk = tmp_path / "junk.db"
    await asyncio.to_thread(junk.write_bytes, b"no database" * 1000)
    monkeypatch.setenv("FTBOT_DATABASE", str(junk))
    ended = await ftbot("inspect", "good")
    assert ended.code == 0
    assert ended.err.endswith("Reading without it.\n")


async def test_the_file_decides_the_verdict_of_a_wheel_with_suspect_tags(ftbot: Run, host: FileHost) -> None:
    tags = "cp314-none-manylinux_2_28_aarch64"
    files = {"built": foreign("linux-arm64", "slot_missing"), "plain": foreign("linux-arm64", "library")}
    for name, file in files.items():
        publish(host, name, {tags: wheel_of({}, more={f"{name}/m.so": file})})

    async def verdicts() -> list[object]:
        return [answer["verdict"] for answer in (await ftbot("status", *files, "--json")).answers]

    assert await verdicts() == ["mis-tagged", "mis-tagged"]
    asked = len(host.ranges())
    await ftbot("status", *files, "--json", "--refresh")
    assert len(host.ranges()) == asked  # a status reads no wheel
    built, plain = (await ftbot("inspect", *files, "--json")).answers
    assert (gils(built), gils(plain)) == (["on"], ["none"])
    assert await verdicts() == ["mis-tagged", "supported"]
    assert "built/m.so" in (await ftbot("status", "built")).out
