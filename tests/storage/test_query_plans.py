"""No statement reads a table whole unless that is meant: the plans of all that the tables ever ask.

What calls every statement is below, store by store. Whoever adds one calls it there, or a test fails.
"""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterable, Callable, Coroutine, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from packaging.version import Version

from bot.core.classify.thread import KindName
from bot.core.digest.changes import Change, ChangeKind
from bot.core.fleet.shards import Presence
from bot.core.github.threads import ThreadState
from bot.core.index.metadata import Metadata
from bot.core.inspection.inspection import Inspection
from bot.core.posting.posts import PostKind
from bot.core.posting.settings import IssueFeed
from bot.core.posting.watches import NewsItem, NewsKind, NewsSource, Watch, WatchPlace, alert_post
from bot.core.triage.actions import Priority
from bot.core.triage.changeset import Changeset, Progress, Review
from bot.core.upstream.threads import Cursor, EventKind, ThreadOrigin
from storage.discord.changes import Changes
from storage.discord.closed_channels import ClosedChannels
from storage.discord.guilds import Guilds
from storage.discord.package_news import PackageNews
from storage.discord.posts import Posts
from storage.discord.registrations import Registrations
from storage.discord.watch_news import WatchNews
from storage.discord.watches import Watches
from storage.engine.engine import Engine
from storage.engine.migrations import MIGRATIONS, tables
from storage.engine.sqlite import open_database
from storage.fleet.identify_buckets import IdentifyBuckets
from storage.fleet.leadership import Epochs, in_the_name_of
from storage.fleet.members import Members
from storage.fleet.shards import ShardLeases
from storage.github.audit import Audit
from storage.github.changesets import Changesets
from storage.github.cursors import Cursors, answer_name
from storage.github.inbox import Inbox
from storage.github.marks import ThreadMarks
from storage.github.outbox import Outbox
from storage.github.overrides import LabelOverrides
from storage.github.package_threads import PackageThreads
from storage.github.reviews import Reviews
from storage.github.rule_drops import RuleDrops
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads
from storage.github.write_turns import WriteTurns
from storage.packages.digests import Digests
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections
from storage.packages.metadata import ReleaseMetadata
from storage.packages.names import Packages
from storage.packages.projects import Projects
from storage.packages.scans import Scans
from storage.packages.statuses import Statuses
from storage.retention import Retention
from tests.core.pages import NAME, T314
from tests.core.strategies import TARGETS
from tests.storage.discord.made_posts import CHANNEL, DIGEST, GUILD, NOW, POST
from tests.storage.github.test_changesets import FULL
from tests.storage.made_threads import ENTRY, EVENT, NODE, NUMPY, REF, THREAD, action, event, thread
from tests.storage.packages.test_digests import BUSY
from tests.storage.packages.test_projects import CONCLUSION, RULES
from tests.storage.packages.test_statuses import READING
from tests.storage.recording import STORAGE, Recording, Statement

MEANT = {
    ("Packages.all_asked", "packages"): "a scan follows all that anybody asked about, which is nearly all rows",
    ("Projects.known", "projects"): "a scan compares all that it knows with the index, an hour after the last",
    ("Guilds.everyone", "guilds"): "all servers are looked at, when one has set something, and every ten minutes",
    ("Guilds.note_presence", "guilds"): "the same",
    ("ClosedChannels.everywhere", "closed_channels"): "the same; few channels are closed",
    ("WatchNews.readers", "watch_readers"): "a row for each of three sources",
    ("Members.beat", "members"): "a row a process, and there are a handful",
    ("Members.count", "members"): "the same",
    ("ShardLeases.agree", "shard_plan"): "one row",
    ("ShardLeases.agree", "shard_leases"): "a row for 2,500 servers",
    ("ShardLeases.renew", "shard_leases"): "the same",
    ("ShardLeases.held", "shard_leases"): "the same",
    ("ShardLeases.claim", "shard_leases"): "the same",
    ("ShardLeases.claim", "shard_plan"): "one row",
    ("ShardLeases.give_up", "shard_plan"): "one row",
    ("Threads.all", "threads"): "a replay, which somebody asks for, is about all of them",
    (
        "Cursors.all",
        "cursors",
    ): "a round of watching is about all sources; a row each, and one a thread that was answered",
    ("Threads.rebind", "cursors"): "a thread was transferred, which is rare; names begin alike, which no index finds"
    " whatever the order of letters",
    ("Digests.weeks", "digests"): "a site lists all weeks; a row each",
    ("Retention.forget", "cursors"): "the same, for each thread that is forgotten, once a day",
    ("Retention.forget", "outbox"): "once a day; it is read in the order of an index, and stays small",
    ("Retention.forget", "closed_channels"): "once a day; few channels are closed",
    ("Retention.forget", "guilds"): "once a day, for each channel that has been closed for long",
    ("Retention.forget", "projects"): "once a day; an index would cost every scan a write for each project",
}
"""Which functions read which tables whole, and why they may."""

