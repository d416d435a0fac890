"""What the process that reads machine code does: it takes a file of a wheel, inflates it, and says what it declares."""

from __future__ import annotations

from typing import BinaryIO

from bot.core.errors import UnreadableWheelError
from bot.core.inspection.module_files import LARGEST_MODULE
from bot.core.inspection.zip_directory import Member, shown
from bot.core.inspection.zip_member import inflate
from bot.inspector.extension import read_extension
from bot.inspector.limits import limit_for
from bot.inspector.messages import ReadAnswer, encode, read_request


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """ReadAnswer one request after the other, until there are no more."""
    while (request := read_request(requests)) is not None:
        answers.write(encode(_answer(*request)))
        answers.flush()


def _answer(member: Member, data: bytes) -> ReadAnswer:
    limit_for(member.size)
    try:
        return ReadAnswer(read_extension(member.name, inflate(member, data, LARGEST_MODULE)))
    except UnreadableWheelError as error:
        return ReadAnswer(reason=str(error))
    except MemoryError:
        return ReadAnswer(reason=f"{shown(member.name)} takes more memory to read than it may.")
