from __future__ import annotations

from datetime import UTC, datetime

from packaging.version import Version

from bot.core.index.simple_api import File, ProjectStatus, group
from bot.core.inspection.inspection import Inside, Inspection
from bot.core.inspection.modules import Declaration, ExtensionModule, Gil
from bot.core.schema.status import status_json
from bot.core.verdicts.imported_gil import is_contradicted, judge_with_inspections, with_inspections
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


def suspect(tags: str, inside: Inside | None, *files: str, notes: tuple[str, ...] = ()) -> Inspection:
    modules = tuple(ExtensionModule("demo.m", file, Declaration.NOT_USED) for file in files)
    return Inspection(f"demo-1.0-{tags}.whl", "0", False, 1, 2, 3, modules, notes, inside=inside)


def judged_with(*read: Inspection, more: tuple[str, ...] = (), targets: tuple[Target, ...] = (T314, T315)) -> Judgement:
    names = [each.wheel for each in read] + [f"demo-1.0-{tags}.whl" for tags in more]
    project = group("demo", [File(name) for name in names], ProjectStatus.ACTIVE)
    return judge_with_inspections(project, targets, NOW, None, {each.wheel: each for each in read})


def test_a_wheel_for_one_python_without_an_extension_is_trusted() -> None:
    (first, second) = judged_with(suspect("cp314-none-win_amd64", Inside.NO_EXTENSION)).targets
    assert (first.verdict, first.gil, first.modifiers) == (Verdict.SUPPORTED, Gil.NONE, ())
    assert {str(platform): cover.how for platform, cover in first.covered.items()} == {"win_amd64": "none"}
    assert second.verdict is not Verdict.SUPPORTED


def test_what_was_read_in_one_wheel_holds_for_those_of_other_platforms() -> None:
    read = suspect("cp314-none-manylinux_2_28_x86_64", Inside.NO_EXTENSION)
    found = judged_with(read, more=("cp314-none-win_amd64", "cp314-cp314-macosx_11_0_arm64"), targets=(T314,))
    (target,) = found.targets
    assert (target.verdict, list(target.missing)) == (Verdict.PARTIAL, ["macos_arm64"])
    other = suspect("cp314-none-win_amd64", Inside.EXTENSION, "demo/m.pyd")
    (target,) = judged_with(read, other, targets=(T314,)).targets
    assert (target.verdict, list(target.missing)) == (Verdict.PARTIAL, ["win_amd64"])


def test_a_wheel_for_one_python_with_an_extension_is_proved_mis_tagged() -> None:
    note = "It is mis-tagged: its tags say that it holds no CPython extension, and it holds demo/m.pyd."
    read = suspect("cp314-none-win_amd64", Inside.EXTENSION, "demo/m.pyd", notes=(note,))
    (target,) = judged_with(read, targets=(T314,)).targets
    assert (target.verdict, target.gil) == (Verdict.MIS_TAGGED, None)
    (modifier,) = target.modifiers
    assert modifier.kind is ModifierKind.SUSPECT_WHEELS
    assert modifier.detail is not None
    assert modifier.detail.endswith(f"demo-1.0-cp314-none-win_amd64.whl was read. {note}")


def test_abi3t_below_3_15_is_trusted_from_3_15_on_where_its_modules_have_the_hook() -> None:
    tags = "cp310-abi3.abi3t-manylinux_2_28_x86_64"
    hooked = judged_with(suspect(tags, Inside.EXPORT_HOOKS, "demo/m.abi3t.so"))
    assert [(each.verdict, each.gil) for each in hooked.targets] == [
        (Verdict.MIS_TAGGED, None),
        (Verdict.SUPPORTED, Gil.OFF),
    ]
    unhooked = judged_with(suspect(tags, Inside.EXTENSION, "demo/m.abi3t.so"))
    assert [(each.verdict, each.gil) for each in unhooked.targets] == [(Verdict.MIS_TAGGED, None)] * 2


def test_a_suspect_wheel_that_could_not_be_told_stays_suspect() -> None:
    (target,) = judged_with(suspect("cp314-none-win_amd64", None), targets=(T314,)).targets
    assert (target.verdict, target.gil) == (Verdict.MIS_TAGGED, None)


def test_an_older_release_is_not_believed_for_what_was_read_in_the_newest() -> None:
    read = suspect("cp314-none-win_amd64", Inside.NO_EXTENSION)
    files = [File("demo-0.9-cp314-none-win_amd64.whl"), File(read.wheel)]
    project = group("demo", files, ProjectStatus.ACTIVE)
    (target,) = judge_with_inspections(project, (T314,), NOW, None, {read.wheel: read}).targets
    assert target.since is not None
    assert str(target.since.version) == "1.0"
