"""What is counted, for whoever runs the bot; served at ``/metrics`` in Prometheus' text format."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The bot's metrics and the registry that they are read from."""

    registry: CollectorRegistry
    answers: Counter
    answer_seconds: Histogram
    lookups: Counter
    deliveries: Counter
    jobs: Counter
    ready: Gauge
    guilds: Gauge

    @classmethod
    def new(cls) -> Metrics:
        """Make metrics with a registry of their own, process figures included."""
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        return cls(
            registry=registry,
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
                ("job", "outcome"),
                registry=registry,
            ),
            ready=Gauge(
                "ftbot_ready",
                "Whether what is needed to answer worked when it was looked at last: 1, or 0.",
                ("need",),
                registry=registry,
            ),
            guilds=Gauge("ftbot_guilds", "Servers that the bot is in.", registry=registry),
        )
