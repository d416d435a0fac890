"""The pages of the site by what they are about: each a frame, a template and a view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.site.about import AboutPage
from bot.core.site.compare_page import ComparePage
from bot.core.site.deps_page import DepsPage
from bot.core.site.digest_pages import DigestPage, WeekLine
from bot.core.site.frame import SITE, FaultView, Frame
from bot.core.site.front import FrontPage
from bot.core.site.list_page import ListView
from bot.core.site.package_page import PackagePage
from bot.web.pages.renderer import Renderer


@dataclass(frozen=True, slots=True)
class HtmlPages:
    """Renders each kind of page."""

    renderer: Renderer

    def front(self, view: FrontPage, data_from: datetime) -> bytes:
        """Return the front page."""
        frame = Frame("", SITE, view.lead, picture="og.png")
        return self.renderer.render("front", frame, view, data_from)

    def package(self, view: PackagePage) -> bytes:
        """Return the page of a package."""
        version = "" if view.version is None else f" {view.version}"
        frame = Frame(
            f"packages/{view.name}/",
            f"{view.name} on free-threaded Python",
            f"{view.name}{version} {view.sentence}.",
            section="packages",
            feed=f"packages/{view.name}/feed.xml" if view.tracked else "feed.xml",
            picture="og.png",
            indexed=view.tracked,
        )
        return self.renderer.render("package", frame, view)

    def listing(self, view: ListView) -> bytes:
        """Return a page of a list."""
        page = f", page {view.number}" if view.number > 1 else ""
        what = f"{view.total} packages with native code, and what they have for free-threaded Python{page}."
        frame = Frame(
            view.path,
            f"{view.title}{page}",
            what,
            section="packages",
            picture="og.png",
            indexed=view.is_whole or not self.renderer.site.live,
        )
        return self.renderer.render("list", frame, view)

    def about(self, view: AboutPage) -> bytes:
        """Return the page about the site itself."""
        what = "How packages are judged on free-threaded Python, how old the data is, and what other trackers do."
        return self.renderer.render("about", Frame("about/", "About", what, section="about", picture="og.png"), view)

    def compare(self, view: ComparePage | None) -> bytes:
        """Return the page that puts packages side by side, or asks which."""
        frame = Frame("compare", "Compare", "Packages side by side on free-threaded Python.", section="compare")
        return self.renderer.render("compare", replace(frame, indexed=view is None), view)

    def deps(self, view: DepsPage) -> bytes:
        """Return the page that asks about dependencies, and answers."""
        what = "Which of your dependencies stop a move to free-threaded Python?"
        frame = Frame("deps", "Check my dependencies", what, section="deps", indexed=view.answer is None)
        return self.renderer.render("deps", frame, view)

    def fault(self, view: FaultView) -> bytes:
        """Return the page that says why there is none; it may stand at any address."""
        frame = Frame("", view.title, view.detail, indexed=False, top=self.renderer.site.top)
        return self.renderer.render("fault", frame, view)

    def digest(self, view: DigestPage, *, pictured: bool = True) -> bytes:
        """Return the page of a week, which may have a picture of its own for links to it."""
        path, what = f"digests/{view.week}/", "; ".join(share.line for share in view.shares)
        frame = Frame(
            path, view.title, what, section="digests", picture=f"digests/{view.week}/og.png" if pictured else "og.png"
        )
        return self.renderer.render("digest", frame, view)

    def archive(self, view: Sequence[WeekLine]) -> bytes:
        """Return the list of weeks."""
        what = "What moved in free-threaded Python, week by week."
        return self.renderer.render(
            "digests",
            Frame("digests/", "Digests", what, section="digests", feed="digests/feed.xml", picture="og.png"),
            view,
        )
