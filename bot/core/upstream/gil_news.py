"""News for whoever said that a package turns the GIL back on: a later release of it declares that it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.classify.thread import Classification, Confidence, KindName
from bot.core.inspection.inspection import ReadWheel
from bot.core.inspection.modules import Gil
from bot.core.inspection.releases import newest_reading, turn_of
from bot.core.upstream.threads import KnownThread
from bot.core.wheels.targets import Target


@dataclass(frozen=True, slots=True)
class GilNews:
    """Since a ``version``, importing a package (normalized name) keeps the GIL off, which answers an open thread."""

    thread: KnownThread
    package: str
    version: str
    target: Target


def is_about_gil(found: Classification) -> bool:
    """Return whether a thread says for sure enough that something turns the GIL back on."""
    return any(kind.kind is KindName.GIL_REENABLED and kind.confidence is not Confidence.LOW for kind in found.kinds)


def gil_news(thread: KnownThread, read: Sequence[ReadWheel], target: Target, wanted: str | None) -> GilNews | None:
    """Return what is news to a thread, by all wheels of its package that were read; ``wanted`` as for the newest.

    What was known when it was opened is none: it was opened in spite of that, or about an older release.
    """
    now = newest_reading(read, target, wanted)
    if now is None or now.inspection.gil is not Gil.OFF:
        return None
    turn = turn_of(now, read, target)
    if turn is None or turn.first.read < thread.issue.created:
        return None
    return GilNews(thread, now.package, str(turn.first.version), target)
