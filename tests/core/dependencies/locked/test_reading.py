"""Every reader of a lock: whatever the text, an answer or a sentence that names the file."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dependencies.files import LARGEST_FILE, MOST_ENTRIES, DependencyFile
from bot.core.dependencies.locked.reading import LockReading, by_extras, shown, shown_address
from bot.core.dependencies.selection import ALL
from bot.core.errors import UserError
from bot.core.wheels.platforms import PLATFORMS
from tests.core.locks import LOCKS, NONE, Read, selected
from tests.patience import at_most

_PIECES = st.sampled_from(
    [
        "\x00",
        "\ud800",
        "[[package]]\n",
        "[[packages]]\n",
        "= 1",
        '"',
        "'",
        "[",
        "]",
        "{",
        "}",
        "\n",
        "- ",
        ": ",
        "&a",
        "*a",
        "(" * 300,
        "[" * 600,
        " and extra == 'extra-3-app-cpu'",
        "1e999",
        "2026-01-01",
        "9" * 5000,
        "null",
        "\ufeff",
        "\u202e",
        "name",
        "version = 7\n",
    ]
)


@st.composite
def _mutated(draw: st.DrawFn, text: str) -> str:
    """Draw a lock that something has been cut from, put into or repeated in, several times."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        until = draw(st.integers(at, min(len(text), at + 80)))
        put = draw(st.one_of(_PIECES, st.text(max_size=6), st.just(text[at:until] * 2)))
        text = text[:at] + put + text[until:]
    return text


def _read(read: Read, text: str) -> DependencyFile | None:
    """Return what a text says, None if it is refused, which names the file and no more than one line."""
    refusal = ""
    try:
        return read("the file", text)
    except UserError as error:
        refusal = str(error)
    assert refusal.startswith("the file")
    assert refusal.isprintable()
    return None


def _everything(file: DependencyFile) -> None:
    for platform in PLATFORMS[:1] + PLATFORMS[-1:]:
        for asked in (NONE, ALL):
            selection = selected(file, asked, asked, platform)
            assert all(each.path for each in selection.packages)


@pytest.mark.parametrize("name", LOCKS)
@given(data=st.data())
def test_a_damaged_lock_is_read_or_refused(name: str, data: st.DataObject) -> None:
    read, text = LOCKS[name]
    file = _read(read, data.draw(_mutated(text)))
    if file is None:
        return
    _everything(file)
    assert all(len(each.text) <= 100 and each.text.isprintable() for each in file.not_read)
    assert all(warning.isprintable() for warning in file.warnings)


@pytest.mark.parametrize("name", LOCKS)
@given(text=st.text())
def test_any_text_is_read_or_refused(name: str, text: str) -> None:
    read, _ = LOCKS[name]
    file = _read(read, text)
    if file is not None:
        _everything(file)


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_too_large_is_refused(name: str) -> None:
    read, text = LOCKS[name]
    with pytest.raises(UserError, match="the file"):
        read("the file", text + " " * LARGEST_FILE)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uv", "version = 1\n" + "[[package]]\nname = 'a'\n" * (MOST_ENTRIES + 1)),
        ("pylock", "lock-version = '1.0'\n" + "[[packages]]\nname = 'a'\n" * (MOST_ENTRIES + 1)),
        ("pdm", "[[package]]\nname = 'a'\n" * (MOST_ENTRIES + 1)),
        ("poetry 2", "[[package]]\nname = 'a'\n" * (MOST_ENTRIES + 1)),
        ("pipfile", '{"default": {' + ",".join(f'"a{each}": {{}}' for each in range(MOST_ENTRIES + 1)) + "}}"),
        ("conda-lock", "package:\n" + "- {}\n" * (MOST_ENTRIES + 1)),
        ("pixi", "environments: {}\npackages:\n" + "- {}\n" * (MOST_ENTRIES + 1)),
    ],
)
def test_too_many_entries_are_refused(name: str, text: str) -> None:
    read, _ = LOCKS[name]
    with pytest.raises(UserError, match=r"the file has more than 20,000 packages\."):
        read("the file", text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pylock", f"lock-version = '1.0'\nextras = {[f'e{each}' for each in range(1_001)]}"),
        ("pipfile", "{" + ",".join(f'"e{each}": {{}}' for each in range(1_001)) + ', "default": {}}'),
        ("poetry 2", "package = []\n[extras]\n" + "".join(f"e{each} = []\n" for each in range(1_001))),
        ("pixi", "environments:\n" + "".join(f"  e{each}: {{}}\n" for each in range(1_001))),
    ],
)
def test_too_many_extras_or_groups_are_refused(name: str, text: str) -> None:
    read, _ = LOCKS[name]
    with pytest.raises(UserError, match=r"the file has more than 1,000 extras or groups\."):
        read("the file", text)


