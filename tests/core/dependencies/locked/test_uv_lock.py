"""uv's lock, by small examples."""

from __future__ import annotations

import pytest

from bot.core.dependencies.files import SourceKind
from bot.core.dependencies.locked.uv_lock import read_uv_lock
from bot.core.dependencies.selection import ALL, select
from bot.core.errors import UserError
from bot.core.wheels.platforms import Platform
from tests.core.locks import NONE, UV, UV_CONFLICTS, UV_OF_THREE, pins, selected


def test_members_and_what_they_lead_to_are_installed() -> None:
    file = read_uv_lock("uv.lock", UV)
    selection = selected(file)
    assert pins(selection) == ["chain==2", "numpy==2.3.0", "ring==1", "torch==2.11.0+cu128"]
    assert [(each.package.name, each.marker) for each in selection.excluded] == [
        ("colorama", 'sys_platform == "win32"'),
        ("numpy", 'python_full_version < "3.14"'),
    ]
    assert {each.package.name: each.path for each in selection.packages} == {
        "chain": ("lib", "ring", "chain"),
        "numpy": ("app", "numpy"),
        "ring": ("lib", "ring"),
        "torch": ("lib", "torch"),
    }
    assert file.warnings == ()


def test_a_fork_is_taken_by_the_python_that_is_asked_about() -> None:
    assert "numpy==1.26.4" in pins(selected(read_uv_lock("uv.lock", UV), minor=13))


def test_windows_needs_what_linux_does_not() -> None:
    selection = selected(read_uv_lock("uv.lock", UV), platform=Platform.WIN_AMD64)
    (colorama,) = [each for each in selection.packages if each.package.name == "colorama"]
    assert colorama.marker == 'sys_platform == "win32"'


def test_extras_and_groups_are_installed_if_asked_for() -> None:
    file = read_uv_lock("uv.lock", UV)
    assert file.lock is not None
    assert (file.lock.extras, file.lock.groups) == (("web",), ("dev",))
    web = selected(file, extras=frozenset({"web"}))
    by_name = {each.package.name: each for each in web.packages}
    assert by_name["pyyaml"].path == ("app", "starlette[full]", "pyyaml")
    assert (by_name["pyyaml"].groups, by_name["pyyaml"].optional) == (("web",), True)
    assert (by_name["ring"].groups, by_name["ring"].optional, by_name["ring"].ways) == (("main", "web"), False, 3)

    development = selected(file, groups=ALL)
    assert [(each.text, each.reason) for each in development.not_from_an_index] == [
        ("archive 3 https://example.org/archive-3.tar.gz", "comes from URL, not from an index"),
        ("fork 3 https://example.org/fork.git?rev=abc#abcdef", "comes from version control, not from an index"),
    ]


def test_another_registry_is_named_without_who_may_use_it_and_its_wheels_count() -> None:
    file = read_uv_lock("uv.lock", UV)
    (torch,) = [each.package for each in selected(file).packages if each.package.name == "torch"]
    assert (torch.source, torch.source_text) == (SourceKind.OTHER_INDEX, "https://download.pytorch.org/whl/cu128")
    assert torch.wheels == ("torch-2.11.0+cu128-cp314-cp314t-manylinux_2_28_x86_64.whl",)


def test_entries_know_their_lines() -> None:
    file = read_uv_lock("uv.lock", UV)
    assert file.lock is not None
    lines = UV.split("\n")
    assert [lines[each.line] for each in file.lock.packages if each.line] == [
        f'name = "{each.name}"' for each in file.lock.packages
    ]


@pytest.mark.parametrize(
    ("extras", "installed"),
    [
        (NONE, ["helper==1", "small==1"]),
        (frozenset({"cpu"}), ["helper==1", "small==1", "torch==2.11.0+cpu"]),
        (frozenset({"cu12"}), ["helper==1", "large==1", "torch==2.11.0+cu12"]),
    ],
)
def test_extras_that_exclude_each_other_choose(extras: frozenset[str], installed: list[str]) -> None:
    assert pins(selected(read_uv_lock("uv.lock", UV_CONFLICTS), extras)) == installed


@pytest.mark.parametrize(
    ("extras", "groups", "installed"),
    [
        (NONE, NONE, ["helper==1.0", "small==3.0"]),
        (frozenset({"cpu"}), NONE, ["helper==1.0", "small==1.0"]),
        (frozenset({"cu12"}), NONE, ["helper==1.0", "small==2.0", "tiny==1.0"]),
        (NONE, frozenset({"dev"}), ["helper==1.0", "small==3.0"]),
    ],
)
def test_a_group_may_exclude_extras(extras: frozenset[str], groups: frozenset[str], installed: list[str]) -> None:
    """As `uv export` says of the same lock."""
    assert pins(selected(read_uv_lock("uv.lock", UV_OF_THREE), extras, groups)) == installed


def test_what_an_extra_that_is_not_asked_for_would_choose_is_excluded_by_no_marker() -> None:
    selection = selected(read_uv_lock("uv.lock", UV_CONFLICTS), frozenset({"cu12"}), platform=Platform.WIN_AMD64)
    assert [(each.package.name, each.marker) for each in selection.excluded] == [("large", 'sys_platform == "linux"')]


