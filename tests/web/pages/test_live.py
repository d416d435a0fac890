"""The pages as they are served: all valid, filters that are links, and what people see when something is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from tests.fakes.fake_index import FakeIndex
from tests.web.pages.reading import Page, problems, read
from tests.web.sites import Rig, open_rig

EVIL = "\"'><script>alert(1)</script>"


@pytest.fixture
async def rig(index: FakeIndex, database_path: Path) -> AsyncIterator[Rig]:
    """Give a site that was scanned."""
    async with open_rig(index, database_path) as opened:
        yield opened


async def page(rig: Rig, path: str, status: int = 200) -> Page:
    answer = await rig.get(path)
    assert (path, answer.status_code) == (path, status)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    found = read(answer.text)
    assert (path, problems(found)) == (path, [])
    return found


def names(found: Page) -> list[str]:
    rows = [link for link in found.links if link.removeprefix("../").startswith("packages/")]
    return list(
        dict.fromkeys(link.split("/")[-2] for link in rows if link.endswith("/") and not link.endswith("packages/"))
    )


async def test_every_link_of_the_site_leads_to_a_page(rig: Rig) -> None:
    todo, seen = ["/"], set[str]()
    while todo:
        path = todo.pop()
        if path in seen or len(seen) > 150:
            continue
        seen.add(path)
        answer = await rig.get(path)
        assert (path, answer.status_code) == (path, 200)
        if answer.headers["content-type"].startswith("text/html"):
            found = read(answer.text)
            assert (path, problems(found)) == (path, [])
            inside = (urljoin(path, link) for link in found.links if "//" not in link)
            todo += [link for link in inside if not urlsplit(link).path.endswith("og.png")]
    assert {"/", "/packages/", "/digests/", "/compare", "/deps", "/about/", "/packages/both/", "/feed.xml"} <= seen


async def test_the_front_page_says_how_things_stand_and_what_is_new(rig: Rig) -> None:
    text = (await page(rig, "/")).text
    assert "3 of the 5 packages with native code that people download most have wheels for Python 3.14t." in text
    assert "New since " in text
    assert "Waited for most Of 2 packages without wheels" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["both", "first-only", "lagging", "nothing", "lost"]),
        ("?verdict=supported", ["both", "first-only", "lagging"]),
        ("?verdict=supported&target=3.15t", ["both"]),
        ("?verdict=not-yet,supported&order=name", ["both", "first-only", "lagging", "lost", "nothing"]),
        ("?lacks=win_amd64", ["nothing", "lost"]),
        ("?covers=win_amd64&q=lagging", ["lagging"]),
        ("?gil=unread&ranks=2-3", ["first-only", "lagging"]),
        ("?lagging=1", ["first-only", "lagging"]),
        ("?order=gained", ["lagging", "both", "first-only", "nothing", "lost"]),
        ("?gil=on", []),
        ("?verdict=supported&page=9", ["both", "first-only", "lagging"]),
    ],
)
async def test_every_filter_is_an_address(rig: Rig, query: str, expected: list[str]) -> None:
    found = await page(rig, f"/packages/{query}")
    assert names(found) == expected


@pytest.mark.parametrize(
    "query", ["?verdict=bogus", "?target=3.14", "?page=0", "?gil=x", "?ranks=9-1", "?gained_since=x"]
)
async def test_what_makes_no_sense_is_told_and_not_repeated(rig: Rig, query: str) -> None:
    found = await page(rig, f"/packages/{query}", 400)
    assert "The parameter" in found.text


@pytest.mark.parametrize(
    "path",
    [
        f"/packages/?q={EVIL}", f"/packages/?verdict={EVIL}", f"/packages/{EVIL}/", f"/compare?packages={EVIL}",
        f"/digests/{EVIL}/", f"/nowhere/{EVIL}", f"/packages/?order={EVIL}&page={EVIL}",
    ],
)  # fmt: skip
async def test_nothing_that_is_asked_becomes_part_of_the_page(rig: Rig, path: str) -> None:
    answer = await rig.get(path)
    assert "<script>alert" not in answer.text
    assert problems(read(answer.text)) == []
    assert "script-src 'self'" in answer.headers["content-security-policy"]


async def test_a_package_that_nobody_tracks_is_looked_up(rig: Rig) -> None:
    found = await page(rig, "/packages/untracked/")
    assert "untracked 3.0 It installs on 3.14t" in found.text
    assert ("meta", {"name": "robots", "content": "noindex"}) in found.tags


async def test_a_package_that_is_none_has_names_like_it(rig: Rig) -> None:
    found = await page(rig, "/packages/numpi/", 404)
    assert "Did you mean numpy" in found.text
    assert "/site/packages/numpy/" in found.links


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/packages/both", "/site/packages/both/"), ("/packages/First_Only/", "/site/packages/first-only/"),
        ("/digests", "/site/digests/"), ("/about", "/site/about/"), ("/digests/2026W40/", "/site/digests/2026-W40/"),
    ],
)  # fmt: skip
async def test_every_page_has_one_address(rig: Rig, path: str, leads_to: str) -> None:
    answer = await rig.get(path)
    assert (answer.status_code, answer.headers["location"]) == (301, leads_to)
    assert (answer.headers["x-content-type-options"], answer.headers["server"]) == ("nosniff", "ftbot")
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")


async def test_packages_stand_side_by_side(rig: Rig) -> None:
    found = await page(rig, "/compare?packages=both,Nothing+no-such-thing")
    assert "3.15t both 1.0 nothing 1.0 Verdict wheels no wheel" in found.text
    assert "There is no package called no-such-thing on the index." in found.text
    assert "up to 6 names" in (await page(rig, "/compare?packages=" + "+".join("abcdefg"), 400)).text


async def test_what_is_not_looked_up_for_one_is_looked_up_for_the_next(index: FakeIndex, database_path: Path) -> None:
    async with open_rig(index, database_path, {"FTBOT_TRUSTED_PROXIES": "127.0.0.0/8"}) as rig:
        greedy, next_one = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
        for number in range(10):
            assert (await rig.get(f"/packages/none-such-{number}/", **greedy)).status_code == 404
        refused = read((await rig.get("/compare?packages=both+untracked", **greedy)).text)
        assert "untracked was not known, and more are asked about than are looked up." in refused.text
        answered = read((await rig.get("/compare?packages=both+untracked", **next_one)).text)
        assert "untracked 3.0" in answered.text


@pytest.mark.parametrize("way", ["text", "file"])
async def test_dependencies_are_judged_as_pasted_and_as_sent(rig: Rig, way: str) -> None:
    lock = b"both==1.0\nnothing==1.0\nlost==1.0\n-e .\n"
    files = {"file": ("requirements.txt", lock)} if way == "file" else {"text": (None, lock)}
    words = {"target": (None, b"3.14t"), "platform": (None, b"win_amd64")}
    answer = await rig.http.post(f"http://127.0.0.1:{rig.port}/deps", files={**files, **words})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    found = read(answer.text)
    assert problems(found) == []
    assert "requirements.txt on 3.14t, Windows x64: 1 of 3 stops you" in found.text
    assert "Not read" in found.text


async def test_too_much_and_nothing_are_told(rig: Rig) -> None:
    address = f"http://127.0.0.1:{rig.port}/deps"
    large = await rig.http.post(address, files={"file": ("uv.lock", b"x" * (3 << 20))})
    assert (large.status_code, problems(read(large.text))) == (413, [])
    nothing = await rig.http.post(address, files={"text": (None, b"  ")})
    assert (nothing.status_code, problems(read(nothing.text))) == (400, [])


async def test_a_form_within_a_form_is_none(rig: Rig) -> None:
    inner = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (each, each + 1) for each in range(2000)
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b0"}
    answer = await rig.http.post(f"http://127.0.0.1:{rig.port}/deps", content=inner, headers=headers)
    assert (answer.status_code, problems(read(answer.text))) == (400, [])


async def test_only_who_sent_it_by_the_form_here_reads_what_of_a_file_cannot_be_read(rig: Rig) -> None:
    address = f"http://127.0.0.1:{rig.port}/deps"
    file = {"file": ("uv.lock", b"<script>alert(1)</script>")}
    told = await rig.http.post(address, files=file, headers={"Sec-Fetch-Site": "same-origin"})
    assert (told.status_code, "TOML" in told.text, "<script>alert" in told.text) == (400, True, False)
    for site in ({"Sec-Fetch-Site": "cross-site"}, {}):
        answer = await rig.http.post(address, files=file, headers=site)
        assert (answer.status_code, "TOML" in answer.text) == (400, False)


async def test_before_the_first_scan_there_is_a_page_that_says_so(index: FakeIndex, database_path: Path) -> None:
    async with open_rig(index, database_path, scanned=False) as rig:
        found = await page(rig, "/", 503)
        assert "Nothing has been scanned yet." in found.text
        assert "about 2 minutes" in found.text
        assert "It installs on 3.14t" in (await page(rig, "/packages/both/")).text
