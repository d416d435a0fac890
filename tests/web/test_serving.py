"""What every address of the site keeps to: headers, entity tags, compression, faults; what nobody can make it do."""

from __future__ import annotations

import asyncio
import gzip
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.web.answers import Cached, takes_gzip
from bot.web.serving import making_budget, normal
from tests.fakes.fake_index import FakeIndex
from tests.patience import at_most
from tests.web.sites import PUBLIC, Rig, open_rig

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)

ADDRESSES = (
    "/badge/both.svg",
    "/badge/both.json",
    "/packages/both.json",
    "/packages/both/feed.xml",
    "/feed.xml",
    "/digests/feed.xml",
    "/sitemap.xml",
    "/robots.txt",
    "/api/openapi.json",
    "/api/v1/packages/both",
    "/api/v1/packages",
    "/api/v1/history",
    "/api/v1/digests/2026-W47",
    "/api/v1/moves",
)


@pytest.mark.parametrize("path", ADDRESSES)
async def test_an_answer_can_be_kept_and_compared(rig: Rig, path: str) -> None:
    answer = await rig.get(path, **{"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    tag = answer.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{30}"', tag)
    assert "stale-while-revalidate=" in answer.headers["Cache-Control"]
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Security-Policy"] == CSP
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers

    again = await rig.get(path, **{"If-None-Match": tag, "Accept-Encoding": "identity"})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["Cache-Control"] == answer.headers["Cache-Control"]

    head = await rig.http.head(f"http://127.0.0.1:{rig.port}{path}", headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(answer.content))
    assert head.headers["ETag"] == tag


async def test_what_is_compressed_has_a_tag_of_its_own_and_either_is_known_again(rig: Rig) -> None:
    plain = await rig.get("/api/v1/packages", **{"Accept-Encoding": "identity"})
    async with rig.http.stream(
        "GET", f"http://127.0.0.1:{rig.port}/api/v1/packages", headers={"Accept-Encoding": "gzip"}
    ) as packed:
        raw = b"".join([piece async for piece in packed.aiter_raw()])
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert packed.headers["ETag"] == plain.headers["ETag"][:-1] + '-gzip"'
    for tag in (packed.headers["ETag"], f"W/{plain.headers['ETag']}", '"x", *', f'"x", {plain.headers["ETag"]}'):
        assert (await rig.get("/api/v1/packages", **{"If-None-Match": tag})).status_code == 304
    assert (await rig.get("/api/v1/packages", **{"If-None-Match": '"x"'})).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("gzip, deflate, br", True),
        ("gzip", True),
        ("GZIP;q=0.5, identity", True),
        ("*", True),
        ("br", False),
        ("", False),
        ("gzip;q=0", False),
        ("*;q=0", False),
        ("gzip;q=x", False),
        ("x-gzip", True),
    ],
)
def test_gzip_is_sent_to_who_takes_it(accepted: str, taken: bool) -> None:
    assert takes_gzip(accepted) is taken


@pytest.mark.parametrize("path", ["/nowhere", "/packages/both/x/y", "/badge/", "/.env", "//evil.example/", "/%2e%2e/x"])
async def test_a_page_that_is_not_there_is_a_page_that_says_so(rig: Rig, path: str) -> None:
    answer = await rig.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert answer.headers["Content-Security-Policy"] == CSP
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "path", ["/api/nowhere", "/api/v1/packages/nope-nope", "/api/v1/digests/x", "/packages/@.json"]
)
async def test_a_program_is_told_with_problem_details(rig: Rig, path: str) -> None:
    answer = await rig.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    problem = answer.json()
    assert (problem["type"], problem["title"], problem["status"]) == ("about:blank", "Not Found", 404)
    assert problem["detail"].endswith(".")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_only_what_is_read_is_answered(rig: Rig, method: str) -> None:
    for path in ("/api/v1/packages", "/feed.xml"):
        answer = await rig.http.request(method, f"http://127.0.0.1:{rig.port}{path}")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
        assert "Access-Control-Allow-Origin" not in answer.headers
    deps = await rig.get("/api/v1/deps")
    assert (deps.status_code, deps.headers["Allow"]) == (405, "POST")


async def test_any_page_may_read_the_api_and_nothing_else(rig: Rig) -> None:
    for path in ADDRESSES:
        answer = await rig.get(path, Origin="https://elsewhere.example")
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert allowed == ("*" if path.startswith("/api/") else None), path
    post = await rig.http.post(f"http://127.0.0.1:{rig.port}/api/v1/deps", json={"packages": ["both"]})
    assert "Access-Control-Allow-Origin" not in post.headers
    assert (await rig.get("/api/nowhere")).headers["Access-Control-Allow-Origin"] == "*"


