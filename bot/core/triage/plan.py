"""Triage as its callers use it: a snapshot goes in, decisions come out, as data.

``decide`` is for threads, ``obey`` for commands, ``heard`` for every comment, ``revise`` for labels that people moved.
"""

from __future__ import annotations

from datetime import datetime

from bot.core.github.events import Trigger
from bot.core.triage.commands.effects import Effects, heard, obey
from bot.core.triage.decide.decisions import decide, revise
from bot.core.triage.decide.policy import ACTIONS_AN_HOUR, CONTENT_AN_HOUR
from bot.core.triage.overrides import merge_wishes, rejections_of, reviews_of, were_suggested, wishes_of
from bot.core.triage.settings import RepoSettings
from bot.core.triage.snapshot import Related, Snapshot, WheelAnswer

__all__ = [
    "ACTIONS_AN_HOUR",
    "CONTENT_AN_HOUR",
    "Effects",
    "Related",
    "Snapshot",
    "WheelAnswer",
    "decide",
    "heard",
    "merge_wishes",
    "obey",
    "ready_at",
    "rejections_of",
    "reviews_of",
    "revise",
    "were_suggested",
    "wishes_of",
]

_BEGINNINGS = frozenset({Trigger.OPENED, Trigger.EDITED, Trigger.POLLED})


def ready_at(created: datetime, trigger: Trigger, settings: RepoSettings) -> datetime:
    """Say from when on a thread may be worked on: what is just opened is left to people for a while."""
    return created + settings.grace if trigger in _BEGINNINGS else created
