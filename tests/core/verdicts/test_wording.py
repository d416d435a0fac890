from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from inline_snapshot import snapshot

from bot.core.schema.status import status_json
from bot.core.text.sentences import listed, shortened
from bot.core.verdicts.judge import Judgement, TargetVerdict, without_release
from bot.core.verdicts.modifiers import Modifier, ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.verdicts.wording import (
    DISCLAIMER,
    advice,
    awaited_line,
    covered_line,
    floor_lines,
    floors_line,
    headline,
    member_lines,
    missing_line,
    modifier_line,
    phrase,
    reasons,
    since_line,
)
from bot.core.wheels.platforms import PLATFORM_NAMES, PLATFORMS, Platform, platform_list
from bot.core.wheels.targets import Target
from tests.core.pages import NOW, T313, T314, T315, judged, project, sdist, verdict_for, wheel, wheels
from tests.core.strategies import NINE, statuses

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


def _advice(*verdicts: TargetVerdict) -> list[str]:
    return list(advice(Status(Judgement("demo", verdicts), NOW)))


def test_a_headline_says_in_a_line_whether_it_installs() -> None:
    assert [_title(without_release("demo", (T314,), verdict)) for verdict in Verdict] == snapshot(
        [
            "❔ demo could not be looked up",
            "❔ demo is not on PyPI",
            "❔ demo is quarantined on PyPI: nothing can be installed, do not try",
            "❔ demo has no files on PyPI",
            "⛔ demo does not admit 3.14t: its requires-python leaves it out",
            "⛔ demo has no wheels for CPython; it can only be built from source",
            "⬜ demo installs on 3.14t: by their tags, its own files are pure Python",
            "✅ demo installs on 3.14t: by their tags, its wheels hold no CPython extension",
            "✅ demo installs on 3.14t, from wheels for every platform it supports",
            "🟡 demo installs on 3.14t from wheels, but not on every platform",
            "🟡 demo installs on 3.14t as pure Python, without its compiled parts",
            "⛔ demo has no wheel to trust on 3.14t: one would install, but its tags cannot be believed",
            "⛔ demo has no wheel for 3.14t: abi3 wheels do not work on free-threaded Python",
            "⛔ demo has no wheel for 3.14t; installers build it from source",
            "⛔ demo has no wheel for 3.14t in its newest release, and no source to build from",
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
                "🟡 demo installs on 3.14t: by their tags, its wheels hold no CPython extension, but importing it turns"
                " the GIL back on and it was yanked"
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
            "⬜ demo installs on 3.14t: by their tags, its own files are pure Python, but it was yanked",
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
    some = [TargetVerdict(target, Verdict.NOT_YET) for target in (T314, T315)]
    source = "A build from source may fail, or turn the GIL back on at import."
    assert _advice(*some) == [source, "Ask upstream for cp314t and cp315t wheels."]
    assert _advice(some[0], TargetVerdict(T315, Verdict.BLOCKED)) == [
        source,
        "Installers may take an older release without a word.",
        "Ask upstream for cp314t and cp315t wheels or an sdist.",
    ]


def test_abi3t_is_asked_for_where_abi3_is_shipped_and_a_python_loads_it() -> None:
    assert _advice(*(TargetVerdict(target, Verdict.ABI3_ONLY) for target in (T314, T315))) == [
        "Ask upstream for cp314t and abi3t wheels; abi3t ones serve 3.15t and later."
    ]


def test_nobody_is_asked_for_a_python_that_is_over_or_not_out() -> None:
    over, future = (TargetVerdict(target, Verdict.ABI3_ONLY) for target in (T313, Target(16)))
    assert _advice(over) == ["3.13t was an experiment that build tools have left. Look at 3.14t instead."]
    assert _advice(future) == ["Python 3.16t is not out yet, so there is nothing to ask for."]
    year_later = Status(Judgement("demo", (future,)), NOW + timedelta(days=365))
    assert advice(year_later) == ("Ask upstream for abi3t wheels, which serve 3.16t and later.",)


@pytest.mark.parametrize("kind", [ModifierKind.SUPERSEDED, ModifierKind.ARCHIVED, ModifierKind.FAMILY])
def test_nobody_is_asked_who_would_not_answer(kind: ModifierKind) -> None:
    verdict = TargetVerdict(T314, Verdict.ABI3_ONLY)
    assert advice(Status(Judgement("demo", (verdict,), modifiers=(Modifier(kind),)), NOW)) == ()


@pytest.mark.parametrize("kind", [ModifierKind.UPLOADING, ModifierKind.PRERELEASE_ONLY])
def test_nobody_is_asked_for_what_is_on_its_way(kind: ModifierKind) -> None:
    coming = TargetVerdict(T314, Verdict.ABI3_ONLY, modifiers=(Modifier(kind),))
    assert _advice(coming) == []
    assert _advice(coming, TargetVerdict(T315, Verdict.NOT_YET))[-1] == "Ask upstream for cp315t wheels."


def test_what_several_platforms_have_in_common_is_said_once() -> None:
    plain = wheels("py3-none-win32", "py3-none-manylinux_2_28_x86_64")
    native = wheels("cp315-abi3t-win_amd64", "cp315-abi3t-win_arm64", "cp315-cp315t-macosx_11_0_arm64")
    assert covered_line(verdict_for(T315, plain)) == snapshot("no Python ABI: Linux x86-64, Windows 32-bit")
    assert covered_line(verdict_for(T315, native)) == snapshot("macOS arm64; abi3t: Windows x64 and arm64")


def test_a_long_text_from_elsewhere_is_cut_and_put_on_one_line() -> None:
    assert shortened("a\n b\t") == "a b"
    assert shortened("x" * 300) == "x" * 300
    assert shortened("x" * 301) == "x" * 299 + "…"


def test_lists_name_the_first_few_of_many() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"


def test_advice_says_what_to_do_where_there_is_something_to_do() -> None:
    said = {verdict.value: _advice(TargetVerdict(T315, verdict)) for verdict in Verdict}
    assert {verdict: texts for verdict, texts in said.items() if texts} == snapshot(
        {
            "sdist-only": ["If it has extension modules, check at import whether the GIL stays off."],
            "mis-tagged": ["Do not install it there: it may crash.", "Ask upstream for cp315t wheels."],
            "abi3-only": ["Ask upstream for abi3t wheels, which serve 3.15t and later."],
            "not-yet": [
                "A build from source may fail, or turn the GIL back on at import.",
                "Ask upstream for cp315t wheels.",
            ],
            "blocked": [
                "Installers may take an older release without a word.",
                "Ask upstream for cp315t wheels or an sdist.",
            ],
        }
    )


@pytest.mark.parametrize("verdict", Verdict)
def test_advice_is_given_where_it_does_not_install_though_it_could(verdict: Verdict) -> None:
    assert bool(_advice(TargetVerdict(T314, verdict))) is (verdict.ok is False and verdict is not Verdict.EXCLUDED)


def test_lines_list_what_is_covered_and_missing_and_since_when() -> None:
    lines = [
        line
        for verdict in judged(project(*_RELEASE)).targets
        for line in (covered_line(verdict), floors_line(verdict), missing_line(verdict), since_line(verdict))
    ]
    assert lines == snapshot(
        [
            "Linux x86-64, macOS arm64; no Python ABI: Windows arm64",
            "needs glibc 2.27+, macOS 14.0+",
            "Windows 32-bit",
            "since 2.5.5 (4 July 2025)",
            "abi3t: Linux x86-64; no Python ABI: Windows arm64",
            "needs glibc 2.28+",
            "",
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


def test_platforms_are_named_by_system() -> None:
    assert platform_list(PLATFORMS) == snapshot(
        "Linux x86-64 and arm64, musl x86-64 and arm64, macOS x86-64 and arm64, Windows x64, arm64 and 32-bit"
    )
    assert platform_list((Platform.WIN32, Platform.MANYLINUX_AARCH64)) == "Linux arm64, Windows 32-bit"


def test_wheels_for_all_nine_platforms_are_said_in_two_words() -> None:
    tags = [[f"cp315-{abi}t-{platform}" for platform in NINE] for abi in ("cp315", "abi3")]
    assert [covered_line(verdict_for(T315, wheels(*each))) for each in tags] == [
        "every platform (9)",
        "abi3t: every platform (9)",
    ]


def test_the_oldest_systems_are_said_by_system_and_by_platform() -> None:
    tags = (
        "cp315-cp315t-manylinux_2_28_x86_64",
        "cp315-cp315t-manylinux_2_34_aarch64",
        "cp315-abi3t-manylinux_2_17_aarch64",
        "cp315-cp315t-macosx_10_15_universal2",
        "cp315-cp315t-musllinux_1_2_x86_64",
        "cp315-cp315t-musllinux_1_2_aarch64",
        "py3-none-win32",
    )
    verdict = verdict_for(T315, wheels(*tags))
    assert floors_line(verdict) == snapshot(
        "needs glibc 2.28+ (x86-64) and 2.17+ by abi3t (arm64), musl 1.2+, macOS 10.15+ (x86-64) and 11.0+ (arm64)"
    )
    assert floor_lines(verdict) == snapshot(
        (
            "Linux x86-64: cp315t, from glibc 2.28",
            "Linux arm64: cp315t, from glibc 2.17 by abi3t",
            "musl x86-64: cp315t, from musl 1.2",
            "musl arm64: cp315t, from musl 1.2",
            "macOS x86-64: cp315t, from macOS 10.15",
            "macOS arm64: cp315t, from macOS 11.0",
            "Windows 32-bit: no Python ABI",
        )
    )
    assert floors_line(verdict_for(T315, wheels("cp315-cp315t-win32"))) is None


def test_a_family_is_a_line_for_each_member() -> None:
    member = Status(judged(project(*_RELEASE)), NOW)
    unread = Status(without_release("other", (T314, T315), Verdict.UNKNOWN), NOW)
    assert member_lines(replace(member, family=(member, unread))) == snapshot(
        ("demo 2.5.5: partly on 3.14t, wheels on 3.15t", "other: could not tell on 3.14t, could not tell on 3.15t")
    )


@pytest.mark.parametrize(("named", "awaited"), [("2.5.6", True), ("2.5.5", False), ("2.5.0", False), (None, False)])
def test_a_first_version_is_told_while_it_is_not_out(named: str | None, awaited: bool) -> None:
    line = awaited_line(Status(judged(project(*_RELEASE)), NOW, first_version=named))
    assert line == (f"The tracking table names {named} as the first with support. It is not out." if awaited else None)


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
            "Narrowed",
            "Upload in progress",
            "Pure-Python fallback",
            "Needs a newer system",
            "Requirement without wheels",
            "Other names",
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
    said = [_title(status.judgement), json.dumps(status_json(status)), *advice(status), *reasons(status)]
    for verdict in status.judgement.targets:
        said += [covered_line(verdict), missing_line(verdict), since_line(verdict) or "", floors_line(verdict) or ""]
        said += floor_lines(verdict)
        said += [modifier_line(modifier) for modifier in verdict.modifiers]
    text = "\n".join(said)
    assert "thread-safe" not in text.lower()
    assert "thread safe" not in text.lower()
    assert "{" not in said[0]
