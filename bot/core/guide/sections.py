"""The sections of the free-threading guide: those that ship with the program, and which fits a topic.

Facts about py-free-threading.github.io as of 2026-11: its pages, and the anchors of their headings. Whoever reads the
guide's own inventory knows better.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from types import MappingProxyType

GUIDE = "https://py-free-threading.github.io/"
"""Where the guide is."""

_LONGEST_TOPIC = 200
_MOST_WORDS = 12
_SHORTEST_STEM = 4
_ALIKE = 0.8
_ENOUGH = 0.5
"""Sections with this share of the best one's score fit, too."""

_WORD = re.compile(r"[a-z0-9]+(?:[+]+|(?=$|[^a-z0-9]))")
_NO_TOPIC = frozenset(
    {
        *("a", "an", "and", "are", "can", "do", "does", "for", "from", "how", "i", "in", "is", "it", "its", "my", "of"),
        *("on", "or", "our", "the", "to", "use", "using", "what", "where", "with", "without", "you", "your"),
        *("free", "freethreaded", "freethreading", "python", "threaded", "threading"),
    }
)


@dataclass(frozen=True, slots=True)
class GuideSection:
    """A section: its title, its address, and words under which people look for it besides those of the title."""

    title: str
    url: str
    words: tuple[str, ...] = ()


class GuideTopic(StrEnum):
    """What cards and comments link to, by the addresses below the guide's."""

    DECLARING = "porting-extensions/#declaring-free-threaded-support"
    WHEELS = "ci/#building-free-threaded-wheels-with-cibuildwheel"
    ABI3T = "abi3t/"
    RACES = "thread_sanitizer/"


_SHIPPED: Sequence[tuple[str, str, str]] = (
    ("Porting Python packages", "porting/", "port support migrate pure"),
    ("Updating extension modules", "porting-extensions/", "c cpp c++ native extension port thread safety"),
    (
        "Declaring free-threaded support",
        "porting-extensions/#declaring-free-threaded-support",
        "extension modules module port c api py_mod_gil mod slot pybind11 cython pyo3 rust f2py fortran nanobind",
    ),
    (
        "Locking and synchronization primitives",
        "porting-extensions/#locking-and-synchronization-primitives",
        "lock mutex pymutex",
    ),
    ("Critical sections", "porting-extensions/#critical-sections", "lock deadlock"),
    ("abi3t extensions", "abi3t/", "stable abi abi3 limited api"),
    ("Handling dependencies", "dependencies/", "requirements blockers"),
    ("Setting up CI", "ci/", "continuous integration github actions setup"),
    (
        "Building free-threaded wheels with cibuildwheel",
        "ci/#building-free-threaded-wheels-with-cibuildwheel",
        "wheel build ci publish",
    ),
    ("Validating thread safety with testing", "testing/", "test pytest parallel run stress"),
    ("Fixing thread-unsafe tests", "testing/#fixing-thread-unsafe-tests", "flaky failing"),
    ("Debugging", "debugging/", "gdb lldb crash segfault concurrency race"),
    ("Using Thread Sanitizer", "thread_sanitizer/", "tsan threadsanitizer data race races detect debugging"),
    ("Thread Sanitizer suppressions", "thread_sanitizer/#tsan-suppressions", "tsan race"),
    ("Profiling", "profiling/", "performance slow speed"),
    ("Running with the GIL disabled", "running-gil-disabled/", "python_gil x gil run check enabled"),
    ("Installing free-threaded Python", "installing-cpython/", "install setup conda uv pyenv docker"),
    ("Compatibility tracking", "tracking/", "table status packages support"),
    ("Frequently asked questions", "faq/", "question"),
    ("Examples", "examples/", "mandelbrot monte carlo asyncio"),
    ("Resources", "resources/", "talks peps reading"),
)


def shipped_sections(guide: str = GUIDE) -> tuple[GuideSection, ...]:
    """Return the sections that ship with the program, at a guide's address, which ends in a slash."""
    return tuple(GuideSection(title, guide + place, tuple(words.split())) for title, place, words in _SHIPPED)


def section_url(topic: GuideTopic) -> str:
    """Return the address of what cards and comments link to."""
    return GUIDE + topic.value


def section_title(topic: GuideTopic) -> str:
    """Return what the guide calls what cards and comments link to."""
    return next(title for title, place, _ in _SHIPPED if place == topic.value)


def find_sections(sections: Sequence[GuideSection], topic: str, most: int = 5) -> tuple[GuideSection, ...]:
    """Find the sections that fit what somebody looks for, the best first; slips of the pen are forgiven.

    Words that few sections have count for much more; those that say nothing here, such as `python`, for nothing.
    """
    wanted = [word for word in words_of(topic[:_LONGEST_TOPIC]) if word not in _NO_TOPIC][:_MOST_WORDS]
    known = [_words(section) for section in sections]
    total = [0.0] * len(sections)
    for word in dict.fromkeys(wanted):
        scores = _scores(word, known)
        having = sum(score > 0 for score in scores)
        total = [before + score / (1 + having) ** 2 for before, score in zip(total, scores, strict=True)]
    best = max(total, default=0.0)
    fitting = [place for place, score in enumerate(total) if score > 0 and score >= _ENOUGH * best]
    return tuple(sections[place] for place in sorted(fitting, key=lambda place: -total[place])[:most])


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return [match.group(0) for match in _WORD.finditer(text.lower().replace("_", " "))]


def _words(section: GuideSection) -> Mapping[str, float]:
    """Return a section's words with what each is worth: its title's most."""
    found: dict[str, float] = {word: 0.9 for each in section.words for word in words_of(each)}
    return MappingProxyType(found | dict.fromkeys(words_of(section.title), 1.0))


def _scores(wanted: str, known: Sequence[Mapping[str, float]]) -> list[float]:
    """Return how well a word is one of each section's: by itself, else by its stem, else but for a slip of the pen."""
    for alike, worth in ((_is_same, 1.0), (_has_stem, 0.9), (_is_slip, 0.8)):
        scores = [max((words[word] for word in words if alike(wanted, word)), default=0.0) for words in known]
        if any(scores):
            return [worth * score for score in scores]
    return [0.0] * len(known)


def _is_same(wanted: str, word: str) -> bool:
    return wanted == word


def _has_stem(wanted: str, word: str) -> bool:
    short = min(len(word), len(wanted))
    return short >= _SHORTEST_STEM and (word.startswith(wanted) or wanted.startswith(word))


def _is_slip(wanted: str, word: str) -> bool:
    return min(len(word), len(wanted)) >= _SHORTEST_STEM and SequenceMatcher(None, wanted, word).ratio() >= _ALIKE


def titles(sections: Iterable[GuideSection]) -> tuple[str, ...]:
    """Return the titles, each once."""
    return tuple(dict.fromkeys(section.title for section in sections))
