"""What the resolver is told and what it answers, read from texts as uv 0.13 writes them."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bot.core.dependencies.files import Demand
from bot.core.dependencies.resolving import (
    RESOLVER_PLATFORMS,
    Culprit,
    ResolvedPin,
    conflict,
    find_culprit,
    read_pins,
    read_warnings,
    requirement_lines,
)
from bot.core.wheels.platforms import PLATFORMS, Platform
from bot.core.wheels.targets import Target
from tests.patience import at_most

LINUX = Platform.MANYLINUX_X86_64
T314 = Target(14)

ONE = """\
error: No solution found when resolving dependencies
  cause: Because all of:
             numlib<=1.9.3
             numlib>=1.10.4,<=1.26.4
          have no usable wheels and only the following versions of numlib are available:
             numlib<=1.9.3
             numlib==1.10.0
             numlib>=1.10.4
             numlib>=1.11
         we can conclude that all of:
             numlib<1.10.0
             numlib>1.10.0
          cannot be used.
         And because numlib==1.10.0 has no wheels with a matching Python ABI tag (e.g., `cp314`), we can conclude that numlib<=1.26.4 cannot be used.
         And because app[fast]==2.0 depends on numlib<2 and you require app, we can conclude that your requirements are unsatisfiable.

hint: Wheels are required for `numlib` because building from source is disabled for all packages (i.e., with `--no-build`)
"""  # noqa: E501 — as it is written

LONG = """\
error: No solution found when resolving dependencies
  cause: Because boto==1.34.1 depends on core>=1.34.1,<1.35.0 and boto==1.34.2 depends on core>=1.34.2,<1.35.0, we can conclude that boto>=1.34.1,<=1.34.2 depends on core>=1.34.1,<1.35.0.
         And because boto==1.44.7 depends on one of:
             core>=1.44.7,<1.45
             core>=2

         And because we know from (1) that boto>=1.44.8 depends on core>=1.44.8, we can conclude that boto>=1.34.1 depends on core>=1.34.1. (2)

         Because there is no version of boto>1.44.9 and you require core<1.30 and boto>1.34, we can conclude that your requirements are unsatisfiable.
"""  # noqa: E501 — as it is written


def line(text: str) -> tuple[str, ...]:
    read = Requirement(text)
    demand = Demand(read.name, tuple(read.extras), read.specifier, read.marker)
    return requirement_lines([demand], T314, LINUX).lines


def test_a_line_has_a_name_extras_and_versions() -> None:
    assert line("lib") == ("lib",)
    assert line("lib[b,A_c,a-c]>=1,!=2.*,<3; python_version > '3.9'") == ("lib[a-c,b]!=2.*,<3,>=1",)
    assert line("lib==2.11.0+cu128") == ("lib==2.11.0+cu128",)
    assert line("lib; sys_platform == 'win32'") == ()


def test_the_same_line_is_said_once_and_others_of_one_name_all() -> None:
    demands = [Demand("lib"), Demand("lib"), Demand("lib", specifier=SpecifierSet("<2"))]
    lines = requirement_lines(demands, T314, LINUX)
    assert lines.lines == ("lib", "lib<2")
    assert lines.names == {"lib"}
    assert lines.unread == ()


@given(
    name=st.text(max_size=20),
    extra=st.text(max_size=20),
    versions=st.from_regex(r"===[^\s;),]{1,20}", fullmatch=True),
    marked=st.booleans(),
)
def test_whatever_is_required_a_line_can_be_read_as_nothing_else(
    name: str, extra: str, versions: str, marked: bool
) -> None:
    marker = Marker('os_name == "posix"') if marked else None
    for demand in (Demand(name), Demand("lib", (extra,)), Demand("lib", (), SpecifierSet(versions), marker)):
        lines = requirement_lines([demand], T314, LINUX)
        assert len(lines.lines) + len(lines.unread) == 1
        for each in lines.lines:
            read = Requirement(each)
            assert (read.name, read.url, read.marker) == (demand.name, None, None)
            assert not set(each) & set("\\$#%{}:;'\"` \n\r\t")
            assert not each.startswith("-")


def test_every_platform_has_a_name_that_the_resolver_knows() -> None:
    assert RESOLVER_PLATFORMS.keys() == set(PLATFORMS)


def test_pins_are_read_with_who_requires_them() -> None:
    text = """\
app==1.0
lib==2.0+local            # via app, fast[more]
odd==1!2.0rc1             # via -r -, app
-e file:///etc/passwd
# via nobody
bad==not-a-version
"""
    assert read_pins(text, frozenset({"app", "lib"})) == (
        ResolvedPin("app", Version("1.0"), (), direct=True),
        ResolvedPin("lib", Version("2.0+local"), ("app", "fast"), direct=True),
        ResolvedPin("odd", Version("1!2.0rc1"), ("app",), direct=False),
    )


def test_warnings_are_sentences_and_what_is_no_news_is_left_out() -> None:
    text = """\
