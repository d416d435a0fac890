"""An index that fails in every way: a sentence says how, the last answer serves, and "don't know" is never "no"."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.clients.answers import LARGEST_BODY
from bot.clients.web import Patience
from bot.core.schema.status import status_json
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.services.packages.lookup import Freshness, StatusLookup
from tests.core.pages import page
from tests.core.strategies import file_lists
from tests.databases import NewPlace
from tests.examples import examples
from tests.fakes.fake_index import (
    Endless,
    FakeIndex,
    Fault,
    Reply,
    Reset,
    html_page,
    not_gzip,
    redirect,
    refusal,
    truncated,
    truncated_json,
)
from tests.services.lookups import NOW, Clock, open_lookup, release

HOST = "127.0.0.1"
UNREADABLE = "The index answered something that is not a project page in JSON."
TOO_LARGE = f"{HOST} answered with more than 64 MiB, and so much is not read."
JSON = "application/vnd.pypi.simple.v1+json"

# Each with the sentence that people read and how many requests the bot may make before it gives up.
FAULTS: dict[str, tuple[Fault, str, int]] = {
    "410": (refusal(410), f"{HOST} says that the page is gone (status 410).", 1),
    "429": (refusal(429), f"{HOST} asks to slow down (429).", 3),
    "429 for 0 s": (refusal(429, retry_after="0"), f"{HOST} asks to slow down (429).", 3),
    "429 for an hour": (refusal(429, retry_after="3600"), f"{HOST} asks to slow down (429).", 1),
    "429 until 2099": (
        refusal(429, retry_after="Thu, 01 Jan 2099 00:00:00 GMT"),
        f"{HOST} asks to slow down (429).",
        1,
    ),
    "429 until 1999": (
        refusal(429, retry_after="Fri, 01 Jan 1999 00:00:00 GMT"),
        f"{HOST} asks to slow down (429).",
        3,
    ),
    "429 until nonsense": (refusal(429, retry_after="soon"), f"{HOST} asks to slow down (429).", 3),
    "403": (refusal(403), f"{HOST} answered with status 403.", 1),
    "500": (refusal(500), f"{HOST} answered with status 500.", 3),
    "503 for an hour": (refusal(503, retry_after="3600"), f"{HOST} answered with status 503.", 1),
    "204": (Reply(204), f"{HOST} answered with status 204.", 1),
    "a redirect to nowhere": (Reply(301), f"{HOST} answered with status 301.", 1),
    "a redirect to another protocol": (redirect("ftp://127.0.0.1/simple/"), f"{HOST} redirects to nowhere.", 1),
    "a redirect to no address": (redirect("http://[::1/"), f"{HOST} redirects to nowhere.", 1),
    "a redirect to no port": (redirect("http://127.0.0.1:99999/"), f"{HOST} redirects to nowhere.", 1),
    "a redirect in a circle": (redirect("/simple/demo/"), f"{HOST} redirects in circles.", 6),
    "HTML": (html_page(), f"{HOST} answered HTML instead of JSON (PEP 691).", 3),
    "an empty body": (Reply(200, b"", JSON), UNREADABLE, 3),
    "plain text": (Reply(200, b"no JSON", "text/plain"), UNREADABLE, 3),
    "other JSON": (Reply(200, b'{"message": "hello"}', "application/json"), UNREADABLE, 3),
    "no object": (Reply(200, b"[1, 2]", JSON), UNREADABLE, 3),
    "files of a wrong type": (Reply(200, b'{"files": "many"}', JSON), UNREADABLE, 3),
    "half a document": (truncated_json, UNREADABLE, 3),
    "half a gzip stream": (truncated, f"{HOST} ended its answer too early.", 3),
    "garbage instead of gzip": (not_gzip, f"{HOST} answered garbage instead of gzip.", 3),
    "an encoding not asked for": (
        Reply(200, b"\x00", JSON, "br"),
        f"{HOST} answered in an encoding that was not asked for (br).",
        1,
    ),
    "a body that is too large": (Endless(LARGEST_BODY + (1 << 20)), TOO_LARGE, 1),
    "a gzip bomb": (Endless(LARGEST_BODY + (1 << 20), compressed=True), TOO_LARGE, 1),
    # aiohttp sends a request once more when the connection was lost.
    "a lost connection": (Reset(), f"{HOST} closed the connection without an answer.", 6),
}


def is_unknown(status: Status) -> bool:
    """Return whether every target has the verdict that says nothing, not even "no"."""
    return all(each.verdict is Verdict.UNKNOWN and each.verdict.ok is None for each in status.judgement.targets)


@pytest.mark.parametrize(("fault", "sentence", "requests"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_failure_is_unknown_with_a_sentence_and_few_requests(
    index: FakeIndex, lookup: StatusLookup, fault: Fault, sentence: str, requests: int
) -> None:
    index.publish("demo", release())
    index.script(fault, times=None)
    with capture_logs() as logs:
        status = await lookup.look_up("demo")
    assert is_unknown(status)
    assert (status.stale, status.error) == (False, sentence)
    assert index.count() <= requests
    assert {"event": "index_failed", "package": "demo", "reason": sentence, "stored": False}.items() <= logs[-1].items()


async def test_how_long_the_index_asks_to_be_left_alone_is_told(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", release())
    assert lookup.asked_to_wait("demo") is None
    index.script(refusal(429, retry_after="3600"), times=None)
    await lookup.look_up("demo")
    assert lookup.asked_to_wait("demo") == 3600


@pytest.mark.parametrize(
    ("fault", "sentence"), [(fault, sentence) for fault, sentence, _ in FAULTS.values()], ids=FAULTS.keys()
)
async def test_the_last_answer_serves_marked_stale(
    index: FakeIndex, lookup: StatusLookup, clock: Clock, fault: Fault, sentence: str
) -> None:
    index.publish("demo", release())
    await lookup.look_up("demo")
    index.upload("demo", *release("2.0"))  # or the index has no body to send, and none to spoil
    index.script(fault, times=None)
    clock.advance(days=1)
    status = await lookup.look_up("demo")
    assert (str(status.judgement.version), status.headline.verdict) == ("1.0", Verdict.SUPPORTED)
    assert (status.checked, status.stale, status.error) == (NOW, True, sentence)


async def test_the_last_answer_serves_after_a_restart(index: FakeIndex, address: str, clock: Clock) -> None:
    index.publish("demo", release())
    async with open_lookup(index, address, clock) as before:
        await before.look_up("demo")
    await index.stop()
    clock.advance(days=1)
    async with open_lookup(index, address, clock) as after:
        status = await after.look_up("demo")
    assert (status.headline.verdict, status.checked, status.stale) == (Verdict.SUPPORTED, NOW, True)


@pytest.mark.parametrize("fault", [fault for fault, _, requests in FAULTS.values() if requests == 3])
async def test_what_passes_is_tried_again(index: FakeIndex, lookup: StatusLookup, fault: Fault) -> None:
    index.publish("demo", release())
    index.script(fault, times=2)
    status = await lookup.look_up("demo")
    assert (status.headline.verdict, status.error) == (Verdict.SUPPORTED, None)
    assert index.count() == 3


async def test_an_index_that_refuses_connections_is_unknown(index: FakeIndex, lookup: StatusLookup) -> None:
    await index.stop()
    status = await lookup.look_up("demo")
    assert is_unknown(status)
    assert status.error == f"{HOST} could not be reached: it refuses connections."


async def test_an_index_that_never_answers_is_given_up(index: FakeIndex, address: str, clock: Clock) -> None:
    index.publish("demo", release())
    index.hold(times=None)
    patience = Patience(attempts=2, first_wait=0.001, longest_wait=0.01, deadline=0.05)
    async with open_lookup(index, address, clock, patience=patience) as lookup:
        status = await lookup.look_up("demo")
    assert is_unknown(status)
    assert status.error == f"{HOST} did not answer in time."


async def test_a_crowd_does_not_hammer_a_failing_index(index: FakeIndex, lookup: StatusLookup, clock: Clock) -> None:
    index.publish("demo", release())
    index.script(refusal(403), times=1)
    answers = await asyncio.gather(*(lookup.look_up("demo") for _ in range(100)))
    clock.advance(seconds=14)
    answers.append(await lookup.look_up("demo"))
    assert all(is_unknown(answer) for answer in answers)
    assert index.count() == 1
    clock.advance(seconds=1)
    assert (await lookup.look_up("demo")).headline.verdict is Verdict.SUPPORTED


async def test_a_stale_answer_is_no_longer_stale_when_the_index_is_back(
    index: FakeIndex, lookup: StatusLookup, clock: Clock
) -> None:
    index.publish("demo", release())
    await lookup.look_up("demo")
    index.script(refusal(403), times=1)
    failed = await lookup.look_up("demo", freshness=Freshness.REFRESH)
    assert (failed.headline.verdict, failed.stale) == (Verdict.SUPPORTED, True)
    clock.advance(seconds=15)
    status = await lookup.look_up("demo")
    assert (status.stale, status.error) == (False, None)


async def test_a_stale_answer_can_be_asked_for_other_targets(
    index: FakeIndex, lookup: StatusLookup, clock: Clock
) -> None:
    index.publish("demo", release())
    await lookup.look_up("demo")
    index.script(refusal(500), times=None)
    clock.advance(days=1)
    status = await lookup.look_up("demo", lookup.targets[1:])
    assert [each.verdict for each in status.judgement.targets] == [Verdict.NOT_YET]
    assert status.stale


async def test_a_package_that_was_removed_is_not_found(index: FakeIndex, lookup: StatusLookup, clock: Clock) -> None:
    index.publish("demo", release())
    await lookup.look_up("demo")
    index.remove("demo")
    clock.advance(hours=6)
    status = await lookup.look_up("demo")
    assert (status.headline.verdict, status.stale) == (Verdict.NOT_FOUND, False)


async def test_a_redirect_to_where_the_page_is_is_followed(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", release())
    index.script(redirect("/simple/Demo/"))
    index.serve_raw("/simple/Demo/", status=301, headers={"Location": "/simple/demo/"})
    assert (await lookup.look_up("demo")).headline.verdict is Verdict.SUPPORTED


async def test_entries_of_wrong_types_cost_only_themselves(index: FakeIndex, lookup: StatusLookup) -> None:
    files: list[object] = [
        *({"filename": file.filename, "upload-time": 5, "yanked": None, "requires-python": []} for file in release()),
        {"filename": 7},
        {"filename": "demo-1.0-what.whl"},
        {"filename": "@everyone"},
        None,
        "demo-2.0.tar.gz",
    ]
    index.serve_raw("demo", body=page(files=files, meta="none", **{"project-status": 3}))
    status = await lookup.look_up("demo")
    assert (status.headline.verdict, status.error) == (Verdict.SUPPORTED, None)


async def test_files_whose_names_parse_as_nothing_are_no_release(index: FakeIndex, lookup: StatusLookup) -> None:
    index.serve_raw("demo", body=page(files=[{"filename": name} for name in ("", "-", "demo", "a-b-c.whl", ".whl")]))
    assert (await lookup.look_up("demo")).headline.verdict.ok is not True


@pytest.mark.parametrize("etag", ['"é"', "", "W/x", 'a"b', "x" * 5_000])
async def test_an_entity_tag_is_taken_back_whatever_it_is(
    index: FakeIndex, lookup: StatusLookup, clock: Clock, etag: str
) -> None:
    index.serve_raw("demo", body=page(files=[{"filename": "demo-1.0.tar.gz"}]), headers={"ETag": etag})
    for _ in range(2):
        status = await lookup.look_up("demo", freshness=Freshness.REFRESH)
        assert (status.headline.verdict, status.error) == (Verdict.SDIST_ONLY, None)
        clock.advance(seconds=1)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """Make an answer of any status, body and headers; where it redirects to is on this machine or no address."""
    document = st.builds(lambda files: page(*files), file_lists)
    body = draw(st.binary(max_size=200) | document | document.map(lambda whole: whole[: len(whole) // 2]))
    printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
    here = st.sampled_from(("/simple/", "http://127.0.0.1:", "http://127.0.0.1/", "ftp://127.0.0.1/"))
    location = st.builds("{}{}".format, here, st.text("/:?#[]\\ %x0", max_size=12))
    return Reply(
        status=draw(st.sampled_from((200, 200, 200, 200, 203, 206, 301, 303, 304, 307, 404, 410, 418, 429, 500, 599))),
        body=body,
        content_type=draw(st.sampled_from((JSON, JSON, "text/html", "text/plain", "application/json; charset=x"))),
        encoding=draw(st.sampled_from((None, None, None, "gzip", "identity", "deflate", "GZIP"))),
        headers=draw(
            st.fixed_dictionaries({}, optional={"Location": location, "Retry-After": printable, "ETag": printable})
        ),
    )


@given(scripted=st.lists(replies(), min_size=1, max_size=3))
@settings(max_examples=examples(25))
def test_any_answers_of_an_index_give_a_status(new_place: NewPlace, scripted: list[Reply]) -> None:
    async def look_up_twice() -> list[Status]:
        async with FakeIndex() as index:
            for reply in scripted:
                index.script(reply, times=2)
            async with open_lookup(index, await new_place(), Clock(), metadata_wait=0) as lookup:
                return [await lookup.look_up("demo", freshness=Freshness.REFRESH) for _ in range(3)]

    with capture_logs():
        statuses = asyncio.run(look_up_twice())
    assert all(status_json(status)["verdict"] for status in statuses)
    assert all(status.error for status in statuses if is_unknown(status))
