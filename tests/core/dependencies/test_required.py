"""What a package that is pure Python itself requires, and whether that has wheels."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.core.dependencies.required import names_to_look_at, with_required
from bot.core.index.simple_api import File, Project, ProjectStatus, group
from bot.core.verdicts.judge import Judgement, judge
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.wheels.targets import Target
from tests.core.pages import NOW, T314, T315, project, wheels

LINUX, WINDOWS = "manylinux_2_28_x86_64", "win_amd64"


def named(name: str, version: str, *tags: str) -> Project:
    files = [File(f"{name.replace('-', '_')}-{version}-{tag}.whl") for tag in tags]
    return group(name, files, ProjectStatus.ACTIVE)


ABI3_ONLY = named("runtime", "1.0", f"cp310-abi3-{LINUX}")
FREE = named("runtime", "1.0", f"cp314-cp314-{LINUX}", f"cp314-cp314t-{LINUX}")
ON_WINDOWS = named("runtime", "1.0", f"cp314-cp314-{WINDOWS}")


def details(requires: Sequence[str], known: Project, *tags: str, target: Target = T314) -> list[str | None]:
    judgement: Judgement = judge(project(*wheels(*(tags or ("py3-none-any",)))), (target,), NOW)
    found = with_required(judgement, requires, {known.name: known})
    return [each.detail for each in found.targets[0].modifiers if each.kind is ModifierKind.REQUIRES]


def test_a_pure_package_tells_what_it_requires_that_has_no_wheel() -> None:
    """Polars is pure Python and does nothing without polars-runtime-32, which is abi3 only."""
    assert details(["runtime==1.0"], ABI3_ONLY) == ["It requires runtime, which has no wheel for 3.14t on Linux."]


def test_what_has_wheels_is_not_told() -> None:
    assert details(["runtime"], FREE) == []


def test_a_package_without_a_python_abi_tells_it_too() -> None:
    """Playwright's own wheels hold no extension, and it requires greenlet."""
    assert details(["runtime"], ABI3_ONLY, f"py3-none-{LINUX}") != []


def test_a_package_that_has_extension_modules_is_judged_by_its_own_wheels() -> None:
    assert details(["runtime"], ABI3_ONLY, f"cp314-cp314t-{LINUX}") == []


@pytest.mark.parametrize(
    "requirement",
    [
        "runtime; python_version < '3.14'",
        "runtime; sys_platform == 'win32'",
        "runtime; implementation_name == 'pypy'",
        "runtime @ https://example.org/runtime.whl",
        "runtime>=2",
        "no requirement at all ((",
    ],
)
def test_what_the_target_does_not_require_is_not_told(requirement: str) -> None:
    assert details([requirement], ABI3_ONLY) == []


def test_a_requirement_of_one_system_is_told_with_it() -> None:
    requires = ["runtime; sys_platform == 'win32'"]
    assert details(requires, ON_WINDOWS) == ["It requires runtime, which has no wheel for 3.14t on Windows."]


def test_the_newest_version_that_is_admitted_is_looked_at() -> None:
    files = [*ABI3_ONLY.files, File(f"runtime-2.0-cp314-cp314t-{LINUX}.whl")]
    both = group("runtime", files, ProjectStatus.ACTIVE)
    assert details(["runtime"], both) == []
    assert details(["runtime<2"], both) != []


def test_markers_are_evaluated_for_each_target() -> None:
    """discord.py requires audioop-lts from Python 3.13 on."""
    judgement = judge(project(*wheels("py3-none-any")), (T314, T315), NOW)
    requires = ["audioop-lts; python_version >= '3.15'"]
    assert names_to_look_at(judgement, requires) == ("audioop-lts",)
    known = {"audioop-lts": named("audioop-lts", "0.2", f"cp313-abi3-{LINUX}")}
    kinds = [len(each.modifiers) for each in with_required(judgement, requires, known).targets]
    assert kinds == [0, 1]


def test_of_many_the_first_few_are_named() -> None:
    names = [f"runtime{number}" for number in range(5)]
    judgement = judge(project(*wheels("py3-none-any")), (T314,), NOW)
    known = {name: named(name, "1.0", f"cp310-abi3-{LINUX}") for name in names}
    (modifier,) = with_required(judgement, names, known).targets[0].modifiers
    assert modifier.detail == (
        "It requires runtime0, runtime1, runtime2 and 2 more, which have no wheel for 3.14t on Linux."
    )
