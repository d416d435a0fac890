"""Badges answer whatever is asked, and nobody waits for them."""

from __future__ import annotations

import asyncio

import pytest

from bot.web.answers import Cached
from tests.fakes.index_pages import wheels
from tests.patience import at_most
from tests.web.sites import Rig


async def said(rig: Rig, path: str) -> tuple[str, str]:
    answer = await rig.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    shown = answer.json()
    return shown["label"], shown["message"]


@pytest.mark.parametrize(
    ("path", "label", "message"),
    [
        ("/badge/both.json", "3.14t", "wheels"),
        ("/badge/BOTH.json?python=3.15t", "3.15t", "wheels"),
        ("/badge/first_only.json?python=3.15t", "3.15t", "no wheel"),
        ("/badge/nothing.json", "3.14t", "no wheel"),
        ("/badge/both.json?python=3.13t", "3.13t", "not judged here"),
        ("/badge/both.json?python=3.14", "Python", "no such Python"),
        ("/badge/both.json?python=%3Cscript%3E", "Python", "no such Python"),
        ("/badge/@.json", "3.14t", "no such name"),
        ("/badge/both.json.json", "3.14t", "checking"),
    ],
)
async def test_a_badge_answers_whatever_is_asked(rig: Rig, path: str, label: str, message: str) -> None:
    assert await said(rig, path) == (label, message)


async def test_a_package_that_nobody_asked_for_is_looked_up_while_nobody_waits(rig: Rig) -> None:
    hold = rig.index.hold(path="^/simple/untracked/$")
    first = await rig.get("/badge/untracked.svg")
    assert b"checking" in first.content
    assert first.headers["Cache-Control"] == Cached.SHORTLY.value
    await asyncio.wait_for(hold.arrived.wait(), at_most(20))
    assert await said(rig, "/badge/untracked.json") == ("3.14t", "checking")
    hold.release.set()
    await rig.site.packages.finished()
    assert await said(rig, "/badge/untracked.json") == ("3.14t", "wheels")
    assert rig.index.count("^/simple/untracked/$") == 1


async def test_a_package_that_there_is_not_has_a_badge_that_says_so(rig: Rig) -> None:
    await rig.get("/badge/nobody.svg")
    await rig.site.packages.finished()
    answer = await rig.get("/badge/nobody.svg")
    assert answer.status_code == 200
    assert b"not found" in answer.content


async def test_an_index_that_fails_gives_a_badge_that_says_nothing_bad(rig: Rig) -> None:
    rig.index.serve_raw("sick", status=500)
    await rig.get("/badge/sick.json")
    await rig.site.packages.finished()
    assert await said(rig, "/badge/sick.json") == ("3.14t", "could not tell")


async def test_a_scan_changes_the_badge(rig: Rig) -> None:
    assert await said(rig, "/badge/nothing.json") == ("3.14t", "no wheel")
    tag = (await rig.get("/badge/nothing.svg")).headers["ETag"]
    rig.index.upload("nothing", *wheels("nothing", "1.0", "cp314-cp314t-win_amd64"))
    await rig.scan()
    rig.let_time_pass()
    assert await said(rig, "/badge/nothing.json") == ("3.14t", "wheels")
    assert (await rig.get("/badge/nothing.svg", **{"If-None-Match": tag})).status_code == 200
