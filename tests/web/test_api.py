"""The JSON that programs read: the same objects as the command line prints, and what can be asked of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from bot.core.digest.changes import Change, ChangeKind
from bot.core.schema.questions import LONGEST_TEXT
from bot.core.schema.status import StatusJson, status_json
from storage.discord.changes import Changes
from tests.core.pages import T314
from tests.services.lookups import NOW
from tests.web.sites import TRACKED, Rig


async def test_a_package_is_what_the_command_line_prints(rig: Rig) -> None:
    answer = await rig.get("/api/v1/packages/Both")
    assert (await rig.get("/packages/both.json")).content == answer.content
    printed = status_json(await rig.lookup.look_up("both"))
    told = answer.json()
    # When it was read, and whether its metadata was, differs: scans read pages.
    for read in (printed, told):
        del read["checked"], read["metadata"]
    assert told == json.loads(json.dumps(printed))


async def test_any_package_is_answered_and_the_answer_has_the_types_it_is_described_with(rig: Rig) -> None:
    for name in (*TRACKED, "untracked"):
        answer = await rig.get(f"/api/v1/packages/{name}")
        assert answer.status_code == 200
        assert msgspec.json.decode(answer.content, type=StatusJson).package == name


async def test_a_name_that_is_not_there_comes_with_names_that_are_like_it(rig: Rig) -> None:
    answer = await rig.get("/api/v1/packages/nunpy")
    assert answer.status_code == 404
    assert "numpy" in answer.json()["suggestions"]


async def test_a_package_that_the_last_scan_could_not_read_says_so(rig: Rig) -> None:
    rig.index.serve_raw("both", status=500)
    await rig.scan()
    rig.let_time_pass()
    told = (await rig.get("/packages/both.json")).json()
    assert (told["version"], told["stale"]) == ("1.0", True)
    assert told["error"]


async def listed(rig: Rig, query: str) -> list[str]:
    answer = await rig.get(f"/api/v1/packages?{query}")
    assert answer.status_code == 200, answer.text
    return [each["package"] for each in answer.json()["packages"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", list(TRACKED)),
        ("verdict=not-yet", ["nothing", "lost"]),
        ("verdict=not-yet,supported&order=name", ["both", "first-only", "lagging", "lost", "nothing"]),
        ("verdict=not-yet&verdict=supported&target=3.15t", ["both", "first-only", "lagging", "nothing", "lost"]),
        ("verdict=supported&target=3.15t", ["both"]),
        ("lagging=true", ["first-only", "lagging"]),
        ("gil=unread&limit=1", ["both"]),
        ("gil=on", []),
        ("covers=win_amd64&target=3.15t", ["both"]),
        ("lacks=win_amd64", ["nothing", "lost"]),
        ("ranks=2-3", ["first-only", "lagging"]),
        ("q=LAG", ["lagging"]),
        ("order=gained&limit=1", ["lagging"]),
        ("unheard_of=1&limit=1", ["both"]),
    ],
)
async def test_a_list_can_be_filtered_and_sorted(rig: Rig, query: str, found: list[str]) -> None:
    assert await listed(rig, query) == found


@pytest.mark.parametrize("query", ["order=rank", "order=name", "order=gained", "target=3.15t&order=name"])
@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_pages_of_a_list_are_the_list(rig: Rig, query: str, limit: int) -> None:
    whole, found, cursor = await listed(rig, query), [], None
    while cursor != "":
        more = "" if cursor is None else f"&cursor={cursor}"
        answer = await rig.get(f"/api/v1/packages?{query}&limit={limit}{more}")
        page = answer.json()
        assert page["total"] == len(whole)
        found += [each["package"] for each in page["packages"]]
        assert ("Link" in answer.headers) is (page["next"] is not None)
        cursor = page["next"] or ""
    assert found == whole


async def test_history_is_of_what_is_tracked(rig: Rig) -> None:
    told = (await rig.get("/api/v1/history?from=2026-01-01&to=2026-01-02&top=2")).json()
    assert (told["packages"], len(told["points"])) == (2, 2)
    assert (await rig.get("/api/v1/history?from=2030-01-01")).status_code == 400
    asked = rig.index.count()
    await rig.get("/api/v1/history?packages=untracked")
    assert rig.index.count() == asked, "strangers make nobody read pages"


@pytest.mark.parametrize("week", ["2026-W99", "2026-47x", "1999-W01", "2099-W01", "0001-W01"])
async def test_a_week_that_has_no_digest_is_not_found(rig: Rig, week: str) -> None:
    assert (await rig.get(f"/api/v1/digests/{week}")).status_code == 404


async def moves(rig: Rig, since: str, limit: int) -> tuple[list[str], str, bool]:
    told = (await rig.get(f"/api/v1/moves?since={since}&limit={limit}")).json()
    return [each["version"] for each in told["moves"]], told["next"], told["more"]


async def test_moves_go_on_from_a_cursor(rig: Rig) -> None:
    changes = Changes(rig.database)
    assert await moves(rig, "0", 10) == ([], "0", False)
    await changes.record([Change("a", T314, str(number), ChangeKind.GAINED) for number in range(3)], NOW)
    assert await moves(rig, "0", 2) == (["0", "1"], "2", True)
    assert await moves(rig, "2", 2) == (["2"], "3", False)
    assert await moves(rig, "3", 2) == ([], "3", False)
    await changes.record([Change("b", T314, "9", ChangeKind.LOST)], NOW)
    assert await moves(rig, "3", 2) == (["9"], "4", False)


# Dependencies


async def ask(rig: Rig, **content: object) -> tuple[int, dict[str, object]]:
    url = f"http://127.0.0.1:{rig.port}/api/v1/deps"
    answer = await rig.http.post(url, json=content)
    assert answer.headers["Cache-Control"] == "no-store"
    told: dict[str, object] = answer.json()
    return answer.status_code, told


async def test_a_lock_is_answered_from_storage_and_the_index(rig: Rig) -> None:
    url = f"http://127.0.0.1:{rig.port}/api/v1/deps?target=3.14t&platform=win_amd64"
    answer = await rig.http.post(url, content="both==1.0\nnothing==1.0\n", headers={"Content-Type": "text/plain"})
    told = answer.json()
    assert (told["target"], told["platforms"], told["resolved"], told["ok"]) == ("3.14t", ["win_amd64"], False, False)
    assert [(each["package"], each["blocks"]) for each in told["packages"]] == [("nothing", True), ("both", False)]


async def test_files_and_names_are_taken_as_json(rig: Rig) -> None:
    status, told = await ask(rig, files=[{"name": "requirements.txt", "text": "both==1.0\n-e .\n"}])
    assert status == 200
    not_read = told["not_read"]
    assert isinstance(not_read, list)
    assert [line["line"] for line in not_read] == [2]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"packages": []},
        {"packages": [1]},
        {"files": [{"name": "a"}]},
        {"files": [{"name": "a", "text": "x", "more": 1}] * 21},
        {"packages": ["x" * 201]},
        {"packages": ["both"], "extras": ["nope"]},
        {"files": [{"name": "uv.lock", "text": "version = "}]},
    ],
)
async def test_what_cannot_be_read_is_told(rig: Rig, content: dict[str, object]) -> None:
    status, told = await ask(rig, **content)
    assert (status, told["title"]) == (400, "Bad Request")
    assert str(told["detail"]).endswith(".")


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 65_536):
        yield b"#" * 65_536


@pytest.mark.parametrize("said", [True, False])
async def test_more_than_is_read_is_refused_whether_or_not_its_size_is_said(rig: Rig, said: bool) -> None:
    url, size = f"http://127.0.0.1:{rig.port}/api/v1/deps", LONGEST_TEXT + 65_536
    headers = {"Content-Type": "text/plain"} | ({"Content-Length": str(size)} if said else {})
    answer = await rig.http.post(url, content=pieces(size), headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "image/png"}, {}, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}]
)
async def test_what_is_of_another_kind_is_not_read(rig: Rig, headers: dict[str, str]) -> None:
    answer = await rig.http.post(f"http://127.0.0.1:{rig.port}/api/v1/deps", content=b"both", headers=headers)
    assert answer.status_code == 415


async def test_a_body_that_comes_too_slowly_is_not_waited_for(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.bodies.STALL_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    try:
        writer.write(
            b"POST /api/v1/deps HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nboth"
        )
        head = await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()
    assert b" 408 " in head
    assert b"application/problem+json" in head


async def test_who_asks_for_too_many_answers_is_told_when_to_come_again(rig: Rig) -> None:
    answers = [await ask(rig, files=[{"name": "requirements.txt", "text": "both==1.0\n"}]) for _ in range(12)]
    assert [status for status, _ in answers].count(200) == 10
    assert answers[-1][0] == 429
