"""What people read in a terminal, at its usual width and at a phone's; text from elsewhere is never markup."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from inline_snapshot import snapshot
from rich.cells import cell_len
from rich.console import Console, RenderableType

from bot.config import Setting
from bot.core.index.metadata import Metadata
from bot.core.site.whole_lists import NO_SITE
from bot.core.text.alphabet import SPELLED
from bot.core.verdicts.judge import without_release
from bot.core.verdicts.modifiers import Modifier, ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.services.checkup import Check
from bot.services.packages.scan import ScanReport
from bot.terminal.checks import checks_table
from bot.terminal.console import ago, error_output, output
from bot.terminal.scan import scan_report
from bot.terminal.settings import settings_table
from bot.terminal.status import status_card
from tests.core.pages import NOW, T314, T315, judged, project, sdist, wheel, wheels
from tests.core.strategies import statuses

PARTLY = Status(
    judged(
        project(
            *wheels("cp314-cp314-win_amd64", "cp314-cp314-manylinux_2_28_x86_64", "cp314-cp314-macosx_11_0_arm64"),
            *wheels("cp314-cp314t-manylinux_2_28_x86_64", "cp314-cp314-manylinux_2_39_riscv64"),
            sdist(),
        ),
        metadata=Metadata("Programming Language :: Python :: Free Threading :: 2 - Beta"),
    ),
    NOW - timedelta(minutes=4),
    Metadata(source="https://github.com/demo/demo"),
)
PURE = Status(judged(project(*wheels("py3-none-any"), sdist())), NOW, Metadata())
STALE = Status(
    judged(project(*wheels("cp314-abi3-win_amd64"))),
    NOW - timedelta(hours=3),
    stale=True,
    error="index.example could not be reached.",
)
HOSTILE = "[red]x[/red] [link=https://evil.example]y[/link] :bomb: \x1b[31m[/]"


@pytest.fixture(autouse=True)
def a_terminal_without_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)


def drawn(card: RenderableType, monkeypatch: pytest.MonkeyPatch, width: int = 80) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    console = output()
    with console.capture() as capture:
        console.print(card)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def drawn_in(encoding: str, card: RenderableType, width: int = 80) -> str:
    """Draw what goes to an output of another alphabet."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding, SPELLED)
    Console(file=stream, width=width, color_system=None).print(card)
    stream.flush()
    stream.seek(0)
    return "\n".join(line.rstrip() for line in stream.read().splitlines())


def on_a_terminal_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("LINES", "50")


def test_a_card_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(status_card(PARTLY, NOW), monkeypatch) == snapshot("""\
╭─ demo 1.0 ───────────────────────────────────────────────────────────────────╮
│ 🟡 demo installs on 3.14t from wheels, but not on every platform.            │
│                                                                              │
│ 3.14t  🟡 partly    Linux x86-64                                             │
│                     needs glibc 2.28+                                        │
│                     no wheel: macOS arm64, Windows x64                       │
│                     since 1.0 (14 August 2026)                               │
│ 3.15t  ⛔ no wheel                                                           │
│                                                                              │
│ • Lagging: It has wheels for 3.14t, not yet for 3.15t.                       │
│ • A build from source may fail, or turn the GIL back on at import.           │
│ • Ask upstream for cp315t wheels.                                            │
│ • Its classifier claims Free Threading: 2 - Beta                             │
│ • It also has wheels, of whatever kind, for manylinux_riscv64, platforms     │
│ that are not judged here.                                                    │
│                                                                              │
│ page: https://pypi.org/project/demo/                                         │
│ source: https://github.com/demo/demo                                         │
│ checked 4 minutes ago · A wheel shows that a build exists, not that it is    │
│ thread-safe.                                                                 │
╰──────────────────────────────────────────────────────── released 2026-08-14 ─╯\
""")


def test_a_card_at_40_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(status_card(PARTLY, NOW), monkeypatch, 40) == snapshot("""\
╭─ demo 1.0 ───────────────────────────╮
│ 🟡 demo installs on 3.14t from       │
│ wheels, but not on every platform.   │
│                                      │
│ 3.14t  🟡 partly                     │
│   Linux x86-64                       │
│   needs glibc 2.28+                  │
│   no wheel: macOS arm64, Windows x64 │
│   since 1.0 (14 August 2026)         │
│ 3.15t  ⛔ no wheel                   │
│                                      │
│ • Lagging: It has wheels for 3.14t,  │
│ not yet for 3.15t.                   │
│ • A build from source may fail, or   │
│ turn the GIL back on at import.      │
│ • Ask upstream for cp315t wheels.    │
│ • Its classifier claims Free         │
│ Threading: 2 - Beta                  │
│ • It also has wheels, of whatever    │
│ kind, for manylinux_riscv64,         │
│ platforms that are not judged here.  │
│                                      │
│ page: https://pypi.org/project/demo/ │
│ source: https://github.com/demo/demo │
│ checked 4 minutes ago · A wheel      │
│ shows that a build exists, not that  │
│ it is thread-safe.                   │
╰──────────────── released 2026-08-14 ─╯\
""")