warning: The requested Python version 3.14 is not available; 3.11.7 will be used to build dependencies instead.
Resolved 2 packages in 54ms
warning: `lib==2.0` is yanked (reason: "b\x1bad")
warning: `lib==2.0` is yanked (reason: "b\x1bad")
warning: The package `fast==1.0` does not have an extra named `nope`
"""
    assert read_warnings(text) == (
        'lib==2.0 is yanked (reason: "b\N{REPLACEMENT CHARACTER}ad").',
        "The package fast==1.0 does not have an extra named nope.",
    )


def test_where_versions_lack_different_things_the_reason_is_true_of_all() -> None:
    assert find_culprit(ONE, frozenset(), T314, LINUX) == Culprit(
        "numlib",
        "Its own dependencies were not read: "
        "no version that may be taken here has a wheel for Python 3.14 on Linux x86-64.",
        ("app",),
    )


WITH_EXTRA = """\
error: No solution found when resolving dependencies
  cause: Because numlib[plots]>=1.0.0,<=1.5.3 has no usable wheels and only the following versions of numlib[plots] are available:
             numlib[plots]<=1.5.3
             numlib[plots]>=2
         we can conclude that numlib[plots]>=1.0.0,<2 cannot be used.
         And because you require numlib[plots]>=1,<2, we can conclude that your requirements are unsatisfiable.
"""  # noqa: E501 — as it is written


def test_a_package_that_is_required_with_an_extra_is_left_out_like_others() -> None:
    found = find_culprit(WITH_EXTRA, frozenset(), T314, LINUX)
    assert found is not None
    assert found.name == "numlib"
    assert "only source" in found.reason


def test_of_an_extra_only_versions_that_there_are_not_are_no_contradiction() -> None:
    text = "cause: Because there is no version of lib[a]==1.0 and you require lib[a]==1.0, we can conclude"
    assert find_culprit(text, frozenset(), T314, LINUX) == Culprit(
        "lib", "Its own dependencies were not read: the index has no version ==1.0 of it."
    )
    more = "cause: Because lib[a] depends on other<2 and you require app and lib[a], there is no version of other>1"
    assert find_culprit(more, frozenset(), T314, LINUX) is None


def test_a_version_that_is_none_is_not_handed_on() -> None:
    lines = requirement_lines([Demand("lib", (), SpecifierSet("===weird-1")), Demand("six")], T314, LINUX)
    assert lines.lines == ("six",)
    assert [each.name for each in lines.unread] == ["lib"]
    assert line("lib===1.0+local") == ("lib===1.0+local",)


def test_one_that_is_left_out_already_is_not_left_out_again() -> None:
    assert find_culprit(ONE, frozenset({"numlib"}), T314, LINUX) is None


def test_where_requirements_contradict_each_other_nobody_is_left_out() -> None:
    assert find_culprit(LONG, frozenset(), T314, LINUX) is None


SAID_OF_LONG = (
    ": boto==1.44.7 depends on core>=1.44.7,<1.45 and core>=2; boto>=1.44.8 depends on core>=1.44.8; "
    "there is no version of boto>1.44.9 and you require core<1.30 and boto>1.34."
)
SAID_OF_ONE = (
    ": numlib<=1.9.3 and numlib>=1.10.4,<=1.26.4 have no usable wheels and only numlib<=1.9.3, numlib==1.10.0, "
    "numlib>=1.10.4 and others are available; numlib==1.10.0 has no wheels with a matching Python ABI tag "
    "(e.g., `cp314`); app[fast]==2.0 depends on numlib<2 and you require app."
)


@pytest.mark.parametrize(
    ("text", "said"), [(LONG, SAID_OF_LONG), (ONE, SAID_OF_ONE), ("", ".")], ids=["long", "one", "nothing"]
)
def test_a_conflict_is_told_in_the_last_words(text: str, said: str) -> None:
    assert conflict(text) == f"What is required cannot be installed together{said}"


WORDS = st.sampled_from(
    [
        *(
            "Because",
            "And because",
            "all of:\n",
            "one of:\n",
            "   a==1\n",
            "a>=1,<2",
            "all versions of",
            "a-b",
            "ü",
            "\0",
        ),
        *(
            "has no usable wheels",
            "have",
            "no wheels with a matching",
            "platform tag",
            "Python ABI tag",
            "a",
            "and",
            "only",
        ),
        *(
            "was not found in the package registry",
            "you require",
            "is available",
            "depends on",
            "there is no version of",
        ),
        *("was yanked", "does not satisfy Python>=3", "Failed to fetch: x/files/a/", "cause:", "(1)", "\n\n", "hint:"),
        *(
            "error: Failed to resolve dependencies for package `a==1`",
            "we can conclude that",
            ", we know from (1) that",
        ),
        *("only the following versions of a are available:\n", "warning: x", "a==1 # via b"),
    ]
)


@given(st.lists(WORDS, max_size=40).map(" ".join) | st.text())
def test_any_text_is_read(text: str) -> None:
    for each in (read_pins(text, frozenset()), read_warnings(text)):
        assert isinstance(each, tuple)
    assert conflict(text).isprintable()
    culprit = find_culprit(text, frozenset(), T314, LINUX)
    if culprit is not None:
        assert culprit.reason.startswith("Its own dependencies were not read: ")
        assert culprit.reason.endswith(".")
        assert find_culprit(text, frozenset({culprit.name}), T314, LINUX) != culprit


@pytest.mark.parametrize(
    "much",
    [
        "a" * (1 << 17),
        "a-" * (1 << 16),
        "a>=1 " * (1 << 15),
        "only a" + ">" * (1 << 17),
        "does not satisfy Python>=3 and a " * (1 << 12),
        "a depends on a and " * (1 << 13),
        "all of:\n   a\n" * (1 << 13),
        "Because " * (1 << 14),
        "\n" * (1 << 17),
    ],
    ids=range(9),
)
def test_a_long_text_takes_no_long_time(much: str) -> None:
    began = process_time()
    for text in (much, f"cause: Because {much} has no usable wheels", f"{much} you require a and b"):
        find_culprit(text, frozenset(), T314, LINUX)
        conflict(text)
        read_pins(text, frozenset())
        read_warnings(text)
    assert process_time() - began < at_most(10)
