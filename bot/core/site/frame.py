"""What every page has round its content, whatever it is about: its title, its address, where its links begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

SITE = "Free-threaded Python, package by package"


@dataclass(frozen=True, slots=True)
class PageSite:
    """Where the pages are: ``base`` is the absolute address, without a slash at its end, None where nobody said.

    ``live`` tells that somebody answers: then pages can ask, and what needs a server is linked.
    """

    live: bool
    base: str | None = None

    def absolute(self, path: str) -> str | None:
        """Return the absolute address of a path of the site, None where nobody knows it."""
        return None if self.base is None else f"{self.base}/{path}"

    @property
    def top(self) -> str:
        """Return the path of the front page on its host."""
        path = "" if self.base is None else urlsplit(self.base).path
        return f"{path.rstrip('/')}/"


@dataclass(frozen=True, slots=True)
class Frame:
    """A page by its path, such as ``packages/numpy/`` (the front page's is empty), and what it is called.

    ``feed`` is the path of the Atom feed to subscribe to, ``picture`` that of the picture that chats show; ``indexed``
    tells whether search engines should list it. ``top`` is the way to the front page of what may be shown anywhere.
    """

    path: str
    title: str
    description: str
    section: str = ""
    feed: str = "feed.xml"
    picture: str | None = None
    indexed: bool = True
    top: str | None = None

    @property
    def root(self) -> str:
        """Return the way to the front page, a relative one where possible: links work wherever the site is put."""
        if self.top is not None:
            return self.top
        return "../" * self.path.count("/") or "./"

    @property
    def whole_title(self) -> str:
        """Return the title as a browser's tab has it."""
        return f"{self.title} · ftbot"


@dataclass(frozen=True, slots=True)
class FaultView:
    """Why there is no page: a status and its name, a sentence, after how long to come again, and names alike."""

    status: int
    title: str
    detail: str
    wait: str | None = None
    suggestions: tuple[str, ...] = ()


def moment(time: datetime) -> str:
    """Write a moment: ``22 November 2026, 21:30 UTC``."""
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"
