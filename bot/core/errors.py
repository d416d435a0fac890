"""The ways in which a request can fail, as the people who asked will read them."""

from __future__ import annotations


class UserError(Exception):
    """A request that cannot be served as asked; its text is the reply: what is wrong, then what to do next."""


class UnresolvableError(UserError):
    """What is required contradicts itself, or is more than can be resolved here; its text says which."""


class UpstreamError(Exception):
    """Somebody else's service did not answer usefully; its text is a sentence that says which and how.

    ``retryable`` tells whether the same request may succeed soon, ``busy`` that the service asked everybody to slow
    down, ``retry_after`` for how many seconds, where it said so.
    """

    def __init__(
        self, text: str, *, retryable: bool = False, busy: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(text)
        self.retryable = retryable
        self.busy = busy
        self.retry_after = retry_after


class TooLargeError(UpstreamError):
    """What a service answered would take too long to work through; asking again gives the same."""


class StorageError(Exception):
    """The bot's own database cannot be used; its text is a sentence what, and a sentence what next."""


class ScannedElsewhereError(StorageError):
    """Another process scans into the same database."""


class ScanBrokeError(Exception):
    """The process that scans broke each time that it was started; its text is a sentence that says how the last did."""


class UnreadableWheelError(Exception):
    """A wheel is not what a wheel should be; its text is a sentence that says what is wrong with the file."""


class ReaderFailedError(UnreadableWheelError):
    """What reads machine code broke or took too long, which says nothing about the file: it may do better next time."""
