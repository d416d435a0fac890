"""What somebody looks for is found in the guide, by words, by stems and in spite of slips of the pen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.guide.sections import GUIDE, GuideTopic, find_sections, section_url, shipped_sections, titles

DECLARING = "porting-extensions/#declaring-free-threaded-support"
SECTIONS = shipped_sections()


@pytest.mark.parametrize(
    ("topic", "place"),
    [
        ("pybind11", DECLARING),
        ("how do I port a pybind11 extension?", DECLARING),
        ("Cython", DECLARING),
        ("cython extension modules", DECLARING),
        ("PyO3", DECLARING),
        ("rust", DECLARING),
        ("f2py", DECLARING),
        ("Py_mod_gil", DECLARING),
        ("pybnd11", DECLARING),
        ("CI with cibuildwheel", "ci/#building-free-threaded-wheels-with-cibuildwheel"),
        ("set up CI", "ci/"),
        ("debugging data races", "thread_sanitizer/"),
        ("TSan", "thread_sanitizer/"),
        ("ThreadSanitizer", "thread_sanitizer/"),
        ("gdb", "debugging/"),
        ("deadlok", "porting-extensions/#critical-sections"),
        ("install", "installing-cpython/"),
        ("abi3t", "abi3t/"),
        ("flaky tests", "testing/#fixing-thread-unsafe-tests"),
    ],
)
def test_the_section_that_fits_comes_first(topic: str, place: str) -> None:
    assert find_sections(SECTIONS, topic)[0].url == GUIDE + place


@pytest.mark.parametrize("topic", ["", "the", "free-threaded Python", "zebra", "???", "\N{SNOWMAN}"])
def test_what_says_nothing_finds_nothing(topic: str) -> None:
    assert find_sections(SECTIONS, topic) == ()


def test_every_link_of_ours_is_to_a_section_that_ships() -> None:
    places = {section.url for section in SECTIONS}
    assert {section_url(topic) for topic in GuideTopic} <= places
    assert len(titles(SECTIONS)) == len(SECTIONS) == len(places)


@given(st.text(max_size=300), st.integers(1, 9))
def test_any_topic_is_answered_with_few_sections_each_once(topic: str, most: int) -> None:
    found = find_sections(SECTIONS, topic, most)
    assert len(found) <= most
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_a_section_is_found_by_its_title(section: object) -> None:
    title = next(each.title for each in SECTIONS if each == section)
    assert section in find_sections(SECTIONS, title)
