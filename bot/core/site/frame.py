"""What every page has round its content, whatever it is about: its title, its address, where its links begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

SITE = "Free-threaded Python, package by package"


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages are: ``base`` is the absolute address, without a slash at its end, None where nobody said.

    ``live`` tells that somebody answers: then pages can ask, and what needs a server is linked.
    """

    live: bool
    base: str | None = None

    def absolute(self, path: str) -> str | None:
        """Return the absolute address of a path of the site, None where nobody knows it."""
        return None if self.base is None else f"{self.base}/{path}"


@dataclass(frozen=True, slots=True)
class Frame:
    """A page by its path, such as ``packages/numpy/`` (the front page's is empty), and what it is called.

    ``feed`` is the path of the Atom feed to subscribe to, ``picture`` that of the picture that chats show; ``indexed``
    tells whether search engines should list it.
    """

    path: str
    title: str
    description: str
    section: str = ""
    feed: str = "feed.xml"
    picture: str | None = None
    indexed: bool = True

    @property
    def root(self) -> str:
        """Return the relative way to the front page: links work wherever the site is put."""
        return "../" * self.path.count("/") or "./"

    @property
    def whole_title(self) -> str:
        """Return the title as a browser's tab has it."""
        return f"{self.title} · ftbot"


def moment(time: datetime) -> str:
    """Write a moment: ``22 November 2026, 21:30 UTC``."""
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def age(time: datetime, now: datetime) -> str:
    """Write how long ago something was, roughly: ``3 hours ago``."""
    minutes = max(0, int((now - time).total_seconds()) // 60)
    for size, unit in ((60 * 24, "day"), (60, "hour"), (1, "minute")):
        if (count := minutes // size) >= 1:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
