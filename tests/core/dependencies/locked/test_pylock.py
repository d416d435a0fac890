"""The standard's lock, by a small example that nobody else would accept."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from bot.core.dependencies.files import MAIN, SourceKind
from bot.core.dependencies.locked.pylock import read_pylock
from bot.core.dependencies.selection import ALL
from bot.core.errors import UserError
from bot.core.wheels.platforms import Platform
from tests.core.locks import PYLOCK, pins, selected


def test_what_is_installed_without_asking_for_more() -> None:
    selection = selected(read_pylock("pylock.toml", PYLOCK))
    assert pins(selection) == ["parser==2.0", "torch==2.11.0+cu128", "unpinned==None", "web-framework==1.0"]
    assert {each.groups for each in selection.packages} == {(MAIN,)}
    assert [each.text for each in selection.not_from_an_index] == [
        "here .",
        "packed https://example.org/packed-1.tar.gz",
        "versioned https://example.org/versioned.git",
    ]
    assert [each.package.name for each in selection.excluded] == ["colours", "prompt", "theme"]


def test_extras_and_groups_are_told_apart() -> None:
    selection = selected(read_pylock("pylock.web.toml", PYLOCK), ALL, ALL, Platform.WIN_AMD64)
    by_name = {each.package.name: each for each in selection.packages}
    assert {name: each.groups for name, each in by_name.items() if each.groups != (MAIN,)} == {
        "colours": ("cli",),
        "prompt": ("cli",),
        "theme": ("docs",),
        "web-framework": (MAIN, "docs"),
    }
    assert [name for name, each in by_name.items() if each.optional] == ["colours", "prompt", "theme"]
    assert {name: each.marker for name, each in by_name.items() if each.marker} == {
        "colours": 'sys_platform == "win32"'
    }
    assert (by_name["parser"].path, by_name["parser"].ways) == (("prompt", "parser"), 2)


def test_what_was_odd_is_told() -> None:
    assert read_pylock("pylock.toml", PYLOCK).warnings == snapshot(
        (
            "environments names none, for which some installers refuse every machine.",
            "The name 'Web_Framework' is not normalized, for which pip refuses the file.",
            "The wheel 'parser-2.0-cp314-cp314t-win_amd64-x-y.whl' of parser has a name that installers may not know.",
            "unpinned has no version.",
        )
    )


def test_another_registry_is_known_by_its_index_or_by_a_local_version() -> None:
    file = read_pylock("pylock.toml", PYLOCK)
    assert file.lock is not None
    assert {each.name: each.source_text for each in file.lock.packages if each.source is SourceKind.OTHER_INDEX} == {
        "theme": "https://example.org/simple",
        "torch": "https://download.pytorch.org/whl/cu128",
    }


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ('lock-version = "9"\ncreated-by = "x"\npackages = []', "This lock-version is not the one known here"),
        ('lock-version = "1.0"\npackages = []', "created-by is missing"),
        ('lock-version = "1.0"\ncreated-by = "x"\nenvironments = []\npackages = []', "environments names none"),
        ('lock-version = "1.0"\ncreated-by = "x"\nenvironments = ["os"]\npackages = []', "The marker 'os' makes no"),
    ],
)
def test_a_lock_that_is_not_quite_right_is_read(text: str, warning: str) -> None:
    (said,) = read_pylock("pylock.toml", text).warnings
    assert said.startswith(warning)


def test_a_file_about_something_else_is_refused() -> None:
    with pytest.raises(UserError, match="this is no pylock"):
        read_pylock("pylock.toml", "[project]\nname = 'x'\n")


def test_a_marker_that_wants_an_extra_and_a_group_is_needed_by_both() -> None:
    text = """
lock-version = "1.0"
created-by = "x"
extras = ["a"]
dependency-groups = ["b"]
packages = [{ name = "both", version = "1", marker = "'a' in extras and 'b' in dependency_groups" }]
"""
    (both,) = selected(read_pylock("pylock.toml", text), ALL, ALL).packages
    assert (both.groups, both.optional, both.marker) == (("a", "b"), True, None)


def test_an_archive_may_be_a_file_beside_the_lock() -> None:
    text = 'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1"\narchive = { path = "a.zip" }\n'
    (told,) = selected(read_pylock("pylock.toml", text)).not_from_an_index
    assert (told.text, told.line, told.reason) == ("a 1 a.zip", 2, "comes from a path, not from an index")
