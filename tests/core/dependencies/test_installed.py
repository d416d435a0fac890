"""What is installed in an environment, by what its packages say of themselves, which may be anything."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dependencies.environments import marker_environment
from bot.core.dependencies.files import DependencyFile, FileKind, LockedPackage, SourceKind
from bot.core.dependencies.installed import DistInfo, read_installed
from bot.core.dependencies.selection import select
from bot.core.wheels.platforms import Platform
from tests.core.pages import T314

HEAD = "Metadata-Version: 2.4\nName: {}\nVersion: {}\n"
LINUX = Platform.MANYLINUX_X86_64


def metadata(name: str = "demo", version: str = "1.0", *requires: str) -> str:
    lines = "".join(f"Requires-Dist: {each}\n" for each in requires)
    return f"{HEAD.format(name, version)}{lines}\nA description.\nName: other\n"


def read(*found: DistInfo) -> DependencyFile:
    return read_installed(".venv", found)


def packages(file: DependencyFile) -> tuple[LockedPackage, ...]:
    assert file.lock is not None
    return file.lock.packages


def one(text: str | None, direct_url: str | None = None) -> LockedPackage | str:
    """Return what is read of one folder: the package, or why there is none."""
    file = read(DistInfo("demo-1.0.dist-info", text, direct_url))
    return packages(file)[0] if packages(file) else file.not_read[0].reason


def test_names_versions_and_who_requires_whom_are_read() -> None:
    file = read(
        DistInfo("Zope_Lib-2.0.dist-info", metadata("Zope.Lib", "2.0")),
        DistInfo(
            "demo-1.0.dist-info", metadata("demo", "1.0", "zope-lib>=1 ; python_version > '3'", "x; extra == 'y'")
        ),
    )
    assert (file.file, file.kind, file.not_read) == (".venv", FileKind.INSTALLED, ())
    demo, zope = packages(file)
    assert (demo.name, str(demo.version), zope.name, str(zope.version)) == ("demo", "1.0", "zope-lib", "2.0")
    assert [(each.name, str(each.specifier)) for each in demo.requires] == [("zope-lib", ">=1"), ("x", "")]
    selection = select(file, marker_environment(T314, LINUX), LINUX, frozenset(), frozenset())
    assert [each.path for each in selection.packages] == [("demo",), ("demo", "zope-lib")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "it has no METADATA"),
        ("", "its METADATA names no package and version"),
        ("\0\ufffd nonsense", "its METADATA names no package and version"),
        ("Name: demo\n", "its METADATA names no package and version"),
        ("Version: 1.0\n", "its METADATA names no package and version"),
        (metadata(version="unknown"), "its METADATA has a name or version that no index has"),
        (metadata(version="9" * 5_000), "its METADATA has a name or version that no index has"),
        (metadata("no name!"), "its METADATA has a name or version that no index has"),
        (metadata("x" * 100_000), "its METADATA has a name or version that no index has"),
    ],
)
def test_what_says_nothing_of_itself_is_told_by_its_folder(text: str | None, reason: str) -> None:
    file = read(DistInfo("broken\x1b[31m-1.0.dist-info" + "x" * 500, text), DistInfo("demo", metadata()))
    (unread,) = file.not_read
    assert unread.reason == reason
    assert "\x1b" not in unread.text
    assert len(unread.text) <= 100
    assert [each.name for each in packages(file)] == ["demo"]


@pytest.mark.parametrize(
    ("found", "source"),
    [
        ({"url": "https://example.org/x.whl", "archive_info": {}}, SourceKind.URL),
        ({"url": "https://example.org/x", "vcs_info": {"vcs": "git", "commit_id": "1"}}, SourceKind.GIT),
        ({"url": "file:///home/ada/x", "dir_info": {"editable": True}}, SourceKind.PATH),
        ({"url": "file:///home/ada/x.whl", "archive_info": {}}, SourceKind.PATH),
        ({"url": 1}, SourceKind.URL),
        ([], SourceKind.URL),
    ],
)
def test_what_is_not_from_an_index_is_known_by_its_address(found: object, source: SourceKind) -> None:
    package = one(metadata(), json.dumps(found))
    assert isinstance(package, LockedPackage)
    assert package.source is source


def test_secrets_in_an_address_are_not_shown() -> None:
    address = {"url": "https://ada:s3cret@example.org/x", "vcs_info": {"vcs": "git"}}
    package = one(metadata(), json.dumps(address))
    assert isinstance(package, LockedPackage)
    assert package.source_text == "https://…@example.org/x"


def test_markers_within_markers_without_end_are_left_out() -> None:
    nested = f"x; {'(' * 400}os_name == 'posix'{')' * 400}"
    package = one(metadata("demo", "1.0", nested, "y"))
    assert isinstance(package, LockedPackage)
    assert [each.name for each in package.requires] == ["y"]


_LINES = st.sampled_from(
    [
        "Metadata-Version: 2.4", "Name: demo", "Name: Demo.Lib", "Version: 1.0", "Version: 1!2.post1+x", "Version:",
        "Requires-Dist: x>=1; python_version > '3'", "Requires-Dist: x[a,b] @ https://x", "Requires-Dist: !!",
        "Requires-Dist: " + "(" * 300, "Provides-Extra: y", " folded", "",
        "Description-Content-Type: text/x; a*=b''%ff", "Keywords: =?utf-8?q?=ff?=", "Project-URL: x", "\0",
        "\ud800", "From x",
    ]
)  # fmt: skip


@given(
    st.lists(st.one_of(_LINES, st.text(max_size=30)), max_size=20),
    st.one_of(st.none(), st.text(max_size=50), st.recursive(st.none(), st.lists, max_leaves=5).map(json.dumps)),
)
def test_whatever_stands_there_is_a_package_or_a_reason(lines: list[str], direct_url: str | None) -> None:
    found = one("\n".join(lines), direct_url)
    if isinstance(found, LockedPackage):
        assert found.name
        assert found.version is not None
    else:
        assert found


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert one(text)
