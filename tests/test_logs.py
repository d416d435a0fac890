"""Log lines are what collectors expect, of the level asked for, and never hold a secret."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import FileIO, StringIO, TextIOWrapper
from typing import NoReturn

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import logs
from bot.ending import flush_logs
from bot.logs import Aside, redact, set_up_logs

GIVEN = "correct horse battery staple"
DISCORD_TOKEN = "MTE0NjU4ODQ2MDM3NDI0NTM5Ng.GxYzAb.q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9"
TOKEN_SHAPED = {
    "a Discord token": DISCORD_TOKEN,
    "a GitHub token": "ghp_" + "a1B2c3D4" * 5,
    "a fine-grained GitHub token": "github_pat_" + "11ABCDE0Y0" * 4,
    "an App's installation token": "ghs_" + "z9Y8x7W6" * 5,
    "an authorization header": "Bot abcdefghijklmnopqrstuvwxyz0123",
    "a bearer header": "Bearer abcdefghijklmnopqrstuvwxyz0123",
    "a webhook in a path": "/webhooks/123456789012345678/" + "aW50ZXJhY3Rpb24" * 5,
    "an interaction in a path": "/interactions/123456789012345678/" + "aW50ZXJhY3Rpb24" * 5 + "/callback",
    "a private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----",
}


pytestmark = pytest.mark.usefixtures("logs_as_before")


def logger() -> structlog.stdlib.BoundLogger:
    found: structlog.stdlib.BoundLogger = structlog.get_logger("bot.somewhere")
    return found


def fail(text: str) -> NoReturn:
    raise RuntimeError(text)


def lines_of(stream: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_lines_have_time_level_logger_event_and_what_was_bound() -> None:
    stream = StringIO()
    set_up_logs(level="info", as_json=True, stream=stream)
    with structlog.contextvars.bound_contextvars(interaction=7):
        logger().info("answered", outcome="answered")
    logging.getLogger("some.library").warning("%s of %s", 1, 2)
    ours, theirs = lines_of(stream)
    assert ours | {"timestamp": ""} == {
        "event": "answered",
        "outcome": "answered",
        "interaction": 7,
        "level": "info",
        "logger": "bot.somewhere",
        "timestamp": "",
    }
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("1 of 2", "warning", "some.library")
    assert str(ours["timestamp"]).endswith("Z")


def test_a_traceback_is_one_json_line() -> None:
    stream = StringIO()
    set_up_logs(level="info", as_json=True, stream=stream)
    try:
        fail("first\nsecond")
    except RuntimeError:
        logger().exception("broken")
    (line,) = lines_of(stream)
    assert "RuntimeError: first\nsecond" in str(line["exception"])


def test_what_is_no_json_is_written_as_text() -> None:
    stream = StringIO()
    set_up_logs(level="info", as_json=True, stream=stream)
    logger().info("odd", value={1, 2} & {2}, error=ValueError("x"))
    (line,) = lines_of(stream)
    assert (line["value"], line["error"]) == ("{2}", "ValueError('x')")


def test_the_console_format_is_a_plain_line_where_nobody_sees_colours() -> None:
    stream = StringIO()
    set_up_logs(level="info", as_json=False, stream=stream)
    logger().info("answered", outcome="late")
    assert "answered" in stream.getvalue()
    assert "outcome=late" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("level", "seen"),
    [("debug", ["d", "i", "w", "e"]), ("info", ["i", "w", "e"]), ("warning", ["w", "e"]), ("error", ["e"])],
)
def test_lines_less_severe_than_the_level_are_left_out(level: str, seen: list[str]) -> None:
    for log in (logger(), logging.getLogger("theirs")):
        stream = StringIO()
        set_up_logs(level=level, as_json=True, stream=stream)
        log.debug("d")
        log.info("i")
        log.warning("w")
        log.error("e")
        assert [line["event"] for line in lines_of(stream)] == seen


def test_libraries_that_talk_much_are_heard_from_warnings_on() -> None:
    stream = StringIO()
    set_up_logs(level="debug", as_json=True, stream=stream)
    logging.getLogger("httpx").info("GET https://pypi.org/simple/numpy/")
    logging.getLogger("discord.gateway").warning("heartbeat late")
    assert [line["event"] for line in lines_of(stream)] == ["heartbeat late"]


def test_what_is_tried_again_and_what_is_still_under_way_is_no_line() -> None:
    stream = StringIO()
    set_up_logs(level="info", as_json=True, stream=stream)
    told: structlog.stdlib.BoundLogger = structlog.get_logger("stamina")
    told.warning("stamina.retry_scheduled", callable="<context block>")
    logging.getLogger("apscheduler.scheduler").warning("Execution of job skipped: maximum number of running instances")
    logging.getLogger("apscheduler.scheduler").error("Error submitting job")
    assert [line["event"] for line in lines_of(stream)] == ["Error submitting job"]


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("secret", [GIVEN, *TOKEN_SHAPED.values()], ids=["a given one", *TOKEN_SHAPED])
def test_a_secret_is_never_written(secret: str, as_json: bool) -> None:
    stream = StringIO()
    set_up_logs(level="info", as_json=as_json, secrets=(GIVEN,), stream=stream)
    logger().info(f"event {secret}", value=secret, nested={"in": [secret]})
    logging.getLogger("theirs").warning("with %s", secret)
    try:
        fail(f"refused {secret}")
    except RuntimeError:
        logger().exception("broken", header=f"Authorization: {secret}")
    for part in (secret, json.dumps(secret)[1:-1]):
        assert part not in stream.getvalue()
    assert stream.getvalue().count("[redacted]") >= 6


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("secret", ["two\nlines", 'with "quotes"', "back\\slash", "ümlaut's"])
def test_a_given_secret_is_found_however_it_is_escaped(secret: str, as_json: bool) -> None:
    stream = StringIO()
    set_up_logs(level="info", as_json=as_json, secrets=(secret,), stream=stream)
    logger().info("started", key=secret, keys=[secret], error=ValueError(secret))
    for form in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        assert form not in stream.getvalue()


@contextmanager
def aside(most: int = 1000) -> Iterator[FileIO]:
    """Write lines to a pipe, aside, and give the end that is read; what is left is written at the end of the block."""
    reading, writing = os.pipe()
    with FileIO(reading) as read, TextIOWrapper(FileIO(writing, "w"), "utf-8") as stream:
        set_up_logs(level="info", as_json=True, secrets=(GIVEN,), stream=stream, to=partial(Aside, most=most))
        yield read
        flush_logs()


def read_until(reading: FileIO, event: str) -> list[dict[str, object]]:
    """Read lines until one says so."""
    written = b""
    while not written.endswith(b"\n") or f'"event": "{event}'.encode() not in written:
        written += reading.read(1 << 16) or b""
    return [json.loads(line) for line in written.splitlines()]


def test_lines_that_are_written_aside_come_in_order_with_tracebacks_and_without_secrets() -> None:
    with aside() as reading:
        for number in range(500):
            logger().info("one", number=number)
        try:
            fail(f"first\n{GIVEN}")
        except RuntimeError:
            logger().exception("last")
        *lines, last = read_until(reading, "last")
    assert [line["number"] for line in lines] == list(range(500))
    assert "RuntimeError: first\n[redacted]" in str(last["exception"])


def test_flushing_waits_until_all_is_written() -> None:
    with aside() as reading:
        for _number in range(100):
            logger().info("one")
        flush_logs()
        assert (reading.read(1 << 20) or b"").count(b"\n") == 100


def test_lines_that_nobody_reads_hold_up_nobody_and_are_counted() -> None:
    with aside(most=10) as reading:
        for number in range(2000):
            logger().info("x" * 1000, number=number)
        flush_logs()  # comes back
        read = reading.read(1 << 20) or b""
        flush_logs()  # what waited fits now
        logger().info("last")
        flush_logs()
        read += reading.read(1 << 20) or b""
    lines = [json.loads(line) for line in read.splitlines()]
    lost = [line for line in lines if line["event"] == "log_lines_lost"]
    numbers = [line["number"] for line in lines if "number" in line]
    assert numbers == sorted(numbers)
    assert sum(line["lines"] for line in lost) == 2000 - len(numbers) > 0
    assert {line["level"] for line in lost} == {"warning"}
    assert lines[-1]["event"] == "last"


def test_lines_whose_reader_is_gone_fail_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    with aside() as reading:
        reading.close()
        logger().info("one")
        flush_logs()
        logger().info("other")
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_shown_fails_nobody(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd:
        def __repr__(self) -> str:
            return fail("no")

    monkeypatch.setattr(logging, "raiseExceptions", False)
    with aside() as reading:
        logger().info("odd", odd=Odd())
        logger().info("last")
        lines = read_until(reading, "last")
    assert [line["event"] for line in lines] == ["last"]
    assert capfd.readouterr() == ("", "")


def test_lines_are_written_in_pieces_that_a_pipe_takes_whole() -> None:
    written: list[bytes] = []
    write = os.write

    def note(file: int, piece: bytes) -> int:
        written.append(piece)
        return write(file, piece)

    with aside() as reading, pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.logs.os.write", note)
        for number in range(20):
            logger().info("x" * (number % 7) * 900, number=number)
        logger().info("last")
        flush_logs()
        lines = read_until(reading, "last")
    assert len(lines) == 21
    assert all(piece.endswith(b"\n") for piece in written)
    assert all(len(piece) <= 4096 or piece.count(b"\n") == 1 for piece in written)
    assert len(written) < 21


NEARLY = (
    *("gh", "GHP_", "Bot ", "to\N{KELVIN SIGN}en ", "beareR\n", "bo", ".", "/", "-", "_", "1", "abcdefg", "M" * 24),
    *("/webhook\N{LATIN SMALL LETTER LONG S}/", "/\N{LATIN SMALL LETTER DOTLESS I}nteractions/", "a1B2c3D" * 4),
    *("-----BEG\N{LATIN SMALL LETTER DOTLESS I}N", "PRIVATE KEY-----", "github_pat_"),
)
"""Pieces of what looks like a secret."""


@given(st.lists(st.sampled_from((*TOKEN_SHAPED.values(), *NEARLY)) | st.text(max_size=3), max_size=8))
def test_what_looks_for_marks_first_misses_nothing(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert redact(text) == logs._SECRETS.sub("[redacted]", text)  # noqa: SLF001 - which looks everywhere


@given(st.text(), st.text(min_size=1))
def test_whatever_surrounds_a_secret_it_is_taken_out(text: str, around: str) -> None:
    assert DISCORD_TOKEN not in redact(f"{text}\n{DISCORD_TOKEN}\n{around}")
    assert GIVEN not in redact(text + GIVEN + around, (GIVEN,))


def test_ordinary_text_is_left_alone() -> None:
    text = (
        "index_failed package=numpy reason='pypi.org answered with status 503.' commit=5f3c2a9e8d7b6a5f4e3d2c1b0a9f8e7d"
    )
    assert redact(text, (GIVEN,)) == text