def test_a_card_of_a_pure_package(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(status_card(PURE, NOW), monkeypatch) == snapshot("""\
╭─ demo 1.0 ───────────────────────────────────────────────────────────────────╮
│ ⬜ demo installs on 3.14t: by their tags, its own files are pure Python.     │
│                                                                              │
│ 3.14t  ⬜ pure Python  every platform                                        │
│ 3.15t  ⬜ pure Python  every platform                                        │
│                                                                              │
│ page: https://pypi.org/project/demo/                                         │
│ checked just now · A wheel shows that a build exists, not that it is         │
│ thread-safe.                                                                 │
╰──────────────────────────────────────────────────────── released 2026-08-14 ─╯\
""")


def test_a_stale_card_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(status_card(STALE, NOW), monkeypatch) == snapshot("""\
╭─ demo 1.0 ───────────────────────────────────────────────────────────────────╮
│ ⛔ demo has no wheel for 3.14t: abi3 wheels do not work on free-threaded     │
│ Python.                                                                      │
│                                                                              │
│ 3.14t  ⛔ abi3 only                                                          │
│ 3.15t  ⛔ abi3 only                                                          │
│                                                                              │
│ ! index.example could not be reached.                                        │
│ • Ask upstream for cp314t and abi3t wheels; abi3t ones serve 3.15t and       │
│ later.                                                                       │
│                                                                              │
│ page: https://pypi.org/project/demo/                                         │
│ checked 3 hours ago; the index could not be asked again.                     │
│ A wheel shows that a build exists, not that it is thread-safe.               │
╰──────────────────────────────────────────────────────── released 2026-08-14 ─╯\
""")


def test_a_card_without_a_release_has_no_lines_for_pythons(monkeypatch: pytest.MonkeyPatch) -> None:
    status = Status(without_release("demo", (T314, T315), Verdict.QUARANTINED), NOW)
    assert drawn(status_card(status, NOW), monkeypatch) == snapshot("""\
╭─ demo ───────────────────────────────────────────────────────────────────────╮
│ ❔ demo is quarantined on PyPI: nothing can be installed, do not try.        │
│                                                                              │
│ page: https://pypi.org/project/demo/                                         │
│ checked just now · A wheel shows that a build exists, not that it is         │
│ thread-safe.                                                                 │
╰──────────────────────────────────────────────────────────────────────────────╯\
""")


@pytest.mark.parametrize("width", [20, 40, 80, 300])
def test_no_line_is_wider_than_the_terminal_nor_than_people_read(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    for status in (PARTLY, PURE, STALE):
        lines = drawn(status_card(status, NOW), monkeypatch, width).splitlines()
        assert max(map(cell_len, lines)) <= min(width, 100)


def test_text_from_elsewhere_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    status = Status(
        judged(project(wheel("cp314-cp314t-win32", yanked=HOSTILE))),
        NOW,
        Metadata(source="https://example.org/[bold]x"),
        error=HOSTILE,
    )
    text = drawn(status_card(status, NOW), monkeypatch, 100)
    assert text.count("[red]x[/red] [link=https://evil.example]y[/link] :bomb:") == 2
    assert "https://example.org/[bold]x" in text
    assert "\x1b" not in text
    assert "\N{REPLACEMENT CHARACTER}[31m" in text


@pytest.mark.no_cover  # many examples of what other tests run
@given(status=statuses())
def test_every_status_can_be_drawn_without_control_characters(status: Status) -> None:
    console = Console(width=60, color_system=None)
    with console.capture() as capture:
        console.print(status_card(status, NOW))
    assert not set(capture.get()) & set("\x1b\x07\x08\r\x9b")


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=400), "400 days ago"),
    ],
)
def test_ages_are_said_in_the_largest_unit(passed: timedelta, words: str) -> None:
    now: datetime = NOW
    assert ago(now - passed, now) == words


