"""The section of the guide that a thread's comment links, beside something else that helps."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.guide.sections import GuideTopic, section_url
from bot.core.guide.topics import fitting_topic
from bot.core.triage.decide.proposals import concerns, is_used, sure_kinds
from bot.core.triage.decide.texts import guide_section, needs_info_section
from bot.core.triage.snapshot import Snapshot


def guide_beside(snapshot: Snapshot, topics: Sequence[str], *, is_answered: bool) -> str | None:
    """Return a link to the section that fits a thread, None where none does or the rest says it.

    Args:
        snapshot: What is known of the thread.
        topics: What its author is asked for beside it.
        is_answered: Whether it is told which wheels there are.
    """
    kinds = [found.kind for found in sure_kinds(snapshot) if is_used(found.kind, snapshot)]
    topic = fitting_topic(kinds, snapshot.issue.title)
    if topic is None or not (topics or is_answered) or not concerns(snapshot) or snapshot.issue.is_pr:
        return None
    is_said = section_url(topic) in needs_info_section(topics) or (is_answered and topic is GuideTopic.WHEELS)
    return None if is_said else guide_section(topic)
