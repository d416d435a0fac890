"""What a scan keeps of a judgement: the whole of it, for as long as the page stays the same."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.index.metadata import CLASSIFIER, Metadata
from bot.core.index.simple_api import Project
from bot.core.verdicts.judge import judge
from bot.core.verdicts.kept import Kept, judgement_of, keep
from bot.core.verdicts.modifiers import ModifierKind
from tests.core.pages import NOW, T314, ago, project, sdist, wheels
from tests.core.strategies import TARGETS, projects
from tests.examples import examples

_AGES = st.sampled_from((timedelta(0), timedelta(hours=1), timedelta(days=2), timedelta(days=10), timedelta(days=30)))
_CLAIMS = st.sampled_from(
    (
        None,
        Metadata(),
        Metadata(CLASSIFIER),
        Metadata(f"{CLASSIFIER} :: 1 - Unstable"),
        Metadata(f"{CLASSIFIER} :: 3 - Stable"),
    )
)


def there_and_back(kept: Kept) -> Kept:
    return msgspec.json.decode(msgspec.json.encode(kept), type=Kept)


@given(projects, _AGES, _CLAIMS)
@settings(max_examples=examples(100))
def test_what_is_kept_is_what_would_be_judged_later(page: Project, age: timedelta, metadata: Metadata | None) -> None:
    kept = there_and_back(keep(page, TARGETS, NOW))
    assert judgement_of(page.name, kept, NOW + age, metadata) == judge(page, TARGETS, NOW + age, metadata)


def test_a_release_that_never_got_its_wheels_has_lost_them_two_days_later() -> None:
    page = project(
        *wheels("cp314-cp314-win32", "cp314-cp314t-win32", version="1.0"),
        *wheels("cp314-cp314-win32", version="2.0", uploaded=ago(hours=3)),
        sdist("2.0", uploaded=ago(hours=3)),
    )
    kept = there_and_back(keep(page, [T314], NOW))

    def kinds(age: timedelta) -> set[ModifierKind]:
        return {each.kind for each in judgement_of(page.name, kept, NOW + age).targets[0].modifiers}

    assert kinds(timedelta(hours=44)) == {ModifierKind.UPLOADING}
    assert kinds(timedelta(hours=46)) == {ModifierKind.REGRESSED}


def test_a_platform_that_does_not_exist_is_an_error() -> None:
    kept = keep(project(*wheels("cp314-cp314-win32")), [T314], NOW)
    strange = msgspec.structs.replace(kept, targets=[msgspec.structs.replace(kept.targets[0], missing=[9])])
    with pytest.raises(ValueError, match="no platform 9"):
        judgement_of("demo", strange, NOW)
