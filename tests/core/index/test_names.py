from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.errors import UserError
from bot.core.index.names import LONGEST_NAME, normalize, suggest

_RULE = "Use ASCII letters, digits, `.`, `_` or `-`, beginning and ending with a letter or digit."


def _normalized_or_refused(text: str) -> str | UserError:
    try:
        return normalize(text)
    except UserError as refused:
        return refused


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("numpy", "numpy"),
        ("  NumPy\n", "numpy"),
        ("Backports.Zstd", "backports-zstd"),
        ("ruamel.yaml__clib", "ruamel-yaml-clib"),
        ("a" * LONGEST_NAME, "a" * LONGEST_NAME),
        ("3", "3"),
    ],
)
def test_a_name_is_normalized_after_pep_503(typed: str, name: str) -> None:
    assert normalize(typed) == name


@pytest.mark.parametrize("typed", ["", "   ", "-numpy", "numpy.", "num py", "../etc", "a/b", "numpy==2", "\u212aeras"])
def test_what_cannot_be_a_name_is_refused(typed: str) -> None:
    with pytest.raises(UserError):
        normalize(typed)


def test_a_refusal_says_what_is_wrong_and_what_to_do() -> None:
    refusals = []
    for typed in ("", "numpy!", "nümpy", "a`b\n@everyone", "a" * 201, "!" * 60):
        with pytest.raises(UserError) as refused:
            normalize(typed)
        refusals.append(str(refused.value).replace(_RULE, "RULE"))
    assert refusals == snapshot(
        [
            "A package name is missing. Try `numpy`.",
            "`numpy!` isn't a valid package name. RULE",
            "`nümpy` isn't a valid package name: it contains U+00FC, latin small letter u with diaeresis. RULE",
            "`a�b�@everyone` isn't a valid package name. RULE",
            "That name has 201 characters, more than any package. Names have at most 200.",
            "`!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!…` isn't a valid package name. RULE",
        ]
    )


@given(st.text())
@example("K\N{KELVIN SIGN}")
@example("\ud800")
@example("\N{LATIN SMALL LETTER LONG S}ix")
def test_any_text_gives_a_normalized_name_or_a_user_error(text: str) -> None:
    answer = _normalized_or_refused(text)
    if isinstance(answer, UserError):
        assert len(str(answer)) < 300
        assert str(answer).isprintable()
    else:
        assert answer.isascii()
        assert answer == answer.lower()


@given(st.from_regex(r"\A[A-Za-z0-9._-]{1,20}\Z"))
def test_normalizing_is_idempotent(text: str) -> None:
    name = _normalized_or_refused(text)
    assert isinstance(name, UserError) or normalize(name) == name


def test_suggestions_are_the_most_alike_first_and_at_most_three() -> None:
    known = ["numpy", "numpyro", "numexpr", "scipy", "nump", "numpy-ml"]
    assert suggest("numpyy", known) == ("numpy", "nump", "numpyro")
    assert suggest("numpyy", known, most=1) == ("numpy",)
    assert suggest("zzz", known) == ()


def test_of_equally_alike_names_the_better_known_is_suggested_first() -> None:
    assert suggest("abcd", ["abce", "abcf"]) == ("abce", "abcf")
    assert suggest("abcd", ["abcf", "abce"]) == ("abcf", "abce")
