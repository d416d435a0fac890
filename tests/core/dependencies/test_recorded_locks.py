"""Real locks, and what is installed of them on CPython 3.14 and Linux x86-64, worked out without this program."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from bot.core.dependencies.environments import marker_environment
from bot.core.dependencies.files import MAIN, DependencyFile
from bot.core.dependencies.locked.pdm_lock import read_pdm_lock
from bot.core.dependencies.locked.pipfile_lock import read_pipfile_lock
from bot.core.dependencies.locked.pixi_lock import read_pixi_lock
from bot.core.dependencies.locked.poetry_lock import read_poetry_lock
from bot.core.dependencies.locked.pylock import read_pylock
from bot.core.dependencies.locked.uv_lock import read_uv_lock
from bot.core.dependencies.selection import ALL, Everything, SelectedPackage, Selection, select
from bot.core.errors import UserError
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target

Read = Callable[[str, str], DependencyFile]

_READERS: dict[str, Read] = {
    "uvlock": read_uv_lock,
    "pylock": read_pylock,
    "pipfile": read_pipfile_lock,
    "pixi": read_pixi_lock,
}
_CASES = [
    ("uvlock-mitmproxy", "base"),
    ("uvlock-mitmproxy", "all"),
    ("uvlock-norevision", "base"),
    ("uvlock-norevision", "all"),
    ("uvlock-spectree", "base"),
    ("uvlock-spectree", "all"),
    ("pylock-pdm-demo", "default"),
    ("pylock-pdm-demo", "all-extras"),
    ("pylock-pip-build", "default"),
    ("pylock-pip-directory", "default"),
    ("pylock-pip-mixed", "default"),
    ("pylock-pip-oldpython", "default"),
    ("pylock-spec-example", "default"),
    ("pipfile-example", "base"),
    ("pipfile-example", "all"),
    ("pixi-v6-source-deps", "default/linux-64"),
]


class _Case(msgspec.Struct):
    packages: list[tuple[str, str]]
    excluded_by_marker: list[str]
    not_from_an_index: list[str]
    one_shortest_path: dict[str, str] = {}


class _Expected(msgspec.Struct):
    file: str
    cases: dict[str, _Case]


def _selected(
    read: Read, path: Path, asked: frozenset[str] | Everything, platform: Platform = Platform.MANYLINUX_X86_64
) -> Selection:
    file = read(path.name, path.read_text(encoding="utf-8"))
    return select(file, marker_environment(Target(14), platform), platform, asked, asked)


def _names(selection: Selection) -> list[tuple[str, str]]:
    return [(each.package.name, str(each.package.version)) for each in selection.packages]


def _groups(selection: Selection) -> dict[str, set[str]]:
    by_group: dict[str, set[str]] = {}
    for each in selection.packages:
        for group in each.groups:
            by_group.setdefault(group, set()).add(each.package.name)
    return by_group


@pytest.mark.parametrize(("name", "case"), _CASES)
def test_what_is_installed_is_what_other_tools_say(name: str, case: str, real_files: Path) -> None:
    expected = msgspec.json.decode((real_files / "expected" / f"{name}.json").read_bytes(), type=_Expected)
    path = real_files / expected.file.removeprefix("files/")
    selection = _selected(_READERS[name.partition("-")[0]], path, ALL if case.startswith("all") else frozenset())

    said = expected.cases[case]
    assert _names(selection) == sorted(said.packages)
    assert sorted(each.package.name for each in selection.excluded) == sorted(
        re.split("[= ]", each, maxsplit=1)[0] for each in said.excluded_by_marker
    )
    assert sorted(each.text.split()[0] for each in selection.not_from_an_index) == sorted(
        each.split()[0] for each in said.not_from_an_index
    )
    by_name = {each.package.name: each for each in selection.packages}
    for package, path_up in said.one_shortest_path.items():
        assert by_name[package].path == tuple(reversed(path_up.split(" <- ")))


def test_there_is_a_case_for_every_lock_with_expected_answers(real_files: Path) -> None:
    there = {
        (path.stem, case)
        for path in (real_files / "expected").glob("*.json")
        if path.stem.partition("-")[0] in _READERS
        for case in msgspec.json.decode(path.read_bytes(), type=_Expected).cases
    }
    assert there == set(_CASES)


def test_what_stops_mitmproxy_is_pulled_in_as_its_lock_says(real_files: Path) -> None:
    selection = _selected(read_uv_lock, real_files / "uvlock/mitmproxy/uv.lock", frozenset())
    by_name: dict[str, SelectedPackage] = {each.package.name: each for each in selection.packages}
    assert [by_name[name].path for name in ("pylsqpack", "tornado")] == [
        ("mitmproxy", "aioquic", "pylsqpack"),
        ("mitmproxy", "tornado"),
    ]
    assert by_name["cryptography"].ways == 4  # mitmproxy, aioquic, pyopenssl, service-identity
    assert all(each.groups == (MAIN,) and not each.optional for each in selection.packages)
    assert by_name["mitmproxy-linux"].marker == 'sys_platform == "linux"'


def test_pixi_version_4_locks_windows_only(real_files: Path) -> None:
    path = real_files / "pixi/v4/pixi.lock"
    linux = _selected(read_pixi_lock, path, ALL)
    assert (linux.packages, linux.warnings) == ((), ("pixi.lock locks nothing for Linux x86-64.",))

    windows = _selected(read_pixi_lock, path, ALL, Platform.WIN_AMD64)
    # The seven `- pypi:` lines below `win-64`, the same in both environments.
    assert _names(windows) == [
        ("contourpy", "1.2.0"),
        ("cycler", "0.12.1"),
        ("fonttools", "4.49.0"),
        ("kiwisolver", "1.4.5"),
        ("matplotlib", "3.8.3"),
        ("numpy", "1.26.4"),
        ("pillow", "10.2.0"),
    ]
    assert {each.groups for each in windows.packages} == {("default", "dev")}
    assert {each.path[0] for each in windows.packages} == {"matplotlib"}  # it requires all the others


def test_pipenv_writes_names_that_are_not_normalized(real_files: Path) -> None:
    """No expected file, as packaging refuses it: one entry without a marker, and two for Windows only."""
    path = real_files / "pylock/pipenv/pylock.toml"
    assert _names(_selected(read_pylock, path, frozenset())) == [("pytz", "2026.1.post1")]
    everything = _selected(read_pylock, path, ALL)
    assert _groups(everything)[MAIN] == {"pytz"}
    assert {each.package.name for each in everything.excluded} == {"atomicwrites", "waitress"}
    assert "jaraco-classes" in _groups(everything)["dev"]
    assert any("jaraco.classes" in each for each in read_pylock("f", path.read_text("utf-8")).warnings)


def test_a_lock_without_its_version_is_read_and_told(real_files: Path) -> None:
    file = read_pylock("pylock.toml", (real_files / "pylock/pip-invalid/pylock.invalid.toml").read_text("utf-8"))
    assert file.lock is not None
    assert [each.name for each in file.lock.packages] == ["simple"]
    assert file.warnings == ("lock-version is missing, which the standard requires.",)


def test_poetry_with_a_path_dependency(real_files: Path) -> None:
    """Read by hand: six entries, all of category main, of which bazz is a directory."""
    selection = _selected(read_poetry_lock, real_files / "poetry/path-dependency/poetry.lock", frozenset())
    assert _names(selection) == [
        ("certifi", "2022.12.7"),
        ("chardet", "4.0.0"),
        ("idna", "2.10"),
        ("requests", "2.25.1"),
        ("urllib3", "1.26.14"),
    ]
    assert [each.text for each in selection.not_from_an_index] == ["bazz 1 bazz"]
    assert {each.path for each in selection.packages if each.package.name == "idna"} == {("bazz", "requests", "idna")}


def test_an_old_lock_of_poetry_says_of_nothing_who_needs_it(real_files: Path) -> None:
    """Read by hand: one entry, without a category; its files are in ``[metadata.files]``."""
    file = read_poetry_lock("poetry.lock", (real_files / "poetry/v10-old/poetry.lock").read_text("utf-8"))
    assert file.lock is not None
    (only,) = file.lock.packages
    assert (only.name, str(only.version), only.sdist, len(only.wheels)) == ("sampleproject", "1.3.1", True, 2)
    assert len(file.warnings) == 1


@pytest.mark.parametrize(("name", "place"), [("invalid", "poetry.lock, line 1"), ("incompatible", "poetry.lock")])
def test_locks_that_are_none_are_refused_with_their_place(name: str, place: str, real_files: Path) -> None:
    text = (real_files / "poetry" / name / "poetry.lock").read_text("utf-8")
    with pytest.raises(UserError, match=f"^{place}: "):
        read_poetry_lock("poetry.lock", text)


def test_pdm_of_a_web_application(real_files: Path) -> None:
    """Read by hand: flask and what it requires, everything in the group ``default``."""
    selection = _selected(read_pdm_lock, real_files / "pdm/demo-package/pdm.lock", ALL)
    assert _names(selection) == [
        ("click", "7.1.2"),
        ("flask", "1.1.4"),
        ("itsdangerous", "1.1.0"),
        ("jinja2", "2.11.3"),
        ("markupsafe", "1.1.1"),
        ("werkzeug", "1.0.1"),
    ]
    assert _groups(selection).keys() == {MAIN}
    assert [each.path for each in selection.packages if each.package.name == "markupsafe"] == [
        ("flask", "jinja2", "markupsafe")
    ]
