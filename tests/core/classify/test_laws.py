import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.classify.classify import classify
from bot.core.classify.facets import packages
from bot.core.classify.jsonl import to_json
from bot.core.classify.text import clauses, normalise
from bot.core.classify.text.clauses import CLAUSES, EXCERPT, LONGEST, SENTENCES, read
from bot.core.classify.text.lexicon import find_terms
from bot.core.classify.text.normalise import HEAD, TAIL, blocks, lowered
from bot.core.classify.text.normalise import normalise as plain
from bot.core.classify.text.terms import TERMS
from bot.core.classify.text.vocabulary import VOCABULARY, WHOLE, spell_out
from bot.core.classify.thread import Thread
from tests.core.triage.threads import issue

PHRASES = sorted({phrase for listed in VOCABULARY.values() for phrase in spell_out(listed)})
ANYTHING = st.text(st.characters(), max_size=200)
APART = re.compile(r"\s*(?:[-*+#>]|```|~~~|\d{1,3}[.)])|\s*$|.*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", re.DOTALL)
"""What begins a paragraph where it begins a line, so that wrapping changes what stands together."""

TALK = st.lists(
    st.one_of(
        st.sampled_from(PHRASES),
        st.sampled_from(
            ["3.14t", "cp313t", "Python 3.14", "non-free-threaded", "?", "a.", "`", "[ ]", "a::test_b", "\u0130"]
        ),
        ANYTHING,
    ),
    max_size=25,
).map(" ".join)
THREADS = st.builds(Thread, ANYTHING, st.integers(0), TALK, st.none() | TALK, st.booleans())


@given(THREADS)
def test_any_text_is_classified(thread: Thread) -> None:
    said = to_json(classify(thread))
    assert (said["repo"], said["number"]) == (thread.repo, thread.number)


@given(THREADS)
def test_evidence_is_found_in_the_normalised_text(thread: Thread) -> None:
    text, said = read(thread).text, classify(thread)
    for evidence in (*(kind.evidence for kind in said.kinds), *(reason.evidence for reason in said.reasons)):
        assert evidence
        assert evidence in text
        assert len(evidence) <= EXCERPT


@given(THREADS)
def test_a_thread_that_fails_the_gate_has_no_kinds(thread: Thread) -> None:
    said = classify(thread)
    assert said.free_threading or not said.kinds


@given(THREADS, st.sampled_from(["\n", "\r\n", "\t", "   ", "\u00a0", "\u2028"]))
def test_classifying_ignores_how_lines_are_wrapped(thread: Thread, gap: str) -> None:
    words = ["a" if APART.match(word) else word for word in (thread.body or "").split(" ")]
    whole = Thread(thread.repo, thread.number, thread.title, " ".join(words), thread.is_pr)
    wrapped = Thread(thread.repo, thread.number, gap.join(thread.title.split(" ")), gap.join(words), thread.is_pr)
    assert classify(wrapped) == classify(whole)


@given(THREADS)
def test_a_kind_is_named_once(thread: Thread) -> None:
    kinds = [kind.kind for kind in classify(thread).kinds]
    assert len(set(kinds)) == len(kinds)


@given(st.text(st.characters()))
def test_lower_case_keeps_every_character_in_its_place(text: str) -> None:
    assert len(lowered(text)) == len(text)


@pytest.mark.no_cover  # a million times the same line
def test_no_character_grows_in_lower_case() -> None:
    assert [code for code in range(0x110000) if len(lowered(chr(code))) != 1] == []


@given(st.text(st.characters()))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert plain(plain(text)) == plain(text) or "<!--" in plain(text)


@given(THREADS, st.sampled_from(["> ", ">", "> > "]))
def test_what_is_cited_is_nobodys_own_words(thread: Thread, mark: str) -> None:
    cited = "".join(mark + line + "\n" for line in (thread.body or "").splitlines())
    assert all(block.quoted for block in blocks(cited))


@given(TALK, st.sampled_from(["```", "~~~"]))
def test_a_fence_that_is_never_closed_quotes_to_the_end(text: str, fence: str) -> None:
    inside = text.replace("```", "").replace("~~~", "")
    assert all(block.quoted for block in blocks(f"{fence}\n{inside}"))


@given(TALK)
def test_paragraphs_hold_the_words_of_the_text_in_their_order(text: str) -> None:
    inside = re.sub(r"[`~>#]", "", text)
    assert " ".join(block.text for block in blocks(inside)).split() == plain(inside).split()


