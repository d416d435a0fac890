"""What is left of a marker once it is known what is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from bot.core.dependencies.asking import left_of, names_asked
from bot.core.dependencies.environments import holds, marker_environment
from bot.core.wheels.platforms import PLATFORMS
from bot.core.wheels.targets import Target

_NONE: frozenset[str] = frozenset()

_ATOMS = st.sampled_from(
    [
        'extra == "a"',
        'extra != "a"',
        '"extra-3-app-b" == extra',
        '"a" in extras',
        '"B_b" not in extras',
        '"a" in dependency_groups',
        "'b' not in dependency_groups",
        'sys_platform == "win32"',
        "'linux' in sys_platform",
        'python_version >= "3.14"',
        'python_full_version < "3.14"',
        "platform_machine != 'x86\"64'",
    ]
)
_MARKERS = st.recursive(
    _ATOMS,
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda each: f"({' '.join(each)})"),
    max_leaves=6,
)
_NAMES = st.frozensets(st.sampled_from(["a", "b-b", "extra-3-app-b"]))


@given(text=_MARKERS, extras=_NAMES, groups=_NAMES, platform=st.sampled_from(PLATFORMS))
def test_what_is_left_holds_where_the_whole_does(
    text: str, extras: frozenset[str], groups: frozenset[str], platform: str
) -> None:
    marker = Marker(text)
    environment = marker_environment(Target(14), next(each for each in PLATFORMS if each == platform))
    left = left_of(marker, extras, groups, _NONE)
    whole = holds(Marker(str(marker).replace("B_b", "b-b")), environment, extras, groups)
    assert (left if isinstance(left, bool) else holds(left, environment)) == whole


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("sys_platform == 'win32'", 'sys_platform == "win32"'),
        ("extra == 'a'", "True"),
        ("extra != 'a'", "False"),
        ("extra == 'a' and os_name == 'nt'", 'os_name == "nt"'),
        ("extra == 'b' and os_name == 'nt'", "False"),
        ("extra == 'a' or os_name == 'nt'", "True"),
        ("extra == 'b' or os_name == 'nt'", 'os_name == "nt"'),
        (
            "(os_name == 'nt' or extra == 'b' or os_name == 'posix') and extra == 'a'",
            'os_name == "nt" or os_name == "posix"',
        ),
        (
            "(os_name == 'nt' or os_name == 'posix') and (extra == 'a' and python_version >= '3')",
            '(os_name == "nt" or os_name == "posix") and python_version >= "3"',
        ),
    ],
)
def test_what_is_known_is_dropped(text: str, left: str) -> None:
    assert str(left_of(Marker(text), frozenset({"a"}), _NONE, _NONE)) == left


def test_what_excludes_others_that_are_asked_for_is_wanted_and_wanted_away() -> None:
    both = frozenset({"a"})
    assert left_of(Marker("extra == 'a'"), both, _NONE, both) is True
    assert left_of(Marker("extra != 'a'"), both, _NONE, both) is True
    assert left_of(None, _NONE, _NONE, _NONE) is True


def test_names_of_extras_and_groups() -> None:
    assert names_asked("'Docs_Dev' in dependency_groups or extra == \"b\"") == ("docs-dev", "b")
    assert names_asked('sys_platform == "win32"') == ()
