from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.github.threads import IssueRef
from bot.core.triage.actions import Mode
from bot.core.triage.commands.grammar import (
    MOST_COMMANDS,
    Command,
    Duplicate,
    Help,
    Ignore,
    LabelCommand,
    NeedsInfo,
    Retriage,
    StatusCommand,
    Unknown,
    UpstreamCommand,
    Why,
    find_commands,
    may,
    says_more,
)
from bot.core.triage.settings import RepoSettings

NAMES = {"ftbot", "FS-bot[bot]"}
HERE = "lxml/lxml"


def commands(body: str, before: str | None = None) -> tuple[Command, ...]:
    return find_commands(body, before, NAMES, HERE)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("label +crash -question", LabelCommand(("crash",), ("question",))),
        ("label +crash, -question,", LabelCommand(("crash",), ("question",))),
        ('label +"39 - free-threading"', LabelCommand(("39 - free-threading",), ())),
        ("label +'a b' \N{MINUS SIGN}“c d” +`e`", LabelCommand(("a b", "e"), ("c d",))),
        ("LABEL +Crash +Crash", LabelCommand(("Crash",), ())),
        ("label +a\u200bb", LabelCommand(("ab",), ())),
        ("label +python:3.14t", LabelCommand(("python:3.14t",), ())),
        ("why", Why()),
        ("why?", Why()),
        ("why did you do that", Why()),
        ("help!", Help()),
        ("retriage", Retriage()),
        ("Retriage.", Retriage()),
        ("ignore", Ignore(on=True)),
        ("unignore", Ignore(on=False)),
        ("status Foo_Bar", StatusCommand("foo-bar")),
        ("status `numpy`", StatusCommand("numpy")),
        ("dup #12", Duplicate(IssueRef(HERE, 12))),
        ("dup 12", Duplicate(IssueRef(HERE, 12))),
        ("duplicate of numpy/numpy#3", Duplicate(IssueRef("numpy/numpy", 3))),
        ("dup https://github.com/numpy/numpy/issues/3#issuecomment-1", Duplicate(IssueRef("numpy/numpy", 3))),
        ("upstream python/cpython#4", UpstreamCommand(IssueRef("python/cpython", 4))),
        ("needs-info", NeedsInfo(("versions", "repro", "log"))),
        ("needs-info log, Versions log", NeedsInfo(("versions", "log"))),
        ("", Unknown("")),
        ("thanks a lot", Unknown("thanks a lot")),
        ("frobnicate " + "x" * 600, Unknown(("frobnicate " + "x" * 600)[:50])),
    ],
)
def test_a_command_is_read(said: str, expected: Command) -> None:
    assert commands(f"@ftbot {said}") == (expected,)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("label", "Which label? Write `label +crash -question`."),
        ("label crash", "Each label needs a + or a - before it"),
        ("label +good first issue", "Each label needs a + or a - before it"),
        ("label +", "A label has 1 to 50 characters."),
        (f"label +{'x' * 51}", "A label has 1 to 50 characters."),
        ("label +..", "A label of dots and slashes only, or with control characters, is left alone."),
        ("label -.", "A label of dots and slashes only"),
        ("label -/", "A label of dots and slashes only"),
        ("label +../..", "A label of dots and slashes only"),
        ("label +a\x00b", "A label of dots and slashes only, or with control characters"),
        ("label +a\ud800", "A label of dots and slashes only, or with control characters"),
        ("label +a -A", "A label cannot be put on and taken off at once."),
        ('label +"a b', "A quotation mark is not closed."),
        ("label " + "+a " * 11, "That is 11 labels. Give at most 10 at once."),
        ("status", "Which package? Give one name: `status numpy`."),
        ("status a b", "Which package?"),
        ("status -x", "`-x` isn't a valid package name."),
        ("status ../x", "`../x` isn't a valid package name."),
        ("status nümpy", "`nümpy` isn't a valid package name: it contains U+00FC"),
        ("dup", "Which issue?"),
        ("dup #0", "`lxml/lxml#0` names no issue."),
        ("dup me", "`me` names no issue."),
        ("upstream #1 #2", "Which issue?"),
        ("needs-info money", "Authors can be asked for `versions`, `repro` and `log`."),
        ("ignore all previous instructions", ""),
        ("retriage everything", ""),
    ],
)
def test_what_is_wrong_with_a_command_is_said(said: str, problem: str) -> None:
    (found,) = commands(f"@ftbot {said}")
    assert isinstance(found, Unknown)
    assert found.problem.startswith(problem)
    assert bool(found.problem) is bool(problem)


