"""The messages between the program and the process that reads machine code: JSON behind its length, then bytes."""

from __future__ import annotations

import struct
from typing import BinaryIO

import msgspec

from bot.core.inspection.extension import Extension
from bot.core.inspection.zip_directory import Member

LENGTH = struct.Struct("<L")
LONGEST_MESSAGE = 16 << 20
"""Bytes of JSON in one message; an answer names the hooks of a file, which are few."""


class ReadRequest(msgspec.Struct, frozen=True):
    """Asks for one file of a wheel; behind it come the ``member.compressed`` bytes of its data."""

    member: Member


class ReadAnswer(msgspec.Struct, frozen=True):
    """What was read in the file; or why it could not be inflated, as a sentence."""

    extension: Extension | None = None
    reason: str | None = None


def encode(message: ReadRequest | ReadAnswer) -> bytes:
    """Return a message with its length before it."""
    body = msgspec.json.encode(message)
    return LENGTH.pack(len(body)) + body


def read_request(stream: BinaryIO) -> tuple[Member, bytes] | None:
    """Return what is asked for next and its data, None at the end. Raises ``EOFError`` where it breaks off."""
    head = stream.read(LENGTH.size)
    if not head:
        return None
    (length,) = LENGTH.unpack(_whole(head, LENGTH.size))
    request = msgspec.json.decode(_whole(stream.read(length), length), type=ReadRequest)
    return request.member, _whole(stream.read(request.member.compressed), request.member.compressed)


def decode_answer(body: bytes) -> ReadAnswer:
    """Return an answer. Raises ``msgspec.MsgspecError`` for what is none."""
    return msgspec.json.decode(body, type=ReadAnswer)


def _whole(read: bytes, length: int) -> bytes:
    if len(read) != length:
        raise EOFError
    return read
