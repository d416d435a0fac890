"""pdm's lock, by a small example."""

from __future__ import annotations

import pytest

from bot.core.dependencies.files import MAIN
from bot.core.dependencies.locked.pdm_lock import read_pdm_lock
from bot.core.dependencies.selection import ALL
from bot.core.errors import UserError
from tests.core.locks import NONE, PDM, pins, selected


def test_a_package_that_is_repeated_by_extras_is_one() -> None:
    file = read_pdm_lock("pdm.lock", PDM)
    assert pins(selected(file)) == ["colorama==0.4.6", "idna==3.15", "requests==2.33.0"]
    assert file.lock is not None
    (requests,) = [each for each in file.lock.packages if each.name == "requests"]
    assert [each.name for each in requests.requires] == ["idna", "colorama"]
    assert {extra: [each.name for each in demands] for extra, demands in requests.extras.items()} == {
        "socks": ["pysocks"]
    }
    assert (requests.groups, requests.sdist, requests.wheels) == (
        (MAIN, "socks"),
        True,
        ("requests-2.33.0-py3-none-any.whl",),
    )
    assert file.warnings == ()


def test_groups_are_installed_if_asked_for() -> None:
    file = read_pdm_lock("pdm.lock", PDM)
    assert file.lock is not None
    assert file.lock.groups == ("dev", "socks")
    everything = selected(file, NONE, ALL)
    assert {each.package.name: each.groups for each in everything.packages} == {
        "colorama": (MAIN, "dev"),
        "idna": (MAIN, "socks"),
        "pysocks": ("socks",),
        "pytest": ("dev",),
        "requests": (MAIN, "socks"),
    }
    assert [each.path for each in everything.packages if each.package.name == "colorama"] == [("pytest", "colorama")]
    assert [each.text for each in everything.not_from_an_index] == ["forked 1.0 https://example.org/forked.git"]


def test_what_may_have_lost_its_marker_may_not_be_needed() -> None:
    """Requests needs colorama on Windows, and pytest everywhere; nothing in the lock needs requests itself."""
    file = read_pdm_lock("pdm.lock", PDM)
    assert file.lock is not None
    assert {each.name: each.certain for each in file.lock.packages} == {
        "colorama": False,
        "forked": True,
        "idna": True,
        "pysocks": True,
        "pytest": True,
        "requests": False,
    }


def test_extras_alone_and_markers_that_differ() -> None:
    text = """
[metadata]
lock_version = "5.0"
[[package]]
name = "a"
version = "1"
extras = ["x"]
marker = "os_name == 'nt'"
url = "https://example.org/a.zip"
[[package]]
name = "a"
version = "1"
extras = ["y"]
url = "https://example.org/a.zip"
[[package]]
name = "b"
version = "1"
path = "./b"
"""
    file = read_pdm_lock("pdm.lock", text)
    assert file.lock is not None
    assert [(each.name, sorted(each.extras), each.marker) for each in file.lock.packages] == [
        ("b", [], None),
        ("a", ["x", "y"], None),
    ]
    assert file.warnings == ("This lock_version is not one known here (4): what could be read was read.",)


def test_a_file_about_something_else_is_refused() -> None:
    with pytest.raises(UserError, match=r"pdm\.lock: this is no pdm\.lock"):
        read_pdm_lock("pdm.lock", "x = 1\n")
