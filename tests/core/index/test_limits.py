"""What a page may have to be judged: far more than any has, and no more than can be worked through."""

from __future__ import annotations

import msgspec
import pytest

from bot.core.errors import TooLargeError
from bot.core.history.scan import conclude
from bot.core.history.timelines import wheel_names
from bot.core.index.limits import LONGEST_REQUIREMENTS, MOST_FILES, MOST_TAGS
from bot.core.index.simple_api import File, parse
from bot.core.verdicts.judge import judge
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.targets import Target
from tests.core.hostile_pages import A_FILE_A_DAY, HOSTILE, LARGEST_REAL, like_the_largest, page
from tests.core.pages import NOW

pytestmark = pytest.mark.no_cover  # the same lines for every one of very many files, which other tests run for few

TARGETS = (Target(14), Target(15))


@pytest.mark.parametrize(("files", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_page_that_would_take_too_long_to_judge_is_refused_with_the_reason(files: list[File], reason: str) -> None:
    with pytest.raises(TooLargeError, match=f"^The index's page of demo is too large to judge: .*{reason}") as refused:
        parse("demo", page(files))
    assert not refused.value.retryable


def test_five_times_the_largest_real_page_is_judged() -> None:
    project = parse("demo", page(like_the_largest(times=5)))
    assert len(project.files) == 5 * LARGEST_REAL
    assert [each.verdict for each in judge(project, TARGETS, NOW).targets] == [Verdict.SUPPORTED, Verdict.BLOCKED]


def test_a_release_with_more_files_than_any_project_is_judged() -> None:
    files = [File(f"demo-1.0-cp314-cp314t-manylinux_2_{number}_x86_64.whl") for number in range(20_000)]
    assert judge(parse("demo", page(files)), TARGETS[:1], NOW).targets[0].verdict is Verdict.SUPPORTED


def test_no_file_more_is_read_than_the_most() -> None:
    files = [File("demo-1.0-cp314-cp314t-win32.whl")] * MOST_FILES
    assert len(parse("demo", page(files)).files) == MOST_FILES
    with pytest.raises(TooLargeError):
        parse("demo", page([*files, files[0]]))
    broken = [msgspec.Raw(msgspec.json.encode({"filename": file.filename, "yanked": []})) for file in files]
    with pytest.raises(TooLargeError):
        parse("demo", msgspec.json.encode({"files": [*broken, {"filename": 5}]}))


def test_what_is_long_only_because_it_is_repeated_is_cheap() -> None:
    requires = ">=3.9" + ",!=3.9.1" * 500
    wide = "-".join(".".join(f"{part}{number}" for number in range(10)) for part in ("cp", "abi", "linux"))
    assert len(requires) < LONGEST_REQUIREMENTS < 2 * len(requires)
    files = [File(f"demo-1.{number}-{wide}.whl", requires) for number in range(MOST_TAGS // 1_000 * 2)]
    assert parse("demo", page(files)).files == tuple(files)


def test_a_past_that_would_take_too_long_to_look_at_is_refused_and_the_present_is_judged() -> None:
    project = parse("demo", page(A_FILE_A_DAY))
    assert judge(project, TARGETS, NOW).targets[0].verdict is Verdict.SUPPORTED
    with pytest.raises(TooLargeError, match=r"too large to judge: 8,997,000 files and days of uploads"):
        conclude(project, TARGETS, NOW)
    with pytest.raises(TooLargeError):
        wheel_names(project)