SETTINGS = (
    Setting("FTBOT_TRACK", "7", "360", "how many"),
    Setting("FTBOT_HTTP_PORT", "8080", "8080", "the port"),
    Setting("FTBOT_DISCORD_TOKEN", "", "", "[b]secret[/b]"),
)
LONG_SETTING = Setting("FTBOT_DISCORD_GATEWAY_URL", "x" * 150, "", "what " * 40)


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("width", [40, 80, 100])
def test_names_of_settings_are_never_cut(monkeypatch: pytest.MonkeyPatch, width: int, terminal: bool) -> None:
    if terminal:
        on_a_terminal_without_colours(monkeypatch)
    text = drawn(settings_table([*SETTINGS, LONG_SETTING]), monkeypatch, width)
    for setting in (*SETTINGS, LONG_SETTING):
        assert any(line.startswith(f"{setting.variable} ") for line in text.splitlines())
    assert text.count("x") == 150
    assert "…" not in text


def test_settings_are_a_line_each_where_there_is_no_room_for_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(settings_table(SETTINGS), monkeypatch) == snapshot("""\
FTBOT_TRACK = 7
    how many (default: 360)
FTBOT_HTTP_PORT = 8080
    the port
FTBOT_DISCORD_TOKEN = –
    [b]secret[/b]\
""")


def test_what_goes_into_a_pipe_is_not_wrapped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    output().print(settings_table([LONG_SETTING]))
    assert capsys.readouterr().out.splitlines()[0] == f"FTBOT_DISCORD_GATEWAY_URL = {'x' * 150}"


def test_settings_are_marked_where_they_were_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal_without_colours(monkeypatch)
    assert drawn(settings_table(SETTINGS), monkeypatch, 100) == snapshot("""\
variable             value  what
FTBOT_TRACK          7      how many (default: 360)
FTBOT_HTTP_PORT      8080   the port
FTBOT_DISCORD_TOKEN  –      [b]secret[/b]\
""")


def test_checks_say_what_works_what_does_not_and_what_is_not_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [
        Check("package index", works=True, finding="it answers"),
        Check("database", works=False, finding="It is locked. Stop the other one."),
        Check("GitHub token", works=None, finding="not set"),
    ]
    assert drawn(checks_table(checks), monkeypatch) == snapshot("""\
✅  package index  it answers
⛔  database       It is locked. Stop the other one.
–   GitHub token   not set\
""")


