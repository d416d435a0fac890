from __future__ import annotations

import json

import pytest
from hypothesis import given
from inline_snapshot import snapshot

from bot.core.modifiers import Modifier, ModifierKind
from bot.core.platforms import PLATFORMS
from bot.core.rules import Verdict
from bot.core.status import Status, to_json
from bot.core.targets import Target
from bot.core.verdict import Judgement, TargetVerdict, without_release
from bot.core.wording import (
    DISCLAIMER,
    PLATFORM_NAMES,
    advice,
    covered_line,
    headline,
    listed,
    missing_line,
    modifier_line,
    one_line,
    phrase,
    since_line,
)
from tests.core.pages import NOW, T314, T315, judged, project, sdist, verdict_for, wheel, wheels
from tests.core.strategies import statuses

_RELEASE = wheels(
    "cp314-cp314-win32",
    "cp314-cp314-macosx_11_0_arm64",
    "cp314-cp314t-macosx_14_0_arm64",
    "cp314-cp314t-manylinux_2_27_x86_64.manylinux_2_28_x86_64",
    "cp315-abi3.abi3t-manylinux_2_28_x86_64",
    "py3-none-win_arm64",
    "cp314-cp314-win_arm64",
    version="2.5.5",
    uploaded="2025-07-04T12:00:00Z",
)


def _title(judgement: Judgement) -> str:
    status = Status(judgement, NOW)
    words = headline(status)
    return f"{words.glyph} {status.package} {words.sentence.format(target=status.headline.target)}"


def test_a_headline_says_in_a_line_whether_it_installs() -> None:
    assert [_title(without_release("demo", (T314,), verdict)) for verdict in Verdict] == snapshot(
        [
            "❔ demo could not be looked up",
            "❔ demo is not on PyPI",
            "❔ demo is quarantined on PyPI: nothing can be installed, do not try",
            "❔ demo has no files on PyPI",
            "⛔ demo does not admit 3.14t: its requires-python leaves it out",
            "⛔ demo has no wheels for CPython; it can only be built from source",
            "⬜ demo installs on 3.14t: it is pure Python, there is nothing to build",
            "✅ demo installs on 3.14t: its wheels contain no CPython extension",
            "✅ demo installs on 3.14t, from wheels for every platform it supports",
            "🟡 demo installs on 3.14t from wheels, but not on every platform",
            "🟡 demo installs on 3.14t as pure Python, without its compiled parts",
            "⛔ demo has no wheel to trust on 3.14t: one would install, but its tags are wrong",
            "⛔ demo has no wheel for 3.14t: abi3 wheels do not work on free-threaded Python",
            "⛔ demo has no wheel for 3.14t; installers build it from source",
            "⛔ demo cannot be installed on 3.14t: no wheel, and no source to build from",
        ]
    )


_CAUGHT = (Modifier(ModifierKind.YANKED, "broken"), Modifier(ModifierKind.GIL_REENABLED, "evidence"))


@pytest.mark.parametrize(
    ("verdict", "modifiers", "said"),
    [
        (
            Verdict.SUPPORTED,
            _CAUGHT[1:],
            (
                "🟡 demo installs on 3.14t, from wheels for every platform it supports, but importing it turns the GIL"
                " back on"
            ),
        ),
        (
            Verdict.SUPPORTED,
            _CAUGHT[:1],
            "🟡 demo installs on 3.14t, from wheels for every platform it supports, but it was yanked",
        ),
        (
            Verdict.NO_PYTHON_ABI,
            _CAUGHT,
            (
                "🟡 demo installs on 3.14t: its wheels contain no CPython extension, but importing it turns the GIL"
                " back on and it was yanked"
            ),
        ),
        (
            Verdict.PARTIAL,
            _CAUGHT[:1],
            "🟡 demo installs on 3.14t from wheels, but not on every platform, and it was yanked",
        ),
        (
            Verdict.PURE,
            _CAUGHT[:1],
            "⬜ demo installs on 3.14t: it is pure Python, there is nothing to build, but it was yanked",
        ),
        (Verdict.SDIST_ONLY, _CAUGHT[:1], "⛔ demo has no wheels for CPython; it can only be built from source"),
    ],
)
def test_a_headline_is_not_all_clear_where_there_is_a_catch(
    verdict: Verdict, modifiers: tuple[Modifier, ...], said: str
) -> None:
    assert _title(Judgement("demo", (TargetVerdict(T314, verdict),), modifiers=modifiers)) == said


def test_a_release_with_wheels_only_for_platforms_that_are_not_judged_is_not_said_to_have_none() -> None:
    elsewhere = wheel("cp314-cp314t-manylinux_2_39_riscv64")
    said = [_title(judged(project(*files))) for files in ([elsewhere], [elsewhere, sdist()])]
    assert said == snapshot(
        [
            "⛔ demo has no wheel for the platforms that are judged, and no source to build from",
            "⛔ demo has no wheel for the platforms that are judged; installers build it from source",
        ]
    )
    assert "no wheel for 3.14t" in _title(judged(project(elsewhere, wheel("cp314-cp314-win32"), sdist())))


def test_the_same_advice_about_several_pythons_is_given_once() -> None:
    some = [TargetVerdict(Target(minor), Verdict.NOT_YET) for minor in (14, 15, 16)]
    blocked = TargetVerdict(Target(17), Verdict.BLOCKED)
    assert [text.partition(". ")[2] for text in advice([*some[:2], blocked])] == [
        "Ask upstream for cp314t and cp315t wheels.",
        "Ask upstream for cp317t wheels or an sdist.",
    ]
    assert [text.partition(". ")[2] for text in advice(some)] == ["Ask upstream for cp314t, cp315t and cp316t wheels."]


