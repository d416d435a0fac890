"""Threads upstream lead to the section of the guide that helps."""

from __future__ import annotations

import re

import pytest

from bot.core.classify.thread import KindName
from bot.core.guide.sections import GUIDE, GuideTopic, section_title, section_url, shipped_sections
from bot.core.guide.topics import fitting_topic


@pytest.mark.parametrize(
    ("kind", "title", "topic"),
    [
        (KindName.GIL_REENABLED, "Importing it turns the GIL back on", GuideTopic.DECLARING),
        (KindName.QUESTION, "How do I port a pybind11 extension to 3.14t?", GuideTopic.DECLARING),
        (KindName.QUESTION, "Cython modules on free-threaded Python?", GuideTopic.DECLARING),
        (KindName.SUPPORT_TRACKING, "Support free-threading (PyO3 0.23)", GuideTopic.DECLARING),
        (KindName.BUILD_FAILURE, "f2py: build fails on 3.14t", GuideTopic.DECLARING),
        (KindName.CI, "Test on 3.14t", GuideTopic.WHEELS),
        (KindName.MISSING_WHEEL, "No cp314t files on PyPI", GuideTopic.WHEELS),
        (KindName.BUILD_FAILURE, "cibuildwheel fails for cp314t", GuideTopic.WHEELS),
        (KindName.DATA_RACE, "Wrong sums with many threads", GuideTopic.RACES),
        (KindName.QUESTION, "How do I find a data race in my extension?", GuideTopic.RACES),
        (KindName.ABI3T, "Build for the stable ABI", GuideTopic.ABI3T),
        (KindName.QUESTION, "When will it work?", None),
        (KindName.CRASH, "Cython module crashes on 3.14t", None),
        (KindName.PERFORMANCE, "Slow on 3.14t", None),
    ],
)
def test_a_thread_leads_to_the_section_that_fits(kind: KindName, title: str, topic: GuideTopic | None) -> None:
    assert fitting_topic([kind], title) is topic


def test_the_surest_kind_decides() -> None:
    assert fitting_topic([KindName.CRASH, KindName.DATA_RACE, KindName.CI], "") is GuideTopic.RACES


@pytest.mark.parametrize("section", shipped_sections(), ids=lambda section: section.title)
def test_places_have_the_form_that_the_guide_gives_headings(section: object) -> None:
    """Pages end in a slash; an anchor is its heading in lower case, with hyphens for blanks."""
    shipped = next(each for each in shipped_sections() if each == section)
    page, _, anchor = shipped.url.removeprefix(GUIDE).partition("#")
    assert re.fullmatch(r"[a-z0-9_-]+/", page)
    assert "#" not in shipped.url or re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", anchor)
    if anchor and anchor != "tsan-suppressions":
        assert anchor == re.sub(r"[^\w]+", "-", shipped.title.lower())


def test_every_topic_has_the_title_of_its_section() -> None:
    titles = {section.url: section.title for section in shipped_sections()}
    assert {topic: section_title(topic) for topic in GuideTopic} == {
        topic: titles[section_url(topic)] for topic in GuideTopic
    }
