"""Poetry's locks of both kinds, by small examples."""

from __future__ import annotations

from bot.core.dependencies.files import MAIN, SourceKind
from bot.core.dependencies.locked.poetry_lock import read_poetry_lock
from bot.core.dependencies.selection import ALL
from bot.core.wheels.platforms import Platform
from tests.core.locks import NONE, POETRY_1, POETRY_2, pins, selected


def test_categories_say_who_needs_what() -> None:
    file = read_poetry_lock("poetry.lock", POETRY_1)
    assert pins(selected(file)) == ["anyio==4.0", "httpx==0.28.1", "mirrored==1.0"]
    development = selected(file, NONE, ALL)
    assert [each.package.name for each in development.packages if each.optional] == ["pytest"]
    assert [each.package.name for each in development.excluded] == ["colorama"]
    assert file.warnings == ()


def test_what_is_optional_is_installed_with_the_extra_that_leads_to_it() -> None:
    file = read_poetry_lock("poetry.lock", POETRY_1)
    assert file.lock is not None
    assert (file.lock.extras, file.lock.groups) == (("fast",), ("dev",))
    selection = selected(file, frozenset({"fast"}))
    assert [(each.package.name, each.groups, each.path) for each in selection.packages if each.optional] == [
        ("h2", ("fast",), ("h2",)),
        ("hpack", ("fast",), ("h2", "hpack")),
    ]


def test_extras_of_packages_lead_to_what_is_optional_to_them() -> None:
    file = read_poetry_lock("poetry.lock", POETRY_1)
    assert file.lock is not None
    httpx = next(each for each in file.lock.packages if each.name == "httpx")
    assert [each.name for each in httpx.requires] == ["anyio"]
    assert [(extra, [(each.name, each.marker) for each in demands]) for extra, demands in httpx.extras.items()] == [
        ("http2", [("h2", None)])
    ]


def test_files_may_be_told_at_the_end_and_sources_may_be_others() -> None:
    file = read_poetry_lock("poetry.lock", POETRY_1)
    assert file.lock is not None
    by_name = {each.name: each for each in file.lock.packages}
    assert (by_name["anyio"].wheels, by_name["anyio"].sdist) == (("anyio-4.0-py3-none-any.whl",), True)
    assert by_name["mirrored"].source is SourceKind.OTHER_INDEX
    assert by_name["mirrored"].source_text == "https://example.org/simple"


def test_groups_and_their_markers() -> None:
    file = read_poetry_lock("poetry.lock", POETRY_2)
    assert file.lock is not None
    assert file.lock.groups == ("dev", "docs")
    assert pins(selected(file)) == ["click==8.1", "colorama==0.4.6"]
    assert [(each.package.name, each.marker) for each in selected(file).excluded] == [
        ("psycopg", 'extra == "postgres"'),
        ("tzdata", 'sys_platform == "win32"'),
    ]
    assert [each.text for each in selected(file).not_from_an_index] == ["forked 1.0 https://example.org/forked.git"]

    docs = {each.package.name: each for each in selected(file, NONE, frozenset({"docs"})).packages}
    assert (docs["tzdata"].groups, docs["tzdata"].marker) == (("docs",), 'python_version >= "3.9"')

    windows = {each.package.name: each for each in selected(file, NONE, ALL, Platform.WIN_AMD64).packages}
    assert windows["tzdata"].groups == (MAIN, "docs")


def test_an_extra_that_a_marker_names_needs_the_package() -> None:
    selection = selected(read_poetry_lock("poetry.lock", POETRY_2), ALL)
    (psycopg,) = [each for each in selection.packages if each.package.name == "psycopg"]
    assert (psycopg.groups, psycopg.optional, psycopg.marker) == (("postgres",), True, None)


def test_what_may_have_lost_its_marker_may_not_be_needed() -> None:
    """In ``main`` only click on Windows requires colorama; nothing says whether the application wants click."""
    file = read_poetry_lock("poetry.lock", POETRY_2)
    assert file.lock is not None
    assert [each.name for each in file.lock.packages if not each.certain] == ["click", "colorama"]


def test_what_something_needs_everywhere_has_lost_nothing() -> None:
    text = POETRY_2.replace('{version = "*", markers = "platform_system == \\"Windows\\""}', '"*"')
    file = read_poetry_lock("poetry.lock", text)
    assert file.lock is not None
    assert [each.name for each in file.lock.packages if not each.certain] == ["click"]


def test_a_lock_that_does_not_say_who_needs_what_is_told() -> None:
    text = '[[package]]\nname = "rich"\nversion = "13.0"\noptional = false\n[metadata]\nlock-version = "2.0"\n'
    file = read_poetry_lock("poetry.lock", text)
    assert pins(selected(file)) == ["rich==13.0"]
    (warning,) = file.warnings
    assert warning.startswith("This lock does not say what is needed for development only")


def test_what_is_optional_and_in_no_extra_is_not_installed() -> None:
    text = '[[package]]\nname = "rich"\nversion = "13.0"\noptional = true\ngroups = ["main"]\n'
    assert pins(selected(read_poetry_lock("poetry.lock", text + '[metadata]\nlock-version = "2.1"\n'))) == []


def test_a_version_that_is_not_known_is_told() -> None:
    file = read_poetry_lock("poetry.lock", POETRY_2.replace('lock-version = "2.1"', 'lock-version = "3.0"'))
    assert file.warnings == ("This lock-version (3.0) is not one known here (1.0 to 2.1).",)
    assert "click==8.1" in pins(selected(file))


def test_other_sources_and_dependencies_that_make_no_sense() -> None:
    text = """
package = [
    { name = "a", version = "1", groups = ["main"], source = { type = "directory", url = "a" } },
    { name = "b", version = "1", groups = ["main"], source = { type = "url", url = "https://example.org/b.zip" } },
    { name = "c", version = "1", groups = ["main"], dependencies = { "-" = "*", d = [{ version = "1" }, "2"] } },
    { name = "d", version = "1", groups = ["main"] },
    { name = "d", version = "2", groups = ["main"] },
]
"""
    file = read_poetry_lock("poetry.lock", text)
    assert file.warnings == ("The dependency '-' has no name that is one and was left out.",)
    selection = selected(file)
    assert pins(selection) == ["c==1", "d==1", "d==2"]  # both of two that remain
    assert [each.text for each in selection.not_from_an_index] == ["a 1 a", "b 1 https://example.org/b.zip"]