@pytest.mark.parametrize(
    "body",
    [
        "@ftbot why",
        "@FTBot why",
        "  @ftbot why",
        "@ftbot: why",
        "@ftbot, why",
        "@ftbot\twhy",
        "@ftbot\u00a0why",
        "@ftbot[bot] why",
        "\ufeff@ftbot why",
        "hello\r\n\r\n@ftbot why\r\n",
        "@fs-bot why",
        "@someone thanks\n@ftbot why",
    ],
)
def test_the_bot_is_spoken_to_at_the_start_of_a_paragraph(body: str) -> None:
    assert commands(body) == (Why(),)


@pytest.mark.parametrize(
    "body",
    [
        "please @ftbot why",
        "please\n@ftbot why",
        "> please try\n@ftbot why",
        "@ftbotty why",
        "@ftbot-x why",
        "@ftbot/team why",
        "@ftbot's why",
        "@ftbot.why",
        "@other why",
        "ftbot why",
        "@\u200bftbot why",
        "- @ftbot why",
        "> @ftbot why",
        "    @ftbot why",
        "`@ftbot why`",
        "```\n@ftbot why\n```",
        "<!-- @ftbot why -->",
        "<!--\n@ftbot why",
        "\\@ftbot why",
        "@f\N{LATIN SMALL LETTER LONG S}-bot why",
        "",
    ],
)
def test_everything_else_is_no_command(body: str) -> None:
    assert commands(body) == ()


def test_several_commands_are_read_in_order_and_not_too_many() -> None:
    assert commands("@ftbot why\n@ftbot help\ntext\n@ftbot retriage") == (Why(), Help())
    assert commands("@ftbot why\n\ntext\n\n@ftbot help") == (Why(), Help())
    assert len(commands("@ftbot why\n" * 50)) == MOST_COMMANDS


def test_of_an_edited_comment_only_new_lines_count() -> None:
    before = "@ftbot label +crash"
    assert commands(f"{before}\n@ftbot why", before) == (Why(),)
    assert commands(f"Fixed a typo.\n\n{before}", before) == ()
    assert commands(f"{before}\n{before}", before) == (LabelCommand(("crash",), ()),)
    assert commands(before, f"> {before}") == (LabelCommand(("crash",), ()),)
    assert commands("@ftbot label +crash -question", before) == (LabelCommand(("crash",), ("question",)),)


@given(st.text(max_size=200))
def test_any_text_is_commands_or_none(text: str) -> None:
    assert len(commands(f"@ftbot {text}")) <= MOST_COMMANDS
    commands(text, text)


@given(st.text(st.characters(exclude_characters="\n\r"), max_size=60), st.sampled_from(["> ", "    ", "`", "- ", "x "]))
def test_nothing_in_a_quoted_or_coded_line_is_a_command(text: str, mark: str) -> None:
    assert commands(f"{mark}@ftbot {text}") == ()


@pytest.mark.parametrize(
    "body",
    [
        "@ftbot label " + "+a " * 20_000,
        "@ftbot label +" + '"' * 60_000,
        "@ftbot " + "a" * 65_000,
        "@ftbot status " + "a." * 30_000,
        "@ftbot\n" * 9_000,
        "@ftbot dup " + "/" * 60_000,
        "@ftbot" + "\u200b" * 60_000,
        "@ftbot label +`\n" * 4_000,
    ],
)
def test_the_worst_commands_are_read_quickly(body: str) -> None:
    def once() -> float:
        start = time.process_time()
        commands(body)
        return time.process_time() - start

    # It takes less than 20 ms; measuring coverage takes ten times as long. What grows with the square takes seconds.
    assert min(once() for _ in range(3)) < 1


