"""How often rules were right about 560 labelled threads, by `python -m benchmarks.calibrate`."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.core.classify.thread import Confidence, KindName

GATE: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "3.14t": (61, 0),
        "PYTHON_GIL": (1, 0),
        "Py_mod_gil": (8, 0),
        "abi3t": (2, 0),
        "disable gil": (7, 0),
        "disable gil for free": (1, 0),
        "disabling the gil": (2, 0),
        "don t re enable": (1, 0),
        "enable gil": (1, 0),
        "enable the gil": (2, 0),
        "explicitly disable gil": (1, 0),
        "fall back to the gil": (1, 0),
        "free thread build": (7, 0),
        "free threaded": (158, 3),
        "free threading": (82, 0),
        "free threading 3": (2, 0),
        "freethread": (2, 0),
        "freethreaded": (8, 0),
        "freethreading": (7, 0),
        "freethreading compatible": (1, 0),
        "ft": (2, 0),
        "gil disabled": (8, 0),
        "gil free": (2, 0),
        "gil is enabled": (1, 0),
        "gil is re enabled": (1, 0),
        "gil re enabling": (1, 0),
        "gil stays disabled": (1, 0),
        "isgilenabled": (1, 0),
        "no gil": (11, 0),
        "no-GIL build": (16, 0),
        "nogil": (15, 4),
        "pep 703": (1, 0),
        "pep 803": (4, 0),
        "prevents disabling the gil": (1, 0),
        "py free threading": (1, 0),
        "py gil disabled": (2, 0),
        "python freethreading": (1, 0),
        "re enable the gil": (1, 0),
        "re enables the gil": (1, 0),
        "removing the gil": (1, 0),
        "without gil": (1, 0),
        "without the gil": (1, 1),
    }
)
"""A phrase that may open the gate → the titles with it that are about free-threading, and those that are not."""

KINDS: Mapping[tuple[KindName, Confidence], tuple[int, int]] = MappingProxyType(
    {
        (KindName.ABI3T, Confidence.HIGH): (8, 0),
        (KindName.ABI3T, Confidence.MEDIUM): (3, 2),
        (KindName.BUILD_FAILURE, Confidence.HIGH): (17, 0),
        (KindName.BUILD_FAILURE, Confidence.MEDIUM): (8, 3),
        (KindName.CI, Confidence.HIGH): (35, 0),
        (KindName.CI, Confidence.MEDIUM): (4, 2),
        (KindName.CRASH, Confidence.HIGH): (24, 0),
        (KindName.CRASH, Confidence.MEDIUM): (2, 1),
        (KindName.DATA_RACE, Confidence.HIGH): (38, 0),
        (KindName.DATA_RACE, Confidence.MEDIUM): (7, 2),
        (KindName.DEADLOCK, Confidence.HIGH): (15, 0),
        (KindName.DEADLOCK, Confidence.MEDIUM): (1, 0),
        (KindName.GIL_REENABLED, Confidence.HIGH): (30, 0),
        (KindName.GIL_REENABLED, Confidence.MEDIUM): (4, 2),
        (KindName.MISSING_WHEEL, Confidence.HIGH): (37, 0),
        (KindName.MISSING_WHEEL, Confidence.LOW): (2, 1),
        (KindName.MISSING_WHEEL, Confidence.MEDIUM): (7, 4),
        (KindName.PERFORMANCE, Confidence.HIGH): (15, 0),
        (KindName.PERFORMANCE, Confidence.MEDIUM): (2, 1),
        (KindName.QUESTION, Confidence.HIGH): (9, 0),
        (KindName.QUESTION, Confidence.LOW): (2, 0),
        (KindName.QUESTION, Confidence.MEDIUM): (1, 0),
        (KindName.SUPPORT_TRACKING, Confidence.HIGH): (63, 3),
        (KindName.SUPPORT_TRACKING, Confidence.LOW): (15, 0),
        (KindName.SUPPORT_TRACKING, Confidence.MEDIUM): (11, 2),
        (KindName.TEST_FAILURE, Confidence.HIGH): (14, 0),
        (KindName.TEST_FAILURE, Confidence.MEDIUM): (2, 1),
        (KindName.THREAD_SAFETY_DOCS, Confidence.HIGH): (19, 1),
        (KindName.THREAD_SAFETY_DOCS, Confidence.MEDIUM): (16, 1),
    }
)
"""A kind and how sure its rule states it → right and wrong."""
