from __future__ import annotations

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.triage.commands.addressed import LONGEST_COMMENT, addressed_lines, without_invisible


@pytest.mark.parametrize(
    "body",
    [
        "@x",
        "hello\n\n@x",
        "hello\r\n\r\n@x\r\nbye",
        "hello\r\r@x",
        "   @x",
        "\ufeff@x",
        "\u200b\u200d@x",
        "@x\nthanks",
        "@someone\n@y `code`\n@x",
        "> quoted\n\n@x",
        "> ```\n> code\n\n@x",
        "> <pre>\n> code\n> </pre>\n\n@x",
        "```\ncode\n```\n@x",
        "```\ncode\n```   \n\n@x",
        "````\n```\n````\n@x",
        "~~~ python\n```\n~~~\n@x",
        "   ```\n code\n  ```\n\n@x",
        "```\n<pre>\n<!--\n```\n\n@x",
        "``` not ` a fence\n\n@x",
        "    code\n\n@x",
        "    <pre>\n    ```\n\n@x",
        "- a\n- b\n\n@x",
        "- a\n  ```\n  code\n\n  code\n  ```\n\n@x",
        "- ```\n  code\n  ```\n\n@x",
        "- a\nlazy\n\n  more\n\n@x",
        "[^1]: a\n\n    more\n\n@x",
        "`code`\n\n@x",
        "`` not closed\n\n@x",
        "`<!--` and `<pre>` are how they begin\n\n@x",
        "\\`not code\n\n@x\n`",
        "<!-- hidden -->\n\n@x",
        "<!-- hidden\n\nhidden -->\n\n@x",
        "text <!-- hidden --> text\n\n@x",
        "<!-->\n\n@x",
        "<!-- Paste it here -->\n```\n<pre>\n```\n\n@x",
        "<pre>\ncode\n\n```\n</pre>\n\n@x",
        "<pre>code</pre>\n\n@x",
        "Example: <code>code</code>\n\n@x",
        "<pre>\nCannot find `spam' in <stdin>\n</pre>\n\n@x",
        "<details>\n\n@x\n\n</details>",
        '<details title="a > b"><summary>log</summary><pre>\nlog\n</pre></details>\n\n@x',
        "<https://example.org> a < b, a <b and c> d\n\n@x",
        "# heading\n\n@x",
    ],
)
def test_who_is_spoken_to_first_in_a_paragraph_is_heard(body: str) -> None:
    assert "@x" in addressed_lines(body)


@pytest.mark.parametrize(
    "body",
    [
        # not first in a paragraph
        "text\n@x",
        "# heading\n@x",
        "> please try\n@x",
        "> > deep\n@x",
        "- > a\n@x",
        "- a\n@x",
        "[^1]: a\n@x",
        "| a |\n|--|\n@x",
        "$$\n@x\n$$",
        "~~\n@x\n~~",
        "[//]: # (\n@x\n)",
        '[x]: y "\n@x\n"',
        '[x](y "\n@x\n")',
        "![\n@x\n](y)",
        '<a title="\n@x\n">x</a>',
        '<img alt="\n@x\n">',
        # after one that goes on
        "@y `code\n@x\n`",
        "@y ``a ` b\n@x\n``",
        "@y <!-- hidden\n@x\n-->",
        "@y ![\n@x\n](y)",
        '@y [a](b "\n@x\n")',
        "@y $a\n@x\n$",
        "@y ~~a\n@x\n~~",
        "@y thanks\nand\n@x",
        # quotations and lists
        "> @x",
        ">@x",
        " > > @x",
        "- @x",
        "- a\n\n  @x",
        "- a\nlazy\n\n  @x",
        # fences and other code
        "```\n@x\n```",
        "```\n@x",
        "```\n    ```\n\n@x\n```",
        "```\n\t```\n\n@x\n```",
        "   ```\n\n@x\n```",
        "~~~\n\n@x\n```\n\n@x\n~~~",
        "````\n```\n\n@x\n```\n````",
        "- item\n  ```\n\n  @x\n  ```",
        "- ```\n  a\n```\n\n@x\n\n```",
        "- a\n\n  ```\n  b\n      ```\n\n  @x\n  ```",
        "- a\nlazy\n\n  ```\n  b\n```\n\n@x\n",
        "1. - item\n\n     ```\n     @x\n     ```",
        "<div>\n```\n\n```\n\n@x\n\n```",
        "    @x",
        "\t@x",
        "  \t@x",
        # HTML that hides, or is not known to have ended
        "<!-- hidden\n@x\n-->",
        "<!-- hidden\n\n@x\n\n-->",
        "<!-- never closed\n\n@x",
        "text <!-- never closed\n\n@x",
        "text <!-- a\n\n```\n-->\n\n@x\n\n```",
        "- <!-- a\n\n```\n-->\n\n@x\n\n```",
        "> <!-- a\n\n@x",
        "<!-- a --!>\n\n@x\n\n-->",
        "<!-- a --> <!-- b\n\n@x",
        "<!-- a --><pre>\n\n@x",
        "`a` <!-- `b` \n\n@x",
        "<?php\n\n@x\n\n?>",
        "<!X\n\n@x\n\n>",
        "<![CDATA[\n\n@x\n\n]]>",
        "<pre>\n\n@x\n\n</pre>",
        "<PRE class=a>\n\n@x",
        "<script>\n\n@x\n\n</script>",
        "<pre>\n</script>\n\n@x\n\n</pre>",
        "<pre>\n\n<a title='</pre>'>\n\n@x\n\n</pre>",
        "Example: <pre>\n\n@x\n\n</pre>",
        "Example: <pre>\n\n`</pre>`\n\n@x\n\n</pre>",
        "Example: <pre>\n\n```\n</pre>\n```\n\n@x\n\n</pre>",
        "Example: <pre>\n\n> </pre>\n\n@x\n\n</pre>",
        "Example: <pre>\n\n<b title=`>`</pre>`\n\n@x\n\n</pre>",
        "<div><pre>\n\n@x\n\n</pre></div>",
        "<details><summary>log</summary><pre>\n@x\n</pre></details>",
        "<details><summary>log</summary><pre>\n\n@x\n\n</pre></details>",
        "<code>\n\n@x\n\n</code>",
        "<kbd>\n\n@x\n\n</kbd>",
        "<samp>\n\n@x\n\n</samp>",
        "<blockquote>\n\n@x\n\n</blockquote>",
        "* <pre>\n\n@x",
        "> <code>\n\n@x",
        '<div title="\n\n@x\n\n">',
        '> <div title="\n\n@x\n\n">',
        '<a title="`"> <pre> `\n\n@x',
    ],
)
def test_who_may_be_quoted_in_code_or_hidden_is_not(body: str) -> None:
    assert "@x" not in [line.strip() for line in addressed_lines(body)]


