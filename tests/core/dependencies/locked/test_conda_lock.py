"""conda-lock's unified lock, by a small example."""

from __future__ import annotations

import pytest

from bot.core.dependencies.files import MAIN, SourceKind
from bot.core.dependencies.locked.conda_lock import read_conda_lock
from bot.core.dependencies.selection import ALL
from bot.core.errors import UserError
from bot.core.wheels.platforms import Platform
from tests.core.locks import CONDA_LOCK, NONE, pins, selected


def test_each_platform_is_locked_for_itself() -> None:
    file = read_conda_lock("conda-lock.yml", CONDA_LOCK)
    linux = selected(file)
    assert pins(linux) == ["idna==3.10", "requests==2.33.0"]
    assert [(each.groups, each.path) for each in linux.packages] == [
        ((MAIN,), ("requests", "idna")),
        ((MAIN,), ("requests",)),
    ]
    mac = selected(file, platform=Platform.MACOS_ARM64)
    assert pins(mac) == ["requests==2.32.0"]
    assert [each.text for each in mac.not_from_an_index] == ["forked 1.0.0 git+https://example.org/forked.git"]


def test_categories_are_groups() -> None:
    file = read_conda_lock("conda-lock.yml", CONDA_LOCK)
    assert file.lock is not None
    assert file.lock.groups == ("dev",)
    assert [each.groups for each in selected(file, NONE, ALL).packages if each.optional] == [("dev",)]


def test_what_is_not_looked_at_is_told() -> None:
    file = read_conda_lock("conda-lock.yml", CONDA_LOCK)
    assert file.warnings == ("What comes from conda channels is not looked at: 1 file.",)
    assert selected(file, platform=Platform.WIN32).warnings == ("conda-lock.yml locks nothing for Windows 32-bit.",)


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://example.org/torch-2.11.0%2Bcpu-cp314-cp314-win_amd64.whl", SourceKind.OTHER_INDEX),
        ("https://mirror.example.org/packages/a-1-py3-none-any.whl", SourceKind.INDEX),
        ("https://example.org/archive/main", SourceKind.URL),
        ("./here", SourceKind.PATH),
        ("file:///here", SourceKind.PATH),
    ],
)
def test_sources(url: str, source: SourceKind) -> None:
    text = f"version: 1\npackage:\n- {{name: a, version: '1', manager: pip, platform: win-64, url: '{url}'}}\n"
    file = read_conda_lock("conda-lock.yml", text)
    assert file.lock is not None
    assert [each.source for each in file.lock.packages] == [source]


@pytest.mark.parametrize("text", ["", "version: 1\n", "a: [\n", "- 1\n"])
def test_what_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"conda-lock\.yml"):
        read_conda_lock("conda-lock.yml", text)


def test_a_version_that_is_not_known_is_told() -> None:
    file = read_conda_lock("conda-lock.yml", "version: 2\npackage: []\n")
    assert file.warnings == ("This lock's version is not the one known here (1): what could be read was read.",)
    assert selected(file).packages == ()
