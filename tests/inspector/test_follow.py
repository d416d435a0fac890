"""Single instructions and short functions, as bytes: what is known of the result, and that no more is."""

from __future__ import annotations

import pytest

from bot.inspector.binary import Binary, Convention, Machine, Region
from bot.inspector.disassembly import Disassembly
from bot.inspector.follow import Follower
from bot.inspector.state import MachineState

CODE = 0x1000
DATA = 0x2000
SIZE = 0x1000


def binary_of(code: bytes, machine: Machine) -> Binary:
    """Lay out code at 0x1000 and zeros that can be written at 0x2000."""
    convention = Convention.SYSTEM_V if machine is Machine.X86_64 else Convention.ARM
    binary = Binary(code + bytes(SIZE - len(code)), machine, machine, convention)
    binary.map(
        (
            Region(CODE, CODE + SIZE, 0, SIZE, executable=True, writable=False),
            Region(DATA, DATA + SIZE, SIZE, 0, executable=False, writable=True),
        )
    )
    return binary


def ends_of(code: str, machine: Machine = Machine.X86_64) -> list[MachineState]:
    binary = binary_of(bytes.fromhex(code), machine)
    return Follower(binary, Disassembly(binary, machine)).follow(CODE)


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("b801000000 c3", 1),
        ("48c7c0ffffffff c3", 0xFFFFFFFFFFFFFFFF),
        ("48c7c0ffffffff b001 c3", 0xFFFFFFFFFFFFFF01),
        ("48c7c0ffffffff 31c0 c3", 0),
        ("89f8 c3", None),
        ("31ff 89f8 83f001 c3", 1),
        ("b007 c3", None),
        ("31c0 b402 c3", 0x200),
        ("b8ffffffff 4898 c3", 0xFFFFFFFFFFFFFFFF),
        ("b810000000 c1e004 c3", 0x100),
        ("b810000000 c1e024 c3", 0x100),
        ("b802000000 83f802 0f94c0 0fb6c0 c3", 1),
        ("b805000000 83ff02 0f44c6 c3", None),
        ("b805000000 be05000000 83ff02 0f44c6 c3", 5),
        ("6a2a 58 c3", 42),
        ("b805000000 f7f1 c3", None),
        ("b805000000 d1f8 c3", None),
        ("b801000000 0fa2 c3", None),
    ],
    ids=[
        "constant",
        "signed constant",
        "low byte",
        "lower half clears the upper",
        "argument",
        "flipped bit",
        "part of what is unknown",
        "second byte",
        "sign extension",
        "shift",
        "shift by more than the register has",
        "flag",
        "either of two",
        "the same of two",
        "stack",
        "division",
        "instruction that is not known",
        "processor's answer",
    ],
)
def test_the_result_of_x86_64_code(code: str, result: int | None) -> None:
    assert [end.registers["rax"] for end in ends_of(code)] == [result]


def test_what_is_written_is_read_back() -> None:
    store_and_load = "c70425002000002a000000 8b042500200000 c3"
    assert [end.registers["rax"] for end in ends_of(store_and_load)] == [42]


def test_a_vector_carries_two_words() -> None:
    code = "b801000000 66480f6ec0 660f6cc0 0f11042500200000 488b042508200000 c3"
    assert [end.registers["rax"] for end in ends_of(code)] == [1]


def test_memory_that_was_only_partly_written_is_read_as_a_whole() -> None:
    assert [end.registers["rax"] for end in ends_of("c604250120000002 8b042500200000 c3")] == [0x200]


def test_a_loop_of_which_everything_is_known_is_followed() -> None:
    count_to_twenty = "31c0 83c001 83f814 75f8 c3"
    assert [end.registers["rax"] for end in ends_of(count_to_twenty)] == [20]


def test_an_endless_loop_ends() -> None:
    assert ends_of("ebfe") == []
    assert ends_of("83c001 ebfb") == []


def test_both_ways_are_followed_where_the_condition_is_not_known() -> None:
    one_or_two = "b801000000 85ff 7405 b802000000 c3"
    assert sorted(str(end.registers["rax"]) for end in ends_of(one_or_two)) == ["1", "2"]


def test_what_a_called_function_returns_is_known_and_what_it_saves_is_kept() -> None:
    call_five = "53 bb07000000 e805000000 01d8 5b c3 90 bb00000000 b805000000 c3"
    assert [end.registers["rax"] for end in ends_of(call_five)] == [12]


def test_after_a_call_of_who_knows_what_zeros_are_unknown() -> None:
    assert [end.registers["rax"] for end in ends_of("ffd7 8b042500200000 c3")] == [None]
    assert [end.blind for end in ends_of("ffd7 c3")] == [True]


def test_a_jump_to_who_knows_where_has_no_end() -> None:
    binary = binary_of(bytes.fromhex("ffe7"), Machine.X86_64)
    follower = Follower(binary, Disassembly(binary, Machine.X86_64))
    assert follower.follow(CODE) == []
    assert not follower.is_complete


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("20008052 c0035fd6", 1),
        ("00008092 c0035fd6", 0xFFFFFFFFFFFFFFFF),
        ("e00301aa c0035fd6", None),
        ("200080d2 400080f2 c0035fd6", 2),
        ("20008052 0000000a 00040011 c0035fd6", 2),
        ("21008052 22008052 2000020b c0035fd6", 2),
        ("40008052 1f0800 71e0179f1a c0035fd6", 1),
    ],
    ids=["constant", "inverted", "argument", "kept part", "and, add", "sum", "flag"],
)
def test_the_result_of_arm64_code(code: str, result: int | None) -> None:
    (end,) = ends_of(code, Machine.ARM64)
    assert end.registers["x0"] == result
