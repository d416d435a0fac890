"""What an alphabet lacks is said in plain words, and everything that the program draws has some."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text.alphabet import plain

BOT: Final = Path(__file__).resolve().parents[3] / "bot"
NEVER_DRAWN: Final = {
    BOT / "core" / name
    for name in (
        "classify/text/normalise.py",
        "dependencies/yaml_text.py",
        "triage/commands/addressed.py",
        "triage/commands/grammar.py",
    )
}
"""Modules whose signs are what they look for in other people's text."""

ALPHABETS: Final = ["ascii", "latin-1", "cp1252", "cp437", "koi8-r", "utf-8", "utf-16"]


@pytest.mark.parametrize(
    ("text", "encoding", "says"),
    [
        ("✅ six installs", "ascii", "yes: six installs"),
        ("🟡 partly", "ascii", "mixed: partly"),
        ("⛔ no wheel", "cp1252", "no: no wheel"),
        ("⬜ pure", "cp437", "- pure"),
        ("❔ not found", "ascii", "? not found"),
        ("👀 would", "ascii", "would"),
        ("🏷\ufe0f label, 🟢 open", "ascii", "label, open"),
        ("│ “quoted” – it’s… → 3 × 4 █", "ascii", '| "quoted" - it\'s... -> 3 x 4 #'),
        ("“quoted” – it’s… 🟡", "cp1252", "“quoted” – it’s… mixed:"),
        ("a · b × c – d", "latin-1", "a · b × c - d"),
        ("│ █", "cp437", "│ █"),
        ("Crème brûlée, Łódź", "ascii", "Creme brulee, ?odz"),
        ("nai\u0308ve\u200b", "ascii", "naive"),
        ("東京 🐛 bug", "ascii", "?? ? bug"),
        ("✅ 東京 🐛", "utf-8", "✅ 東京 🐛"),
        ("half \ud83d", "utf-8", "half ?"),
    ],
)
def test_words_stand_for_what_is_missing_and_for_nothing_else(text: str, encoding: str, says: str) -> None:
    assert plain(text, encoding) == says


@given(st.text(st.characters(exclude_categories=[])), st.sampled_from(ALPHABETS))
def test_any_text_is_said_in_any_alphabet_without_an_escape(text: str, encoding: str) -> None:
    said = plain(text, encoding)
    said.encode(encoding)
    assert said.count("\\") <= text.count("\\") + text.count("\uff3c") + text.count("\ufe68")


@given(st.text(st.characters(exclude_categories=[])), st.sampled_from(ALPHABETS))
def test_what_was_said_once_is_not_said_otherwise(text: str, encoding: str) -> None:
    assert plain(plain(text, encoding), encoding) == plain(text, encoding)


def test_every_sign_that_the_program_draws_has_words() -> None:
    signs = {
        sign
        for path in BOT.rglob("*.py")
        if path not in NEVER_DRAWN
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for sign in node.value
        if not sign.isascii()
    }
    assert "✅" in signs
    assert {sign for sign in signs - {"❔", "\N{REPLACEMENT CHARACTER}"} if "?" in plain(sign, "ascii")} == set()
