"""Standard output and error as the program writes to them: closed, full or of a poor alphabet, they end nothing midway.

What cannot be written is swallowed, so that a command still does what it began, tells its errors and ends with its own
exit code; how writing failed is kept for the end.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import BufferedIOBase, BufferedWriter, TextIOWrapper
from pathlib import Path
from typing import Final, Protocol, TextIO

from bot.core.text.alphabet import SPELLED

_POOR_TERMINALS: Final = frozenset({"dumb", "linux"})
"""Values of ``TERM`` for terminals that take UTF-8 and show little of it."""


class _Bytes(Protocol):
    def write(self, data: memoryview, /) -> int | None: ...
    def isatty(self) -> bool: ...
    def fileno(self) -> int: ...


class Sink(BufferedIOBase):
    """Writes bytes through at once; after the first failure, or an interrupt meanwhile, it swallows them."""

    def __init__(self, below: _Bytes) -> None:
        self._below = below
        self.failure: OSError | None = None

    @property
    def name(self) -> str:
        """Return what it is, for whoever prints the stream."""
        return "<sink>"

    def writable(self) -> bool:
        """Return True: this is written to."""
        return True

    def isatty(self) -> bool:
        """Return whether it ends in a terminal."""
        return self._below.isatty()

    def fileno(self) -> int:
        """Return the file descriptor below."""
        return self._below.fileno()

    def write(self, data: object, /) -> int:
        """Write all of it, or keep why that failed; it counts as written either way."""
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"bytes are written here, not {type(data).__name__}")
        try:
            self._write(memoryview(data))
        except OSError as error:
            self.failure = error
        except KeyboardInterrupt:  # whoever does not read any more shall not have to interrupt twice
            self.failure = InterruptedError()
            raise
        return len(data)

    def _write(self, left: memoryview) -> None:
        while left and self.failure is None:
            written = self._below.write(left)
            if written is None:  # somebody else made it non-blocking, and it is full
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            left = left[written:]


@contextmanager
def standard_streams() -> Iterator[None]:
    """Send standard output and error through sinks while the block runs, in the alphabet that they have."""
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(_open(sys.stdout, stack)))
        stack.enter_context(redirect_stderr(_open(sys.stderr, stack)))
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()


def output_failure() -> OSError | None:
    """Return why standard output could not be written, None where it could; all that is left is written first."""
    sys.stdout.flush()
    sink = sys.stdout.buffer if isinstance(sys.stdout, TextIOWrapper) else None
    return sink.failure if isinstance(sink, Sink) else None


def _open(stream: TextIO | None, stack: ExitStack) -> TextIO:
    """Put a sink below a stream; one that was closed before the program began swallows all."""
    if stream is None:
        return stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
    if not isinstance(stream, TextIOWrapper):
        return stream
    stream.flush()
    below = stream.buffer.raw if isinstance(stream.buffer, BufferedWriter) else stream.buffer
    poor = stream.isatty() and os.environ.get("TERM") in _POOR_TERMINALS
    encoding = "ascii" if poor else stream.encoding
    return TextIOWrapper(Sink(below), encoding, SPELLED, line_buffering=stream.line_buffering)
