"""pixi's lock, by small examples."""

from __future__ import annotations

import pytest

from bot.core.dependencies.files import SourceKind
from bot.core.dependencies.locked.pixi_lock import read_pixi_lock
from bot.core.dependencies.selection import ALL
from bot.core.errors import UserError
from bot.core.wheels.platforms import Platform
from tests.core.locks import NONE, PIXI, pins, selected


def test_environments_are_groups() -> None:
    file = read_pixi_lock("pixi.lock", PIXI)
    selection = selected(file)
    assert pins(selection) == ["anyio==4.12.1", "idna==3.10"]
    assert [(each.groups, each.optional, each.path) for each in selection.packages] == [
        (("default",), False, ("anyio",)),
        (("default",), False, ("anyio", "idna")),
    ]
    assert [each.text for each in selection.not_from_an_index] == [
        "forked 1.0 git+https://example.org/forked.git?rev=abc#abc",
        "here ./here",
    ]
    everything = {each.package.name: each for each in selected(file, NONE, ALL).packages}
    assert {name: (each.groups, each.optional) for name, each in everything.items()} == {
        "anyio": (("default",), False),
        "idna": (("default", "test"), False),
        "pytest": (("test",), True),
    }
    assert everything["pytest"].package.source is SourceKind.OTHER_INDEX


def test_each_platform_is_locked_for_itself() -> None:
    file = read_pixi_lock("pixi.lock", PIXI)
    assert pins(selected(file, platform=Platform.WIN_AMD64)) == ["idna==3.10"]
    assert selected(file, platform=Platform.MUSLLINUX_X86_64).warnings == ("pixi.lock locks nothing for musl x86-64.",)


def test_extras_of_metadata_are_told_apart() -> None:
    file = read_pixi_lock("pixi.lock", PIXI)
    assert file.lock is not None
    anyio = file.lock.packages[0]
    assert [each.name for each in anyio.requires] == ["idna"]
    ((extra, (trio,)),) = anyio.extras.items()
    assert (extra, trio.name, str(trio.marker)) == ("trio", "trio", 'python_full_version >= "3.10"')


def test_versions_4_and_5_say_kinds() -> None:
    text = """
version: 5
environments:
  cuda:
    packages:
      linux-64:
      - pypi: https://example.org/torch-2.11.0%2Bcu128-cp314-cp314-linux_x86_64.whl
      - pypi: https://files.pythonhosted.org/packages/00/gone-1-py3-none-any.whl
      - pypi: direct+https://example.org/b-1.tar.gz
      - pypi: c
      - conda: https://conda.anaconda.org/x
  "-":
    packages: {}
packages:
- kind: pypi
  name: torch
  version: 2.11.0+cu128
  url: https://example.org/torch-2.11.0%2Bcu128-cp314-cp314-linux_x86_64.whl
- kind: pypi
  name: b
  version: '1'
  url: direct+https://example.org/b-1.tar.gz
- kind: pypi
  name: c
  path: c
- pypi: https://pypi.example.org/d-1-py3-none-any.whl
  name: d
  version: '1'
  index: https://pypi.example.org/simple
"""
    file = read_pixi_lock("pixi.lock", text)
    assert [each.reason for each in file.not_read] == [
        "is named by an environment, and the lock does not say what it is",
        "is no environment with a name",
    ]
    selection = selected(file)
    assert pins(selection) == ["torch==2.11.0+cu128"]
    assert [each.groups for each in selection.packages] == [("cuda",)]  # the only environment that there is
    assert [each.text for each in selection.not_from_an_index] == ["b 1 https://example.org/b-1.tar.gz", "c c"]
    assert file.lock is not None
    assert file.lock.packages[-1].source_text == "https://pypi.example.org/simple"


def test_a_version_that_is_not_known_is_told() -> None:
    file = read_pixi_lock("pixi.lock", "version: 8\nenvironments: {}\n")
    assert file.warnings == ("This lock's version is not one known here (4 to 7): what could be read was read.",)
    assert selected(file).packages == ()


@pytest.mark.parametrize("text", ["", "version: 6\n", "environments: [\n"])
def test_what_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"pixi\.lock"):
        read_pixi_lock("pixi.lock", text)