@pytest.mark.parametrize("body", [None, 7, b"free-threaded", ["3.14t"], object()])
def test_what_is_no_text_is_empty(body: object) -> None:
    assert plain(body) == ""


def test_every_phrase_is_words_that_a_text_can_hold() -> None:
    assert [phrase for phrase in PHRASES if not re.fullmatch(r"[a-z0-9]+( [a-z0-9]+)*", phrase)] == []
    assert [phrase for phrase in PHRASES if not find_terms(phrase.split())] == []


def test_a_phrase_is_spelled_out_with_each_of_its_alternatives() -> None:
    assert list(spell_out("won't/can't build, the/ gil")) == ["won t build", "can t build", "the gil", "gil"]


def test_what_hides_other_words_is_a_term() -> None:
    assert TERMS >= WHOLE


# -- the work that a text can cause

LONG = 65_536
WORST = {
    "one letter": "a" * LONG,
    "letters": "a " * (LONG // 2),
    "brackets": "[[((" * (LONG // 4),
    "spaces": " " * LONG,
    "full stops": "a. " * (LONG // 3),
    "open comments": "<!--" * (LONG // 4),
    "surrogates": "\ud800" * LONG,
    "controls": "\x00\u200b" * (LONG // 2),
    "near misses": "free cp31 the limited API is not python 3.14 " * (LONG // 45),
    "near phrases": "disable the global interpreter has been not declared that it can run safely without "
    * (LONG // 88),
    "nested brackets": "[[ ] (`[x] " * (LONG // 11),
    "wrapped log": "File spam.py line 1\n   #0 _Py_Dea\n  lloc WARN\n  ING: Thread\n Sanitizer\n" * (LONG // 75),
    "test names": "test_spam_" * (LONG // 10),
    "near warnings": "enabled to load module 'a" * (LONG // 25),
    "fences": "```\n" * (LONG // 4),
    "quotes": "> " * (LONG // 2),
    "quoted lines": "> free-threaded\n" * (LONG // 16),
    "list items": "- a\n" * (LONG // 4),
    "headings": "# a\n" * (LONG // 4),
    "empty lines": "\n" * LONG,
    "glued words": "python313FreeThreading" * (LONG // 22),
    "paths": "cp314t/" * (LONG // 7),
    "updates": "from 3.14 to " * (LONG // 13),
    "every phrase": (" ".join(PHRASES) * 9)[:LONG],
    "every phrase, stopped": (". ".join(PHRASES) * 9)[:LONG],
}


@pytest.mark.parametrize("name", WORST)
def test_what_is_read_of_the_worst_text_is_bounded(name: str) -> None:
    text = WORST[name]
    found = read(issue(text, text))
    assert (
        len(found.body) <= (HEAD + TAIL + 1) * 7 // 6
    )  # a space before each glued word, none shorter than six letters
    assert len(found.clauses) <= CLAUSES + 2
    assert all(len(clause.text) <= LONGEST for clause in found.clauses)
    assert classify(issue(text, text)) == classify(issue(text, text))


def test_a_clause_that_never_stops_is_cut_between_words() -> None:
    found = read(issue("", "free-threaded " * 1_000))
    assert {word for clause in found.clauses[2:] for word in clause.words} == {"free", "threaded"}


def test_the_end_of_a_long_log_is_read() -> None:
    said = classify(issue("Trouble with 3.14t", "compiling\n" * 10_000 + "Fatal Python error: Aborted"))
    assert "crash-log" in [kind.rule for kind in said.kinds]


def test_no_more_sentences_are_read_than_the_limit() -> None:
    body = "a. " * SENTENCES + "Fatal Python error"
    assert "crash-log" not in read(issue("", body)).in_text


def _patterns() -> list[str]:
    modules = (normalise, packages, clauses)
    return [value.pattern for module in modules for value in vars(module).values() if isinstance(value, re.Pattern)]


@pytest.mark.parametrize("pattern", _patterns())
def test_no_pattern_repeats_a_repetition(pattern: str) -> None:
    """A group is never repeated, and two repetitions never touch, so that no text is tried twice over."""
    bare = re.sub(r"\\.", "x", pattern)
    bare = re.sub(r"\[(?:[^\]])+\]", "C", bare)
    assert not re.search(r"\)[*+{]", bare)
    ends = [match.span() for match in re.finditer(r"(?:C|x)(?:[*+]|\{\d+,\d*\})", bare)]
    assert all(one[1] != other[0] for one, other in pairwise(ends))