HOSTILE = (
    "<script>alert(1)</script>",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "a%00b",
    "%F0%9F%90%8D",
    "a%0d%0aX-A:%20b",
    "x" * 300,
)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "form", ["/packages/{}.json", "/api/v1/packages/{}", "/packages/{}/feed.xml", "/badge/{}.svg", "/{}"]
)
async def test_nothing_that_is_asked_is_repeated(rig: Rig, form: str, name: str) -> None:
    answer = await rig.get(form.format(name))
    is_badge = form.startswith("/badge/") and "/" not in name
    assert answer.status_code == (200 if is_badge else 404)
    whole = answer.text + str(answer.headers)
    assert "alert" not in whole
    assert "X-A" not in answer.headers
    assert "x" * 250 not in whole


@pytest.mark.parametrize(
    "query",
    ["target=3.13t", "target=<script>", "verdict=maybe", "gil=?", "lagging=2", "covers=amiga", "ranks=9-1", "limit=0",
     "limit=9999999999999999999", "limit=-1", "gained_since=yesterday", "order=x", "cursor=nobody", "lacks=win"],
)  # fmt: skip
async def test_what_a_parameter_may_be_is_told(rig: Rig, query: str) -> None:
    answer = await rig.get(f"/api/v1/packages?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(f"The parameter `{query.partition('=')[0]}` has to be ")
    assert "script" not in answer.text


async def test_links_are_where_the_setting_says_and_never_where_a_request_says(rig: Rig) -> None:
    for path in ("/feed.xml", "/sitemap.xml", "/robots.txt", "/api/openapi.json", "/packages/lost/feed.xml"):
        answer = await rig.get(
            path, Host="evil.example", **{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil"}
        )
        assert "evil" not in answer.text
        assert PUBLIC in answer.text


async def test_where_nobody_said_where_the_site_is_links_are_relative(index: FakeIndex, database_path: Path) -> None:
    async with open_rig(index, database_path, {"FTBOT_PUBLIC_URL": ""}) as rig:
        feed = await rig.get("/feed.xml", Host="evil.example")
        assert 'href="/packages/lost/"' in feed.text
        assert (await rig.get("/sitemap.xml")).status_code == 404
        assert "Sitemap" not in (await rig.get("/robots.txt")).text
        assert (await rig.get("/api/openapi.json")).json()["servers"] == [{"url": "/"}]


# Budgets


async def test_who_asks_for_too_much_is_told_when_to_come_again_and_others_are_answered(
    index: FakeIndex, database_path: Path
) -> None:
    async with open_rig(index, database_path, {"FTBOT_TRUSTED_PROXIES": "127.0.0.0/8"}) as rig:
        burst = making_budget().each.burst

        async def ask(number: int, who: str) -> int:
            answer = await rig.get(f"/api/v1/moves?since={number}", **{"X-Forwarded-For": f"198.51.100.99, {who}"})
            if answer.status_code == 429:
                assert int(answer.headers["Retry-After"]) >= 1
                assert answer.headers["Content-Type"] == "application/problem+json"
            return answer.status_code

        answers = [await ask(number, "203.0.113.1") for number in range(burst + 60)]
        assert answers[:burst] == [200] * burst
        assert 429 in answers
        assert await ask(burst + 61, "203.0.113.2") == 200
        assert await ask(0, "203.0.113.1") == 200, "what was made before costs nothing"


async def test_what_a_client_says_of_itself_changes_nothing_without_a_trusted_proxy(rig: Rig) -> None:
    burst = making_budget().each.burst
    answers = [
        (await rig.get(f"/api/v1/moves?since={number}", **{"X-Forwarded-For": f"203.0.113.{number % 250}"})).status_code
        for number in range(burst + 60)
    ]
    assert 429 in answers


async def test_names_that_are_tried_one_after_another_do_not_make_the_bot_ask_without_bound(
    index: FakeIndex, database_path: Path
) -> None:
    async with open_rig(index, database_path, {"FTBOT_TRUSTED_PROXIES": "127.0.0.1"}) as rig:
        before = index.count()
        budget = rig.site.packages.budget
        for number in range(300):
            who = f"203.0.113.{number % 200}"
            answer = await rig.get(f"/badge/made-up-{number}.json", **{"X-Forwarded-For": who})
            assert answer.status_code in {200, 429}
        await rig.lookup.aclose()
        assert index.count() - before <= budget.together.burst + 50


# Storage that fails


@contextmanager
def broken(path: Path) -> Iterator[None]:
    """Let nobody read what scans found while the block runs."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE scans RENAME TO gone")
        try:
            yield
        finally:
            connection.execute("ALTER TABLE gone RENAME TO scans")


async def test_before_the_first_scan_there_is_nothing_to_show_and_that_is_said(
    index: FakeIndex, database_path: Path
) -> None:
    async with open_rig(index, database_path, scanned=False) as rig:
        for path in ("/api/v1/packages", "/feed.xml", "/api/v1/history", "/api/v1/digests/2026-W47", "/og.png"):
            answer = await rig.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120"), path
            assert answer.headers["Cache-Control"] == Cached.NEVER.value
        assert (await rig.get("/badge/both.json")).json()["message"] == "checking"
        assert (await rig.get("/api/v1/packages/both")).status_code == 200, "any package can be asked about"
        await rig.scan()
        rig.let_time_pass()
        assert (await rig.get("/api/v1/packages")).json()["total"] == 5


async def test_a_database_that_cannot_be_read_is_told_and_what_was_read_before_is_shown_with_its_age(
    index: FakeIndex, database_path: Path
) -> None:
    async with open_rig(index, database_path) as rig:
        before = await rig.get("/api/v1/digests/2026-W46")
        await rig.site.digests.aclose()
        with broken(database_path):
            rig.let_time_pass()
            assert (await rig.get("/api/v1/digests/2026-W46")).content == before.content, "it is of the same edition"
            failed = await rig.get("/api/v1/digests/2026-W45")
            assert (failed.status_code, failed.headers["Retry-After"]) == (503, "60")
            assert failed.headers["Content-Type"] == "application/problem+json"
            assert str(database_path) not in failed.text
        rig.let_time_pass(120)
        assert (await rig.get("/api/v1/digests/2026-W45")).status_code == 200


async def test_what_cannot_be_made_anew_is_shown_as_it_was_with_its_age(index: FakeIndex, database_path: Path) -> None:
    async with open_rig(index, database_path) as rig:
        before = await rig.get("/feed.xml")
        await rig.site.digests.aclose()
        await rig.scan()
        rig.let_time_pass(600)
        await rig.get("/badge/both.svg")  # there is another edition by now
        with broken(database_path):
            stale = await rig.get("/feed.xml")
        assert (stale.status_code, stale.content) == (200, before.content)
        assert int(stale.headers["Age"]) >= 590


async def test_a_program_that_writes_keeps_nobody_from_reading(index: FakeIndex, database_path: Path) -> None:
    async with open_rig(index, database_path) as rig:
        with closing(sqlite3.connect(database_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for path in ADDRESSES:
                assert (await rig.get(path)).status_code == 200, path
            other.execute("ROLLBACK")


async def test_a_scan_that_runs_keeps_nobody_waiting(index: FakeIndex, database_path: Path) -> None:
    async with open_rig(index, database_path) as rig:
        before = (await rig.get("/api/v1/packages/both")).json()
        hold = index.hold()
        scanning = asyncio.create_task(rig.scan())
        await asyncio.wait_for(hold.arrived.wait(), at_most(20))
        assert (await rig.get("/api/v1/packages/both")).json() == before
        assert (await rig.get("/api/v1/packages")).status_code == 200
        hold.release.set()
        await scanning


async def test_a_question_without_end_is_answered_or_refused_and_never_kept(rig: Rig) -> None:
    for number in range(3):
        answer = await rig.get(f"/api/v1/packages?q={'x' * 5_000}{number}")
        assert (answer.status_code, answer.json()["total"]) == (200, 0)
    kept = rig.site.pages.serving.kept
    assert kept.last(normal("/api/v1/packages", {"q": f"{'x' * 5_000}0"})) is None
    await rig.get("/api/v1/packages?q=both")
    assert kept.last(normal("/api/v1/packages", {"q": "both"})) is not None
    assert (await rig.get(f"/api/v1/packages?q={'x' * 50_000}")).status_code == 400


async def test_who_waits_in_discord_goes_first_and_readers_are_answered_all_the_same(rig: Rig) -> None:
    asked: list[bool] = []

    def others_wait() -> bool:
        asked.append(True)
        return True

    rig.site.pages.serving.others_wait = others_wait
    assert (await rig.get("/badge/both.json")).json()["message"] == "wheels"
    assert asked


class Broken:
    """Has a bug."""

    async def edition(self) -> None:
        raise RuntimeError("/etc/secret")


async def test_a_bug_is_told_as_one_and_nothing_of_it(rig: Rig) -> None:
    rig.site.pages.serving.editions = Broken()
    for path, kind in (("/api/v1/packages", "application/problem+json"), ("/packages/", "text/html; charset=utf-8")):
        with capture_logs() as logs:
            answer = await rig.get(path)
        assert [line["event"] for line in logs] == ["request_failed"]
        assert (answer.status_code, answer.headers["Content-Type"]) == (500, kind)
        assert "secret" not in answer.text
