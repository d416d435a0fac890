"""Which section of the guide helps with a thread upstream, by what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bot.core.classify.thread import KindName
from bot.core.guide.sections import GuideTopic, words_of

_BY_KIND: Mapping[KindName, GuideTopic] = MappingProxyType(
    {
        KindName.ABI3T: GuideTopic.ABI3T,
        KindName.CI: GuideTopic.WHEELS,
        KindName.DATA_RACE: GuideTopic.RACES,
        KindName.GIL_REENABLED: GuideTopic.DECLARING,
        KindName.MISSING_WHEEL: GuideTopic.WHEELS,
    }
)
_BY_TITLE = frozenset({KindName.BUILD_FAILURE, KindName.QUESTION, KindName.SUPPORT_TRACKING})
"""Kinds of threads that may be about anything: their title tells what."""

_BY_WORD: Mapping[str, GuideTopic] = MappingProxyType(
    {
        **dict.fromkeys(("cython", "f2py", "nanobind", "pybind11", "pyo3"), GuideTopic.DECLARING),
        **dict.fromkeys(("cibuildwheel", "wheel", "wheels"), GuideTopic.WHEELS),
        **dict.fromkeys(("race", "races", "threadsanitizer", "tsan"), GuideTopic.RACES),
        "abi3t": GuideTopic.ABI3T,
    }
)


def fitting_topic(kinds: Iterable[KindName], title: str) -> GuideTopic | None:
    """Return what helps with a thread of these kinds, the surest first; None where no section is about it."""
    for kind in kinds:
        found = _BY_KIND.get(kind)
        if kind in _BY_TITLE:
            found = next((topic for word in words_of(title) if (topic := _BY_WORD.get(word)) is not None), None)
        if found is not None:
            return found
    return None
