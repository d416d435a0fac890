"""Real locks, and the verdicts of their pins on 3.14t and 3.15t, worked out without this program.

By the file names in the lock, which count where another registry has the package, and by recorded project pages.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from bot.core.dependencies.environments import marker_environment
from bot.core.dependencies.files import LockedPackage
from bot.core.dependencies.judged import JudgedDependency, KnownProject, NeededPackage, judge_dependency
from bot.core.dependencies.reading import read_file
from bot.core.dependencies.selection import ALL, select
from bot.core.index.simple_api import parse
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from tests.core.pages import NOW, T314, T315

LINUX = Platform.MANYLINUX_X86_64
LOCKS = (
    "pipfile-example",
    "pixi-v4",
    "pixi-v6-source-deps",
    "pylock-pdm-demo",
    "pylock-pip-build",
    "pylock-pip-directory",
    "pylock-pip-mixed",
    "pylock-pip-oldpython",
    "pylock-spec-example",
    "uvlock-mitmproxy",
    "uvlock-norevision",
    "uvlock-spectree",
)
OF_ANOTHER_KIND = {"pyproject-attrs", "requirements"}
"""What they expect is rows and groups, no verdicts."""

OTHERWISE: Mapping[tuple[str, str, Target], tuple[Verdict, str]] = {
    ("pyyaml", "6.0.3", T314): (
        Verdict.SUPPORTED,
        "the scope then was all nine platforms; now it is those with a wheel for 3.14, and win32 has none",
    ),
}
"""Verdicts that the contract's newer rules change, by the lock's names and by the index, and why."""


class _Found(msgspec.Struct):
    verdict: str
    linux_x86_64: str | None


class _Verdicts(msgspec.Struct):
    on_314: _Found = msgspec.field(name="3.14t")
    on_315: _Found = msgspec.field(name="3.15t")

    def on(self, target: Target) -> _Found:
        return self.on_314 if target == T314 else self.on_315


class _Detail(msgspec.Struct):
    name: str
    version: str
    lock: _Verdicts | None = None
    index: _Verdicts | None = None


_Lists = dict[str, list[str]]


class _Case(msgspec.Struct):
    detail: list[_Detail]
    no_linux_x86_64_wheel: _Lists = {}
    no_linux_x86_64_wheel_by_lock_files: _Lists = {}

    def without_linux_wheel(self, target: Target) -> set[str]:
        return set((self.no_linux_x86_64_wheel or self.no_linux_x86_64_wheel_by_lock_files)[str(target)])


class _Expected(msgspec.Struct):
    file: str
    cases: dict[str, _Case]


@dataclass(frozen=True, slots=True)
class _Pin:
    """A pin, what is expected of it, and how it is judged by the lock's names."""

    case: str
    target: Target
    detail: _Detail
    package: LockedPackage

    def judged(self, page: bytes | None = None) -> JudgedDependency:
        """Judge it by a project page, or without one by the lock."""
        found = self.package
        needed = NeededPackage(
            found.name, found.version, (LINUX,), registry="another index", wheels=found.wheels, sdist=found.sdist
        )
        if page is None:
            return judge_dependency(needed, KnownProject(None), self.target, NOW)
        needed = replace(needed, registry=None, wheels=())
        return judge_dependency(needed, KnownProject(parse(found.name, page)), self.target, NOW)


def _pins(real_files: Path, name: str) -> tuple[dict[str, _Case], list[_Pin]]:
    expected = msgspec.json.decode((real_files / "expected" / f"{name}.json").read_bytes(), type=_Expected)
    path = real_files / expected.file.removeprefix("files/")
    file = read_file(path.name, path.read_text("utf-8"), lambda _: None)
    pins = []
    for case, said in expected.cases.items():
        asked = ALL if case.startswith("all") else frozenset[str]()
        for target in (T314, T315):
            selection = select(file, marker_environment(target, LINUX), LINUX, asked, asked)
            packages = {(each.package.name, str(each.package.version)): each.package for each in selection.packages}
            pins += [_Pin(case, target, each, packages[each.name, each.version]) for each in said.detail]
    return expected.cases, pins


def _expected(pin: _Pin, found: _Found) -> str:
    changed = OTHERWISE.get((pin.detail.name, pin.detail.version, pin.target))
    return found.verdict if changed is None else changed[0].value


def _stops(judged: JudgedDependency) -> bool:
    """Return whether nothing installs on Linux, for want of free-threading or not."""
    return bool(judged.missing or judged.lacking)


def test_every_lock_with_expected_answers_is_looked_at(real_files: Path) -> None:
    there = {path.stem for path in (real_files / "expected").glob("*.json")}
    assert there == {*LOCKS} | OF_ANOTHER_KIND


@pytest.mark.parametrize("name", LOCKS)
def test_pins_judged_by_the_names_in_the_lock(name: str, real_files: Path) -> None:
    _, pins = _pins(real_files, name)
    for pin in pins:
        if pin.detail.lock is None:
            continue
        found = pin.detail.lock.on(pin.target)
        judged = pin.judged()
        assert judged.verdict.value == _expected(pin, found), pin
        assert _stops(judged) is (found.linux_x86_64 is None), pin


@pytest.mark.parametrize("name", LOCKS)
def test_what_has_no_wheel_for_linux_in_the_lock_stops_a_move_there(name: str, real_files: Path) -> None:
    cases, pins = _pins(real_files, name)
    for case, said in cases.items():
        for target in (T314, T315):
            stops = {
                f"{pin.detail.name}=={pin.detail.version}"
                for pin in pins
                if (pin.case, pin.target) == (case, target) and pin.detail.lock is not None and _stops(pin.judged())
            }
            assert stops == said.without_linux_wheel(target), (case, target)


@pytest.mark.parametrize("name", LOCKS)
def test_pins_judged_by_recorded_project_pages(name: str, real_files: Path, shared: Path) -> None:
    _, pins = _pins(real_files, name)
    for pin in pins:
        page = shared / "data" / "simple" / f"{pin.detail.name}.json.gz"
        if pin.detail.index is None or not page.exists():
            continue
        found = pin.detail.index.on(pin.target)
        judged = pin.judged(gzip.decompress(page.read_bytes()))
        assert judged.verdict.value == _expected(pin, found), pin
        assert _stops(judged) is (found.linux_x86_64 is None), pin


def test_most_expected_verdicts_are_compared(real_files: Path, shared: Path) -> None:
    pins = [pin for name in LOCKS for pin in _pins(real_files, name)[1]]
    recorded = {path.name.partition(".")[0] for path in (shared / "data" / "simple").glob("*.json.gz")}
    by_index = [pin for pin in pins if pin.detail.index is not None and pin.detail.name in recorded]
    assert len([pin for pin in pins if pin.detail.lock is not None]) >= 536
    assert len(by_index) >= 86


def test_no_build_of_pyyaml_is_for_32_bit_windows(shared: Path) -> None:
    """So that this platform is out of its scope, which is why its verdict differs."""
    project = parse("pyyaml", gzip.decompress((shared / "data" / "simple" / "pyyaml.json.gz").read_bytes()))
    (release,) = [each for each in project.releases if str(each.version) == "6.0.3"]
    of_314 = {file.filename.removesuffix(".whl").split("-")[-1] for file in release.files if "-cp314-" in file.filename}
    assert "win_amd64" in of_314
    assert "win32" not in of_314