ASKING = {"run", "run_many", "read", "_select", "_last", "_of", "append", "waiting", "read_among"}
"""The functions of storage that are given a statement or a part of one."""

FEW_VALUES = {"kind", "state", "origin", "native"}
"""Columns by which alone a search finds a good part of a table, which is as good as reading it whole."""

NOT_OURS = {
    "engine.py",
    "postgres.py",
    "postgres_moving.py",
    "postgres_schema.py",
    "postgres_sessions.py",
    "probing.py",
    "schema.py",
    "sqlite.py",
    "sqlite_moving.py",
}

READ_WHOLE = {"marker.py", "whole_tables.py"}
"""What moves a database, all of it."""

INSPECTION = Inspection("a.whl", "00", verified=True, bytes_read=1, bytes=1, requests=1)
DAY = timedelta(days=1)
LATER = NOW + timedelta(days=500)

_PLACES = re.compile(r"(?:FROM|JOIN|UPDATE|INTO) (\w+)(?: AS (\w+))?")
_COLUMNS = re.compile(r"(\w+)[=<>]+\?|<expr>=\?")
_STEP = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING (.*))?")


async def all_of(rows: AsyncIterable[object]) -> list[object]:
    return [row async for row in rows]


async def use_packages(database: Engine) -> None:
    packages = Packages(database)
    number = await packages.id_of(NAME)
    await packages.count({NAME: 1})
    await packages.name_of(number)
    await packages.all_asked()
    await packages.most_asked(25)
    statuses = Statuses(database)
    await statuses.record(READING)
    await statuses.latest(NAME)
    await statuses.confirm(NAME, LATER)
    documents = Documents(database)
    await documents.record("table", b"", NOW)
    await documents.latest("table")
    digests = Digests(database)
    await digests.keep(BUSY, TARGETS)
    await digests.kept(BUSY.week, TARGETS)
    await digests.weeks(TARGETS)
    inspections = Inspections(database)
    await inspections.record(NAME, Version("1.0"), INSPECTION, NOW)
    await inspections.get("00")
    await inspections.of_package(NAME, Version("1.0"))
    await inspections.of_packages([NAME])
    await inspections.known(["a.whl"])
    await inspections.packages_read_since(NOW)
    await inspections.fetched_since(NOW)
    await inspections.last_read()
    await inspections.marks()


async def use_scans(database: Engine) -> None:
    scans, projects = Scans(database), Projects(database)
    number = await scans.begin(NOW, NOW)
    await projects.record(number, NOW, [(CONCLUSION, None)])
    await projects.confirm(number, NOW, (await projects.known(RULES)).values())
    await all_of(projects.timelines([NAME]))
    await all_of(projects.verdicts([NAME]))
    await projects.wheels([NAME])
    await all_of(projects.judged([NAME]))
    await projects.marks([NAME], NOW)
    said = ReleaseMetadata(database)
    await said.record(NAME, "1.0", Metadata(), NOW)
    await said.of([NAME])
    await said.versions([NAME])
    await projects.prereleases([NAME])
    await scans.end(number, NOW, [(NAME, 1)], {}, 1)
    await scans.last_end()
    await scans.latest()


