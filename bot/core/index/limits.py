"""How large a project page may be to be judged: what it costs is counted before, so that it is the same on any machine.

The rules look at every file, read every distinct set of wheel tags, ask every distinct ``requires-python`` about a
hundred Pythons, and look anew at the files of a release for each day on which it got some. Each has a bound, far above
what the largest real pages have (pydantic-core in late 2026: 14,917 files). Counting is no more work than it has to be:
every page of a scan pays for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.core.errors import TooLargeError

MOST_FILES = 75_000
"""Files of a page; five times as many as any has."""

MOST_TAGS = 75_000
"""Tags that the wide tag sets of a page stand for; the most that all sets of any page stand for is 722."""

LONGEST_FILENAME = 255
"""Characters of a file's name, as many as file systems keep; databases keep no longer ones in their indexes either."""

MANY_DOTS = 9
"""A file name with more of them has a wide tag set: with fewer it stands for 48 tags at most."""

LONGEST_REQUIREMENTS = 5_000
"""Characters of a page's distinct ``requires-python``; the most that any has is 340."""

MOST_LOOKS = 500_000
"""Files of a release times its days with uploads after the first, summed up; the most that any page has is 218."""


class FileInPage(Protocol):
    """What is counted of a file."""

    @property
    def requires_python(self) -> str | None:
        """Return what it requires of Python."""


def check_files(name: str, files: int) -> None:
    """Check how many files a project's page has. Raises ``TooLargeError``."""
    _check(name, files, MOST_FILES, "files")


def check_cost(name: str, files: Sequence[FileInPage], wide: Sequence[str]) -> None:
    """Check the files of a project, and the names of its wheels with many dots. Raises ``TooLargeError``."""
    requirements = {file.requires_python for file in files}
    _check(name, sum(map(len, filter(None, requirements))), LONGEST_REQUIREMENTS, "characters of requires-python")
    if wide:
        tags = {filename.split("-", 2)[-1] for filename in wide}
        _check(name, sum(map(_stands_for, tags)), MOST_TAGS, "wheel tags")


def check_looks(name: str, looks: int) -> None:
    """Check how often the past of a project's releases would be looked at. Raises ``TooLargeError``."""
    _check(name, looks, MOST_LOOKS, "files and days of uploads")


def _stands_for(tags: str) -> int:
    """Return how many tags a compressed tag set stands for; what follows the version of an sdist is none."""
    if not tags.endswith(".whl"):
        return 0
    product = 1
    for part in tags.removesuffix(".whl").split("-"):
        product *= part.count(".") + 1
    return product


def _check(name: str, count: int, most: int, what: str) -> None:
    if count > most:
        raise TooLargeError(f"The index's page of {name} is too large to judge: {count:,} {what}, {most:,} at most.")
