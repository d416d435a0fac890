"""What comes from outside with NUL in its text, and with the largest numbers: every engine keeps it, and all alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import msgspec
import pytest
from packaging.version import Version

from bot.clients.github.wire import WireIssue
from bot.core.digest.changes import Change, ChangeKind
from bot.core.github.threads import Account, IssueRef
from bot.core.github.webhooks import DeliveryError, read_delivery
from bot.core.index.metadata import Metadata
from bot.core.inspection.inspection import Inspection
from bot.core.posting.watches import NewsItem, NewsKind
from bot.core.triage.changeset import Changeset
from bot.core.upstream.threads import Cursor
from storage.discord.changes import Changes
from storage.discord.closed_channels import ClosedChannels
from storage.discord.package_news import PackageNews
from storage.engine.engine import Engine
from storage.github.audit import Audit
from storage.github.changesets import Changesets
from storage.github.cursors import Cursors
from storage.github.inbox import Inbox
from storage.github.outbox import Outbox
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads
from storage.packages.inspections import Inspections
from storage.packages.metadata import ReleaseMetadata
from storage.packages.names import Packages
from storage.packages.statuses import Statuses
from tests.core.github.test_webhooks import ANN, COMMENT, COMMENTED, ISSUE, LABELED, LATER
from tests.core.pages import NAME, T314
from tests.storage.made_threads import ENTRY, EVENT, NODE, NOW, REF, THREAD, action
from tests.storage.packages.test_statuses import READING

LARGEST = 2**63 - 1
NUL = "\N{NULL}"
SHOWN = "\N{REPLACEMENT CHARACTER}"


async def test_threads_and_what_happened_to_them(database: Engine) -> None:
    said = {
        "node_id": NODE,
        "number": LARGEST,
        "title": f"Crash{NUL}",
        "body": f"{NUL}On 3.14t",
        "state": "open",
        "repository_url": "https://api.github.com/repos/numpy/numpy",
        "created_at": "2026-11-22T12:00:00Z",
        "updated_at": "2026-11-22T12:00:00Z",
        "user": {"login": f"ann{NUL}"},
        "labels": [f"00 - Bug{NUL}"],
        "comments": LARGEST,
    }
    issue = msgspec.json.decode(json.dumps(said), type=WireIssue).noun()
    known = replace(THREAD, issue=issue, package=f"numpy{NUL}")
    happened = replace(EVENT, detail=f"bug{NUL}", title=issue.title, package=f"numpy{NUL}", comments=LARGEST)
    threads, events = Threads(database), ThreadEvents(database)
    for _ in range(2):  # the second time, it is known
        await threads.record([known], [happened], [Cursor(f"search{NUL}", NOW, f'"etag{NUL}"', NOW)], NOW)
    found = await threads.get(NODE)
    assert found is not None
    assert found.issue == replace(issue, author=Account(f"ann{SHOWN}"))
    assert (found.issue.title, found.issue.body) == (f"Crash{SHOWN}", f"{SHOWN}On 3.14t")
    assert await threads.at(IssueRef("numpy/numpy", LARGEST)) == found
    assert await threads.of_package(f"numpy{NUL}") == (found,)
    ((_, event),) = await events.numbered_after(0)
    assert (event.detail, event.title, event.comments) == (f"bug{SHOWN}", f"Crash{SHOWN}", LARGEST)
    assert await Cursors(database).get(f"search{NUL}") == Cursor(f"search{SHOWN}", NOW, f'"etag{SHOWN}"', NOW)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("issues", {**LABELED, "label": {"name": f"bug{NUL}"}, "sender": {**ANN, "login": f"ann{NUL}"}}),
        ("issues", {**LABELED, "issue": {**ISSUE, "number": LARGEST, "node_id": f"I_1{NUL}"}}),
        ("issue_comment", {**COMMENTED, "comment": {**COMMENT, "id": LARGEST, "body": f"@ftbot why{NUL}"}}),
    ],
)
async def test_deliveries(database: Engine, event: str, payload: Mapping[str, object]) -> None:
    inbox = Inbox(database)
    events = read_delivery(event, json.dumps(payload).encode(), f"d{NUL}1", LATER)
    assert len(events) == 1
    assert await inbox.receive_many([(f"d{NUL}1", events[0])], NOW) == 1
    assert await inbox.receive_many([(f"d{NUL}1", events[0])], NOW) == 0
    assert await inbox.receive_many([("another", events[0])], NOW) == 0
    (received,) = await inbox.claim(f"me{NUL}", NOW, 50)
    assert replace(received.event, key="") == replace(events[0], key="")
    await inbox.close(received.delivery)
    assert await inbox.claim("me", NOW, 50) == ()


@pytest.mark.parametrize("number", [LARGEST + 1, 10**400], ids=["huge", "absurd"])
@pytest.mark.parametrize("place", ["issue", "comment"])
def test_deliveries_with_larger_numbers_are_none(number: int, place: str) -> None:
    thread = {**ISSUE, "number": number} if place == "issue" else ISSUE
    comment = {**COMMENT, "id": number} if place == "comment" else COMMENT
    body = json.dumps({**COMMENTED, "issue": thread, "comment": comment}).encode()
    with pytest.raises(DeliveryError):
        read_delivery("issue_comment", body, "d1", LATER)


async def test_names_and_versions(database: Engine) -> None:
    packages, changes, news = Packages(database), Changes(database), PackageNews(database)
    number = await packages.id_of(f"num{NUL}py")
    assert await packages.id_of(f"num{NUL}py") == number
    assert await packages.name_of(number) == f"num{SHOWN}py"
    await packages.count({f"num{NUL}py": LARGEST})
    assert await packages.name_of(LARGEST) is None
    change = Change(f"num{NUL}py", T314, f"1.0{NUL}", ChangeKind.GAINED)
    assert [await changes.record([change], NOW) for _ in range(2)] == [1, 0]
    (kept,) = await changes.between(1, await changes.newest())
    assert (kept.package, kept.version) == (f"num{SHOWN}py", f"1.0{SHOWN}")
    item = NewsItem(f"num{NUL}py", NewsKind.PRERELEASE, T314, f"2.0rc1{NUL}")
    for _ in range(2):
        await news.record([item], NOW)
    assert len(await news.numbered_after(0, 10)) == 1


async def test_what_the_index_says(database: Engine) -> None:
    statuses, said, inspections = Statuses(database), ReleaseMetadata(database), Inspections(database)
    await statuses.record(replace(READING, etag=f'"etag{NUL}"'))
    reading = await statuses.latest(NAME)
    assert reading is not None
    assert reading.etag == f'"etag{SHOWN}"'
    await said.record(f"num{NUL}py", f"1.0{NUL}", Metadata(), NOW)
    assert await said.versions([f"num{NUL}py"]) == {f"num{SHOWN}py": f"1.0{SHOWN}"}
    inspection = Inspection(f"a{NUL}.whl", "00", verified=True, bytes_read=1, bytes=LARGEST, requests=1)
    await inspections.record(f"num{NUL}py", Version("1.0"), inspection, NOW)
    assert await inspections.get("00") is not None


async def test_what_triage_decides_and_writes(database: Engine) -> None:
    audit, outbox = Audit(database), Outbox(database)
    entry = replace(ENTRY, actor=f"ann{NUL}", delivery=f"d{NUL}1", labels=(f"bug{NUL}",))
    for _ in range(2):
        await audit.record([entry])
    (kept,) = await audit.of_thread(REF)
    assert (kept.actor, kept.delivery) == (f"ann{SHOWN}", f"d{SHOWN}1")
    planned = Changeset(actions=(action(f"bug{NUL}"),))
    for _ in range(2):
        await Changesets(database).record(planned, NOW)
    claimed = await outbox.claim(NOW, "me")
    assert claimed is not None
    await outbox.begin(claimed, f"me{NUL}", NOW)
    assert len(await outbox.of_thread(NODE)) == 1


async def test_what_discord_says(database: Engine) -> None:
    closed = ClosedChannels(database)
    await closed.close(LARGEST, LARGEST, f"It is{NUL} gone.", NOW)
    assert await closed.reasons(LARGEST) == {LARGEST: f"It is{SHOWN} gone."}
