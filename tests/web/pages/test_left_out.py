"""What a page leaves out for want of room is to be found somewhere, and the page says where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.site.deps_page import DependencyGroup, DepsAnswer, DepsPage
from bot.core.site.facts import SitePackage
from bot.core.site.frame import PageSite
from bot.core.site.marks import Mark
from bot.core.site.package_page import ModuleRow, PackagePage, ThreadLink, package_page
from bot.core.verdicts.status import Status
from bot.web.pages.pages import HtmlPages
from bot.web.pages.renderer import Renderer
from tests.core.pages import NOW, judged, project, wheels
from tests.web.pages.reading import problems, read

HTML = HtmlPages(Renderer(PageSite(live=True)))


@pytest.fixture
def view() -> PackagePage:
    found = judged(project(*wheels("cp314-cp314-win_amd64", "cp314-cp314t-win_amd64")))
    return package_page(SitePackage(Status(found, NOW), tracked=True), NOW)


def test_dependencies_that_are_left_out_are_named_on_ones_own_machine() -> None:
    group = DependencyGroup("Stops you (3)", Mark.BAD, (), 3, is_quiet=False)
    page = read(HTML.deps(DepsPage((), (), DepsAnswer(Mark.BAD, "Three stop you.", (group,), (), ()))))
    assert "and 3 more, which ftbot deps names on your machine" in page.text


def test_modules_that_are_left_out_are_named_by_a_command(view: PackagePage) -> None:
    modules = (ModuleRow("demo.a", ()),)
    page = read(HTML.package(replace(view, modules=modules, modules_rest=3)))
    assert "and 3 more, which ftbot inspect demo names" in page.text
    assert problems(page) == []


@pytest.mark.parametrize("tracker", ["https://github.com/demo/demo/issues", None])
def test_threads_that_are_left_out_are_on_the_tracker(view: PackagePage, tracker: str | None) -> None:
    thread = ThreadLink("demo/demo#1", "Wheels", "https://github.com/demo/demo/issues/1", "open", "today")
    page = read(HTML.package(replace(view, tracker=tracker, threads=(thread,), threads_total=4)))
    assert ("and 3 more on its tracker" if tracker else "and 3 more") in page.text
    assert tracker is None or page.links.count(tracker) >= 1
    assert problems(page) == []
