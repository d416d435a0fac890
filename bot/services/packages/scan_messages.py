"""What the process that scans tells the bot: a JSON object a line, each of them short."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec

LONGEST_LINE = 4096
"""Bytes."""

_LONGEST_REASON = 500
"""Characters, of which JSON may need six bytes each."""

_Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]


class ScanTrouble(Enum):
    """ScanTrouble a scan did not end as it should."""

    INDEX = "index"
    ELSEWHERE = "elsewhere"
    STORAGE = "storage"
    BUG = "bug"


class ScanProgress(msgspec.Struct, frozen=True, tag="progress"):
    """How many projects were seen, how many of them are tracked, how many shall be; it tells that it is alive, too."""

    seen: _Count
    found: _Count
    wanted: _Count


class ScanDone(msgspec.Struct, frozen=True, tag="done"):
    """The scan ended, and is stored."""

    packages: _Count
    requests: _Count
    failed: _Count


class ScanFailed(msgspec.Struct, frozen=True, tag="failed"):
    """The scan did not end; ``reason`` is a sentence."""

    why: ScanTrouble
    reason: Annotated[str, msgspec.Meta(max_length=_LONGEST_REASON)]


ScanMessage = ScanProgress | ScanDone | ScanFailed

_decode = msgspec.json.Decoder(ScanMessage).decode


def failed(why: ScanTrouble, error: Exception) -> ScanFailed:
    """Return what is told of an error."""
    return ScanFailed(why, (str(error) or type(error).__name__)[:_LONGEST_REASON])


def encode(message: ScanMessage) -> bytes:
    """Return a message as a line."""
    return msgspec.json.encode(message) + b"\n"


def decode(line: bytes) -> ScanMessage:
    """Return the message in a line. Raises ``msgspec.MsgspecError`` for what is none."""
    message: ScanMessage = _decode(line)
    return message
