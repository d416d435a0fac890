"""A status links the section of the guide that helps with what it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.guide.sections import GUIDE, GuideTopic, section_url
from bot.core.inspection.modules import Gil
from bot.core.verdicts.guide_link import guide_link
from bot.core.verdicts.status import Status
from tests.core.pages import NOW, T314, T315, judged, project, sdist, wheel, wheels

GIL, FREE, NEXT = "cp314-cp314-win32", "cp314-cp314t-win32", "cp315-cp315t-win32"


@pytest.mark.parametrize(
    ("tags", "topic"),
    [
        ((GIL, FREE, NEXT), None),
        (("py3-none-any",), None),
        ((GIL,), GuideTopic.WHEELS),
        ((GIL, FREE, NEXT, "cp314-cp314-win_amd64"), GuideTopic.WHEELS),
        (("cp311-abi3-win32",), GuideTopic.ABI3T),
    ],
)
def test_what_lacks_wheels_links_how_to_build_them(tags: tuple[str, ...], topic: GuideTopic | None) -> None:
    status = Status(judged(project(*wheels(*tags), sdist()), T314, T315), NOW)
    assert guide_link(status) == (GUIDE if topic is None else section_url(topic))


def test_what_turns_the_gil_back_on_links_how_to_declare_that_it_need_not() -> None:
    judgement = judged(project(wheel(FREE), wheel(GIL)), T314)
    read = replace(judgement, targets=(replace(judgement.targets[0], gil=Gil.ON),))
    assert guide_link(Status(read, NOW)) == section_url(GuideTopic.DECLARING)
    curated = judged(replace(project(wheel(FREE), wheel(GIL)), name="apsw"), T314)
    assert guide_link(Status(curated, NOW)) == section_url(GuideTopic.DECLARING)