async def use_posts(database: Engine) -> None:
    posts, guilds, changes = Posts(database), Guilds(database), Changes(database)
    await changes.record([Change(NAME, T314, "1.0", ChangeKind.GAINED)], NOW)
    await changes.between(1, await changes.newest())
    await changes.after(0, 10)
    await guilds.set_digest(GUILD, DIGEST)
    await guilds.set_announcements(GUILD, CHANNEL)
    await guilds.set_issues(GUILD, IssueFeed(CHANNEL, forum=False, events=(EventKind.OPENED,)))
    await posts.plan(POST, NOW)
    assert await posts.plan_announcement(replace(POST, kind=PostKind.ANNOUNCEMENT, key="2-2"), NOW)
    assert await posts.plan_issues([replace(POST, kind=PostKind.ISSUES, key="1-1")], GUILD, 0, 1, NOW)
    await posts.busy(PostKind.DIGEST)
    await posts.known(PostKind.DIGEST, ["2026-W47"])
    assert await posts.claim_due("me", NOW, 10)
    await posts.last(GUILD, PostKind.DIGEST)
    await posts.last_sent(PostKind.DIGEST)
    await posts.last_planned(PostKind.DIGEST, NOW)
    await posts.waiting()
    await posts.redirect(POST, NOW)
    claimed = await posts.claim(POST, "me", NOW)
    assert claimed is not None
    await posts.begin(claimed, "me", NOW)
    await posts.put_off(claimed, "me")
    await posts.record(claimed, "me")
    await posts.drop(GUILD, PostKind.DIGEST)


async def use_watches(database: Engine) -> None:
    watches, news, posts, package_news = Watches(database), WatchNews(database), Posts(database), PackageNews(database)
    ada, channel = WatchPlace(5), WatchPlace(None, GUILD, CHANNEL)
    for place in (ada, channel):
        assert await watches.add(place, [Watch(NAME), Watch("other")], 50, NOW) == 2
    await watches.recipient(ada)
    await watches.listed(channel)
    await watches.in_guild(GUILD, NOW)
    await watches.pause(ada, [NAME], LATER)
    await watches.pause(ada, [NAME], None)
    (person,) = await news.claim_unopened(NOW, 10)
    await news.put_off(person, NOW)
    await news.open(person, 77)
    await package_news.record([NewsItem(NAME, NewsKind.PRERELEASE, T314, "2.0rc1")], NOW)
    await Changes(database).after(0, 10)
    await ThreadEvents(database).next_after(0, 10)
    ((position, each),) = await package_news.numbered_after(0, 10)
    (reader,) = [reader for reader in await news.readers() if reader.source is NewsSource.PACKAGE_NEWS]
    after = await news.hand_out(reader, position, each, NOW)
    assert after is not None
    assert await news.pass_over(after, position + 1)
    assert len(await news.gather(NOW, alert_post, 10)) == 2
    assert len(await news.batch(person.number, 1)) == 1
    due = await posts.claim_alerts("me", NOW, 10)
    assert len(due) == 2
    await posts.take_up_alerts(person.number, NOW)
    await news.close(person.number, "Closed.", NOW)
    await watches.uninformed()
    await watches.inform(5)
    await watches.reopen(ada)
    await watches.about(5)
    await watches.remove(ada, ["other"])
    await watches.forget_person(5)


async def use_guilds(database: Engine) -> None:
    guilds, closed, registrations = Guilds(database), ClosedChannels(database), Registrations(database)
    await closed.close(GUILD, CHANNEL, "It is gone.", NOW)
    await closed.reasons(GUILD)
    await closed.everywhere()
    await closed.reopen(CHANNEL)
    await registrations.record(1, "digest")
    await registrations.digest(1)
    await guilds.settings(GUILD)
    await guilds.everyone()
    await guilds.digests_since()
    await guilds.changed_after(await guilds.revision())
    await guilds.not_announced(1)
    await guilds.issues_not_shown(1)
    await guilds.note_presence(Presence(frozenset()), NOW)
    await guilds.gone_before(NOW)
    await guilds.note_presence(Presence(frozenset({GUILD})), NOW)
    await guilds.forget(GUILD)