def test_other_line_ends_than_markdowns_end_no_line() -> None:
    assert addressed_lines("@a\u2028@x\x0b@x\x85@x") == ("@a\u2028@x\x0b@x\x85@x",)


def test_what_nobody_sees_can_be_taken_out() -> None:
    assert without_invisible("a\u200b\u00ad\ufeffb") == "ab"


SIGNS = "`~<!->x@ \n\t\\"


@given(st.text(st.sampled_from(SIGNS), max_size=80))
def test_what_is_heard_stands_in_the_text(body: str) -> None:
    lines = [line.expandtabs(4).strip(" ") for line in body.split("\n")]
    said = addressed_lines(body)
    assert all(line in lines and line.startswith("@") for line in said)


@given(st.text(st.sampled_from(SIGNS), max_size=60), st.text(st.sampled_from(SIGNS), max_size=60))
def test_nothing_is_heard_in_a_fence_that_does_not_end(before: str, inside: str) -> None:
    assume("@said" in addressed_lines(f"{before}\n\n@said"))  # else a fence is open, which the next one ends
    inside = "\n".join(f"@in{line}" for line in inside.split("\n"))
    assert [line for line in addressed_lines(f"{before}\n\n```\n{inside}") if line.startswith("@in")] == []


HIDING = ["<pre>", "<code>", "<blockquote>", "<kbd>", "<!-- ", "<?", "<![CDATA[", '<div title="', "<details><pre>"]


@given(
    st.text(st.sampled_from(SIGNS), max_size=40),
    st.sampled_from(HIDING),
    st.lists(st.sampled_from(["", "text", "> a", "- a", "`", "~~~", "  b", "    c"]), max_size=8),
)
def test_nothing_is_heard_in_html_that_does_not_end(before: str, begin: str, lines: list[str]) -> None:
    body = "\n".join([before, "", begin, *lines, "", "@x"])
    assume("@b" in addressed_lines(f"{before}\n\n@b"))  # else it may be code itself, and lines after it not
    assume("@x" not in addressed_lines(before))
    assert "@x" not in addressed_lines(body)


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
    "commands with code": ("@ftbot " + " ".join("`" * number for number in range(1, 18)) + "\n\n") * 380,
    "tags": "<a b='" * (LONG // 6),
    "attributes": "<a " + "b " * (LONG // 2),
    "blank attributes": "<div\n<a b" + " " * LONG,
    "unclosed tags and comments": "<b><!--" * (LONG // 7 - 1) + "-->",
    "nested quotes": ("> " * 16 + "a\n") * (LONG // 34),
    "quoted": "> <pre>\n" * (LONG // 8),
    "quote after quote": "> a\n\n" * (LONG // 5),
    "signs of quotation": ">" * LONG,
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_comment_is_read_quickly(name: str) -> None:
    body = WORST[name]

    def once() -> float:
        start = time.process_time()
        addressed_lines(body)
        return time.process_time() - start

    # It takes less than 20 ms; measuring coverage takes ten times as long. What grows with the square takes seconds.
    assert min(once() for _ in range(3)) < 1
