"""The schema, as numbered steps: a step that was released never changes, a new one is added at the end."""

from __future__ import annotations

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
)
