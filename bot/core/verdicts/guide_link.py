"""Which section of the guide helps with what a status shows: how to build wheels, or to declare the GIL away."""

from __future__ import annotations

from bot.core.guide.sections import GUIDE, GuideTopic, section_url
from bot.core.inspection.modules import Gil
from bot.core.verdicts.judge import TargetVerdict
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.wheels.tags import FIRST_ABI3T_MINOR

_WITHOUT_WHEELS = frozenset({Verdict.NOT_YET, Verdict.BLOCKED, Verdict.MIS_TAGGED, Verdict.PARTIAL})


def guide_link(status: Status) -> str:
    """Return the address of the section that fits; the front page where nothing is to be done."""
    topic = _topic(status)
    return GUIDE if topic is None else section_url(topic)


def _topic(status: Status) -> GuideTopic | None:
    targets = status.judgement.targets
    reenabled = any(modifier.kind is ModifierKind.GIL_REENABLED for modifier in status.judgement.modifiers)
    if reenabled or any(each.gil is Gil.ON for each in targets):
        return GuideTopic.DECLARING
    if any(_needs_abi3t(each) for each in targets):
        return GuideTopic.ABI3T
    if any(each.verdict in _WITHOUT_WHEELS or each.verdict is Verdict.ABI3_ONLY for each in targets):
        return GuideTopic.WHEELS
    return None


def _needs_abi3t(verdict: TargetVerdict) -> bool:
    return verdict.verdict is Verdict.ABI3_ONLY and verdict.target.minor >= FIRST_ABI3T_MINOR
