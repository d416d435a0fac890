"""YAML from anybody: every value as written, bounded, and refused with its line."""

from __future__ import annotations

from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dependencies import yaml_text
from bot.core.dependencies.yaml_text import DEEPEST, ScalarAt, parse_yaml, parse_yaml_lines
from bot.core.errors import UserError


@pytest.fixture(params=["C", "Python"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse with the C library, and as where PyYAML has none."""
    if request.param == "Python":
        monkeypatch.setattr(yaml_text, "_LOADER", yaml.SafeLoader)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing but this\n", None),
        ("a: 1\nb: [x, 'y', \"z\\n\"]\n", {"a": "1", "b": ["x", "y", "z\n"]}),
        (
            "version: 1.10\nsince: 2026-11-29\noptional: false\n",
            {"version": "1.10", "since": "2026-11-29", "optional": "false"},
        ),
        ("- ~\n- null\n-\n- 'null'\n- ''\n", [None, None, None, "null", ""]),
        ("null: a\n1: b\n", {"null": "a", "1": "b"}),
        ("text: |\n  one\n  two\n", {"text": "one\ntwo\n"}),
        ("a: 1\na: 2\n", {"a": "2"}),
        ("a: &x [1]\nb: *x\n", {"a": ["1"], "b": ["1"]}),
        ("&k a: 1\nb: {*k : 2}\n", {"a": "1", "b": {"a": "2"}}),
        (
            "base: &b {x: 1, y: 2}\nmine:\n  <<: *b\n  y: 3\n",
            {"base": {"x": "1", "y": "2"}, "mine": {"y": "3", "x": "1"}},
        ),
        ("a: &a {x: 1}\nb: {<<: [*a, {y: 2}, z]}\n", {"a": {"x": "1"}, "b": {"x": "1", "y": "2"}}),
        ("a: !!python/object/apply:os.system [x]\n", {"a": ["x"]}),
        ("---\na: 1\n...\n", {"a": "1"}),
    ],
)
def test_a_document_is_read_as_it_is_written(text: str, value: object) -> None:
    assert parse_yaml("x.yml", text) == value


def test_texts_may_be_had_with_their_lines() -> None:
    found = parse_yaml_lines("x.yml", "# pip\na:\n- b\n- &k c\n-\nd: {*k : 1}\n")
    assert found == {
        "a": [ScalarAt("b", 3), ScalarAt("c", 4), ScalarAt(None, 5)],
        "d": {"c": ScalarAt("1", 6)},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: [\n", "x.yml, line 3: it is not valid YAML."),
        ("a:\n\tb: 1\n", "x.yml, line 2: it is not valid YAML."),
        ("a: 'open\n", "x.yml, line 2: it is not valid YAML."),
        ("a: !nothing!x 1\n", "x.yml, line 1: it is not valid YAML."),
        ("a\nb\0\n", "x.yml, line 2: it has a control character."),
        ("a: \ud800\n", "x.yml, line 1: it has a control character."),
        ("a: 1\nb: *a\n", "x.yml, line 2: an alias (`*`) stands for nothing before it."),
        ("a: &a [*a]\n", "x.yml, line 1: an alias (`*`) stands for nothing before it."),
        ("a: &a [b]\n? *a\n: c\n", "x.yml, line 2: an alias (`*`) of a value is no key."),
        ("a: 1\n? [b]\n: c\n", "x.yml, line 2: a list or a mapping is no key."),
        ("a: 1\n---\nb: 1\n", "x.yml, line 2: a second document begins (`---`)."),
        ("[" * 100, f"x.yml, line 1: it is nested more than {DEEPEST} deep."),
        ("{a: " * 100, f"x.yml, line 1: it is nested more than {DEEPEST} deep."),
        ("\n" + "- " * 100, f"x.yml, line 2: it is nested more than {DEEPEST} deep."),
        ("? " * 100, "x.yml, line 1: a list or a mapping is no key."),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        parse_yaml("x.yml", text)
    assert str(error.value).startswith(said)


def test_aliases_that_explode_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pytest.raises(UserError, match=r"^x\.yml, line 7: it has more than 1,000,000 values, with what its aliases"):
        parse_yaml("x.yml", "\n".join(lines))


def test_a_file_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "LARGEST_FILE", 1_000)
    with pytest.raises(UserError, match=r"^x\.yml has 1,001 characters\. At most 1,000 are read\."):
        parse_yaml("x.yml", "a" * 1_001)


def test_a_name_that_would_break_the_sentence_is_shown_on_its_line() -> None:
    with pytest.raises(UserError, match=r"^a b�\[31m, line 1: "):
        parse_yaml("a\nb\x1b[31m", "*x")


_PIECES = [
    *("- ", "a: ", "? ", ": ", "\n", "\n  ", "&a ", "*a ", "<<: ", "[", "]", "{", "}", ", ", "!t ", "'", '"', ">\n"),
    *("---\n", "%YAML 9.9\n", "# c", "\t", "~", "1.10", "\x85", "\0", "é"),
]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=4), max_size=40).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UserError):
        parse_yaml("x.yml", text)
