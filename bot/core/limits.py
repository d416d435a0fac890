"""How large a project page may be to be judged: what it costs is counted before, so that it is the same on any machine.

The rules look at every file, read every distinct set of wheel tags, ask every distinct ``requires-python`` about a
hundred Pythons, and look anew at the files of a release for each day on which it got some. Each has a bound, far above
what the largest real pages have (pydantic-core in late 2026: 14,917 files, a few hundred sets of tags).
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Protocol

from bot.core.errors import TooLargeError

MOST_FILES = 75_000
"""Files of a page; five times as many as any has."""

MOST_TAGS = 75_000
"""Tags that the distinct tag sets of a page stand for; the most that any has is 722."""

LONGEST_REQUIREMENTS = 5_000
"""Characters of a page's distinct ``requires-python``; the most that any has is 340."""

MOST_LOOKS = 500_000
"""Files of a release times its days with uploads after the first, summed up; the most that any has is 218."""

_FEW = 20
"""So few files of a release can take, on whatever days, no more looks than can be afforded for all of a page."""

_filename = attrgetter("filename")
_requires_python = attrgetter("requires_python")
_upload_time = attrgetter("upload_time")


class FileInPage(Protocol):
    """What is counted of a file."""

    @property
    def filename(self) -> str:
        """Give the name."""

    @property
    def requires_python(self) -> str | None:
        """Give what it requires of Python."""

    @property
    def upload_time(self) -> str | None:
        """Give the upload time as written, the day first."""


def check_files(name: str, files: int) -> None:
    """Check how many files a project's page has. Raises ``TooLargeError``."""
    _check(name, files, MOST_FILES, "files")


def check_cost(name: str, releases: Sequence[Sequence[FileInPage]]) -> None:
    """Check what the files of a project's releases cost to judge. Raises ``TooLargeError``."""
    tags: set[str] = set()
    requirements: set[str | None] = set()
    looks = 0
    for files in releases:
        tags.update([filename.split("-", 2)[-1] for filename in map(_filename, files)])
        requirements.update(map(_requires_python, files))
        if len(files) > _FEW:
            days = {None if time is None else time[:10] for time in map(_upload_time, files)}
            looks += (len(days) - 1) * len(files)
    _check(name, sum(_stands_for(each) for each in tags), MOST_TAGS, "wheel tags")
    _check(name, sum(map(len, filter(None, requirements))), LONGEST_REQUIREMENTS, "characters of requires-python")
    _check(name, looks, MOST_LOOKS, "files and days of uploads")


def _stands_for(tags: str) -> int:
    """Give how many tags a compressed tag set stands for; what follows the version of an sdist is none."""
    if not tags.endswith(".whl"):
        return 0
    product = 1
    for part in tags.removesuffix(".whl").split("-"):
        product *= part.count(".") + 1
    return product


def _check(name: str, count: int, most: int, what: str) -> None:
    if count > most:
        raise TooLargeError(f"The index's page of {name} is too large to judge: {count:,} {what}, {most:,} at most.")
