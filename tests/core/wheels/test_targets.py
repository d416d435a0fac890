from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.errors import UserError
from bot.core.wheels.targets import NEWEST_MINOR, OLDEST_MINOR, Target, accepted_tags, named_target, parse_target


@pytest.mark.parametrize(("text", "minor"), [("3.13t", 13), ("3.14t", 14), (" 3.15T ", 15), ("3.20t", 20)])
def test_a_target_is_written_with_its_t(text: str, minor: int) -> None:
    assert parse_target(text) == Target(minor)


def test_a_refusal_says_what_a_target_looks_like() -> None:
    refusals = []
    for text in ("3.14", "3.12t", "2.7", "3.14.2t", "cp314t", "", "3.14t" * 9, "3.12", "3.21t", "3.99t", "3.99"):
        with pytest.raises(UserError) as refused:
            parse_target(text)
        refusals.append(str(refused.value))
    assert refusals == snapshot(
        [
            "Python 3.14 is not free-threaded. Write `3.14t` for the free-threaded build.",
            "`3.12t` isn't a free-threaded Python. Write `3.14t` or `3.15t`.",
            "`2.7` isn't a free-threaded Python. Write `3.14t` or `3.15t`.",
            "`3.14.2t` isn't a free-threaded Python. Write `3.14t` or `3.15t`.",
            "`cp314t` isn't a free-threaded Python. Write `3.14t` or `3.15t`.",
            "`` isn't a free-threaded Python. Write `3.14t` or `3.15t`.",
            "`3.14t3.14t3.14t3.14t` isn't a free-threaded Python. Write `3.14t` or `3.15t`.",
            "`3.12` isn't a free-threaded Python. Write `3.14t` or `3.15t`.",
            "Python 3.21t does not exist yet. Write `3.14t` or `3.15t`.",
            "Python 3.99t does not exist yet. Write `3.14t` or `3.15t`.",
            "`3.99` isn't a free-threaded Python. Write `3.14t` or `3.15t`.",
        ]
    )


@given(st.text())
def test_any_text_gives_a_target_or_a_user_error(text: str) -> None:
    try:
        answer: Target | UserError = parse_target(text)
    except UserError as refused:
        answer = refused
    assert OLDEST_MINOR <= answer.minor <= NEWEST_MINOR if isinstance(answer, Target) else len(str(answer)) < 120


@given(st.integers(OLDEST_MINOR, NEWEST_MINOR))
def test_a_target_reads_back_as_it_is_written(minor: int) -> None:
    assert parse_target(str(Target(minor))) == Target(minor)


@pytest.mark.parametrize(
    ("names", "target"),
    [
        ((), 14),
        (("3.15t",), 15),
        (("3.15t", "3.14t"), 14),
        (("3.13t", "3.15t"), 15),
        (("3.14", "PyPy"), 14),
        (("3.15t", "3.15"), 15),
    ],
)
def test_a_text_is_about_the_usual_python_unless_it_names_only_others(names: tuple[str, ...], target: int) -> None:
    assert named_target(names, Target(14)) == Target(target)


def test_targets_sort_by_version() -> None:
    assert sorted([Target(15), Target(9), Target(14)]) == [Target(9), Target(14), Target(15)]


def test_a_target_has_an_abi_tag_with_a_t_and_a_python_tag_without() -> None:
    assert (Target(14).abi, Target(14).interpreter) == ("cp314t", "cp314")


@pytest.mark.parametrize("minor", [13, 14, 15, 16])
def test_installers_on_a_free_threaded_python_take_its_own_abi_and_abi3t_and_never_abi3(minor: int) -> None:
    platform = accepted_tags(Target(minor)).platform
    assert {abi for _, abi in platform} == {f"cp3{minor}t", "abi3t", "none"}
    assert (f"cp3{minor}", f"cp3{minor}t") in platform
    assert ("cp313", "abi3t") in platform
    assert (f"cp3{minor + 1}", "abi3t") not in platform
    assert ("cp312", "none") not in platform


def test_pure_wheels_are_taken_from_any_older_python_3() -> None:
    anywhere = accepted_tags(Target(14)).anywhere
    assert {("py3", "none"), ("py38", "none"), ("cp314", "none")} <= anywhere
    assert anywhere.isdisjoint({("py315", "none"), ("py2", "none"), ("cp313", "none")})
