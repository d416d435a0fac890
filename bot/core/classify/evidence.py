"""How often rules were right about 218 labelled threads, by `python -m benchmarks.calibrate`."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.core.classify.thread import Confidence, KindName

GATE: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "3.14t": (26, 1),
        "PYTHON_GIL": (1, 1),
        "abi3t": (1, 2),
        "cpython nogil": (1, 0),
        "disable gil": (4, 0),
        "disable the gil": (0, 1),
        "disabling the gil": (1, 0),
        "don t re enable": (1, 0),
        "explicitly disable gil": (1, 0),
        "free thread builds": (1, 0),
        "free thread cpython": (1, 0),
        "free threaded": (78, 4),
        "free threading": (36, 2),
        "free threading 3": (1, 0),
        "freethreaded": (3, 0),
        "freethreading": (6, 0),
        "freethreading compatible": (1, 0),
        "gil disabled": (1, 0),
        "gil stays disabled": (1, 0),
        "gil used false": (1, 1),
        "is gil enabled": (1, 0),
        "no gil": (3, 2),
        "no gil python": (1, 0),
        "nogil": (5, 4),
        "nogil python": (1, 1),
        "pep 703": (0, 1),
        "pep 803": (2, 0),
        "prevents disabling the gil": (1, 0),
        "py free threading": (2, 0),
        "py mod gil": (1, 0),
        "python freethreading": (1, 0),
        "re enable the gil": (1, 0),
        "support for nogil": (1, 0),
        "support no gil": (1, 0),
        "without the gil": (2, 1),
    }
)
"""A phrase that may open the gate → the threads with it that are about free-threading, and those that are not."""

KINDS: Mapping[tuple[KindName, Confidence], tuple[int, int]] = MappingProxyType(
    {
        (KindName.ABI3T, Confidence.HIGH): (4, 0),
        (KindName.ABI3T, Confidence.MEDIUM): (2, 1),
        (KindName.BUILD_FAILURE, Confidence.HIGH): (8, 0),
        (KindName.BUILD_FAILURE, Confidence.MEDIUM): (2, 2),
        (KindName.CI, Confidence.HIGH): (18, 0),
        (KindName.CI, Confidence.MEDIUM): (2, 0),
        (KindName.CRASH, Confidence.HIGH): (9, 0),
        (KindName.CRASH, Confidence.MEDIUM): (1, 0),
        (KindName.DATA_RACE, Confidence.HIGH): (13, 0),
        (KindName.DATA_RACE, Confidence.MEDIUM): (2, 0),
        (KindName.DEADLOCK, Confidence.HIGH): (11, 0),
        (KindName.GIL_REENABLED, Confidence.HIGH): (12, 0),
        (KindName.GIL_REENABLED, Confidence.MEDIUM): (2, 0),
        (KindName.MISSING_WHEEL, Confidence.HIGH): (16, 1),
        (KindName.MISSING_WHEEL, Confidence.LOW): (1, 0),
        (KindName.MISSING_WHEEL, Confidence.MEDIUM): (4, 0),
        (KindName.PERFORMANCE, Confidence.HIGH): (7, 0),
        (KindName.PERFORMANCE, Confidence.MEDIUM): (2, 0),
        (KindName.QUESTION, Confidence.LOW): (2, 0),
        (KindName.QUESTION, Confidence.MEDIUM): (3, 0),
        (KindName.SUPPORT_TRACKING, Confidence.HIGH): (34, 1),
        (KindName.SUPPORT_TRACKING, Confidence.LOW): (2, 0),
        (KindName.SUPPORT_TRACKING, Confidence.MEDIUM): (3, 0),
        (KindName.TEST_FAILURE, Confidence.HIGH): (6, 0),
        (KindName.TEST_FAILURE, Confidence.MEDIUM): (1, 0),
        (KindName.THREAD_SAFETY_DOCS, Confidence.HIGH): (5, 0),
        (KindName.THREAD_SAFETY_DOCS, Confidence.MEDIUM): (6, 0),
    }
)
"""A kind and how sure its rule states it → right and wrong."""
