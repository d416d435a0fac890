"""One requirement of an index, as people and tools write it: ``name[extra]>=1; marker``, and nothing else.

What is anything else is said in a few words that end a sentence such as "line 3 was not read: …".
"""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from bot.core.dependencies.files import Demand
from bot.core.dependencies.masking import without_secrets
from bot.core.text.sentences import one_line, shortened

LONGEST_REQUIREMENT = 8_192
"""Characters of a requirement; the markers of locks with many forks have 2,000."""

DEEPEST_MARKER = 40
"""Parentheses within each other, which packaging's parser and evaluation follow by recursion."""

LONGEST_SPECIFIER = 1_000
"""Characters of the versions that are wanted, which keeps each number short enough for Python to read."""

LONGEST_SHOWN = 100

EDITABLE = "an editable project: only packages of an index are read"
NO_REQUIREMENT = "no requirement such as `name[extra]>=1; marker`"
OPTION = "an option of pip"
PATH = "a path: only packages of an index are read"
TOO_LONG = "too long for a requirement"
TOO_NESTED = f"a marker with more than {DEEPEST_MARKER} parentheses within each other"
UNPRINTABLE = "it holds a control character, or a space that is none"
URL = "a URL: only packages of an index are read"
VARIABLE = "it holds an environment variable"
VERSION_CONTROL = "version control: only packages of an index are read"

_VARIABLE = re.compile(r"\$(?:\{[^}\s]{1,100}\}|[A-Za-z_]\w*)")
_VERSION_CONTROL = re.compile(r"(?:git|hg|svn|bzr)(?:\+|://)|git@", re.IGNORECASE)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:(?://|(?=[^\\]{2}))")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
# As pip has them: what ends so is a file to it, though it could be a name.
_ARCHIVE = (
    ".whl",
    ".zip",
    ".tar",
    ".tar.bz2",
    ".tbz",
    ".tar.gz",
    ".tgz",
    ".tar.lz",
    ".tar.lzma",
    ".tlz",
    ".tar.xz",
    ".txz",
)


def read_demand(text: str, line: int | None = None) -> Demand | str:
    """Return the requirement, or why it is none that is read."""
    if len(text) > LONGEST_REQUIREMENT:
        return TOO_LONG
    if any(not sign.isprintable() and sign != "\t" for sign in text):
        return UNPRINTABLE
    if _VARIABLE.search(text):
        return VARIABLE
    if _VERSION_CONTROL.match(text):  # also `git@host:path`, which could be the name git and a link
        return VERSION_CONTROL
    if nesting(text) > DEEPEST_MARKER:
        return TOO_NESTED
    try:
        read = Requirement(text)
    except (InvalidRequirement, ValueError):  # the second for numbers that are too long
        return _no_requirement(text.strip())
    if read.url is not None:
        return where_from(read.url)
    if read.name.lower().endswith(_ARCHIVE):
        return PATH
    if len(str(read.specifier)) > LONGEST_SPECIFIER:
        return TOO_LONG
    return Demand(
        name=canonicalize_name(read.name),
        extras=tuple(sorted({canonicalize_name(extra) for extra in read.extras})),
        specifier=read.specifier,
        marker=read.marker,
        line=line,
    )


def where_from(text: str) -> str:
    """Return what a link is, as the reason why it is not read."""
    if _VERSION_CONTROL.match(text):
        return VERSION_CONTROL
    return URL if _URL.match(text) and not text.lower().startswith("file:") else PATH


def holds_variable(text: str) -> bool:
    """Return whether text is another one in another environment: ``${TOKEN}``, ``$TOKEN``."""
    return _VARIABLE.search(text) is not None


def shown(text: str) -> str:
    """Return a line from somebody's file, fit to be shown: short, on one line, without what is secret in URLs."""
    return shortened(one_line(without_secrets(text)), LONGEST_SHOWN)


def _no_requirement(text: str) -> str:
    if _WINDOWS.match(text):
        return PATH
    if _URL.match(text):
        return where_from(text)
    before = text.partition(";")[0].partition("[")[0].strip()
    is_path = before.startswith((".", "~")) or "/" in before or "\\" in before or before.lower().endswith(_ARCHIVE)
    return PATH if is_path else NO_REQUIREMENT


def nesting(text: str) -> int:
    """Return how many parentheses stand in each other at most, also in a text where they do not match."""
    deepest = depth = 0
    for sign in text:
        if sign == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif sign == ")":
            depth -= 1
    return deepest