def test_all_extras_give_what_each_of_those_that_exclude_each_other_brings_in() -> None:
    selection = selected(read_uv_lock("uv.lock", UV_CONFLICTS), ALL)
    assert pins(selection) == ["helper==1", "large==1", "small==1", "torch==2.11.0+cpu", "torch==2.11.0+cu12"]
    assert selection.warnings == (
        "These exclude each other: the extra cpu of app, the extra cu12 of app. What each of them brings in is given.",
    )


def test_a_newer_revision_is_told_and_read() -> None:
    file = read_uv_lock("uv.lock", UV_CONFLICTS)
    assert file.warnings == ("This lock's revision is newer than those known here (up to 5).",)


def test_a_newer_version_is_told_and_read() -> None:
    file = read_uv_lock("uv.lock", UV.replace("version = 1", "version = 2", 1))
    assert file.warnings == ("This lock's version is not the one known here (1): what could be read was read.",)
    assert pins(selected(file)) == pins(selected(read_uv_lock("uv.lock", UV)))


def test_a_script_and_a_workspace_without_a_project_have_requirements_of_their_own() -> None:
    text = """
version = 1
[manifest]
requirements = [{ name = "Rich", specifier = ">=13" }]
[manifest.dependency-groups]
lint = [{ name = "ruff" }]
[[package]]
name = "rich"
version = "13.0"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "ruff"
version = "0.1"
source = { registry = "https://pypi.org/simple" }
"""
    file = read_uv_lock("script.py.lock", text)
    assert [each.path for each in selected(file).packages] == [("rich",)]
    assert pins(selected(file, groups=ALL)) == ["rich==13.0", "ruff==0.1"]


def test_of_a_lock_without_a_project_all_is_installed() -> None:
    text = (
        'version = 1\n[[package]]\nname = "rich"\nversion = "13.0"\nsource = { registry = "https://pypi.org/simple" }\n'
    )
    file = read_uv_lock("uv.lock", text)
    assert pins(selected(file)) == ["rich==13.0"]
    assert file.warnings == ("This lock names no project: all of its packages count as needed.",)


def test_a_version_of_two_registries_is_told_apart_by_its_source() -> None:
    text = """
version = 1
[[package]]
name = "app"
source = { virtual = "." }
dependencies = [
    { name = "torch", version = "2.5", source = { registry = "https://example.org" }, marker = "os_name == 'posix'" },
    { name = "torch", version = "2.5", source = { registry = "https://pypi.org/simple" }, marker = "os_name == 'nt'" },
]
[[package]]
name = "torch"
version = "2.5"
source = { registry = "https://example.org" }
[[package]]
name = "torch"
version = "2.5"
source = { registry = "https://pypi.org/simple" }
"""
    (torch,) = selected(read_uv_lock("uv.lock", text)).packages
    assert torch.package.source_text == "https://example.org"


def test_extras_asked_for_by_others_count_where_they_exclude_each_other() -> None:
    text = """
version = 1
conflicts = [[{ package = "tool", extra = "a" }, { package = "tool", extra = "b" }]]
[[package]]
name = "app"
source = { virtual = "." }
dependencies = [{ name = "tool", extra = ["b"] }, { name = "left", marker = "extra == 'extra-4-tool-a'" }]
[[package]]
name = "tool"
version = "1"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "right", marker = "extra == 'extra-4-tool-b'" }]
[[package]]
name = "left"
version = "1"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "right"
version = "1"
source = { registry = "https://pypi.org/simple" }
"""
    assert pins(selected(read_uv_lock("uv.lock", text))) == ["right==1", "tool==1"]


def test_what_it_was_not_made_for_and_does_not_have_is_told() -> None:
    file = read_uv_lock("uv.lock", UV.replace(">=3.11", "==3.12.*"))
    assert selected(file, frozenset({"wbe"})).warnings == (
        "uv.lock was made for Python ==3.12.*, which this is not.",
        "This lock has no extra wbe.",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 1\n[[package]\n", r"uv\.lock, line 2: it is not valid TOML"),
        ("a = " + "[" * 5000, r"uv\.lock is nested too deeply"),
        ("x = 1\n", r"uv\.lock: this is no lock of uv's"),
    ],
)
def test_what_is_no_lock_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_uv_lock("uv.lock", text)


def test_nonsense_in_an_entry_is_told_and_the_rest_read() -> None:
    text = """
version = 1
package = [
    7,
    { version = "1" },
    { name = "app", source = { virtual = "." }, dependencies = [{ name = "rich", marker = "nonsense ===" }, {}] },
    { name = "rich", version = "one" },
]
"""
    file = read_uv_lock("uv.lock", text)
    assert [each.reason for each in file.not_read] == ["is no entry of a lock", "has no name that is one"]
    assert file.warnings == (
        "The marker 'nonsense ===' makes no sense; what it is about counts as needed.",
        "A dependency without a name was left out.",
        "The version 'one' of rich is none.",
    )
    assert pins(selected(file)) == ["rich==None"]


def test_a_file_without_a_lock_installs_nothing() -> None:
    file = read_uv_lock("uv.lock", UV)
    nothing = type(file)(file.file, file.kind)
    assert select(nothing, {}, Platform.WIN32, ALL, ALL).packages == ()
