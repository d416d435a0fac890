"""Requests go in and answers come out, one for each, whatever a file of a wheel turns out to be."""

from __future__ import annotations

import io
import zlib

import pytest

from bot.core.inspection.modules import Declaration
from bot.core.inspection.zip_directory import STORED, Member
from bot.inspector import loop
from bot.inspector.messages import LENGTH, ReadAnswer, ReadRequest, decode_answer, encode
from tests.inspector.ways import foreign


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the limits of this process as they are."""
    monkeypatch.setattr(loop, "limit_for", lambda _size: None)


def member(name: str, data: bytes) -> Member:
    return Member(name, STORED, len(data), len(data), zlib.crc32(data), 0)


def ask(*files: tuple[Member, bytes]) -> list[ReadAnswer]:
    """Ask for files one after the other, and read what is answered."""
    requests = io.BytesIO(b"".join(encode(ReadRequest(each)) + data for each, data in files))
    answers = io.BytesIO()
    loop.serve(requests, answers)
    answers.seek(0)
    found = []
    while head := answers.read(LENGTH.size):
        (length,) = LENGTH.unpack(head)
        found.append(decode_answer(answers.read(length)))
    return found


def test_each_file_has_its_answer() -> None:
    module = foreign("linux-arm64", "slot_used")
    first, second = ask(
        (member("p/m.cpython-314t-aarch64-linux-gnu.so", module), module), (member("p/data.so", b"x"), b"x")
    )
    assert first.extension is not None
    assert [each.gil for each in first.extension.modules] == [Declaration.USED]
    assert second.extension is not None
    assert second.extension.modules == ()


def test_what_cannot_be_inflated_is_answered_with_the_reason() -> None:
    damaged = Member("p/m.so", STORED, 3, 3, 0, 0)
    (answer,) = ask((damaged, b"abc"))
    assert answer == ReadAnswer(reason="p/m.so is damaged: its checksum is wrong.")


def test_what_takes_too_much_memory_is_answered_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def inflate(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(loop, "inflate", inflate)
    (answer,) = ask((member("p/m.so", b""), b""))
    assert answer == ReadAnswer(reason="p/m.so takes more memory to read than it may.")


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_request_that_breaks_off_ends_it(cut: int) -> None:
    whole = encode(ReadRequest(member("p/m.so", bytes(50)))) + bytes(50)
    with pytest.raises(EOFError):
        loop.serve(io.BytesIO(whole[:-cut]), io.BytesIO())
