# ruff: noqa: E501 - the cards are written here as people get them
"""Cards of upstream threads stay within Discord's limits and mean what they say, whatever GitHub says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from discord import ui
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.classify.thread import KindName
from bot.core.github.events import Trigger
from bot.core.github.threads import IssueRef, ThreadState
from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import AuditEntry
from bot.core.upstream.threads import EventKind, KnownThread, ThreadEvent
from cogs.ui.issue_cards import MOST_SHOWN, audit_card, feed_card, standing, threads_card
from tests.cogs.ui.test_status_card import texts
from tests.services.threads import NOW, event, thread

HOSTILE = "@everyone <@&1> [free](https://evil.example) `x` **b** # h\n> q ||s|| <https://x.example> \\[a](b)"
_texts = st.text(max_size=300) | st.text("@*[](x)<>:/\n`_ 🙈é\u202e", min_size=50, max_size=256) | st.just(HOSTILE)
_long = st.sampled_from(["𒐫" * 256, "@" * 256, "_" * 256])
_repositories = st.sampled_from(["a/a", "b" * 39 + "/" + "_" * 100, "x-y/.github", "no repository](<x>)"])
_threads = st.builds(
    thread,
    _repositories,
    st.integers(1, 10**10),
    _texts | _long,
    state=st.sampled_from(ThreadState),
    kinds=st.lists(st.sampled_from(KindName), unique=True).map(tuple),
    package=st.none() | _texts,
    is_pr=st.booleans(),
)
_events = st.builds(event, st.sampled_from(EventKind), _threads, st.just(NOW), _texts | _long)
_entries = st.builds(
    AuditEntry,
    at=st.just(NOW),
    ref=st.just(IssueRef("a/a", 1)),
    node_id=st.just("I_1"),
    trigger=st.sampled_from(Trigger),
    delivery=st.none(),
    actor=st.none() | _texts | _long,
    decision=st.builds(
        Decision,
        st.builds(
            Action,
            kind=st.sampled_from(ActionKind),
            ref=st.just(IssueRef("a/a", 1)),
            node_id=st.just("I_1"),
            value=_texts | _long,
            rule=_texts | _long,
            version=st.integers(0, 10**9),
            evidence=_texts | _long,
        ),
        st.sampled_from(Mode),
        st.sampled_from(Outcome),
        _texts | _long,
    ),
)


def check(view: ui.LayoutView) -> str:
    """Fail unless a card is within Discord's limits and mentions and links nothing that it should not."""
    pieces = texts(view)
    assert sum(1 for _ in view.walk_children()) <= 40
    assert all(pieces)
    assert view.content_length() <= 4000
    assert sum(len(piece.encode()) + 12 for piece in pieces) <= 9000
    whole = "\n".join(pieces)
    assert "@everyone" not in whole
    assert re.search(r"@[\w&!]", whole) is None
    unescaped = re.sub(r"\\[\\*_~`|>#\[\]<:]", "", whole)
    links = re.findall(r"\]\((.*?)\)", unescaped)
    assert all(re.fullmatch(r"<https://github\.com/[\w.-]+/[\w.-]+/issues/[0-9]+>", link) for link in links)
    assert set(re.findall(r"<[^>]*>", unescaped)) <= {*links, *re.findall(r"<t:\d+:[Rf]>", unescaped)}
    return whole


def entry(outcome: Outcome = Outcome.WOULD_DO, actor: str | None = None, minutes: int = 0) -> AuditEntry:
    ref = IssueRef("numpy/numpy", 26157)
    action = Action(ActionKind.ADD_LABEL, ref, "I_1", "crash", "crash-words", 3, "Segmentation fault (core dumped)")
    decision = Decision(action, Mode.DRY_RUN, outcome, "The repository is in dry-run mode.")
    return AuditEntry(NOW + timedelta(minutes=minutes), ref, "I_1", Trigger.OPENED, None, actor, decision)


@given(events=st.lists(_events, min_size=1, max_size=15))
@example(events=[event(EventKind.OPENED, thread("b" * 39 + "/" + "_" * 100, 1, "*" * 256, package="_" * 200))] * 30)
def test_a_feed_stays_within_discords_limits(events: Sequence[ThreadEvent]) -> None:
    whole = check(feed_card(events))
    lines = re.findall(r"^- ", whole, re.MULTILINE)
    more = re.search(r"^and (\d+) more(?:: .*)?$", whole, re.MULTILINE)
    assert len(lines) + (0 if more is None else int(more[1])) == len(events)
    assert 0 < len(lines) <= MOST_SHOWN


@given(threads=st.lists(_threads, min_size=1, max_size=15), more=st.integers(0, 1000))
def test_a_list_of_threads_stays_within_discords_limits(threads: Sequence[KnownThread], more: int) -> None:
    whole = check(threads_card(threads, len(threads) + more, "Open free-threading issues"))
    assert whole.startswith(f"### Open free-threading issues ({len(threads) + more})\n")
    lines = re.findall(r"^- ", whole, re.MULTILINE)
    shown = re.search(r"^and (\d+) more(?:: .*)?$", whole, re.MULTILINE)
    assert len(lines) + (0 if shown is None else int(shown[1])) == len(threads) + more


