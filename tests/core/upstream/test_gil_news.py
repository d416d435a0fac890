"""Who said that a package turns the GIL on hears when a later release does not; a first reading is no news."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.classify.classify import classify
from bot.core.classify.thread import KindName, Thread
from bot.core.inspection.modules import Declaration
from bot.core.upstream.gil_news import GilNews, gil_news, is_about_gil
from bot.core.upstream.threads import KnownThread, ThreadOrigin
from bot.core.wheels.targets import Target
from tests.core.inspection.read_wheels import OFF, ON, UNKNOWN, read_wheel, wheel_name
from tests.core.upstream.test_threads import BEFORE

T314 = Target(14)
WARNING = "The global interpreter lock (GIL) has been enabled to load module 'demo.m'"
OPENED = BEFORE.issue.created
THREAD = KnownThread(BEFORE.issue, ThreadOrigin.TRIAGE, "demo", free_threading=True, kinds=(KindName.GIL_REENABLED,))
LATER = OPENED + timedelta(days=1)


@pytest.mark.parametrize(
    ("declared", "version"),
    [
        ({"1.0": ON, "2.0": OFF}, "2.0"),
        ({"1.0": ON, "2.0": OFF, "2.1": OFF}, "2.0"),
        ({"2.0": OFF}, None),
        ({"1.0": ON, "2.0": ON}, None),
        ({"1.0": OFF, "2.0": ON}, None),
        ({"1.0": ON, "2.0": UNKNOWN}, None),
        ({}, None),
    ],
)
def test_a_later_release_that_keeps_the_gil_off_is_news(declared: dict[str, Declaration], version: str | None) -> None:
    read = [read_wheel(number, each, when=LATER) for number, each in declared.items()]
    news = gil_news(THREAD, read, T314, None)
    assert news == (None if version is None else GilNews(THREAD, "demo", version, T314))


def test_what_was_read_before_a_thread_was_opened_is_no_news_to_it() -> None:
    earlier = OPENED - timedelta(days=1)
    read = [read_wheel("1.0", ON, when=earlier), read_wheel("2.0", OFF, when=earlier)]
    assert gil_news(THREAD, read, T314, None) is None


def test_what_is_read_of_another_python_is_no_news() -> None:
    read = [read_wheel("1.0", ON, when=LATER), read_wheel("2.0", OFF, when=LATER, minor=15)]
    assert gil_news(THREAD, read, T314, None) is None


def test_a_release_that_was_withdrawn_is_no_news() -> None:
    read = [read_wheel("1.0", ON, when=LATER), read_wheel("2.0", OFF, when=LATER)]
    assert gil_news(THREAD, read, T314, wheel_name("1.0")) is None


@pytest.mark.parametrize(("title", "about"), [(WARNING, True), ("Segmentation fault on 3.14t", False)])
def test_a_thread_is_about_it_where_it_says_so(title: str, *, about: bool) -> None:
    assert is_about_gil(classify(Thread("demo/demo", 1, title, "", is_pr=False))) is about
