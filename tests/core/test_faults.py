"""Pages that were once answered wrongly, and the right answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from bot.core.digest.digest import Digest, Tracked, digest_of
from bot.core.digest.markdown import markdown
from bot.core.digest.weeks import parse_week
from bot.core.history.shares import shares_by_target
from bot.core.history.timelines import timelines
from bot.core.index.simple_api import Project, parse
from bot.core.verdicts.judge import Judgement, TargetVerdict
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.verdicts.wording import (
    advice,
    floors_line,
    headline,
    reasons,
)
from bot.core.wheels.platforms import Platform
from tests.core.pages import NOW, T314, T315, judged, kinds

_TARGETS = (T314, T315)

Faults = Callable[[str], Project]


@pytest.fixture
def fault(shared: Path) -> Faults:
    def read(name: str) -> Project:
        body = (shared / "data" / "faults" / f"{name}.json").read_bytes()
        return parse(msgspec.json.decode(body)["name"], body)

    return read


def _on(judgement: Judgement, place: int = 0) -> TargetVerdict:
    return judgement.targets[place]


def _digest(project: Project, week: str) -> Digest:
    return digest_of(parse_week(week), [Tracked(project.name, 1, timelines(project, _TARGETS))], _TARGETS, NOW)


def _shares(project: Project, day: date) -> dict[str, int]:
    known = {str(target): steps for target, steps in timelines(project, _TARGETS).items()}
    (share,) = shares_by_target([known], [str(target) for target in _TARGETS], day, day, NOW)
    return dict(share.with_wheels)


def test_what_was_pure_python_loses_nothing_when_it_becomes_native(fault: Faults) -> None:
    hypothesis = fault("pure-became-native")
    digest = _digest(hypothesis, "2026-W27")
    assert (digest.lost, digest.narrowed, digest.completed) == ((), (), ())
    (gained,) = digest.gained
    assert (gained.version, gained.target, gained.day) == ("6.156.1", T314, date(2026, 7, 3))
    (turned,) = digest.pure
    assert (turned.version, turned.target, turned.verdict) == ("6.156.1", T315, Verdict.BLOCKED)
    assert [share.with_wheels for share in digest.shares] == [1, 0]
    assert _shares(hypothesis, digest.week.sunday) == {"3.14t": 1, "3.15t": 0}
    assert "is not pure Python any more, and has no 3.15t wheels" in markdown(digest)


def test_a_placeholder_loses_nothing_either(fault: Faults) -> None:
    digest = _digest(fault("placeholder-pure-lost"), "2025-W40")
    assert (digest.lost, digest.narrowed, digest.gained) == ((), (), ())
    assert [share.with_wheels for share in digest.shares] == [0, 0]
    assert {(move.version, move.target) for move in digest.pure} == {("1.34.0", T314), ("1.34.0", T315)}


def test_a_lost_platform_is_told(fault: Faults) -> None:
    netcdf4 = fault("platform-lost-silently")
    verdict = _on(judged(netcdf4))
    assert verdict.verdict is Verdict.PARTIAL
    assert verdict.missing == (Platform.MANYLINUX_X86_64, Platform.MANYLINUX_AARCH64)
    (narrowed,) = (each for each in verdict.modifiers if each.kind is ModifierKind.NARROWED)
    assert narrowed.detail == (
        "netcdf4 1.7.4 had wheels for 3.14t on Linux x86-64 and arm64; none since 1.7.5."
        " There, pip and uv take 1.7.4 without a word."
    )
    digest = _digest(netcdf4, "2026-W42")
    (move,) = digest.narrowed
    assert (move.version, move.previous, move.day, move.lost) == ("1.7.5", "1.7.4", date(2026, 10, 15), verdict.missing)
    assert digest.lost == ()
    assert "## Lost a platform (1)" in markdown(digest)
    assert _digest(netcdf4, "2026-W43").narrowed == ()


def test_one_platform_of_four_was_an_accident(fault: Faults) -> None:
    autobahn = fault("regressed-by-accident")
    verdict = _on(judged(autobahn))
    assert (verdict.verdict, kinds(verdict)) == (Verdict.NOT_YET, [ModifierKind.NARROWED])
    digest = _digest(autobahn, "2026-W29")
    assert (digest.lost, [move.version for move in digest.narrowed]) == ((), ["26.7.1"])


def test_a_requirement_up_to_the_minor_version_shuts_it_out(fault: Faults) -> None:
    judgement = judged(fault("requires-python-le-minor"))
    assert [each.verdict for each in judgement.targets] == [Verdict.EXCLUDED, Verdict.EXCLUDED]
    assert reasons(Status(judgement, NOW)) == (
        "Its requires-python, <=3.14,>=3.11, lets in 3.14.0 and none of its bug-fix releases.",
        "Its requires-python, <=3.14,>=3.11, leaves 3.15t out.",
        "pip refuses it there; uv reads only the lower bound, and takes it all the same.",
    )


def test_the_floor_is_that_of_the_most_generous_wheel(fault: Faults) -> None:
    verdict = _on(judged(fault("floor-two-ranks")), 1)
    cover = verdict.covered[Platform.MANYLINUX_X86_64]
    assert (cover.how, str(cover.floor), cover.floor_how) == ("cp315t", "glibc 2.28", "abi3t")
    assert floors_line(verdict) == "needs glibc 2.28+ by abi3t"


def test_a_floor_above_that_of_the_gil_build_is_told(fault: Faults) -> None:
    verdict = _on(judged(fault("floor-worse-than-gil")))
    assert [each.detail for each in verdict.modifiers if each.kind is ModifierKind.FLOOR] == [
        (
            "The wheels for 3.14t need macOS 14.0 on macOS x86-64, where those for Python 3.14 with the GIL need macOS"
            " 10.15."
        )
    ]
    assert str(verdict.covered[Platform.MACOS_ARM64].floor) == "macOS 11.0"


def test_abi3t_is_no_advice_for_3_14t(fault: Faults) -> None:
    status = Status(judged(fault("advice-abi3t-for-314t")), NOW)
    assert [each.verdict for each in status.judgement.targets] == [Verdict.ABI3_ONLY, Verdict.SUPPORTED]
    assert advice(status) == ("Ask upstream for cp314t wheels.",)


def test_of_a_pure_package_only_its_own_files_are_said_to_be_pure(fault: Faults) -> None:
    status = Status(judged(fault("pure-hides-native-polars")), datetime(2026, 11, 22, tzinfo=UTC))
    assert "its own files are pure Python" in headline(status).sentence
    assert "nothing to build" not in headline(status).sentence
    (named,) = (each for each in status.judgement.modifiers if each.kind is ModifierKind.FAMILY)
    assert named.detail is not None
    assert "polars-runtime-32" in named.detail
