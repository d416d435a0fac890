"""``ftbot scan``, ``history`` and ``triage classify`` as the contract has them, from outside."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from storage.engine.sqlite import open_database
from tests.command_line import Ended, Run
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import wheels
from tests.services.lookups import NOW
from tests.services.scans import LONG_AGO, publish_native, publish_pure

SCAN_KEYS = ["schema", "packages", "requests", "not_modified", "bytes", "failed", "verdicts", "seconds"]
CLASSIFY_KEYS = ["repo", "number", "free_threading", "confidence", "kinds", "pythons", "platforms", "packages"]
NAMES = ("numpy", "six", "lxml", "gone", "orjson", "psutil")
THREAD = {"repo": "org/spam", "number": 7, "title": "Segfault with 3.14t on Linux", "body": None, "is_pr": False}
QUIET = {"repo": "org/eggs", "number": 8, "title": "Fix a typo", "body": "In the docs.", "is_pr": True}


class WithoutMatplotlib:
    """Finds modules as where the library is not installed."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Refuse the one."""
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError(name=name)


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        publish_native(running, "numpy", "lxml", "psutil")
        publish_native(running, "orjson", free_threaded=False)
        publish_pure(running, "six")
        running.script(refusal(410), path="^/simple/gone/", times=None)
        yield running


@pytest.fixture
def top_list(tmp_path: Path) -> Path:
    path = tmp_path / "top.json"
    rows = [{"download_count": 9, "project": name} for name in NAMES]
    path.write_text(json.dumps({"last_update": "2026-11-01 06:34:06", "rows": rows}))
    return path


