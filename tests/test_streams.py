"""Standard output that fails in a process that goes on: it swallows, remembers why, and never waits twice."""

from __future__ import annotations

import errno
import os
import select
import signal
import threading
from collections.abc import Iterator
from io import FileIO, TextIOWrapper

import pytest

from bot.core.text.alphabet import SPELLED
from bot.streams import Sink

LONG = b"x" * (1 << 20)
"""More than any pipe holds."""


@pytest.fixture
def pipe() -> Iterator[tuple[int, FileIO]]:
    reading, writing = os.pipe()
    with FileIO(writing, "wb") as stream:
        yield reading, stream
    os.close(reading)


def test_what_is_written_arrives_whole_and_in_order(pipe: tuple[int, FileIO]) -> None:
    reading, stream = pipe
    sink, parts = Sink(stream), []

    def read() -> None:
        while part := os.read(reading, 5_000):
            parts.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    sink.write(LONG)
    sink.write(b"end")
    stream.close()
    reader.join(20)
    assert b"".join(parts) == LONG + b"end"
    assert sink.failure is None


def test_a_full_pipe_that_does_not_wait_is_a_failure_and_no_endless_loop(pipe: tuple[int, FileIO]) -> None:
    reading, stream = pipe
    os.set_blocking(stream.fileno(), False)
    sink = Sink(stream)
    assert sink.write(LONG) == len(LONG)
    assert sink.failure is not None
    assert sink.failure.errno == errno.EAGAIN
    assert os.read(reading, 1) == b"x"


def test_an_interrupt_while_nobody_reads_ends_the_wait_for_good(pipe: tuple[int, FileIO]) -> None:
    reading, stream = pipe
    sink = Sink(stream)
    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)

    def interrupt() -> None:
        select.select([reading], [], [])
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    interrupter = threading.Thread(target=interrupt)
    try:
        interrupter.start()
        with pytest.raises(KeyboardInterrupt):
            sink.write(LONG)
    finally:
        interrupter.join(20)
        signal.signal(signal.SIGUSR1, before)
    assert sink.write(LONG) == len(LONG)
    assert isinstance(sink.failure, InterruptedError)


def test_the_first_failure_is_the_one_that_is_kept(pipe: tuple[int, FileIO]) -> None:
    _, stream = pipe
    sink = Sink(stream)
    text = TextIOWrapper(sink, "ascii", SPELLED)
    text.write("arrives")
    text.flush()
    os.set_blocking(stream.fileno(), False)
    sink.write(LONG)
    first = sink.failure
    text.write("“lost”")
    text.flush()
    assert sink.failure is first
    assert isinstance(first, BlockingIOError)


def test_only_bytes_go_through(pipe: tuple[int, FileIO]) -> None:
    with pytest.raises(TypeError, match="not str"):
        Sink(pipe[1]).write("text")
