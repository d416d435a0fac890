"""Which free-threaded Pythons a thread names, whatever it is about."""

from collections.abc import Iterator, Sequence

from bot.core.classify.text.clauses import Clause, ParsedThread, Part
from bot.core.classify.text.spellings import MINORS
from bot.core.classify.thread import Reason

_NAMED = frozenset({"ft-word", "free-threads", "abi3t"})

_VERSIONS = {
    spelled: f"3.{minor}t"
    for minor in MINORS
    for spelled in (f"3 {minor}", f"cp3{minor}", f"py3{minor}", f"python3{minor}")
}

_SAYING = frozenset(
    {
        "free",
        "freethreaded",
        "freethreading",
        "freethread",
        "nogil",
        "threaded",
        "threading",
        "thread",
        "threads",
        "ft",
        "abi3t",
    }
)
"""First and last words of the ways to say free-threaded, and the stable ABI that is its own."""

_LESS = frozenset({"no", "disable", "disabled", "without", "the"})
"""Words that make "GIL" one of them."""

_BINDING = frozenset(
    {
        "python",
        "cpython",
        "py",
        "build",
        "builds",
        "building",
        "of",
        "experimental",
        "the",
        "version",
        "versions",
        "interpreter",
        "with",
        "option",
        "in",
        "on",
        "for",
        "since",
        "from",
        "isn",
        "t",
        "is",
        "and",
        "or",
        "support",
        "supports",
        "supported",
        "has",
        "stops",
        "being",
        "running",
        "without",
        "no",
        "gil",
        "disable",
        "a",
        "b",
        "c",
        "rc",
        "mode",
        "using",
        "under",
        "to",
        "variant",
        "variants",
        "wheels",
        "wheel",
        "ci",
        "i",
        "e",
        "x",
        "prerelease",
        "pre",
        "release",
        "official",
    }
)
"""Words that may stand between a version and those ways without parting them."""

_GAP = 8
"""Most words between the two."""


def find_pythons(parsed: ParsedThread) -> tuple[Reason, ...]:
    """Name the free-threaded versions: by tag (3.14t, cp314t), or by a number beside the word (free-threaded 3.14)."""
    found: dict[str, Reason] = {}
    for clause in parsed.clauses:
        if clause.part is Part.REPOSITORY:
            continue
        for value, evidence in (*_tagged(clause), *_beside(clause)):
            found.setdefault(value, Reason("python", value, evidence))
    return tuple(found[value] for value in sorted(found))


def _tagged(clause: Clause) -> Iterator[tuple[str, str]]:
    for minor in MINORS:
        if (term := f"tag-{minor}") in clause.terms:
            yield f"3.{minor}t", clause.excerpt([term])


def _beside(clause: Clause) -> Iterator[tuple[str, str]]:
    """Find a version and free-threaded with nothing between them that parts them, in either order."""
    if "python-release" not in clause.terms or not clause.has(_NAMED) or "non-ft" in clause.terms:
        return
    words = clause.words
    for first, word in enumerate(words):
        version = _VERSIONS.get(word) or _VERSIONS.get(" ".join((word[-1:], *words[first + 1 : first + 2])))
        if version is None:
            continue
        last = first if word in _VERSIONS else first + 1
        after, before = words[last + 1 : last + 1 + _GAP], words[max(0, first - _GAP) : first][::-1]
        if (steps := _reach(after)) is not None:
            end = last + 1 + steps
            yield version, clause.cut(first, min(end + (words[end] == "free"), len(words) - 1))
        elif (steps := _reach(before)) is not None:
            start = first - 1 - steps
            yield version, clause.cut(start - (start > 0 and words[start - 1] == "free"), last)


def _reach(words: Sequence[str]) -> int | None:
    """Count the binding words before the first that says free-threaded, or give None where another word parts them."""
    for steps, word in enumerate(words):
        if word in _SAYING:
            return steps
        beside = {*words[max(0, steps - 1) : steps], *words[steps + 1 : steps + 2]}
        if word == "gil" and beside & _LESS:
            return steps
        if word not in _BINDING and not word[:1].isdigit() and not word.startswith("rc"):
            return None
    return None
