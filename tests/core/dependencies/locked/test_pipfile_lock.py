"""Pipenv's lock, by a small example."""

from __future__ import annotations

import pytest

from bot.core.dependencies.files import MAIN
from bot.core.dependencies.locked.pipfile_lock import read_pipfile_lock
from bot.core.dependencies.selection import ALL
from bot.core.errors import UserError
from bot.core.wheels.platforms import Platform
from tests.core.locks import NONE, PIPFILE, pins, selected


def test_the_application_and_its_categories() -> None:
    file = read_pipfile_lock("Pipfile.lock", PIPFILE)
    selection = selected(file)
    assert pins(selection) == ["internal-tool==1.0", "requests==2.33.0"]
    assert [(each.package.name, each.marker) for each in selection.excluded] == [
        ("backports-zstd", 'python_version < "3.14"'),
        ("pywin32", 'sys_platform == "win32"'),
    ]
    assert [each.text for each in selection.not_from_an_index] == ["forked https://example.org/forked.git", "here ."]

    everything = {each.package.name: each.groups for each in selected(file, NONE, ALL).packages}
    assert (everything["pytest"], everything["sphinx"], everything["requests"]) == (("dev",), ("docs",), (MAIN,))
    assert file.lock is not None
    assert file.lock.groups == ("dev", "docs")


def test_what_is_not_pinned_has_no_version() -> None:
    file = read_pipfile_lock("Pipfile.lock", PIPFILE)
    assert file.warnings == ("pywin32 is not pinned (*).", "backports-zstd is not pinned (==>=3).")
    (pywin32,) = [
        each for each in selected(file, platform=Platform.WIN_AMD64).packages if each.package.name == "pywin32"
    ]
    assert (pywin32.package.version, pywin32.marker, pywin32.path) == (None, 'sys_platform == "win32"', ("pywin32",))


def test_sources_are_named_without_who_may_use_them() -> None:
    file = read_pipfile_lock("Pipfile.lock", PIPFILE)
    assert file.lock is not None
    assert {
        each.name: each.source_text for each in file.lock.packages if each.name in {"internal-tool", "requests"}
    } == {
        "internal-tool": "https://example.org/simple",
        "requests": None,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"default": {', r"Pipfile\.lock is not valid JSON \(Input data was truncated\)"),
        ("[]", r"Pipfile\.lock is not valid JSON"),
        ('{"a": ' + "[" * 100_000, r"Pipfile\.lock is nested too deeply"),
        ("{}", r"Pipfile\.lock: this is no Pipfile\.lock"),
    ],
)
def test_what_is_no_lock_is_refused(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_pipfile_lock("Pipfile.lock", text)


def test_nonsense_is_told_and_the_rest_read() -> None:
    text = '{"default": {"-": {}, "rich": "==13.0", "odd": 7}, "develop": 3, "file": {"a": {"file": "https://e.org/a.zip"}}}'
    file = read_pipfile_lock("Pipfile.lock", text)
    assert [(each.text, each.reason) for each in file.not_read] == [
        ("-", "has no name that is one"),
        ("develop", "is no category of packages"),
    ]
    assert pins(selected(file)) == ["odd==None", "rich==13.0"]
    assert [each.text for each in selected(file, NONE, ALL).not_from_an_index] == ["a https://e.org/a.zip"]
    assert file.warnings == ("odd is not pinned (no version).",)


def test_json_without_end_is_told_in_plain_words() -> None:
    with pytest.raises(
        UserError, match=r"^Pipfile\.lock is nested too deeply\. A dependency file needs a few levels\.$"
    ):
        read_pipfile_lock("Pipfile.lock", '{"_meta":' + "[" * 100_000 + "]" * 100_000 + "}")