@pytest.mark.parametrize("width", [30, 80])
def test_findings_of_checks_are_never_cut(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    checks = [Check("package source", works=True, finding="https://firm.test/" + "x" * 90)]
    text = drawn(checks_table(checks), monkeypatch, width)
    assert "…" not in text
    assert text.count("x") == 90


def test_what_no_platform_is_judged_for_is_listed_up_to_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    judgement = replace(judged(project(sdist())), other_platforms=tuple(f"odd{number}" for number in range(12)))
    text = " ".join(drawn(status_card(Status(judgement, NOW), NOW), monkeypatch, 300).replace("│", " ").split())
    assert "It also has wheels, of whatever kind, for odd0, odd1," in text
    assert "odd9 and 2 more, platforms that are not judged here." in text


def test_a_long_reason_for_a_yank_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    status = Status(judged(project(wheel("cp314-cp314t-win32", yanked="x" * 9_000))), NOW)
    text = drawn(status_card(status, NOW), monkeypatch)
    assert 250 < text.count("x") <= 300
    assert "…" in text
    assert "🟡 demo installs on 3.14t" in text
    assert "but it was yanked." in " ".join(text.replace("│", " ").split())


def test_a_classifier_without_a_level_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = Metadata("Programming Language :: Python :: Free Threading")
    status = Status(judged(project(sdist()), metadata=metadata), NOW)
    assert "Its classifier claims Free Threading  " in drawn(status_card(status, NOW), monkeypatch)


def test_colours_are_for_terminals_and_nobody_who_declines_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in drawn(status_card(PURE, NOW), monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in drawn(status_card(PURE, NOW), monkeypatch)


def test_errors_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    error_output().print("[b]no[/b]")
    assert capsys.readouterr() == ("", "[b]no[/b]\n")


def test_a_modifier_of_every_kind_has_words(monkeypatch: pytest.MonkeyPatch) -> None:
    judgement = judged(project(*wheels("cp314-cp314t-win32")))
    for kind in ModifierKind:
        status = Status(type(judgement)("demo", judgement.targets, modifiers=(Modifier(kind, "because of that"),)), NOW)
        assert "because of that" in drawn(status_card(status, NOW), monkeypatch)


def test_a_card_tells_what_is_known_of_upstream_issues(monkeypatch: pytest.MonkeyPatch) -> None:
    live = "https://github.com/demo/demo/issues/5"
    shown = drawn(status_card(replace(PURE, upstream_thread=live, open_issues=3), NOW), monkeypatch)
    lines = [line.strip("│ ") for line in shown.splitlines()]
    assert lines[lines.index(f"tracking issue: {live}") + 1] == "open free-threading issues: 3"
    assert "open free-threading issues" not in drawn(status_card(PURE, NOW), monkeypatch)


# Where there are no emoji and no boxes


def test_a_card_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert drawn_in("ascii", status_card(PARTLY, NOW)) == snapshot("""\
+- demo 1.0 -------------------------------------------------------------------+
| mixed: demo installs on 3.14t from wheels, but not on every platform.        |
|                                                                              |
| 3.14t  mixed: partly  Linux x86-64                                           |
|                       needs glibc 2.28+                                      |
|                       no wheel: macOS arm64, Windows x64                     |
|                       since 1.0 (14 August 2026)                             |
| 3.15t  no: no wheel                                                          |
|                                                                              |
| * Lagging: It has wheels for 3.14t, not yet for 3.15t.                       |
| * A build from source may fail, or turn the GIL back on at import.           |
| * Ask upstream for cp315t wheels.                                            |
| * Its classifier claims Free Threading: 2 - Beta                             |
| * It also has wheels, of whatever kind, for manylinux_riscv64, platforms     |
| that are not judged here.                                                    |
|                                                                              |
| page: https://pypi.org/project/demo/                                         |
| source: https://github.com/demo/demo                                         |
| checked 4 minutes ago - A wheel shows that a build exists, not that it is    |
| thread-safe.                                                                 |
+-------------------------------------------------------- released 2026-08-14 -+\
""")


def test_a_card_in_the_alphabet_of_windows_keeps_what_that_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert drawn_in("cp1252", status_card(STALE, NOW), 60) == snapshot("""\
+- demo 1.0 -----------------------------------------------+
| no: demo has no wheel for 3.14t: abi3 wheels do not work |
| on free-threaded Python.                                 |
|                                                          |
| 3.14t  no: abi3 only                                     |
| 3.15t  no: abi3 only                                     |
|                                                          |
| ! index.example could not be reached.                    |
| • Ask upstream for cp314t and abi3t wheels; abi3t ones   |
| serve 3.15t and later.                                   |
|                                                          |
| page: https://pypi.org/project/demo/                     |
| checked 3 hours ago; the index could not be asked again. |
| A wheel shows that a build exists, not that it is        |
| thread-safe.                                             |
+------------------------------------ released 2026-08-14 -+\
""")


@pytest.mark.parametrize("width", [20, 40, 60, 80])
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_the_frame_stays_straight_in_every_alphabet(monkeypatch: pytest.MonkeyPatch, encoding: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for status in (PARTLY, PURE, STALE):
        lines = drawn_in(encoding, status_card(status, NOW), width).splitlines()
        assert {len(line) for line in lines} == {width}
        assert {line[0] + line[-1] for line in lines} == {"||", "++"}


def test_tables_stay_straight_in_ascii() -> None:
    checks = [
        Check("package index", works=True, finding="it answers"),
        Check("database", works=False, finding="It is “locked”. Stop the other one…"),
        Check("GitHub token", works=None, finding="not set"),
    ]
    assert drawn_in("ascii", checks_table(checks)) == snapshot("""\
yes:  package index  it answers
no:   database       It is "locked". Stop the other one...
-     GitHub token   not set\
""")
    verdicts = {"3.14t": {"supported": 9, "partial": 10}, "3.15t": {"not-yet": 19}}
    report = ScanReport(19, 25, 0, 1_000_000, {}, verdicts, 2.0, "2026-11-01")
    assert drawn_in("ascii", scan_report(report, NO_SITE)) == snapshot("""\
19 tracked packages
                3.14t  3.15t
yes: supported      9
mixed: partial     10
no: not-yet               19
One by one: ftbot list
25 requests, 0 unchanged, 1.0 MB, 2.0 s - most downloaded as of 2026-11-01\
""")


@given(status=statuses())
def test_every_status_can_be_drawn_in_ascii_within_its_width(status: Status) -> None:
    lines = drawn_in("ascii", status_card(status, NOW), 60).splitlines()
    assert all(line.isascii() for line in lines)
    assert max(map(len, lines)) <= 100


def test_a_card_without_metadata_says_that_it_did_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Status(judged(project(*wheels("py3-none-any"))), NOW)
    says = "Classifier and links could not be read this time."
    assert says in drawn(status_card(late, NOW), monkeypatch)
    assert says not in drawn(status_card(replace(late, metadata=Metadata()), NOW), monkeypatch)
    assert says not in drawn(status_card(replace(late, stale=True, error="Gone."), NOW), monkeypatch)