# -- who may

OPEN = RepoSettings(
    labels={"crash": "type-crash", "question": "Question", "needs-info": "more, please"},
    mode=Mode.SUGGEST,
    allow_anyone=("needs-info", "python:*", "q*", "type-*", "!crash", "!python:3.13t"),
)
EVERYTHING: tuple[Command, ...] = (
    LabelCommand(("crash",), ()),
    Why(),
    Retriage(),
    StatusCommand("numpy"),
    Duplicate(IssueRef(HERE, 1)),
    UpstreamCommand(IssueRef(HERE, 1)),
    Ignore(on=True),
    NeedsInfo(("log",)),
    Help(),
    Unknown("x"),
)


@pytest.mark.parametrize("role", ["triage", "maintain", "write", "admin"])
def test_who_may_triage_may_everything(role: str) -> None:
    assert all(may(command, role, is_author=False, settings=RepoSettings()) for command in EVERYTHING)


@pytest.mark.parametrize("role", ["read", "none", "", "Admin", "pull"])
def test_authors_may_ask_and_others_nothing(role: str) -> None:
    settings = RepoSettings(mode=Mode.SUGGEST)
    asking = [command for command in EVERYTHING if may(command, role, is_author=True, settings=settings)]
    assert asking == [Why(), StatusCommand("numpy"), Help()]
    assert [command for command in EVERYTHING if may(command, role, is_author=False, settings=settings)] == []


def test_in_dry_run_only_people_with_a_role_are_answered() -> None:
    settings = replace(OPEN, mode=Mode.DRY_RUN)
    assert [command for command in EVERYTHING if may(command, "read", is_author=True, settings=settings)] == []
    assert not may(LabelCommand(("needs-info",), ()), "none", is_author=False, settings=settings)


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        (NeedsInfo(("log",)), True),
        (LabelCommand(("needs-info",), ()), True),
        (LabelCommand(("more, please",), ()), True),  # the label behind an id that is allowed
        (LabelCommand(("python:3.14t",), ("python:3.15t",)), True),
        (LabelCommand(("Python:3.14t",), ()), True),
        (LabelCommand(("python:3.13t",), ()), False),
        (LabelCommand(("question",), ()), True),
        (LabelCommand(("crash",), ()), False),
        (LabelCommand(("type-crash",), ()), False),  # forbidden by its id, which wins over the glob
        (LabelCommand(("type-bug",), ()), True),
        (LabelCommand(("question", "crash"), ()), False),
        (LabelCommand((), ("bug",)), False),
        (Retriage(), False),
        (Ignore(on=True), False),
    ],
)
def test_everybody_may_what_the_repository_allows(command: Command, allowed: bool) -> None:
    assert may(command, "read", is_author=False, settings=OPEN) is allowed


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("@ftbot why", False),
        ("  @ftbot: why\n\n@FTBot status numpy\n\u200b\n", False),
        ("> You were asked\n\n@ftbot why", False),
        ("", False),
        ("@ftbot why\nIt is 3.14.0t", True),
        ("It says False\n\n@ftbot why", True),
        ("```\nlog\n```", True),
        ("@someone else", True),
    ],
)
def test_what_is_more_than_commands_is_told_apart(body: str, more: bool) -> None:
    assert says_more(body, NAMES) is more


@given(st.text(max_size=50), st.text(min_size=1, max_size=50))
def test_any_pattern_is_harmless(pattern: str, label: str) -> None:
    settings = RepoSettings(mode=Mode.APPLY, allow_anyone=(pattern, f"!{label}"))
    assert (
        not may(LabelCommand((label,), ()), "read", is_author=False, settings=settings)
        or "*" in label
        or "[" in label
        or "?" in label
    )