@given(entries=st.lists(_entries, min_size=1, max_size=15))
def test_an_audit_log_stays_within_discords_limits(entries: Sequence[AuditEntry]) -> None:
    whole = check(audit_card(IssueRef("b" * 39 + "/" + "_" * 100, 10**9), entries))
    lines = len(re.findall(r"^- ", whole, re.MULTILINE))
    assert 0 < lines <= MOST_SHOWN
    assert (lines < len(entries)) == whole.endswith("Earlier decisions are left out.")


def test_a_feed_tells_what_happened_where() -> None:
    numpy, lxml = thread(), thread("lxml/lxml", 7, HOSTILE, package=None, is_pr=True)
    events = [
        event(EventKind.OPENED, lxml),
        event(EventKind.WHEELS, numpy, detail="2.4.1 3.14t"),
        event(EventKind.MERGED, lxml),
    ]
    assert "\n".join(texts(feed_card(events))) == snapshot("""\
### What just moved upstream
- 🟢 opened pull request [lxml/lxml\\#7](<https://github.com/lxml/lxml/issues/7>) @\u200beveryone \\<@\u200b&1\\> \\[free\\](https\\://evil.example) \\`x\\` \\*\\*b\\*\\* \\# h \\> q \\|\\|s\\|\\| \\<https\\://x.example\\> \\\\\\[a\\](b)
- 🔀 merged [lxml/lxml\\#7](<https://github.com/lxml/lxml/issues/7>) @\u200beveryone \\<@\u200b&1\\> \\[free\\](https\\://evil.example) \\`x\\` \\*\\*b\\*\\* \\# h \\> q \\|\\|s\\|\\| \\<https\\://x.example\\> \\\\\\[a\\](b)
- 📦 wheels appeared with 2.4.1 for 3.14t [numpy/numpy\\#26157](<https://github.com/numpy/numpy/issues/26157>) Support free-threading · **numpy**
-# Issues and pull requests about free-threading\
""")


def test_threads_are_listed_with_their_state_kinds_and_age() -> None:
    threads = [
        thread(kinds=(KindName.CRASH, KindName.DATA_RACE)),
        thread("lxml/lxml", 7, "Build 3.14t wheels", state=ThreadState.MERGED, is_pr=True),
    ]
    assert "\n".join(texts(threads_card(threads, 12, "Free-threading issues of **numpy**"))) == snapshot("""\
### Free-threading issues of **numpy** (12)
- 🟢 open [numpy/numpy\\#26157](<https://github.com/numpy/numpy/issues/26157>) Support free-threading · crash, data-race · active <t:1795424400:R>
- 🔀 merged pull request [lxml/lxml\\#7](<https://github.com/lxml/lxml/issues/7>) Build 3.14t wheels · active <t:1795424400:R>
and 10 more: `ftbot upstream list` has all
-# From GitHub, the last active first.\
""")


def test_an_audit_log_says_when_what_by_which_rule_and_why() -> None:
    entries = [entry(minutes=1), entry(Outcome.DONE, actor="ada", minutes=2)]
    assert "\n".join(texts(audit_card(entries[0].ref, entries))) == snapshot("""\
### What triage decided on [numpy/numpy\\#26157](<https://github.com/numpy/numpy/issues/26157>)
- <t:1795424460:f> · opened · 📝 would do: put on **crash** · dry-run · rule crash-words, version 3
  The repository is in dry-run mode.
  Evidence: “Segmentation fault (core dumped)”
- <t:1795424520:f> · opened by ada · ✅ done: put on **crash** · dry-run · rule crash-words, version 3
  The repository is in dry-run mode.
  Evidence: “Segmentation fault (core dumped)”
-# Newest last.\
""")


def test_of_each_action_only_the_last_word_stands_and_reactions_are_none() -> None:
    planned, done = entry(Outcome.DO, "ada", 1), entry(Outcome.DONE, None, 3)
    other = _of(entry(Outcome.BLOCKED, "bob", 2), ActionKind.REMOVE_LABEL)
    reacted = _of(entry(Outcome.DONE, "ada", 4), ActionKind.REACT)
    assert standing([planned, other, done, reacted]) == (other, replace(done, actor="ada"))
    comments = [
        _of(entry(outcome, None, 5), ActionKind.COMMENT, str(outcome)) for outcome in (Outcome.DO, Outcome.DONE)
    ]
    assert standing(comments) == (comments[1],)
    words = "\n".join(texts(audit_card(planned.ref, [other, comments[0]])))
    assert "⛔ blocked: take off **crash**" in words
    assert "⏳ to do: keep a comment on the thread ·" in words


def _of(of: AuditEntry, kind: ActionKind, body: str = "") -> AuditEntry:
    return replace(of, decision=replace(of.decision, action=replace(of.decision.action, kind=kind, body=body)))


def test_a_package_is_named_only_where_it_is_known() -> None:
    ours, theirs = event(EventKind.OPENED, thread()), event(EventKind.OPENED, thread("bro/ken", 1, package="ken"))
    shown = "\n".join(texts(feed_card([ours, theirs])))
    assert ("**numpy**" in shown, "**ken**" in shown) == (True, False)


def test_the_oldest_decisions_are_left_out() -> None:
    entries = [entry(minutes=minute) for minute in range(12)]
    whole = "\n".join(texts(audit_card(entries[0].ref, entries)))
    assert [f"<t:{int(each.at.timestamp())}:f>" in whole for each in entries] == [False] * 2 + [True] * 10