def test_what_several_platforms_have_in_common_is_said_once() -> None:
    plain = wheels("py3-none-win32", "py3-none-manylinux_2_28_x86_64")
    native = wheels("cp315-abi3t-win_amd64", "cp315-abi3t-win_arm64", "cp315-cp315t-macosx_11_0_arm64")
    assert covered_line(verdict_for(T315, plain)) == snapshot(
        "no Python ABI: Linux x86-64 (glibc 2.28+), Windows 32-bit"
    )
    assert covered_line(verdict_for(T315, native)) == snapshot(
        "macOS arm64 (macOS 11.0+); abi3t: Windows x64, Windows arm64"
    )


def test_a_long_text_from_elsewhere_is_cut_and_put_on_one_line() -> None:
    assert one_line("a\n b\t") == "a b"
    assert one_line("x" * 300) == "x" * 300
    assert one_line("x" * 301) == "x" * 299 + "…"


def test_lists_name_the_first_few_of_many() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"


def test_advice_says_what_to_do_where_there_is_something_to_do() -> None:
    said = {verdict.value: advice([TargetVerdict(T315, verdict)]) for verdict in Verdict}
    assert {verdict: text.split(". ") for verdict, texts in said.items() for text in texts} == snapshot(
        {
            "sdist-only": ["If it has extension modules, check at import whether the GIL stays off."],
            "mis-tagged": ["Do not install it there: it may crash", "Ask upstream for wheels tagged cp315t."],
            "abi3-only": ["Ask upstream for cp315t wheels, or from Python 3.15 on for abi3t ones."],
            "not-yet": [
                "A build from source may fail, or turn the GIL back on at import",
                "Ask upstream for cp315t wheels.",
            ],
            "blocked": [
                "Installers may take an older release without a word",
                "Ask upstream for cp315t wheels or an sdist.",
            ],
        }
    )


@pytest.mark.parametrize("verdict", Verdict)
def test_advice_is_given_where_it_does_not_install_though_it_could(verdict: Verdict) -> None:
    assert bool(advice([TargetVerdict(T314, verdict)])) is (verdict.ok is False and verdict is not Verdict.EXCLUDED)


def test_lines_list_what_is_covered_and_missing_and_since_when() -> None:
    lines = [
        line
        for verdict in judged(project(*_RELEASE)).targets
        for line in (covered_line(verdict), missing_line(verdict), since_line(verdict))
    ]
    assert lines == snapshot(
        [
            "Linux x86-64 (glibc 2.27+), macOS arm64 (macOS 14.0+), Windows arm64 (no Python ABI)",
            "Windows 32-bit",
            "since 2.5.5 (4 July 2025)",
            "Linux x86-64 (abi3t, glibc 2.28+), Windows arm64 (no Python ABI)",
            "macOS arm64, Windows 32-bit",
            "since 2.5.5 (4 July 2025)",
        ]
    )


def test_since_is_without_a_day_where_the_index_has_none() -> None:
    assert since_line(verdict_for(T314, [wheel("cp314-cp314t-win32", uploaded=None)])) == "since 1.0"
    assert since_line(verdict_for(T314, [wheel("cp314-cp314-win32")])) is None


@pytest.mark.parametrize("tags", [["py3-none-any"], ["cp314-cp314-win32", "py3-none-any"]])
def test_pure_python_is_on_every_platform(tags: list[str]) -> None:
    assert covered_line(verdict_for(T314, wheels(*tags))) == "every platform"


def test_every_platform_has_a_name_of_its_own() -> None:
    assert list(PLATFORM_NAMES) == list(PLATFORMS)
    assert len(set(PLATFORM_NAMES.values())) == len(PLATFORMS)


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_glyph_that_agrees_with_ok(verdict: Verdict) -> None:
    glyphs = {True: {"✅", "🟡", "⬜"}, False: {"⛔"}, None: {"❔"}}
    assert phrase(verdict).glyph in glyphs[verdict.ok]
    assert ("installs on" in phrase(verdict).sentence) is (verdict.ok is True)


def test_a_modifier_is_a_line_with_its_detail_where_it_has_one() -> None:
    assert modifier_line(Modifier(ModifierKind.YANKED)) == "Yanked"
    assert modifier_line(Modifier(ModifierKind.YANKED, "broken build")) == "Yanked: broken build"
    assert [modifier_line(Modifier(kind)) for kind in ModifierKind] == snapshot(
        [
            "Lagging",
            "Regressed",
            "Upload in progress",
            "Pure-Python fallback",
            "Pre-release only",
            "Suspect wheels",
            "Yanked",
            "Archived",
            "Superseded",
            "Re-enables the GIL",
            "Its classifier claims Free Threading",
            "Claim and wheels disagree",
        ]
    )


def test_the_disclaimer_says_what_a_wheel_does_not_show() -> None:
    assert "not that it is thread-safe" in DISCLAIMER


@given(statuses())
def test_nothing_but_the_disclaimer_speaks_of_thread_safety(status: Status) -> None:
    said = [_title(status.judgement), json.dumps(to_json(status)), *advice(status.judgement.targets)]
    for verdict in status.judgement.targets:
        said += [covered_line(verdict), missing_line(verdict), since_line(verdict) or ""]
        said += [modifier_line(modifier) for modifier in verdict.modifiers]
    text = "\n".join(said)
    assert "thread-safe" not in text.lower()
    assert "thread safe" not in text.lower()
    assert "{" not in said[0]
