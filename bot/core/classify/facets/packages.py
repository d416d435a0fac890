"""Which project on PyPI a thread is about.

It is the one whose module the interpreter blames in its warning, then the repository's own. A repository that publishes
nothing, such as CPython or the free-threading guide, is about a project only if the title names it.
"""

import re

from packaging.utils import canonicalize_name

from bot.core.classify.facets.projects import (
    AFFIXED,
    COMMON,
    MODULES,
    NOTHING_AFTER,
    NOTHING_BEFORE,
    PUBLISHED,
    SPOKEN,
    UNPUBLISHED,
)
from bot.core.classify.text.clauses import EXCERPT, ParsedThread, Part
from bot.core.classify.thread import Reason

_BLAMED = re.compile(r"enabled to load module ['\"`]([A-Za-z_][\w.]{0,100})['\"`]")
_SUFFIXES = ("-pypi", "-feedstock", ".py")
_AFFIXES = ("python", "py")
_ABOUT_PYTHON = ("free-threaded", "free-threading", "/nogil", "gilectomy")
"""Parts of the names of repositories that are about the interpreter."""

_MENTION = re.compile(r"(?<![\w./-])[A-Za-z][A-Za-z0-9_-]{1,60}(?![\w-])")
_SPELLED = 4_096  # characters of the body in which a project's name is looked for
_VERSION = re.compile(r" \d{1,4}\.\d")


def find_packages(parsed: ParsedThread) -> tuple[Reason, ...]:
    """Name the project that the thread is about, normalised as PyPI does (PEP 503), or nothing."""
    found = _blamed(parsed) or _published(parsed) or _named(parsed)
    return (found,) if found else ()


def _blamed(parsed: ParsedThread) -> Reason | None:
    match = _BLAMED.search(parsed.title) or _BLAMED.search(parsed.body)
    if match is None:
        return None
    top = match[1].split(".")[0].lower()
    own = _own(parsed.repo)
    if top.startswith("_") and top not in MODULES:
        return None  # a private top module is the repository's own
    if own and top.replace("_", "") in own.replace("-", ""):
        return None
    return Reason("package", MODULES.get(top) or canonicalize_name(top), match[0][:EXCERPT])


def _published(parsed: ParsedThread) -> Reason | None:
    own = _own(parsed.repo)
    if own is None:
        return None
    if parsed.repo.lower() not in PUBLISHED and (word := _spelled_out(own, parsed)):
        return Reason("package", canonicalize_name(word), word)
    return Reason("package", own, parsed.repo[:EXCERPT].strip())


def _own(repo: str) -> str | None:
    """Name the project that a repository publishes, as far as its name tells."""
    low = repo.lower()
    if low in UNPUBLISHED or any(word in low for word in _ABOUT_PYTHON):
        return None
    if low in PUBLISHED:
        return PUBLISHED[low]
    name = low.rpartition("/")[2]
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    if name.endswith(NOTHING_AFTER) or name.startswith(NOTHING_BEFORE) or name in COMMON:
        return None
    is_module = name.startswith("py_")  # and so is the whole of it
    name = canonicalize_name(name)
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,100}", name) is None:
        return None
    return name if is_module else _bare(name)


def candidates(repo: str) -> tuple[str, ...]:
    """Return what a repository's project may be called, the likeliest first; nothing where it publishes none."""
    own = _own(repo)
    return () if own is None else tuple(dict.fromkeys((own, canonicalize_name(repo.lower().rpartition("/")[2]))))


def _bare(name: str) -> str:
    """Take off what only tells a repository from those of other languages: `python-lz4`, `h3-py`, `lz4-python`."""
    if name in AFFIXED:
        return name
    for affix in _AFFIXES:
        bare = name.removeprefix(f"{affix}-").removesuffix(f"-{affix}")
        if bare != name and len(bare) > 1:
            return bare
    return name


def _spelled_out(own: str, parsed: ParsedThread) -> str | None:
    """Find the name that the text gives the project: the repository's with `py` or more about it."""
    affixed = {f"{own}-py", f"py-{own}", f"py{own}", f"python-{own}", f"{own}-python"}
    for part in (parsed.title, parsed.body[:_SPELLED]):
        if own.split("-", 1)[0] not in part.lower():
            continue
        for match in _MENTION.finditer(part):
            name = canonicalize_name(match[0])
            if name in affixed or (name.startswith(f"{own}-") and _VERSION.match(part, match.end())):
                return match[0]
    return None


def _named(parsed: ParsedThread) -> Reason | None:
    for clause in parsed.clauses:
        if clause.part is not Part.TITLE:
            continue
        for number, word in enumerate(clause.words):
            if word in SPOKEN:
                return Reason("package", SPOKEN[word], clause.cut(number, number))
    return None
