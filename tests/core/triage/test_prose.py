from __future__ import annotations

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.triage.prose import LONGEST_COMMENT, spoken_lines, without_invisible


@pytest.mark.parametrize(
    "body",
    [
        "x",
        "hello\nx",
        "hello\r\nx\r\nbye",
        "hello\rx",
        "   x",
        "\ufeffx",
        "\u200b\u200dx",
        "> quoted\n\nx",
        "> quoted\nx",
        "```\ncode\n```\nx",
        "````\n```\n````\nx",
        "~~~ python\n```\n~~~\nx",
        "``` not ` a fence\nx",
        "    code\n\nx",
        "- a\n- b\n\nx",
        "`code` and\nx",
        "`` not closed\n\nx",
        "a ` alone\nx",
        "\\`not code\nx\n`",
        "<!-- hidden -->\nx",
        "<!-- hidden\n\nhidden -->\nx",
        "text <!-- hidden --> text\nx",
        "`<!--` is how comments begin\nx",
        "<!-->\nx",
        "<pre>\ncode\n</pre>\nx",
        "<pre>code</pre>\nx",
        "<details>\nx\n</details>",
        "# heading\nx",
    ],
)
def test_what_is_said_is_kept(body: str) -> None:
    assert "x" in spoken_lines(body)


@pytest.mark.parametrize(
    "body",
    [
        "> x",
        ">x",
        " > > x",
        "```\nx\n```",
        "```\nx",
        "~~~\nx\n```\nx\n~~~",
        "````\n```\nx\n```\n````",
        "- item\n  ```\n  x\n  ```",
        "1. - item\n\n     ```\n     x\n     ```",
        "- ```\n  x\n  ```",
        "    x",
        "\tx",
        "  \tx",
        "text\n    x",
        "`code\nx\ncode`",
        "``a ` b\nx``",
        "a `b\n    c\nx`",
        "<!-- hidden\nx\n-->",
        "<!-- never closed\n\nx",
        "text <!-- never closed\nx",
        "<!-- a\n```\nx\n-->",
        "<!-- a\n\n> b\n\nx\n-->",
        "<pre>\nx\n</pre>",
        "<PRE class=a>\n\nx",
        "<script>\nx\n</script>",
        "`a` <!-- `b` \nx",
    ],
)
def test_what_is_quoted_coded_or_hidden_is_not(body: str) -> None:
    assert "x" not in [line.strip() for line in spoken_lines(body)]


def test_other_line_ends_than_markdowns_end_no_line() -> None:
    assert spoken_lines("a\u2028x\x0bx\x85x") == ("a\u2028x\x0bx\x85x",)


def test_what_nobody_sees_can_be_taken_out() -> None:
    assert without_invisible("a\u200b\u00ad\ufeffb") == "ab"


@given(st.text(st.sampled_from("`~<!->xs \n\t\\"), max_size=80))
def test_what_is_said_stands_in_the_text(body: str) -> None:
    lines = [line.strip(" \t") for line in body.split("\n")]
    said = spoken_lines(body)
    assert all(line in lines for line in said)


@given(st.text(st.sampled_from("`~<!->x \n"), max_size=60), st.text(st.sampled_from("`~<!->x \n"), max_size=60))
def test_nothing_is_said_in_a_fence_that_does_not_end(before: str, inside: str) -> None:
    assume("said" in spoken_lines(f"{before}\n\nsaid"))  # else a fence is open, which the next one ends
    inside = "\n".join(f".{line}" for line in inside.split("\n"))
    assert [line for line in spoken_lines(f"{before}\n\n```\n{inside}") if line.startswith(".")] == []


LONG = LONGEST_COMMENT
WORST = {
    "lines": "\n" * LONG,
    "short lines": "a\n" * (LONG // 2),
    "backticks": "`" * LONG,
    "backtick lines": "`\n" * (LONG // 2),
    "parted backticks": "` " * (LONG // 2),
    "growing backticks": " ".join("`" * number for number in range(1, 360)),
    "paragraphs of code": "a`\n\n" * (LONG // 4),
    "comments": "<!--" * (LONG // 4),
    "empty comments": "<!---->" * (LONG // 7),
    "backslashes": "\\" * (LONG - 1) + "`",
    "escaped backticks": "\\`" * (LONG // 2),
    "fences": "```\n" * (LONG // 4),
    "quotes": "> \n" * (LONG // 3),
    "lists": "- a\n" * (LONG // 4),
    "bullets": "- " * (LONG // 2),
    "numbers": "1. \n" * (LONG // 4),
    "tabs": "\t" * LONG,
    "zero width": "\u200b" * LONG,
    "preformatted": "<pre>\n" * (LONG // 6),
    "commands": "@ftbot label +a\n" * (LONG // 16),
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_comment_is_read_quickly(name: str) -> None:
    body = WORST[name]

    def once() -> float:
        start = time.process_time()
        spoken_lines(body)
        return time.process_time() - start

    # It takes less than 20 ms; measuring coverage takes ten times as long. What grows with the square takes seconds.
    assert min(once() for _ in range(3)) < 0.25
