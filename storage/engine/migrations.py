"""The schema, as numbered steps: a step that was released never changes, a new one is added at the end.

``storage.engine.engine`` says which words an engine may have to translate. A step only expands, so that the program
before still works on it, or ``CONTRACTIONS`` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_INDEXED = re.compile(r"\s*CREATE (?:UNIQUE )?INDEX \w+ ON (\w+)")
_TABLES = re.compile(r"\s*(CREATE|DROP|ALTER) TABLE (\w+)(?: RENAME TO (\w+))?")


def tables(migrations: Iterable[Sequence[str]]) -> frozenset[str]:
    """Return the names of the tables that there are after these steps, without what the engine makes for itself."""
    names = {"schema_version"}
    for match in (found for step in migrations for text in step if (found := _TABLES.match(text))):
        verb, table, renamed = match.groups()
        if verb == "DROP" or renamed:
            names.remove(table)
        if verb == "CREATE" or renamed:
            names.add(renamed or table)
    return frozenset(names)


def touched(step: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the tables that a step makes, alters or drops, and those that it makes indexes of."""
    texts = tuple(step)
    altered = frozenset(found[2] for text in texts if (found := _TABLES.match(text)))
    return altered, frozenset(found[1] for text in texts if (found := _INDEXED.match(text)))


def _numbered(table: str, columns: str, definition: str, read: str | None = None) -> tuple[str, ...]:
    """Make a table anew whose ids the database gives; ``read`` is what its columns are read from in the old one."""
    return (
        f"ALTER TABLE {table} RENAME TO old_{table}",
        f"CREATE TABLE {table} (\n            id INTEGER PRIMARY KEY AUTOINCREMENT,{definition})",
        f"INSERT INTO {table} ({columns}) SELECT {read or columns} FROM old_{table} ORDER BY id",  # noqa: S608 — ours
        f"DROP TABLE old_{table}",
    )


MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # Ids are short names for buttons, whose identifiers are too short for the longest package names.
        "CREATE TABLE packages (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, asked BIGINT NOT NULL DEFAULT 0)",
        # What the index said, reduced to what the rules need; times are seconds since 1970, UTC.
        """CREATE TABLE statuses (
            package TEXT PRIMARY KEY,
            index_url TEXT NOT NULL,
            checked DOUBLE PRECISION NOT NULL,
            etag TEXT,
            page BLOB NOT NULL,
            metadata TEXT
        )""",
        # Which slash commands Discord was last told of, so that it is told again only when they changed.
        "CREATE TABLE registrations (application BIGINT PRIMARY KEY, digest TEXT NOT NULL)",
    ),
    (
        # What a scan concluded of each project; times are seconds since 1970, UTC. Native ones have timelines.
        """CREATE TABLE projects (
            package TEXT PRIMARY KEY,
            scan BIGINT NOT NULL,
            native BOOLEAN NOT NULL,
            checked DOUBLE PRECISION NOT NULL,
            due DOUBLE PRECISION NOT NULL,
            open_until DOUBLE PRECISION,
            rules TEXT NOT NULL,
            etag TEXT,
            serial BIGINT,
            verdicts TEXT,
            timelines TEXT
        )""",
        # One row a scan; ``tracked`` and ``failed`` are JSON. One without an end was interrupted, to be taken up again.
        """CREATE TABLE scans (
            id BIGINT PRIMARY KEY,
            started DOUBLE PRECISION NOT NULL,
            ended DOUBLE PRECISION,
            tracked TEXT,
            failed TEXT
        )""",
        # Digests of weeks that are over, as they were first made.
        "CREATE TABLE digests (week TEXT PRIMARY KEY, targets TEXT NOT NULL, body TEXT NOT NULL)",
        # Documents of others, kept for when they cannot be reached.
        "CREATE TABLE documents (name TEXT PRIMARY KEY, fetched DOUBLE PRECISION NOT NULL, body BLOB NOT NULL)",
    ),
    (
        # What servers have set: without ``channel`` the digest is off, without ``announcements`` (a channel) those are.
        # ``announced`` is the last change that was announced, ``gone`` when the bot was found to be removed.
        """CREATE TABLE guilds (
            guild BIGINT PRIMARY KEY,
            channel BIGINT,
            since DOUBLE PRECISION,
            weekday BIGINT,
            hour BIGINT,
            zone TEXT,
            role BIGINT,
            publish BOOLEAN,
            announcements BIGINT,
            announced BIGINT,
            gone DOUBLE PRECISION
        )""",
        # Messages that Discord shall get exactly once, committed before they are sent. Without ``due`` nothing is left
        # to do. Of several processes the one that has the claim acts.
        """CREATE TABLE posts (
            guild BIGINT NOT NULL,
            kind TEXT NOT NULL,
            key TEXT NOT NULL,
            channel BIGINT NOT NULL,
            state TEXT NOT NULL,
            planned DOUBLE PRECISION NOT NULL,
            expires DOUBLE PRECISION NOT NULL,
            due DOUBLE PRECISION,
            role BIGINT,
            publish BOOLEAN NOT NULL,
            message BIGINT,
            attempts BIGINT NOT NULL DEFAULT 0,
            reason TEXT,
            nonce TEXT NOT NULL,
            claimed_by TEXT,
            claimed_until DOUBLE PRECISION,
            PRIMARY KEY (guild, kind, key)
        )""",
        "CREATE INDEX due_posts ON posts (due)",
        # Channels in which nothing is tried until an admin did something.
        """CREATE TABLE closed_channels (
            channel BIGINT PRIMARY KEY,
            guild BIGINT NOT NULL,
            reason TEXT NOT NULL,
            closed DOUBLE PRECISION NOT NULL
        )""",
        # What tracked packages gained and lost, in the order in which it was noticed.
        """CREATE TABLE changes (
            id BIGINT PRIMARY KEY,
            package TEXT NOT NULL,
            target TEXT NOT NULL,
            version TEXT NOT NULL,
            kind TEXT NOT NULL,
            how TEXT NOT NULL,
            noticed DOUBLE PRECISION NOT NULL,
            UNIQUE (package, target, version, kind)
        )""",
    ),
    (
        # Issues and pull requests that are watched or triaged, as they were last seen; node ids survive renames and
        # most moves. ``labels`` and ``kinds`` are JSON; ``origin`` is why it is known; ``gone`` when it was deleted.
        """CREATE TABLE threads (
            node_id TEXT PRIMARY KEY,
            repository TEXT NOT NULL,
            number BIGINT NOT NULL,
            title TEXT NOT NULL,
            body TEXT NOT NULL,
            is_pr BOOLEAN NOT NULL,
            state TEXT NOT NULL,
            locked BOOLEAN NOT NULL,
            author TEXT,
            author_is_bot BOOLEAN NOT NULL,
            labels TEXT NOT NULL,
            comments BIGINT NOT NULL,
            created DOUBLE PRECISION NOT NULL,
            updated DOUBLE PRECISION NOT NULL,
            closed DOUBLE PRECISION,
            seen DOUBLE PRECISION NOT NULL,
            origin TEXT NOT NULL,
            package TEXT,
            kinds TEXT NOT NULL,
            free_threading BOOLEAN NOT NULL,
            gone DOUBLE PRECISION
        )""",
        "CREATE INDEX threads_by_place ON threads (LOWER(repository), number)",
        "CREATE INDEX threads_by_package ON threads (package)",
        # What happened to them, in the order in which it was noticed; the same is never written twice.
        """CREATE TABLE thread_events (
            id BIGINT PRIMARY KEY,
            node_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            detail TEXT NOT NULL,
            happened DOUBLE PRECISION NOT NULL,
            noticed DOUBLE PRECISION NOT NULL,
            repository TEXT NOT NULL,
            number BIGINT NOT NULL,
            title TEXT NOT NULL,
            is_pr BOOLEAN NOT NULL,
            package TEXT,
            comments BIGINT NOT NULL,
            UNIQUE (node_id, kind, detail, happened)
        )""",
        "CREATE INDEX thread_events_by_time ON thread_events (happened)",
        # How far a source was read; moved on in the transaction that stores what was read.
        "CREATE TABLE cursors (name TEXT PRIMARY KEY, since DOUBLE PRECISION, etag TEXT, checked DOUBLE PRECISION)",
        # Deliveries of webhooks and what stands for them, before they are worked on, numbered as they arrive;
        # ``happening`` is the second key, ``body`` JSON. Without ``due`` nothing is left to do.
        """CREATE TABLE inbox (
            id BIGINT PRIMARY KEY,
            delivery TEXT NOT NULL UNIQUE,
            happening TEXT NOT NULL UNIQUE,
            repository TEXT NOT NULL,
            number BIGINT,
            body BLOB NOT NULL,
            received DOUBLE PRECISION NOT NULL,
            due DOUBLE PRECISION,
            attempts BIGINT NOT NULL DEFAULT 0,
            reason TEXT
        )""",
        "CREATE INDEX open_inbox ON inbox (id, due) WHERE due IS NOT NULL",
        # What triage does on GitHub, committed before it is done, numbered as it is planned; ``action`` is JSON, and
        # ``kind``, ``value`` and ``lane`` are of it. Without ``due`` nothing is left to do.
        """CREATE TABLE outbox (
            id BIGINT PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            repository TEXT NOT NULL,
            node_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            lane BIGINT NOT NULL,
            action TEXT NOT NULL,
            state TEXT NOT NULL,
            planned DOUBLE PRECISION NOT NULL,
            sent DOUBLE PRECISION,
            due DOUBLE PRECISION,
            attempts BIGINT NOT NULL DEFAULT 0,
            forbidden BIGINT NOT NULL DEFAULT 0,
            comment BIGINT,
            reason TEXT,
            claimed_by TEXT,
            claimed_until DOUBLE PRECISION
        )""",
        "CREATE INDEX open_outbox ON outbox (lane, id, due) WHERE due IS NOT NULL",
        "CREATE INDEX claimed_outbox ON outbox (claimed_until)",
        "CREATE INDEX outbox_by_thread ON outbox (node_id)",
        "CREATE INDEX outbox_by_time ON outbox (sent)",
        # What humans want of labels, and said of threads by commands: the latest counts, in whatever order they come.
        """CREATE TABLE wishes (
            node_id TEXT NOT NULL,
            label TEXT NOT NULL,
            wanted BOOLEAN NOT NULL,
            repository TEXT NOT NULL,
            actor TEXT NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (node_id, label)
        )""",
        """CREATE TABLE directives (
            node_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            actor TEXT NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (node_id, kind)
        )""",
        # Whether humans left the labels that a rule put on.
        """CREATE TABLE reviews (
            rule TEXT NOT NULL,
            version BIGINT NOT NULL,
            node_id TEXT NOT NULL,
            label TEXT NOT NULL,
            held BOOLEAN NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (rule, version, node_id, label)
        )""",
        # Every decision and its result; only ever added to. ``key`` keeps the same from being added twice.
        """CREATE TABLE audit (
            id BIGINT PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            at DOUBLE PRECISION NOT NULL,
            repository TEXT NOT NULL,
            number BIGINT NOT NULL,
            node_id TEXT NOT NULL,
            trigger TEXT NOT NULL,
            delivery TEXT,
            actor TEXT,
            action TEXT NOT NULL,
            value TEXT NOT NULL,
            rule TEXT NOT NULL,
            version BIGINT NOT NULL,
            evidence TEXT NOT NULL,
            body TEXT NOT NULL,
            comment BIGINT,
            kind_name TEXT NOT NULL,
            mode TEXT NOT NULL,
            outcome TEXT NOT NULL,
            reason TEXT NOT NULL,
            labels TEXT NOT NULL
        )""",
        "CREATE INDEX audit_by_place ON audit (LOWER(repository), number)",
        "CREATE INDEX audit_by_thread ON audit (node_id)",
        # What a server wants to see of upstream threads: where, which events, and the last one that it was shown.
        "ALTER TABLE guilds ADD COLUMN issues BIGINT",
        "ALTER TABLE guilds ADD COLUMN issues_forum BOOLEAN",
        "ALTER TABLE guilds ADD COLUMN issue_events TEXT",
        "ALTER TABLE guilds ADD COLUMN issues_shown BIGINT",
    ),
    (
        # When a project was last read by other rules than now: what had moved by then was told by those.
        "ALTER TABLE projects ADD COLUMN rejudged DOUBLE PRECISION",
        # The platforms that a package lost, where it has wheels for others.
        "ALTER TABLE changes ADD COLUMN lost TEXT NOT NULL DEFAULT ''",
        # Until when a project counts as native whose newest release has no native wheel.
        "ALTER TABLE projects ADD COLUMN native_until DOUBLE PRECISION",
        # How many packages a scan was asked to find.
        "ALTER TABLE scans ADD COLUMN wanted BIGINT",
    ),
    (
        # When a post was first sent. What an earlier version began has none: its messages have no marks.
        "ALTER TABLE posts ADD COLUMN begun DOUBLE PRECISION",
    ),
    (
        # When it was tried last whether anything can be written: one row.
        "CREATE TABLE probes (id BIGINT PRIMARY KEY, written DOUBLE PRECISION NOT NULL)",
    ),
    (
        # Ids are given by the database, never twice: until here a writer took the highest one and added 1.
        *_numbered("packages", "id, name, asked", "name TEXT NOT NULL UNIQUE, asked BIGINT NOT NULL DEFAULT 0"),
        *_numbered(
            "scans",
            "id, started, ended, tracked, failed, wanted",
            """
            started DOUBLE PRECISION NOT NULL,
            ended DOUBLE PRECISION,
            tracked TEXT,
            failed TEXT,
            wanted BIGINT
        """,
        ),
        # The last position in tables that are only added to, whose readers remember how far they have read.
        "CREATE TABLE sequences (name TEXT PRIMARY KEY, last BIGINT NOT NULL)",
        "INSERT INTO sequences (name, last) SELECT 'changes', COALESCE(MAX(id), 0) FROM changes",
        "INSERT INTO sequences (name, last) SELECT 'thread_events', COALESCE(MAX(id), 0) FROM thread_events",
        *_numbered(
            "changes",
            "id, position, package, target, version, kind, how, noticed, lost",
            """
            position BIGINT NOT NULL UNIQUE,
            package TEXT NOT NULL,
            target TEXT NOT NULL,
            version TEXT NOT NULL,
            kind TEXT NOT NULL,
            how TEXT NOT NULL,
            noticed DOUBLE PRECISION NOT NULL,
            lost TEXT NOT NULL DEFAULT '',
            UNIQUE (package, target, version, kind)
        """,
            "id, id, package, target, version, kind, how, noticed, lost",
        ),
        *_numbered(
            "thread_events",
            "id, position, node_id, kind, detail, happened, noticed, repository, number, title, is_pr, package,"
            " comments",
            """
            position BIGINT NOT NULL UNIQUE,
            node_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            detail TEXT NOT NULL,
            happened DOUBLE PRECISION NOT NULL,
            noticed DOUBLE PRECISION NOT NULL,
            repository TEXT NOT NULL,
            number BIGINT NOT NULL,
            title TEXT NOT NULL,
            is_pr BOOLEAN NOT NULL,
            package TEXT,
            comments BIGINT NOT NULL,
            UNIQUE (node_id, kind, detail, happened)
        """,
            "id, id, node_id, kind, detail, happened, noticed, repository, number, title, is_pr, package, comments",
        ),
        "CREATE INDEX thread_events_by_time ON thread_events (happened)",
        # ``event`` is the key of what happened, which other deliveries may tell of, too.
        *_numbered(
            "inbox",
            "id, delivery, event, repository, number, body, received, due, attempts, reason",
            """
            delivery TEXT NOT NULL UNIQUE,
            event TEXT NOT NULL UNIQUE,
            repository TEXT NOT NULL,
            number BIGINT,
            body BLOB NOT NULL,
            received DOUBLE PRECISION NOT NULL,
            due DOUBLE PRECISION,
            attempts BIGINT NOT NULL DEFAULT 0,
            reason TEXT
        """,
            "id, delivery, happening, repository, number, body, received, due, attempts, reason",
        ),
        "CREATE INDEX open_inbox ON inbox (id, due) WHERE due IS NOT NULL",
        # ``kind``, ``value`` and ``priority`` are of the action.
        *_numbered(
            "outbox",
            "id, key, repository, node_id, kind, value, priority, action, state, planned, sent, due, attempts,"
            " forbidden, comment, reason, claimed_by, claimed_until",
            """
            key TEXT NOT NULL UNIQUE,
            repository TEXT NOT NULL,
            node_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            priority BIGINT NOT NULL,
            action TEXT NOT NULL,
            state TEXT NOT NULL,
            planned DOUBLE PRECISION NOT NULL,
            sent DOUBLE PRECISION,
            due DOUBLE PRECISION,
            attempts BIGINT NOT NULL DEFAULT 0,
            forbidden BIGINT NOT NULL DEFAULT 0,
            comment BIGINT,
            reason TEXT,
            claimed_by TEXT,
            claimed_until DOUBLE PRECISION
        """,
            "id, key, repository, node_id, kind, value, lane, action, state, planned, sent, due, attempts,"
            " forbidden, comment, reason, claimed_by, claimed_until",
        ),
        "CREATE INDEX open_outbox ON outbox (priority, id, due) WHERE due IS NOT NULL",
        "CREATE INDEX claimed_outbox ON outbox (claimed_until)",
        "CREATE INDEX outbox_by_thread ON outbox (node_id)",
        "CREATE INDEX outbox_by_time ON outbox (sent)",
        *_numbered(
            "audit",
            "id, key, at, repository, number, node_id, trigger, delivery, actor, action, value, rule, version,"
            " evidence, body, comment, kind_name, mode, outcome, reason, labels",
            """
            key TEXT NOT NULL UNIQUE,
            at DOUBLE PRECISION NOT NULL,
            repository TEXT NOT NULL,
            number BIGINT NOT NULL,
            node_id TEXT NOT NULL,
            trigger TEXT NOT NULL,
            delivery TEXT,
            actor TEXT,
            action TEXT NOT NULL,
            value TEXT NOT NULL,
            rule TEXT NOT NULL,
            version BIGINT NOT NULL,
            evidence TEXT NOT NULL,
            body TEXT NOT NULL,
            comment BIGINT,
            kind_name TEXT NOT NULL,
            mode TEXT NOT NULL,
            outcome TEXT NOT NULL,
            reason TEXT NOT NULL,
            labels TEXT NOT NULL
        """,
        ),
        "CREATE INDEX audit_by_place ON audit (LOWER(repository), number)",
        "CREATE INDEX audit_by_thread ON audit (node_id)",
        "ALTER TABLE wishes RENAME TO label_overrides",
        "ALTER TABLE directives RENAME TO thread_marks",
    ),
    (
        # What was read in wheels, one row a file; ``body`` is an ``Inspection`` in JSON.
        """
        CREATE TABLE inspections (
            sha256 TEXT PRIMARY KEY,
            package TEXT NOT NULL,
            version TEXT NOT NULL,
            wheel TEXT NOT NULL,
            rules BIGINT NOT NULL,
            read DOUBLE PRECISION NOT NULL,
            fetched BIGINT NOT NULL,
            body TEXT NOT NULL
        )
        """,
        "CREATE INDEX inspections_by_release ON inspections (package, version)",
        "CREATE INDEX inspections_by_wheel ON inspections (wheel)",
        "CREATE INDEX inspections_by_time ON inspections (read)",
        # The wheels of the newest release that are read for what importing them does to the GIL, by target (JSON).
        "ALTER TABLE projects ADD COLUMN wheels TEXT",
    ),
    (
        # What is asked on a timetable, or by somebody who waits, is found without reading a table whole.
        "DROP INDEX due_posts",
        "CREATE INDEX open_posts ON posts (due) WHERE due IS NOT NULL",
        "CREATE INDEX posts_by_key ON posts (key)",
        "CREATE INDEX posts_by_time ON posts (planned)",
        """CREATE INDEX sent_digests ON posts (planned)
            WHERE kind = 'digest' AND state IN ('sent', 'published')""",
        "CREATE INDEX closed_channels_by_guild ON closed_channels (guild)",
        "CREATE INDEX gone_guilds ON guilds (gone) WHERE gone IS NOT NULL",
        "CREATE INDEX digest_guilds ON guilds (COALESCE(since, 0.0)) WHERE channel IS NOT NULL AND gone IS NULL",
        "CREATE INDEX announced_guilds ON guilds (announced) WHERE announcements IS NOT NULL",
        "CREATE INDEX issue_guilds ON guilds (issues_shown) WHERE issues IS NOT NULL",
        "DROP INDEX threads_by_package",
        "CREATE INDEX threads_by_package ON threads (package) WHERE package IS NOT NULL",
        """CREATE INDEX watched_threads ON threads (repository, number, node_id)
            WHERE origin <> 'triage' AND gone IS NULL""",
        "CREATE INDEX triaged_threads ON threads (repository) WHERE origin = 'triage' AND gone IS NULL",
        """CREATE INDEX listed_threads ON threads (state, updated DESC, node_id, package)
            WHERE free_threading AND gone IS NULL""",
        """CREATE INDEX listed_threads_by_package ON threads (package, state, updated DESC, node_id)
            WHERE free_threading AND gone IS NULL AND package IS NOT NULL""",
        """CREATE INDEX over_threads ON threads (updated)
            WHERE origin <> 'table' AND (state <> 'open' OR gone IS NOT NULL)""",
        "CREATE INDEX closed_inbox ON inbox (received) WHERE due IS NULL",
        "CREATE INDEX audit_by_time ON audit (at)",
        "CREATE INDEX scans_by_end ON scans (ended)",
        "CREATE INDEX ended_scans ON scans (id) WHERE ended IS NOT NULL",
        "CREATE INDEX statuses_by_time ON statuses (checked)",
        "CREATE INDEX packages_by_questions ON packages (asked DESC, id)",
        # How often servers' settings or closed channels changed: who remembers it knows whether to read them again.
        "INSERT INTO sequences (name, last) VALUES ('guilds', 0)",
    ),
    (
        # The judgement on a native project's newest release, in JSON, with what time alone makes of it.
        "ALTER TABLE projects ADD COLUMN judgement TEXT",
        # What the newest releases of tracked packages say of themselves, in JSON.
        """CREATE TABLE release_metadata (
            package TEXT PRIMARY KEY,
            version TEXT NOT NULL,
            read DOUBLE PRECISION NOT NULL,
            body TEXT NOT NULL
        )""",
    ),
    (
        # Who watches packages: a person, or a channel of a server (``guild`` is 0 for people). ``channel`` of a person
        # is the direct message channel, once it was opened; ``open_next`` is when that may be tried. ``waiting`` is
        # when what waits may be told, NULL where nothing does; ``closed`` is why nothing is sent, ``informed`` whether
        # the person was told so.
        """CREATE TABLE watchers (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            person BIGINT UNIQUE,
            guild BIGINT NOT NULL,
            channel BIGINT UNIQUE,
            open_next DOUBLE PRECISION NOT NULL DEFAULT 0,
            batches BIGINT NOT NULL DEFAULT 0,
            told DOUBLE PRECISION,
            waiting DOUBLE PRECISION,
            closed TEXT,
            closed_at DOUBLE PRECISION,
            informed BOOLEAN NOT NULL DEFAULT FALSE
        )""",
        """CREATE INDEX waiting_watchers ON watchers (waiting)
            WHERE waiting IS NOT NULL AND channel IS NOT NULL AND closed IS NULL""",
        "CREATE INDEX unopened_watchers ON watchers (open_next) WHERE channel IS NULL AND closed IS NULL",
        "CREATE INDEX watchers_by_guild ON watchers (guild) WHERE guild <> 0",
        "CREATE INDEX closed_watchers ON watchers (closed_at) WHERE closed IS NOT NULL",
        "CREATE INDEX uninformed_watchers ON watchers (person) WHERE closed IS NOT NULL AND NOT informed",
        # What they watch, one row a package; no ``targets`` are all, ``paused`` is until when it rests.
        """CREATE TABLE watches (
            watcher BIGINT NOT NULL,
            package TEXT NOT NULL,
            targets TEXT NOT NULL,
            topics TEXT NOT NULL,
            paused DOUBLE PRECISION,
            added DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (watcher, package)
        )""",
        "CREATE INDEX watches_by_package ON watches (package, watcher)",
        # What they are told, once each: where it is from, and in which batch it went; without one it waits.
        """CREATE TABLE watch_news (
            watcher BIGINT NOT NULL,
            source TEXT NOT NULL,
            position BIGINT NOT NULL,
            batch BIGINT,
            package TEXT NOT NULL,
            kind TEXT NOT NULL,
            target TEXT NOT NULL,
            version TEXT NOT NULL,
            detail TEXT NOT NULL,
            noticed DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (watcher, source, position)
        )""",
        "CREATE INDEX watch_news_by_time ON watch_news (noticed)",
        # How far each source was handed to watchers: all up to ``position``, and the next to those up to ``watcher``.
        "CREATE TABLE watch_readers (source TEXT PRIMARY KEY, position BIGINT NOT NULL, watcher BIGINT NOT NULL)",
        """INSERT INTO watch_readers (source, position, watcher)
            SELECT name, last, 0 FROM sequences WHERE name IN ('changes', 'thread_events')""",
        "INSERT INTO watch_readers (source, position, watcher) VALUES ('package_news', 0, 0)",
        # What happened to packages that only watchers are told of, in the order in which it was noticed.
        """CREATE TABLE package_news (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            position BIGINT NOT NULL UNIQUE,
            package TEXT NOT NULL,
            kind TEXT NOT NULL,
            target TEXT NOT NULL,
            version TEXT NOT NULL,
            detail TEXT NOT NULL,
            noticed DOUBLE PRECISION NOT NULL,
            UNIQUE (package, kind, target, version)
        )""",
        "INSERT INTO sequences (name, last) VALUES ('package_news', 0)",
        # Whose watches a post is about; each kind is asked for apart, as there may be ten thousand of these.
        "ALTER TABLE posts ADD COLUMN watcher BIGINT",
        "CREATE INDEX posts_by_watcher ON posts (watcher) WHERE watcher IS NOT NULL",
        "CREATE INDEX open_alerts ON posts (due) WHERE due IS NOT NULL AND kind = 'watch'",
        "CREATE INDEX open_others ON posts (due) WHERE due IS NOT NULL AND kind <> 'watch'",
        # The pre-releases that have wheels where the newest release has none, by target (JSON).
        "ALTER TABLE projects ADD COLUMN prereleases TEXT",
    ),
    (
        # Rules that people corrected so often that they only suggest, a row for each time. ``ended`` is
        # when it was right often enough again, ``begun`` and ``told`` when the bot's owner was to be told, and was.
        """CREATE TABLE rule_drops (
            rule TEXT NOT NULL,
            version BIGINT NOT NULL,
            since DOUBLE PRECISION NOT NULL,
            number BIGINT NOT NULL,
            held BIGINT NOT NULL,
            reviewed BIGINT NOT NULL,
            ended DOUBLE PRECISION,
            begun DOUBLE PRECISION,
            told DOUBLE PRECISION,
            PRIMARY KEY (rule, version, since)
        )""",
        "CREATE UNIQUE INDEX numbered_drops ON rule_drops (number)",
        "CREATE UNIQUE INDEX standing_drops ON rule_drops (rule, version) WHERE ended IS NULL",
        "CREATE INDEX untold_drops ON rule_drops (number) WHERE told IS NULL",
    ),
    (
        # Who begins a scan takes this row first, so that two that begin at once, side by side, share one.
        "INSERT INTO sequences (name, last) VALUES ('scans', 0)",
        # What was read by these rules, by package and by time.
        "CREATE INDEX inspections_of_rules ON inspections (rules, package, read)",
        "CREATE INDEX inspections_since ON inspections (rules, read, package)",
    ),
    (
        # Who leads of the processes that share the database; ``epoch`` grows with each leadership.
        """CREATE TABLE leadership (
            name TEXT PRIMARY KEY,
            epoch BIGINT NOT NULL,
            holder TEXT NOT NULL,
            since DOUBLE PRECISION NOT NULL
        )""",
        "INSERT INTO leadership (name, epoch, holder, since) VALUES ('lead', 0, '', 0)",
        # The processes that share the database, and when each was there last.
        """CREATE TABLE members (
            name TEXT PRIMARY KEY,
            version TEXT NOT NULL,
            started DOUBLE PRECISION NOT NULL,
            seen DOUBLE PRECISION NOT NULL
        )""",
    ),
    (
        # Deliveries are claimed, those of a thread by one process. Who claims some takes a row of ``sequences`` first,
        # as whoever claims an outbox entry does: what others have is part of the question.
        "ALTER TABLE inbox ADD COLUMN claimed_by TEXT",
        "ALTER TABLE inbox ADD COLUMN claimed_until DOUBLE PRECISION",
        "CREATE INDEX claimed_inbox ON inbox (repository, claimed_until) WHERE claimed_until IS NOT NULL",
        "INSERT INTO sequences (name, last) VALUES ('inbox', 0)",
        "INSERT INTO sequences (name, last) VALUES ('outbox', 0)",
        # From when on something may be written as an installation of the App, whichever process does; ``taken_by`` is
        # who is at it now.
        """CREATE TABLE write_turns (
            installation BIGINT PRIMARY KEY,
            free DOUBLE PRECISION NOT NULL,
            taken_by TEXT
        )""",
        "CREATE INDEX free_write_turns ON write_turns (free)",
    ),
    (
        # The oldest schema whose program still works on this one: one row, written with each step.
        "CREATE TABLE compatibility (id BIGINT PRIMARY KEY, oldest BIGINT NOT NULL)",
    ),
    (
        # How many shards of Discord there are in all: one row, which whoever claims one locks. 0 before anybody said.
        "CREATE TABLE shard_plan (id BIGINT PRIMARY KEY, count BIGINT NOT NULL)",
        "INSERT INTO shard_plan (id, count) VALUES (1, 0)",
        # Which process holds which, until when by the database's clock.
        """CREATE TABLE shard_leases (
            shard BIGINT PRIMARY KEY,
            holder TEXT NOT NULL,
            until DOUBLE PRECISION NOT NULL
        )""",
        # From when on the next session may begin in a bucket of Discord's gateway.
        "CREATE TABLE identify_buckets (bucket BIGINT PRIMARY KEY, free DOUBLE PRECISION NOT NULL)",
    ),
    (
        # With which number of the sequence ``guilds`` a server's settings changed last: only these are read again.
        "ALTER TABLE guilds ADD COLUMN changed BIGINT NOT NULL DEFAULT 0",
        "CREATE INDEX changed_guilds ON guilds (changed)",
    ),
    (
        # Who takes in deliveries takes this row first, and not that of who claims some, which may take long.
        "INSERT INTO sequences (name, last) VALUES ('deliveries', 0)",
    ),
)

CONTRACTIONS: Mapping[int, int] = {
    8: 8,  # tables and columns have other names, and rows need a position that earlier programs do not give
    10: 10,  # indexes are gone by which earlier programs find what is due
}
"""The steps that do not only expand, by their numbers, of which the first is 1: the oldest schema whose program works
after each. A test looks that every other step only expands.
"""
