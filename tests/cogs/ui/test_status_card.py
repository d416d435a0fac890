"""Cards stay within Discord's limits and mean what they say, whatever the index says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from discord import ui
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.version import Version

from bot.core.index.metadata import Metadata, safe_link
from bot.core.verdicts.earlier import Since
from bot.core.verdicts.judge import Judgement, TargetVerdict
from bot.core.verdicts.modifiers import Modifier, ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status, with_upstream
from bot.core.verdicts.support import Cover
from bot.core.verdicts.wording import phrase
from bot.core.wheels.platforms import PLATFORMS, Floor
from bot.core.wheels.targets import OLDEST_MINOR, Target
from cogs.ui.buttons import action
from cogs.ui.status_card import moment, plain, status_card, text_card
from tests.core.pages import NOW, T314, T315, judged, project, wheel, wheels
from tests.core.strategies import statuses

_texts = st.text() | st.text("@*[](x)<>:/\n`_ 🙈é\u202e", min_size=50) | st.just("𒐫" * 4000) | st.just("@" * 500)
_modifiers = st.lists(st.builds(Modifier, st.sampled_from(ModifierKind), st.none() | _texts), max_size=12).map(tuple)
_covers = st.builds(Cover, st.just("cp314t") | st.text(max_size=30), st.none() | st.just(Floor("glibc", (9999, 9999))))
_versions = st.sampled_from([Version("1.0"), Version("9" * 300), Version("1+" + "local." * 60 + "x")])


@st.composite
def extreme(draw: st.DrawFn) -> Status:
    """Make a status with names, versions and sentences of any length and kind."""
    targets = draw(st.lists(st.integers(OLDEST_MINOR, 99).map(Target), min_size=1, max_size=90, unique=True))
    version = draw(st.none() | _versions)
    verdicts = tuple(
        TargetVerdict(
            target,
            draw(st.sampled_from(Verdict)),
            dict.fromkeys(draw(st.sets(st.sampled_from(PLATFORMS))), draw(_covers)),
            tuple(draw(st.sets(st.sampled_from(PLATFORMS)))),
            since=None if version is None else draw(st.none() | st.just(Since(version, NOW.date(), {}))),
            modifiers=draw(_modifiers) if number == 0 else (),
            requires_python=draw(st.none() | _texts),
        )
        for number, target in enumerate(targets)
    )
    package = draw(st.sampled_from(["a", "n" * 200, "n-" * 99 + "n"]))
    judgement = Judgement(
        package,
        verdicts,
        version=version,
        other_platforms=tuple(draw(st.lists(_texts, max_size=30))),
        modifiers=draw(_modifiers),
    )
    source = draw(st.none() | st.just("https://example.org/" + "x" * 492) | st.text().map(safe_link))
    return Status(
        judgement,
        NOW,
        Metadata(source=source),
        stale=draw(st.booleans()),
        error=draw(st.none() | _texts),
        upstream_thread=draw(st.none() | st.just(f"https://github.com/{'o' * 39}/{'_' * 100}/issues/{10**10 - 1}")),
        open_issues=draw(st.none() | st.integers(0, 10**9)),
    )


def texts(view: ui.LayoutView) -> list[str]:
    return [item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)]


def buttons(view: ui.LayoutView) -> list[ui.Button[ui.LayoutView]]:
    return [item for item in view.walk_children() if isinstance(item, ui.Button)]


@given(status=statuses() | extreme())
@example(Status(judged(project(*wheels("cp314-cp314t-win32")), *(Target(minor) for minor in range(13, 100))), NOW))
def test_a_card_stays_within_discords_limits_whatever_the_names(status: Status) -> None:
    view = status_card(status, [action("Refresh", "r", "zzzzzzzzzzzzz", "14")])
    pieces = texts(view)
    assert sum(1 for _ in view.walk_children()) <= 40
    assert all(pieces)
    assert sum(map(len, pieces)) <= 4000
    assert view.content_length() <= 4000
    assert sum(len(piece.encode()) + 12 for piece in pieces) <= 9000
    assert all(1 <= len(each.label or "") <= 80 for each in buttons(view))
    assert all(len(each.custom_id or "") <= 100 and len(each.url or "") <= 512 for each in buttons(view))
    assert all(len(row.children) <= 5 for row in view.walk_children() if isinstance(row, ui.ActionRow))


@given(text=_texts, longest=st.integers(1, 400))
@example(text="[free](https://evil.example)", longest=300)
@example(text="<@&123456789012345678> <#1> </a:1> <t:0:R> <id:customize>", longest=300)
@example(text="> quote\n# head\n-# small\n||spoiler||", longest=300)
@example(text="\\@everyone \\\\@here", longest=300)
def test_text_from_elsewhere_is_no_markup_no_mention_and_no_line_break(text: str, longest: int) -> None:
    shown = plain(text, longest)
    unescaped = re.sub(r"\\[\\*_~`|>#\[\]<:]", "", shown)
    assert not set(unescaped) & set("\\*_~`|>#[]<")
    assert re.search(r":\S", unescaped.replace("::", "")) is None
    assert "@everyone" not in shown
    assert "@here" not in shown
    assert re.search(r"@[\w&!]", shown) is None
    assert shown.isprintable() or set(shown) - {"\u200b"} == set(filter(str.isprintable, shown))
    assert len(shown) <= 2 * longest


def test_ordinary_text_is_left_as_it_is() -> None:
    text = "numpy 2.5.5 had wheels for 3.14t; none since 2.6 (see the changelog)."
    assert plain(text) == text


@pytest.mark.parametrize("verdict", Verdict)
def test_colour_is_never_the_only_sign(verdict: Verdict) -> None:
    status = Status(Judgement("demo", (TargetVerdict(T314, verdict),), version=Version("1.0")), NOW)
    view = status_card(status, [])
    words = phrase(verdict)
    head = texts(view)[0]
    assert head.startswith(f"### {words.glyph} demo 1.0\n**{words.word[0].upper()}{words.word[1:]}**: it ")
    (container,) = (item for item in view.walk_children() if isinstance(item, ui.Container))
    assert container.accent_colour is not None


@pytest.mark.parametrize(
    "verdict", [Verdict.UNKNOWN, Verdict.NOT_FOUND, Verdict.QUARANTINED, Verdict.NO_FILES], ids=str
)
def test_where_there_is_no_release_no_python_is_judged(verdict: Verdict) -> None:
    status = Status(Judgement("demo", (TargetVerdict(T314, verdict), TargetVerdict(T315, verdict))), NOW)
    assert len(texts(status_card(status, []))) == 2


@given(status=statuses())
def test_every_card_says_how_old_it_is_and_what_a_wheel_does_not_show(status: Status) -> None:
    foot = texts(status_card(status, []))[-1]
    assert foot.startswith(f"-# PyPI data from <t:{int(status.checked.timestamp())}:R>")
    assert foot.endswith("not that it is thread-safe.")


def test_the_word_in_the_head_keeps_its_other_letters() -> None:
    status = Status(judged(project(*wheels("py3-none-any"))), NOW)
    assert "\n**Pure Python**: it installs on" in texts(status_card(status, []))[0]


def test_a_catch_is_in_the_head_and_the_colour() -> None:
    (good, caught) = (
        Status(judged(project(wheel("cp314-cp314t-win32", yanked=yanked)), T314), NOW) for yanked in (False, "broken")
    )
    assert texts(status_card(caught, []))[0].startswith("### 🟡 demo 1.0\n**Wheels**: it installs on")
    assert texts(status_card(caught, []))[0].endswith(", but it was yanked.")
    colours = {
        item.accent_colour
        for status in (good, caught)
        for item in status_card(status, []).walk_children()
        if isinstance(item, ui.Container)
    }
    assert len(colours) == 2


def test_notes_give_the_same_advice_once_and_say_what_is_not_judged() -> None:
    status = Status(judged(project(*wheels("cp314-cp314-win32", "cp314-cp314t-manylinux_2_39_riscv64"))), NOW)
    notes = texts(status_card(status, []))[-2]
    assert notes.count("Ask upstream for cp314t and cp315t wheels") == 1
    assert notes.endswith(
        "-# It also has wheels, of whatever kind, for manylinux\\_riscv64, platforms that are not judged here."
    )


def test_times_are_written_for_the_readers_own_zone() -> None:
    time = datetime(2026, 11, 23, 9, tzinfo=UTC) + timedelta(microseconds=1)
    assert moment(time) == "<t:1795424400:R>"
    assert moment(time, "D") == "<t:1795424400:D>"


def test_a_card_of_our_own_text_has_buttons_only_if_there_are_any() -> None:
    assert [type(item) for item in text_card("hello").children] == [ui.TextDisplay]
    assert [each.label for each in buttons(text_card("hello", [action("Go", "u", "1")]))] == ["Go"]


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watcher knows of every package."""

    thread: str | None
    count: int | None

    def tracking(self, _package: str) -> str | None:
        return self.thread

    def first_version(self, _package: str) -> str | None:
        return None

    def open_count(self, _package: str) -> int | None:
        return self.count


def test_a_card_tells_how_many_upstream_issues_are_open_and_links_the_tracking_one_as_it_is_now() -> None:
    status = Status(judged(project(*wheels("cp314-cp314t-win32"))), NOW)
    live = "https://github.com/demo/demo_x/issues/5"
    view = status_card(with_upstream(status, Watched(live, 3)), [action("Refresh", "r", "1", "14")])
    line = (
        f"**Open free-threading issues:** 3 · tracked in [demo/demo\\_x\\#5](<{live}>) · all: /ftissues package: demo"
    )
    assert line in texts(view)
    assert [(each.label, each.url) for each in buttons(view)][2] == ("Tracking issue", live)
    assert len(buttons(view)) <= 5
    assert "**Open free-threading issues:** 0" in texts(status_card(with_upstream(status, Watched(None, 0)), []))


@pytest.mark.parametrize("known", [None, Watched(None, None)])
def test_where_nobody_watches_a_card_is_as_it_was(known: Watched | None) -> None:
    status = Status(judged(project(*wheels("cp314-cp314t-win32"))), NOW)
    assert texts(status_card(with_upstream(status, known), [])) == texts(status_card(status, []))
