"""Messages on their way to Discord, and what can come of sending one. A view is what faces make it of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.core.errors import UpstreamError

View = TypeVar("View")


class ChannelClosedError(UpstreamError):
    """The bot may not post in a channel, or it is ``gone``: somebody has to do something before it is tried again."""

    def __init__(self, text: str, *, gone: bool = False) -> None:
        super().__init__(text)
        self.gone = gone


class MessageRefusedError(UpstreamError):
    """Discord finds the message itself wrong: it is not sent again."""


class UnclearError(UpstreamError):
    """Whether a message was posted cannot be found out: it is not sent again, because it may be there."""


@dataclass(frozen=True, slots=True)
class PreparedDigest(Generic[View]):
    """A digest ready to be posted: a fresh view for every server, the chart that it shows as a file, and its alt text.

    ``complete`` tells that the week was over when the data was read.
    """

    view: Callable[[], View]
    picture: bytes | None = None
    alt: str = ""
    filename: str = "digest.png"
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Draft(Generic[View]):
    """A message to be sent: its view, a role that it pings, and a picture that the view shows."""

    view: View
    role: int | None = None
    picture: bytes | None = None
    alt: str = ""
    filename: str = "digest.png"
