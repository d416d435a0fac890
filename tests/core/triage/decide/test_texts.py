from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from inline_snapshot import snapshot as text_of

from bot.core.github.threads import IssueRef, ThreadState
from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.commands.replies import status_reply, status_text, why_reply
from bot.core.triage.decide.texts import (
    LONGEST_BODY,
    LONGEST_RATIONALE,
    MARKER,
    gil_section,
    needs_info_section,
    notice,
    quoted,
    rationale,
    related_section,
    reply_marker,
    sections_of,
    thread_comment,
    wheels_section,
    written_body,
)
from bot.core.triage.snapshot import Related
from bot.core.verdicts.judge import without_release
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.wheels.targets import parse_target
from tests.core.strategies import statuses
from tests.core.triage.made_snapshots import LXML, LXML_OFF, LXML_ON, NODE, NOW, REF, made_snapshot

THREADS = (
    Related(IssueRef("lxml/lxml", 3), "Wheels for 3.14t", ThreadState.CLOSED),
    Related(IssueRef("python/cpython", 4), "A crash", ThreadState.OPEN),
)
SECTIONS = {
    "wheels": wheels_section(replace(LXML, everywhere=False, missing=("musllinux_x86_64", "an amiga"))),
    "needs-info": needs_info_section(["repro", "log"]),
    "related": related_section(THREADS),
}


def test_the_comment_that_is_kept_reads_well() -> None:
    assert thread_comment(SECTIONS, "ftbot", labelled=True) == text_of("""\
<!-- ftbot:thread -->

<!-- ftbot:section wheels -->
**[lxml 6.2.0](https://pypi.org/project/lxml/6.2.0/)** has wheels for 3.14t since 2026-11-24: it installs on 3.14t, except on musl x86-64, an amiga, where there is none yet. A wheel shows that a build exists, and nothing about how it behaves.

<!-- ftbot:section needs-info -->
To look into this, somebody will need a little more. Please add, here or in the description:

- [ ] the shortest code that shows it
- [ ] whether it happens on the ordinary build, the one with the GIL, too
- [ ] the whole traceback or report; for a crash, from `python -X faulthandler your_script.py`
- [ ] for a data race, what [ThreadSanitizer](https://py-free-threading.github.io/thread_sanitizer/) reports

<!-- ftbot:section related -->
Known threads that may be related:

- [lxml/lxml#\u200b3](https://redirect.github.com/lxml/lxml/issues/3): Wheels for 3.14t (closed)
- [python/cpython#\u200b4](https://redirect.github.com/python/cpython/issues/4): A crash

<!-- ftbot:end -->
<sub>Written by a program. Wrong? Take its label off and it stays off. Give this a 👎, or say `@ftbot ignore`. [How this works](https://github.com/ftbot-dev/ftbot/blob/main/docs/triage.md)</sub>\
""")  # noqa: E501 — as people read it


def test_a_comment_can_be_taken_apart_again() -> None:
    assert sections_of(thread_comment(SECTIONS, "ftbot", labelled=False)) == SECTIONS
    assert sections_of(thread_comment({}, "ftbot", labelled=True)) == {}
    assert sections_of("") == {}


def test_a_notice_reads_well() -> None:
    assert notice(
        ("`mdoe` means nothing here. Did you mean `mode`?", "Line 3, column 1, is not valid TOML.")
    ) == text_of("""\
`.github/ftbot.toml` cannot be used, so nothing is labelled or suggested here until it is mended:

- `mdoe` means nothing here. Did you mean `mode`?
- Line 3, column 1, is not valid TOML.

<sub>This is said once for each content of the file. [Every key it may have](https://github.com/ftbot-dev/ftbot/blob/main/docs/triage.md#the-file)</sub>\
""")


@pytest.mark.parametrize(
    ("everywhere", "missing", "expected"),
    [
        (True, (), "it installs on 3.14t on every platform that this release has wheels for."),
        (False, (), "it installs on 3.14t on some platforms."),
        (False, ("win32",), "it installs on 3.14t, except on Windows 32-bit, where there is none yet."),
    ],
)
def test_where_wheels_install_is_said(everywhere: bool, missing: tuple[str, ...], expected: str) -> None:
    assert expected in wheels_section(replace(LXML, everywhere=everywhere, missing=missing))


def test_since_when_there_are_wheels_is_said() -> None:
    assert wheels_section(LXML).startswith(
        "**[lxml 6.2.0](https://pypi.org/project/lxml/6.2.0/)** has wheels for 3.14t since 2026-11-24: it installs on"
    )
    older = replace(LXML, version="6.1.3", since_version="6.0.2", since=date(2025, 9, 22), missing=("win32",))
    assert wheels_section(replace(older, everywhere=False)).startswith(
        "**[lxml](https://pypi.org/project/lxml/6.2.0/)** has wheels for 3.14t since 6.0.2 (2025-09-22); the newest "
        "release is 6.1.3, and installs on 3.14t, except on Windows 32-bit, where there is none yet."
    )
    assert "since 6.0.2; the newest" in wheels_section(replace(older, since=None))
    unknown = wheels_section(replace(LXML, since_version=None, since=None))
    assert "lxml 6.2.0](https://pypi.org/project/lxml/6.2.0/)** has wheels for 3.14t: it installs on" in unknown


