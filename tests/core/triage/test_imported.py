"""What was read in wheels becomes evidence about a thread: of the release that counts, or nothing is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.inspection.inspection import ReadWheel
from bot.core.inspection.modules import Declaration, ExtensionModule, Gil
from bot.core.triage.imported import gil_answer
from bot.core.triage.snapshot import GilAnswer
from bot.core.wheels.targets import Target
from tests.core.inspection.read_wheels import OFF, ON, UNKNOWN, read_wheel, wheel_name

T314 = Target(14)


def test_modules_that_turn_it_on_are_named_with_the_wheel_that_says_so() -> None:
    assert gil_answer([read_wheel("1.0", ON, OFF, ON)], T314) == GilAnswer(
        package="demo",
        version="1.0",
        target="3.14t",
        wheel=wheel_name("1.0"),
        gil=Gil.ON,
        modules=("demo.m0", "demo.m2"),
        url="https://pypi.org/project/demo/1.0/",
    )


def test_a_release_that_keeps_it_off_is_told_with_what_the_one_before_did() -> None:
    answer = gil_answer([read_wheel("1.0", ON), read_wheel("1.1", OFF), read_wheel("1.2", OFF)], T314)
    assert answer is not None
    assert (answer.version, answer.gil, answer.modules) == ("1.2", Gil.OFF, ())
    assert (answer.since, answer.before, answer.modules_before) == ("1.1", "1.0", ("demo.m0",))


def test_a_release_that_turns_it_on_again_is_told_with_the_one_that_did_not() -> None:
    answer = gil_answer([read_wheel("1.0", OFF), read_wheel("1.1", ON)], T314)
    assert answer is not None
    assert (answer.gil, answer.since, answer.before, answer.modules_before) == (Gil.ON, "1.1", "1.0", ())


def test_that_tests_turn_it_on_does_not_count_and_is_known() -> None:
    read = read_wheel("1.0", OFF)
    test = ExtensionModule("demo._tests.m", "demo/_tests/m.so", ON)
    both = replace(read, inspection=replace(read.inspection, modules=(*read.inspection.modules, test)))
    answer = gil_answer([both], T314)
    assert answer is not None
    assert (answer.gil, answer.modules, answer.but_tests) == (Gil.OFF, (), True)


@pytest.mark.parametrize("declared", [None, (UNKNOWN,), ()])
def test_where_nothing_was_read_or_could_be_told_nothing_is_said(declared: tuple[Declaration, ...] | None) -> None:
    read: list[ReadWheel] = [] if declared is None else [read_wheel("1.0", *declared)]
    assert gil_answer(read, T314) is None
    assert gil_answer([read_wheel("1.0", ON)], Target(15)) is None