@pytest.fixture(autouse=True)
def environment(index: FakeIndex, top_list: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the program to what belongs to this test."""
    monkeypatch.setenv("FTBOT_INDEX_URL", index.index_url)
    monkeypatch.setenv("FTBOT_JSON_API_URL", index.json_api_url)
    monkeypatch.setenv("FTBOT_TOP_PACKAGES_URL", top_list.as_uri())
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "data" / "ftbot.db"))


# ftbot scan


async def test_scan_as_json_has_the_keys_of_the_contract(ftbot: Run, index: FakeIndex) -> None:
    ended = await ftbot("scan", "--json")
    (answer,) = ended.answers
    seconds = answer["seconds"]
    assert (ended.code, ended.err, list(answer)) == (0, "", SCAN_KEYS)
    assert isinstance(seconds, float)
    assert 0 < seconds < 20
    assert answer | {"seconds": 0} == {
        "schema": 1,
        "packages": 4,
        "requests": len(NAMES),
        "not_modified": 0,
        "bytes": index.bytes_sent - sum(request.sent for request in index.requests if request.status == 410),
        "failed": ["gone"],
        "verdicts": {"3.14t": {"not-yet": 1, "supported": 3}, "3.15t": {"not-yet": 4}},
        "seconds": 0,
    }


async def test_a_second_scan_reads_what_may_have_changed(ftbot: Run) -> None:
    await ftbot("scan", "--json")
    (answer,) = (await ftbot("scan", "--json")).answers
    assert (answer["packages"], answer["requests"], answer["not_modified"], answer["bytes"]) == (4, 5, 4, 0)


@pytest.mark.parametrize(("top", "packages"), [("1", 1), ("2", 2), ("100000", 4)])
async def test_top_says_how_many_are_tracked(ftbot: Run, top: str, packages: int) -> None:
    (answer,) = (await ftbot("scan", "--top", top, "--json")).answers
    assert answer["packages"] == packages


async def test_the_setting_says_how_many_are_tracked(ftbot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_TRACK", "2")
    monkeypatch.setenv("FTBOT_TARGETS", "3.15t")
    (answer,) = (await ftbot("scan", "--json")).answers
    assert (answer["packages"], answer["verdicts"]) == (2, {"3.15t": {"not-yet": 2}})


async def test_scan_tells_people_what_it_found(ftbot: Run) -> None:
    ended = await ftbot("scan")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("4 tracked packages\n")
    assert "gone could not be read: 127.0.0.1 says that the page is gone (status 410)." in ended.out
    assert "most downloaded as of 2026-11-01" in ended.out
    assert "\x1b" not in ended.out


async def test_a_list_that_was_changed_is_walked_at_once(ftbot: Run, top_list: Path) -> None:
    await ftbot("scan", "--json")
    await asyncio.to_thread(top_list.write_text, "numpy\n")
    (answer,) = (await ftbot("scan", "--json")).answers
    assert answer["packages"] == 1
    await asyncio.to_thread(top_list.unlink)
    (answer,) = (await ftbot("scan", "--json")).answers
    assert answer["packages"] == 1


async def test_an_index_that_fails_is_exit_code_4_until_something_is_stored(ftbot: Run, index: FakeIndex) -> None:
    index.script(refusal(403), times=None)
    says = "ftbot: Nothing was scanned: 127.0.0.1 answered with status 403. Try again later.\n"
    assert await ftbot("scan", "--json") == Ended(4, "", says)
    assert await ftbot("scan") == Ended(4, "", says)
    assert (
        await ftbot("history")
    ).err == "ftbot: Nothing has been scanned yet. A running bot does it soon, `ftbot scan` at once.\n"
    index.heal()
    await ftbot("scan", "--json")
    index.script(refusal(403), times=None)
    stored = await ftbot("scan", "--json")
    assert (stored.code, stored.answers[0]["packages"]) == (0, 4)


@pytest.mark.parametrize("form", [[], ["--json"]])
async def test_an_index_that_is_not_there_is_one_sentence(ftbot: Run, index: FakeIndex, form: list[str]) -> None:
    await index.stop()
    says = "ftbot: Nothing was scanned: 127.0.0.1 could not be reached: it refuses connections. Try again later.\n"
    assert await ftbot("scan", "--top", "5", *form) == Ended(4, "", says)


@pytest.mark.parametrize("arguments", [["--top", "0"], ["--top", "-1"], ["--top", "many"], ["numpy"]])
async def test_scan_used_wrongly_is_exit_code_2(ftbot: Run, index: FakeIndex, arguments: list[str]) -> None:
    ended = await ftbot("scan", *arguments)
    assert (ended.code, ended.out, index.requests) == (2, "", [])


async def test_a_scan_beside_another_is_refused(ftbot: Run, index: FakeIndex, tmp_path: Path) -> None:
    database = tmp_path / "data" / "ftbot.db"
    async with open_database(database) as opened, opened.turn("scan") as taken:
        assert taken
        ended = await ftbot("scan", "--json")
    told = f"ftbot: Another process scans into the database {database}. Wait until it has ended.\n"
    assert (ended.code, ended.out, ended.err) == (2, "", told)
    assert index.requests == []


async def test_a_database_that_cannot_be_used_is_told_of(ftbot: Run, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    ended = await ftbot("scan", "--json")
    assert (ended.code, ended.out) == (2, "")
    assert "Set FTBOT_DATABASE to another file." in ended.err


# ftbot history


async def test_history_as_json(ftbot: Run) -> None:
    await ftbot("scan", "--json")
    ended = await ftbot("history", "--from", LONG_AGO.date().isoformat(), "--to", NOW.date().isoformat(), "--json")
    (answer,) = ended.answers
    assert (ended.code, ended.err) == (0, "")
    assert list(answer) == snapshot(["schema", "rule", "packages", "points", "imported", "failed", "not_found"])
    points = answer["points"]
    assert isinstance(points, list)
    assert points[-1] == snapshot(
        {"day": "2026-11-22", "with_wheels": {"3.14t": 3, "3.15t": 0}, "percent": {"3.14t": 75.0, "3.15t": 0.0}}
    )


async def test_history_of_packages_needs_no_scan(ftbot: Run, index: FakeIndex) -> None:
    ended = await ftbot("history", "--packages", "NumPy, orjson,numpy", "--json")
    (answer,) = ended.answers
    assert (ended.code, answer["packages"], answer["failed"], answer["not_found"]) == (0, 2, [], [])
    assert index.count() == 2


async def test_history_by_the_names_of_wheels(ftbot: Run, index: FakeIndex) -> None:
    index.publish("old", wheels("old", "1.0", "cp313-cp313t-win32", "cp313-cp313-win32"))
    ended = await ftbot("history", "--packages", "old", "--rule", "wheel-names", "--to", "2026-01-15", "--json")
    (answer,) = ended.answers
    points = answer["points"]
    assert isinstance(points, list)
    assert (answer["rule"], points[-1]) == (
        "wheel-names",
        {"day": "2026-01-15", "with_wheels": {"any": 1}, "percent": {"any": 100.0}},
    )


@pytest.mark.parametrize(
    ("packages", "code", "says"),
    [
        ("numpy,nosuch", 3, "ftbot: There is no package called nosuch on the index. Check the spelling.\n"),
        ("numpy,gone", 4, "ftbot: gone is left out: 127.0.0.1 says that the page is gone (status 410).\n"),
        (
            "nosuch,gone",
            4,
            (
                "ftbot: gone is left out: 127.0.0.1 says that the page is gone (status 410).\n"
                "ftbot: There is no package called nosuch on the index. Check the spelling.\n"
            ),
        ),
    ],
)
async def test_history_says_what_is_left_out(ftbot: Run, packages: str, code: int, says: str) -> None:
    ended = await ftbot("history", "--packages", packages, "--json")
    assert (ended.code, ended.err, len(ended.answers)) == (code, says, 1)
    people = await ftbot("history", "--packages", packages)
    assert (people.code, people.err) == (code, says)
    assert (" by rule “trusted”" in people.out) is ("numpy" in packages)


@pytest.mark.parametrize("form", [[], ["--json"]])
async def test_history_without_an_index_is_one_sentence(ftbot: Run, index: FakeIndex, form: list[str]) -> None:
    await ftbot("scan", "--json")
    await index.stop()
    says = "ftbot: Nothing was read: 127.0.0.1 could not be reached: it refuses connections. Try again later.\n"
    for asked in (["--packages", "numpy"], ["--rule", "wheel-names"]):
        assert await ftbot("history", *asked, *form) == Ended(4, "", says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            [],
            "ftbot: Nothing has been scanned yet. A running bot does it soon, `ftbot scan` at once.\n",
        ),
        (["--packages", "no pe"], None),
        (
            ["--packages", "numpy", "--top", "5"],
            "ftbot: --packages and --top exclude each other. Give only one of them.\n",
        ),
        (
            ["--packages", "numpy", "--from", "yesterday"],
            "ftbot: `yesterday` is not a date. Write it like `2026-11-22`.\n",
        ),
        (
            ["--packages", "numpy", "--to", "2026-02-30"],
            "ftbot: `2026-02-30` is not a date. Write it like `2026-11-22`.\n",
        ),
        (
            ["--packages", "numpy", "--from", "2026-01-02", "--to", "2026-01-01"],
            "ftbot: Nothing lies between 2026-01-02 and 2026-01-01. History begins on 2024-08-01.\n",
        ),
        (["--rule", "guess"], None),
        (["--top", "0"], None),
    ],
)
async def test_history_used_wrongly_is_exit_code_2(ftbot: Run, arguments: list[str], says: str | None) -> None:
    ended = await ftbot("history", *arguments, "--json")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err if says is None else ended.err == says


async def test_history_tells_people_the_share_of_each_month(ftbot: Run) -> None:
    await ftbot("scan", "--json")
    ended = await ftbot("history", "--from", "2026-07-15", "--to", "2026-10-02")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert [line.split()[0] for line in lines[2:]] == ["2026-07-31", "2026-08-31", "2026-09-30", "2026-10-02"]
    assert lines[0] == "Share of 4 packages with wheels, by rule “trusted”"


# ftbot triage classify


def lines(*threads: object) -> bytes:
    return b"".join(json.dumps(thread).encode() + b"\n" for thread in threads)


async def test_a_line_in_is_a_line_out(ftbot: Run, index: FakeIndex) -> None:
    ended = await ftbot("triage", "classify", "--jsonl", stdin=lines(THREAD, QUIET))
    assert (ended.code, ended.err, index.requests) == (0, "", [])
    assert [list(answer) for answer in ended.answers] == [CLASSIFY_KEYS, CLASSIFY_KEYS]
    assert [(answer["repo"], answer["number"], answer["free_threading"]) for answer in ended.answers] == [
        ("org/spam", 7, True),
        ("org/eggs", 8, False),
    ]
    kinds = ended.answers[0]["kinds"]
    assert isinstance(kinds, list)
    assert [list(kind) for kind in kinds] == [["kind", "confidence", "evidence"]]


@pytest.mark.parametrize("stdin", [b"", b"\n", b"\n \r\n\t\n"])
async def test_no_threads_are_no_answers(ftbot: Run, stdin: bytes) -> None:
    assert await ftbot("triage", "classify", "--jsonl", stdin=stdin) == Ended(0, "", "")


async def test_the_last_line_needs_no_end(ftbot: Run) -> None:
    ended = await ftbot("triage", "classify", "--jsonl", stdin=lines(THREAD, QUIET).rstrip())
    assert (ended.code, len(ended.answers)) == (0, 2)


@pytest.mark.parametrize(
    "line",
    [
        b"garbage",
        b"\xff\xfe\x00",
        b'{"repo":"a/b","number":1,"title":"\xff"}',
        b"[]",
        b"null",
        b'{"repo":"a/b"}',
        b'{"repo":"a/b","number":"one","title":"t"}',
        b'{"repo":"a/b","number":1,"title":"t","body":["x"]}',
        lines(THREAD)[:-20],
    ],
    ids=lambda line: repr(line[:45]),
)
async def test_a_line_that_is_no_thread_is_told_of_and_the_others_are_answered(ftbot: Run, line: bytes) -> None:
    stdin = lines(THREAD) + line + b"\n" + lines(QUIET)
    ended = await ftbot("triage", "classify", "--jsonl", stdin=stdin)
    assert (ended.code, [answer["number"] for answer in ended.answers]) == (2, [7, 8])
    assert ended.err.startswith("ftbot: Line 2 is left out: not a thread: ")
    assert ended.err.endswith(". A line is a JSON object, see --help.\n")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("depth", [1_000, 100_000, 4_000_000])
async def test_a_line_nested_deeply_is_answered_or_told_of(ftbot: Run, depth: int) -> None:
    """How deep is too deep, the interpreter decides: from Python 3.14 on it depends on the room on the C stack."""
    deep = b'{"repo":"a/b","number":1,"title":"t","x":' + b"[" * depth + b"]" * depth + b"}\n"
    ended = await ftbot("triage", "classify", "--jsonl", stdin=lines(THREAD) + deep + lines(QUIET))
    numbers = [answer["number"] for answer in ended.answers]
    if ended.code == 0:
        assert (numbers, ended.err) == ([7, 1, 8], "")
    else:
        assert (ended.code, numbers) == (2, [7, 8])
        assert ended.err.startswith("ftbot: Line 2 is left out: not a thread: ")


async def test_a_long_thread_is_answered(ftbot: Run) -> None:
    body = "It crashes with python3.14t. " + "The free-threaded build segfaults at line 5 of x.py, see #12. " * 17_000
    assert len(body) > 1_000_000
    ended = await ftbot("triage", "classify", "--jsonl", stdin=lines(THREAD | {"body": body}, QUIET))
    assert (ended.code, [answer["free_threading"] for answer in ended.answers]) == (0, [True, False])
    assert len(ended.out) < 10_000


async def test_text_of_any_alphabet_is_answered_in_ascii(ftbot: Run) -> None:
    thread = THREAD | {"title": "Absturz bei 3.14t Ελλάδα \u202e ユニコード", "body": "\x00\u2028\ud83d\ude00"}
    ended = await ftbot("triage", "classify", "--jsonl", stdin=lines(thread))
    assert (ended.code, len(ended.answers), ended.out.count("\n")) == (0, 1, 1)
    assert ended.out.isascii()


async def test_classify_without_jsonl_says_what_is_missing(ftbot: Run) -> None:
    ended = await ftbot("triage", "classify", stdin=lines(THREAD))
    assert (ended.code, ended.out) == (2, "")
    assert "--jsonl" in ended.err


# ftbot digest


async def test_a_scan_and_a_digest_lead_to_the_packages_one_by_one(ftbot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "One by one: ftbot list\n" in (await ftbot("scan")).out
    assert "\nOne by one: `ftbot list`.\n" in (await ftbot("digest")).out
    monkeypatch.setenv("FTBOT_PUBLIC_URL", "https://ft.example.org/")
    assert "\nOne by one: `ftbot list`.\n" in (await ftbot("digest")).out, "the site is off"
    monkeypatch.setenv("FTBOT_WEB", "on")
    assert "One by one: https://ft.example.org/packages/\n" in (await ftbot("scan")).out
    assert "\nOne by one: [all of them](https://ft.example.org/packages/).\n" in (await ftbot("digest")).out


async def test_without_the_extra_for_pictures_a_digest_is_text_and_no_folder_is_made(
    ftbot: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ftbot("scan", "--json")
    for module in [name for name in sys.modules if name.partition(".")[0] == "matplotlib" or name == "bot.charts"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "meta_path", [WithoutMatplotlib(), *sys.meta_path])
    folder = tmp_path / "out"
    for arguments in (["--output", str(folder)], ["--format", "html"]):
        ended = await ftbot("digest", *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == "ftbot: This needs matplotlib, which is not installed. Install ftbot[chart].\n"
    assert not folder.exists()
    assert (await ftbot("digest")).code == 0
    assert (await ftbot("digest", "--format", "json", "--output", str(folder))).code == 0
