"""What importing a package does from release to release: a change needs two releases that were read."""

from __future__ import annotations

import pytest

from bot.core.inspection.inspection import ReadWheel
from bot.core.inspection.modules import Declaration
from bot.core.inspection.releases import newest_reading, turn_of
from bot.core.wheels.targets import Target
from tests.core.inspection.read_wheels import OFF, ON, UNKNOWN, read_wheel, wheel_name

T314, T315 = Target(14), Target(15)


def history(declared: dict[str, Declaration]) -> list[ReadWheel]:
    return [read_wheel(version, each) for version, each in declared.items()]


@pytest.mark.parametrize(
    ("declared", "turn"),
    [
        ({"1.0": ON, "2.0": OFF}, ("2.0", "1.0")),
        ({"1.0": OFF, "2.0": ON}, ("2.0", "1.0")),
        ({"1.0": ON, "1.1": ON, "2.0": OFF}, ("2.0", "1.1")),
        ({"1.0": ON, "2.0": OFF, "10.0": OFF}, ("2.0", "1.0")),
        ({"1.0": OFF, "1.5": ON, "2.0": OFF}, ("2.0", "1.5")),
        ({"1.0": ON, "2.0rc1": OFF, "2.0": OFF}, ("2.0", "1.0")),
        ({"1.0": ON, "2.0rc1": OFF, "2.0rc2": OFF}, ("2.0rc1", "1.0")),
        ({"2.0": OFF}, None),
        ({"1.0": OFF, "2.0": OFF}, None),
        ({"1.0": ON, "1.5": UNKNOWN, "2.0": OFF}, None),
        ({"1.0": ON, "2.0": UNKNOWN}, None),
    ],
)
def test_since_when_a_package_does_what_it_does_now(
    declared: dict[str, Declaration], turn: tuple[str, str] | None
) -> None:
    read = history(declared)
    found = turn_of(read[-1], read[::-1], T314)
    assert (None if found is None else (str(found.first.version), str(found.before.version))) == turn


def test_a_wheel_for_another_python_is_no_earlier_release() -> None:
    now = read_wheel("2.0", OFF)
    assert turn_of(now, [read_wheel("1.0", ON, minor=15), now], T314) is None


def test_the_newest_release_that_was_read_counts() -> None:
    read = history({"9.0": ON, "10.0": OFF, "11.0rc1": ON})
    newest = newest_reading(read, T314)
    assert newest is not None
    assert str(newest.version) == "10.0"
    assert newest_reading(read, T315) is None
    assert newest_reading([], T314) is None


def test_the_wheel_that_is_to_be_read_goes_first_once_it_was() -> None:
    read = history({"9.0": ON, "10.0": OFF})  # 10.0 was yanked since
    for wanted, version in ((wheel_name("9.0"), "9.0"), (wheel_name("11.0"), "10.0")):
        newest = newest_reading(read, T314, wanted)
        assert newest is not None
        assert str(newest.version) == version


def test_of_several_wheels_of_a_release_the_one_that_is_read_first_counts() -> None:
    read = [read_wheel("1.0", ON, platform="win_amd64"), read_wheel("1.0", OFF)]
    for some in (read, read[::-1]):
        newest = newest_reading(some, T314)
        assert newest is not None
        assert newest.inspection.wheel == wheel_name("1.0")