def test_what_a_wheel_declares_names_the_release_the_python_the_file_and_some_modules() -> None:
    assert gil_section(LXML_ON) == snapshot(
        "**[lxml 6.1.3](https://pypi.org/project/lxml/6.1.3/)** turns the GIL back on when imported on 3.14t: its wheel does not declare that lxml.etree, lxml.sax, lxml.builder, lxml.html.diff, lxml.objectify and 2 more can do without the GIL. [How modules declare it](https://py-free-threading.github.io/porting-extensions/#declaring-free-threaded-support). The file lxml-6.1.3-cp314-cp314t-manylinux\\_2\\_28\\_x86\\_64.whl was read and not run: that says nothing about what else is imported, or how it behaves."  # noqa: E501 — as people read it
    )
    assert gil_section(LXML_OFF) == snapshot(
        "**[lxml 6.2.0](https://pypi.org/project/lxml/6.2.0/)** declares that its extension modules do without the GIL on 3.14t. Before, in lxml 6.1.3, lxml.etree, lxml.sax, lxml.builder, lxml.html.diff, lxml.objectify and 2 more turned it on. The file lxml-6.2.0-cp314-cp314t-manylinux\\_2\\_28\\_x86\\_64.whl was read and not run: that says nothing about what else is imported, or how it behaves."  # noqa: E501 — as people read it
    )


def test_since_when_wheels_do_so_is_said_where_it_is_another_release() -> None:
    assert "without the GIL on 3.14t, as since 6.1.9. Before, in lxml 6.1.3, lxml.etree," in gil_section(
        replace(LXML_OFF, since="6.1.9")
    )
    again = gil_section(replace(LXML_ON, since="6.1.2", before="6.1.1"))
    assert "turns the GIL back on when imported on 3.14t, as since 6.1.2: its wheel does not declare" in again
    assert "Before, lxml 6.1.1 kept it off." in again


def test_what_was_read_says_no_more_than_that() -> None:
    assert "Before" not in gil_section(replace(LXML_OFF, since=None, before=None, modules_before=()))
    assert "its extension modules, tests left aside, do without" in gil_section(replace(LXML_OFF, but_tests=True))
    assert "thread-safe" not in gil_section(LXML_OFF)
    assert "github.com/lxml" not in gil_section(replace(LXML_ON, url="https://github.com/lxml/lxml/issues/1"))


def test_an_address_that_is_not_the_indexs_is_left_out() -> None:
    assert "](" not in wheels_section(replace(LXML, url="https://github.com/lxml/lxml/issues/1"))
    assert "](" not in wheels_section(replace(LXML, url="https://pypi.org/) @octocat"))


def test_a_reply_is_found_again_by_its_mark() -> None:
    action = Action(ActionKind.REPLY, REF, NODE, "why", "command", 1, body="Because.", comment=5)
    assert written_body(action) == f"{reply_marker(action.key)}\nBecause."
    kept = replace(action, kind=ActionKind.COMMENT, body=f"{MARKER}\n…")
    assert written_body(kept) == kept.body


@given(st.text(max_size=400))
def test_a_rationale_is_short_and_calls_nobody(text: str) -> None:
    action = Action(ActionKind.SUGGEST_LABEL, REF, NODE, "race", "race-title", 2, evidence=f"@octocat #1 {text}")
    said = rationale(action)
    assert len(said) <= LONGEST_RATIONALE
    assert "@octocat" not in said
    assert "#1" not in said
    assert said.endswith("(rule race-title, version 2)")


@given(st.text(max_size=400))
def test_a_quotation_is_one_visible_line(text: str) -> None:
    said = quoted(text, 100)
    assert "\n" not in said
    assert all(c.isprintable() or c == "\N{ZERO WIDTH SPACE}" for c in said)


def test_long_answers_are_cut_at_a_line() -> None:
    snapshot = made_snapshot()
    action = Action(ActionKind.ADD_LABEL, REF, NODE, "@" * 500, "x" * 50, 1)
    decision = Decision(action, Mode.APPLY, Outcome.BLOCKED, "\N{PILE OF POO}@" * 1_000)
    for text in (
        why_reply(snapshot.classification, [decision] * 500, ()),
        status_reply("\N{PILE OF POO}#\n" * 9_000, "numpy"),
        notice(["`\N{PILE OF POO}` @" * 1_000] * 50),
    ):
        assert len(text.encode()) < LONGEST_BODY
    assert "\n…\n" in status_reply("\N{PILE OF POO}#\n" * 9_000, "numpy")


@pytest.mark.parametrize(("verdict", "said"), [(Verdict.NOT_FOUND, "is not on PyPI"), (Verdict.UNKNOWN, "could not")])
def test_of_what_is_not_there_only_that_is_said(verdict: Verdict, said: str) -> None:
    targets = (parse_target("3.14t"), parse_target("3.15t"))
    status = Status(without_release("nosuch", targets, verdict), NOW)
    text = status_reply(status_text(status), "nosuch")
    assert text.startswith(f"nosuch {said}")
    assert text.strip().endswith(".")
    assert "\n" not in text


@given(statuses())
def test_any_status_is_told_in_plain_lines(status: Status) -> None:
    text = status_text(status)
    assert text.startswith(status.package)
    assert ("checked" in text) is (status.judgement.version is not None)
    assert len(status_reply(text, status.package).encode()) < LONGEST_BODY