async def use_fleet(database: Engine) -> None:
    members = Members(database)
    await members.count()
    await members.beat("one", "1")
    await members.leave("one")
    fenced = in_the_name_of(await Epochs(database).begin("one"), database)
    assert await fenced.read("SELECT 1 FROM leadership WHERE name = 'lead'")
    async with fenced.transaction():
        pass
    leases, buckets = ShardLeases(database, 45), IdentifyBuckets(database)
    await leases.agree(4)
    await leases.claim("one", lambda held: 4 - len(held))
    await leases.renew("one")
    await leases.held()
    await leases.give_up("one", [0])
    for _ in range(2):
        await buckets.take(0, 5)


async def use_threads(database: Engine) -> None:
    threads, events, packages = Threads(database), ThreadEvents(database), PackageThreads(database)
    cursors = Cursors(database)
    await threads.record([THREAD], [EVENT], [Cursor(f"{answer_name(NODE)}1.0", NOW, None, NOW)], NOW)
    await threads.get(NODE)
    await threads.at(REF)
    await threads.watched()
    await threads.all()
    await threads.among([NODE])
    await threads.of_package("numpy")
    await threads.open_of_kind(KindName.CRASH)
    await threads.listed(None, {ThreadState.OPEN}, 10)
    await threads.listed("numpy", set(ThreadState), 10)
    await threads.triaged()
    await events.between(1, await events.newest())
    await events.numbered_after(0)
    await events.within(NOW, LATER)
    await packages.marks()
    await packages.tracking()
    await packages.open_counts()
    await cursors.get("table")
    await cursors.all()
    await cursors.record(Cursor("table", NOW, None, NOW))
    await threads.rebind(NODE, thread(7, "I_7"))
    await threads.forget(NUMPY, NOW)


async def use_triage(database: Engine) -> None:
    inbox, outbox, audit = Inbox(database), Outbox(database), Audit(database)
    await inbox.receive_many([("d1", event("a"))], NOW)
    assert await inbox.claim("me", NOW, 50)
    assert await inbox.keep_claim("d1", "me", NOW)
    await inbox.next_due()
    await inbox.waiting()
    await inbox.put_off("d1", NOW)
    await Changesets(database).record(replace(FULL, actions=(action("bug"),), cancelled="other/other"), NOW)
    await inbox.close("d1")
    await inbox.known(["d1"])
    await inbox.prune(NOW)
    await outbox.of_thread(NODE)
    await outbox.next_due()
    await outbox.waiting()
    claimed = await outbox.claim(NOW, "me")
    assert claimed is not None
    await outbox.get(claimed.action.key)
    await outbox.begin(claimed, "me", NOW)
    await outbox.record(claimed, "me", [ENTRY])
    claimed = await outbox.claim(NOW + DAY, "me")
    assert claimed is not None
    await outbox.record(replace(claimed, progress=Progress.CONFIRMED, due=None), "me")
    await outbox.counts(NUMPY, frozenset(Priority), NOW)
    await outbox.comments_since(NOW)
    turns = WriteTurns(database)
    assert [await turns.take(1, name, NOW) is None for name in ("me", "you")] == [True, False]
    await turns.end(1, "me", NOW)
    await outbox.marker_comment(NODE)
    await audit.record([ENTRY])
    await audit.of_thread(REF)
    await audit.of_node(NODE)
    await LabelOverrides(database).of(NODE)
    await ThreadMarks(database).of(NODE)
    await Reviews(database).last("crash", 2)
    wrong = tuple(Review("hang", 1, f"I_{number}", "crash", right=False, at=NOW) for number in range(5))
    await Changesets(database).record(Changeset(reviews=wrong), NOW)
    (drop,) = await RuleDrops(database).untold()
    await RuleDrops(database).begin(drop, NOW)
    await RuleDrops(database).told(drop, NOW)