@pytest.mark.parametrize(
    "marker",
    [
        "(" * 5_000 + "os_name == 'nt'" + ")" * 5_000,
        "os_name == 'nt' or " * 5_000 + "os_name == 'nt'",
        "os_name ==",
        "'",
    ],
)
def test_a_marker_that_nobody_could_read_counts_as_holding(marker: str) -> None:
    reading = LockReading("f")
    assert reading.marker(marker) is None
    assert len(reading.warnings) == 1
    found = reading.demand(f"rich>=1; {marker}")
    assert found is not None
    assert (found.name, found.marker) == ("rich", None)


def test_a_requirement_that_nobody_could_read_is_left_out() -> None:
    reading = LockReading("f")
    assert reading.demands(["(" * 5_000, "rich @ https://example.org/rich.zip", "-e .", 7, "a" * 100_000]) == (
        reading.demand("rich"),
    )


def test_many_odd_things_are_counted() -> None:
    reading = LockReading("f")
    for each in range(30):
        reading.odd(str(each))
    assert reading.warnings[-1] == "10 more things were odd."


def test_what_is_shown_is_short_and_on_one_line_and_keeps_secrets() -> None:
    assert shown("a\x00b\nc\u202e") == "a�b�c�"
    assert len(shown("x" * 1000)) == 100
    assert shown_address("https://me:secret@example.org/a?token=secret#b") == "https://example.org/a#b"
    assert shown_address("git+https://me@example.org/a?rev=1", query=True) == "git+https://example.org/a?rev=1"


def test_metadata_says_in_markers_what_extras_require() -> None:
    reading = LockReading("f")
    required = [
        "a",
        "b; extra == 'x' or extra == 'y'",
        "c; python_version >= '3.9' or extra == 'x'",
        "d; os_name == 'nt'",
    ]
    always, extras = by_extras(reading.demands(required))
    assert [(each.name, str(each.marker or "")) for each in always] == [
        ("a", ""),
        ("c", 'python_version >= "3.9"'),
        ("d", 'os_name == "nt"'),
    ]
    assert {extra: [(each.name, each.marker) for each in demands] for extra, demands in extras.items()} == {
        "x": [("b", None)],
        "y": [("b", None)],
    }


def test_the_worst_locks_are_read_and_selected_quickly() -> None:
    """A chain of 4,000, all of which ask for each other's extras, and 200 entries of one name that all require it."""
    chain = "".join(
        f'[[package]]\nname = "p{each}"\nversion = "1"\nsource = {{ registry = "https://pypi.org/simple" }}\n'
        f'dependencies = [{{ name = "p{each + 1}", extra = ["x"] }}]\noptional-dependencies.x = [{{ name = "p0" }}]\n'
        for each in range(4_000)
    )
    demands = ", ".join(200 * ['{ name = "same" }'])
    same = "".join(
        f'[[package]]\nname = "same"\nversion = "{each}"\ndependencies = [{demands}]\n' for each in range(200)
    )
    root = (
        '[[package]]\nname = "app"\nsource = { virtual = "." }\ndependencies = [{ name = "p0" }, { name = "same" }]\n'
    )
    read, _ = LOCKS["uv"]
    started = time.perf_counter()
    assert len(selected(read("the file", "version = 1\n" + root + chain + same)).packages) > 4_000
    assert time.perf_counter() - started < at_most(30)
