from __future__ import annotations

from datetime import UTC, datetime

from packaging.version import Version

from bot.core.index.simple_api import File, ProjectStatus, group
from bot.core.inspection.inspection import Inspection
from bot.core.inspection.modules import Declaration, ExtensionModule, Gil
from bot.core.schema.status import status_json
from bot.core.verdicts.imported_gil import is_contradicted, with_inspections
from bot.core.verdicts.judge import Judgement, judge
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.verdicts.wording import gil_line, headline, target_phrase
from bot.core.wheels.targets import Target

NOW = datetime(2026, 11, 29, tzinfo=UTC)
T314, T315 = Target(14), Target(15)


def judged(name: str = "demo", version: str = "1.0") -> Judgement:
    files = [File(f"{name}-{version}-cp3{minor}-cp3{minor}t-manylinux_2_28_x86_64.whl") for minor in (14, 15)]
    return judge(group(name, files, ProjectStatus.ACTIVE), (T314, T315), NOW)


def inspection(*declared: Declaration, name: str = "demo", reason: str | None = None) -> Inspection:
    modules = tuple(
        ExtensionModule(f"{name}.m{number}", f"{name}/m{number}.so", each) for number, each in enumerate(declared)
    )
    wheel = f"{name}-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl"
    return Inspection(wheel, None, False, 1, 2, 3, modules, reason=reason)


OFF, ON = inspection(Declaration.NOT_USED), inspection(*[Declaration.USED] * 7)


def kinds(judgement: Judgement) -> list[ModifierKind]:
    return [modifier.kind for modifier in judgement.modifiers]


def test_what_turns_the_gil_on_keeps_its_verdict_and_loses_its_green_tick() -> None:
    found = with_inspections(judged(), {T314: ON, T315: OFF})
    first, second = found.targets
    assert (first.verdict, first.gil, first.gil_modules) == (
        Verdict.SUPPORTED,
        Gil.ON,
        ("demo.m0", "demo.m1", "demo.m2", "demo.m3", "demo.m4"),
    )
    (modifier,) = first.modifiers
    assert modifier.kind is ModifierKind.GIL_REENABLED
    assert modifier.detail == (
        "Installs on 3.14t, but importing it turns the GIL back on: demo.m0 and 6 more, read from"
        " demo-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl."
    )
    assert (second.gil, second.gil_modules, second.modifiers) == (Gil.OFF, (), ())
    words = headline(Status(found, NOW))
    assert words.glyph == "🟡"
    assert words.sentence.endswith(", but importing it turns the GIL back on")
    assert [target_phrase(each).glyph for each in found.targets] == ["🟡", "✅"]
    assert [gil_line(each) for each in found.targets] == [
        "importing it turns the GIL back on",
        "importing it keeps the GIL off",
    ]


def test_what_was_not_read_says_nothing_about_the_gil() -> None:
    (first, second) = with_inspections(judged(), {T315: OFF}).targets
    assert (first.gil, gil_line(first), second.gil) == (None, None, Gil.OFF)


def test_a_wheel_that_was_not_read_to_its_end_keeps_nothing_off() -> None:
    broken = inspection(Declaration.NOT_USED, reason="The file host closed the connection.")
    found = with_inspections(judged(), {T314: broken})
    assert found.targets[0].gil is Gil.UNKNOWN
    assert gil_line(found.targets[0]) == "whether importing it turns the GIL back on could not be told"


def test_the_file_wins_over_the_curated_list() -> None:
    curated = judged("osqp", "1.1.3")
    assert ModifierKind.GIL_REENABLED in kinds(curated)
    assert ModifierKind.GIL_REENABLED in kinds(with_inspections(curated, {T314: OFF}))  # 3.15t was not read
    both = {T314: OFF, T315: OFF}
    assert kinds(with_inspections(curated, both)) == []
    read = with_inspections(curated, {T314: ON, T315: ON})
    assert kinds(read) == []  # each target says it for itself
    assert all(ModifierKind.GIL_REENABLED in {each.kind for each in target.modifiers} for target in read.targets)


def test_only_a_wheel_that_declares_contradicts_the_curated_list() -> None:
    version = Version("1.1.3")
    assert is_contradicted("osqp", version, OFF)
    assert not is_contradicted("osqp", version, ON)
    assert not is_contradicted("osqp", version, inspection(Declaration.UNKNOWN))
    assert not is_contradicted("demo", version, OFF)


def test_json_has_what_the_contract_says() -> None:
    answer = status_json(Status(with_inspections(judged(), {T314: ON}), NOW))
    targets = answer["targets"]
    assert isinstance(targets, list)
    assert [(each["gil"], each["gil_modules"]) for each in targets] == [
        ("on", ["demo.m0", "demo.m1", "demo.m2", "demo.m3", "demo.m4"]),
        (None, []),
    ]
