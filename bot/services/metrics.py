"""What is counted, for whoever runs the bot; served at ``/metrics`` in Prometheus' text format."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from bot.services.packages.lookup import Source

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


class Queue(Enum):
    """What waits to be done: posts in Discord, writes on GitHub, and what GitHub told of."""

    POSTS = "posts"
    GITHUB = "github"
    INBOX = "inbox"


class Delivery(StrEnum):
    """What became of a delivery of a webhook."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    UNSIGNED = "unsigned"
    MALFORMED = "malformed"
    FAILED = "failed"


class RunEnd(StrEnum):
    """How a run of the timetable ended."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class ScanEnd(StrEnum):
    """How a process that scans ended."""

    DONE = "done"
    UNANSWERED = "unanswered"
    ELSEWHERE = "elsewhere"
    FAILED = "failed"
    DIED = "died"
    STUCK = "stuck"
    GARBLED = "garbled"


BUG = "bug"
"""How an interaction ended that met one."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Age:
    """How many seconds ago something happened, whenever it is asked; ``otherwise`` where there is nothing to happen."""

    now: Callable[[], datetime]
    otherwise: float
    moment: datetime | None = None
    started: datetime | None = None

    def happened(self, moment: datetime | None) -> None:
        """Note when something happened that should; what never did counts from when it was looked for first."""
        if self.started is None:
            self.started = self.now()
        self.moment = self.started if moment is None else moment

    def seconds(self) -> float:
        """Return the age."""
        return self.otherwise if self.moment is None else max(0.0, (self.now() - self.moment).total_seconds())


