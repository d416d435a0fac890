"""Project pages that somebody made to be hard to judge, and ones that are only large."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from bot.core.index.simple_api import File

LARGEST_REAL = 14_917
"""Files of pydantic-core's page in late 2026."""

_FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
_WIDE = ".".join(f"manylinux_2_{number}_x86_64" for number in range(1_000))
_BUILDS = [
    f"cp3{minor}-cp3{minor}{build}-{platform}"
    for minor in range(9, 15)
    for build in ("", "t")
    for platform in ("manylinux_2_17_x86_64.manylinux2014_x86_64", "macosx_11_0_arm64", "win_amd64", "win32")
]


def page(files: Sequence[File]) -> bytes:
    """Write a page of the Simple API with these files."""
    return msgspec.json.encode({"meta": {"api-version": "1.4"}, "name": "demo", "files": files})


def like_the_largest(times: int) -> list[File]:
    """Make so many times the files of the largest real page, in releases like its own; the newest is whole."""
    first = -LARGEST_REAL * times % len(_BUILDS)
    return [
        File(f"demo-{number // len(_BUILDS)}.0-{_BUILDS[number % len(_BUILDS)]}.whl", ">=3.9", _day(0))
        for number in range(first, first + LARGEST_REAL * times)
    ]


def _day(number: int) -> str:
    return (_FIRST_DAY + timedelta(days=number)).isoformat()


HOSTILE: dict[str, tuple[list[File], str]] = {
    "400,000 releases": ([File(f"demo-{number}.tar.gz") for number in range(400_000)], "400,000 files"),
    "a requires-python of 100,000 clauses": (
        [File("demo-1.0-cp314-cp314t-win32.whl", ",".join(f"!=3.14.{number}" for number in range(100_000)))],
        "characters of requires-python",
    ),
    "a requires-python for each of 20,000 files": (
        [File(f"demo-1.{number}-cp314-cp314t-win32.whl", f">=3.9,!=3.9.{number}") for number in range(20_000)],
        "characters of requires-python",
    ),
    "wheels for a thousand platforms": (
        [File(f"demo-1.0-{number}-cp314-cp314t-{_WIDE}.whl") for number in range(100)],
        "100,000 wheel tags",
    ),
}
"""Files of a page, and what is said to be too much of them."""

A_FILE_A_DAY = [File(f"demo-1.0-{number}-cp314-cp314t-win32.whl", None, _day(number)) for number in range(3_000)]
"""What is quickly judged as it is now, and would take minutes to look at as it was on each day."""