async def use_retention(database: Engine) -> None:
    over = replace(
        THREAD.issue,
        node_id="I_9",
        state=ThreadState.CLOSED,
        closed=NOW - timedelta(days=900),
        updated=NOW - timedelta(days=900),
    )

    await Threads(database).record([replace(THREAD, issue=over, origin=ThreadOrigin.TRIAGE)], [], [], NOW)
    await Changesets(database).record(
        Changeset(actions=(action("old", "I_9"), action("older", "I_8"))), NOW - timedelta(days=900)
    )
    outbox = Outbox(database)
    while (claimed := await outbox.claim(NOW - timedelta(days=899), "me")) is not None:
        await outbox.record(replace(claimed, progress=Progress.CONFIRMED, due=None), "me")
    await all_of(Retention(database).forget(NOW - DAY, NOW))


USES: tuple[Callable[[Engine], Coroutine[object, object, None]], ...] = (
    use_packages,
    use_scans,
    use_posts,
    use_watches,
    use_fleet,
    use_guilds,
    use_threads,
    use_triage,
    use_retention,
)


@pytest.fixture
async def recording(database_path: Path) -> Recording:
    """Give all statements, as they were asked of one database after the other."""
    async with open_database(database_path) as database:
        recorded = Recording(database)
        for use in USES:
            await use(recorded)
    return recorded


def calls() -> Iterator[tuple[str, int, int]]:
    """List the places in storage where a statement is given: the file, the first and the last line."""
    for path in sorted(STORAGE.rglob("*.py")):
        if path.name not in NOT_OURS | READ_WHOLE:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in ASKING:
                    yield str(path), node.lineno, node.end_lineno or node.lineno


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr if function.attr != "append" else ""
    return function.id if isinstance(function, ast.Name) else ""


async def test_every_statement_is_looked_at(recording: Recording) -> None:
    lines = {line for statement in recording.statements for line in statement.lines}
    unseen = [
        f"{Path(file).relative_to(STORAGE)}:{first}"
        for file, first, last in calls()
        if not any((file, line) in lines for line in range(first, last + 1))
    ]
    assert unseen == [], "add what asks this to USES"


@pytest.mark.parametrize("empty", [False, True])
async def test_no_table_is_read_whole_that_is_not_meant_to_be(
    recording: Recording, database_path: Path, *, empty: bool
) -> None:
    async with open_database(None if empty else database_path) as database:
        partial = {
            str(name)
            for (name,) in await database.read(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%WHERE %'"
            )
        }
        found: dict[tuple[str, str], str] = {}
        for statement in recording.statements:
            plan = await database.read(f"EXPLAIN QUERY PLAN {statement.text}", statement.values)
            for table in whole_reads(statement, [str(row[3]) for row in plan], partial):
                found[statement.asked_by, table] = statement.text
    assert {key: text for key, text in found.items() if key not in MEANT} == {}
    assert MEANT.keys() - found.keys() == set(), "these are not read whole any more"


def whole_reads(statement: Statement, plan: list[str], partial: set[str]) -> Iterator[str]:
    """Yield the tables that a plan goes through from end to end, be it by an index that has all their rows."""
    known = tables(MIGRATIONS)
    names = {alias or table: table for table, alias in _PLACES.findall(statement.text) if table in known}
    for step in plan:
        match = _STEP.match(step)
        if match is None or match[2] not in names:
            continue
        how, name, using = match.groups()
        by = (using or "").split()
        columns = set(_COLUMNS.findall(using or ""))  # none where the first or last row of an index is enough
        few = bool(columns) and columns <= FEW_VALUES
        if how == "SEARCH" and using and "AUTOMATIC" not in by and not few:
            continue
        if not partial.intersection(by):
            yield names[name]