@dataclass(frozen=True, slots=True)
class Metrics:
    """The bot's metrics and the registry that they are read from."""

    registry: CollectorRegistry
    answers: Counter
    answer_seconds: Histogram
    lookups: Counter
    deliveries: Counter
    jobs: Counter
    rule_drops: Counter
    ready: Gauge
    heartbeat_age: Gauge
    write_age: Gauge
    waiting: Gauge
    github_left: Gauge
    github_limit: Gauge
    forgotten: Counter
    guilds: Gauge
    leads: Gauge
    processes: Gauge
    shards: Gauge
    scan_works: Gauge
    scan_ends: Counter
    scan_projects: Gauge
    scan: Age
    digest: Age
    oldest: Mapping[Queue, Age]

    @classmethod
    def new(cls, now: Callable[[], datetime] = _utc_now) -> Metrics:
        """Make metrics with a registry of their own, process figures included."""
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        scan, digest = Age(now, math.nan), Age(now, math.nan)
        oldest = {queue: Age(now, 0.0) for queue in Queue}
        _register_ages(registry, scan, digest, oldest)
        metrics = cls(
            registry=registry,
            scan=scan,
            digest=digest,
            oldest=oldest,
            answers=Counter(
                "ftbot_answers",
                "Interactions answered, by command and outcome.",
                ("command", "outcome"),
                registry=registry,
            ),
            answer_seconds=Histogram(
                "ftbot_answer_seconds",
                "Seconds from the interaction's arrival to the end of its answer.",
                ("command",),
                registry=registry,
                buckets=_SECONDS,
            ),
            lookups=Counter(
                "ftbot_lookups", "Packages looked up, by where the answer came from.", ("source",), registry=registry
            ),
            deliveries=Counter(
                "ftbot_deliveries",
                "Deliveries of webhooks, by what became of them.",
                ("outcome",),
                registry=registry,
            ),
            jobs=Counter(
                "ftbot_jobs",
                "Runs of the timetable's jobs, by how they ended.",
                ("task", "outcome"),
                registry=registry,
            ),
            rule_drops=Counter(
                "ftbot_rule_drops",
                "Rules that people corrected so often that they only suggest, each time that one came to that.",
                ("rule",),
                registry=registry,
            ),
            ready=Gauge(
                "ftbot_ready",
                "Whether what is needed to answer worked when it was looked at last: 1, or 0.",
                ("need",),
                registry=registry,
            ),
            heartbeat_age=Gauge(
                "ftbot_discord_heartbeat_age_seconds",
                "Seconds since Discord acknowledged a heartbeat, or greeted.",
                registry=registry,
            ),
            write_age=Gauge(
                "ftbot_database_write_age_seconds",
                "Seconds since a transaction was committed in the database.",
                registry=registry,
            ),
            waiting=Gauge(
                "ftbot_waiting",
                "What is to be done and is not yet: posts in Discord, writes on GitHub, what GitHub told of.",
                ("queue",),
                registry=registry,
            ),
            github_left=Gauge(
                "ftbot_github_requests_left",
                "Requests that GitHub still answers in this window, the least of all installations.",
                ("credential", "resource"),
                registry=registry,
            ),
            github_limit=Gauge(
                "ftbot_github_requests_limit",
                "Requests that GitHub answers in a window.",
                ("credential", "resource"),
                registry=registry,
            ),
            forgotten=Counter(
                "ftbot_forgotten_rows",
                "Rows of the database that were forgotten, as they were over for long enough.",
                ("table",),
                registry=registry,
            ),
            leads=Gauge(
                "ftbot_leads",
                "Whether this process does what must happen once among all on the database: 1, or 0.",
                registry=registry,
            ),
            processes=Gauge(
                "ftbot_processes", "Processes that share the database, by what this one knows.", registry=registry
            ),
            guilds=Gauge("ftbot_guilds", "Servers that the bot is in, of this process's shards.", registry=registry),
            shards=Gauge(
                "ftbot_discord_shards",
                "Shards of Discord that this process is to hold, and those that are connected.",
                ("state",),
                registry=registry,
            ),
            scan_works=Gauge(
                "ftbot_scan_works",
                "Whether the last process that scanned ended by itself and with an answer: 1, or 0.",
                registry=registry,
            ),
            scan_ends=Counter(
                "ftbot_scan_processes",
                "Processes that scanned, by how they ended.",
                ("outcome",),
                registry=registry,
            ),
            scan_projects=Gauge(
                "ftbot_scan_projects",
                "Projects that the scan under way has seen; 0 where none is.",
                registry=registry,
            ),
        )
        metrics.scan_works.set(1)
        for scan_end in ScanEnd:
            metrics.scan_ends.labels(scan_end.value)
        for became in Delivery:
            metrics.deliveries.labels(became.value)
        for source in Source:
            metrics.lookups.labels(source.value)
        return metrics

    def count_lookup(self, source: Source) -> None:
        """Count an answer by where it came from."""
        self.lookups.labels(source.value).inc()

    def expect_runs(self, tasks: Iterable[str]) -> None:
        """Begin to count runs at 0: an alert sees the first that fails only as an increase from there."""
        for task in tasks:
            for end in RunEnd:
                self.jobs.labels(task, end.value)

    def expect_bugs(self, commands: Iterable[str]) -> None:
        """Begin to count the bugs in commands at 0, for the same reason."""
        for command in commands:
            self.answers.labels(command, BUG)


def _register_ages(registry: CollectorRegistry, scan: Age, digest: Age, oldest: Mapping[Queue, Age]) -> None:
    """Compute ages when they are read, so that they go on where whatever should reset them does not."""
    Gauge(
        "ftbot_scan_age_seconds",
        "Seconds since a scan ended, or since there should be one; not a number where none is made.",
        registry=registry,
    ).set_function(scan.seconds)
    Gauge(
        "ftbot_digest_age_seconds",
        "Seconds since a digest was posted, or since a server wants any; not a number where none does.",
        registry=registry,
    ).set_function(digest.seconds)
    waits = Gauge(
        "ftbot_waiting_age_seconds",
        "Seconds that the oldest of what is to be done has waited; 0 where nothing does, or nobody works on it.",
        ("queue",),
        registry=registry,
    )
    for queue, age in oldest.items():
        waits.labels(queue.value).set_function(age.seconds)
