# ruff: noqa: E501 - the cards are written here as people get them
"""Cards of dependencies stay within Discord's limits and show all of an answer, whatever files and the index say."""

from __future__ import annotations

import re
from dataclasses import replace

from discord import ui
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from packaging.version import Version

from bot.core.dependencies.files import FileKind, UnreadLine
from bot.core.dependencies.judged import DependencyState, JudgedDependency, NeededPackage
from bot.core.dependencies.report import DependencyReport, ReadFile, in_reading_order
from bot.core.inspection.modules import Gil
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import PLATFORMS, Platform
from bot.core.wheels.targets import Target
from cogs.ui.buttons import LONGEST_IDENTIFIER
from cogs.ui.deps_card import EVERYTHING, NOT_READ, View, dependencies_card
from tests.cogs.ui.test_issue_cards import HOSTILE
from tests.cogs.ui.test_status_card import buttons, texts
from tests.core.dependencies.reports import EVERYTHING as REPORT
from tests.core.dependencies.reports import TORNADO, report

KEY = "k" * 16
_texts = st.text(max_size=300) | st.just(HOSTILE) | st.sampled_from(["𒐫" * 256, "@" * 256, "_" * 256, ""])
_names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,187}[a-z0-9])?", fullmatch=True)
_places = st.lists(st.sampled_from(PLATFORMS), unique=True, max_size=9).map(tuple)
_dependencies = st.builds(
    JudgedDependency,
    st.builds(
        NeededPackage,
        name=_names,
        version=st.none(),
        platforms=_places,
        paths=st.lists(st.lists(_names | _texts, min_size=1, max_size=5).map(tuple), max_size=1).map(tuple),
        ways=st.integers(0, 10**6),
        optional=st.booleans(),
        registry=st.none() | _texts,
        certain=st.booleans(),
    ),
    version=st.none() | st.sampled_from([Version("1.0"), Version("9" * 200)]),
    verdict=st.sampled_from(Verdict),
    missing=_places,
    lacking=_places,
    gil=st.none() | st.sampled_from(Gil),
    first_working=st.none() | st.just(Version("2.0")),
    tracking_issue=st.none() | _texts | st.just("https://github.com/tornadoweb/tornado/issues/3501"),
    reason=st.none() | _texts,
)
_unread = st.builds(UnreadLine, file=_texts, line=st.none() | st.integers(1, 10**9), text=_texts, reason=_texts)
_reports = st.builds(
    DependencyReport,
    subject=_texts,
    target=st.sampled_from([Target(14), Target(15)]),
    platforms=st.just((Platform.MANYLINUX_X86_64,)) | st.just(PLATFORMS),
    files=st.lists(st.builds(ReadFile, _texts, st.sampled_from(FileKind)), max_size=3).map(tuple),
    resolved=st.booleans(),
    dependencies=st.lists(_dependencies, max_size=25).map(in_reading_order),
    not_read=st.lists(_unread, max_size=15).map(tuple),
    warnings=st.lists(_texts, max_size=4).map(tuple),
)
_kinds = st.sampled_from([EVERYTHING, NOT_READ, *(state.name.lower() for state in DependencyState)])
_WORST = tuple(
    JudgedDependency(
        NeededPackage("a" * 188, None, PLATFORMS, paths=(("𒐫" * 300, "b"),), ways=9, optional=True),
        Version("9" * 200),
        verdict,
        missing=PLATFORMS[:8] if verdict is Verdict.PARTIAL else (),
        reason="@" * 300,
        tracking_issue="https://github.com/tornadoweb/tornado/issues/3501",
    )
    for verdict in Verdict
)


def selects(view: ui.LayoutView) -> list[ui.Select[ui.LayoutView]]:
    return [item for item in view.walk_children() if isinstance(item, ui.Select)]


def check(view: ui.LayoutView) -> str:
    """Fail unless a card is within Discord's limits and mentions and links nothing that it should not."""
    pieces = texts(view)
    assert sum(1 for _ in view.walk_children()) <= 40
    assert all(pieces)
    assert view.content_length() <= 4000
    assert sum(len(piece.encode()) + 12 for piece in pieces) <= 9000
    identifiers = [*(each.custom_id for each in buttons(view)), *(each.custom_id for each in selects(view))]
    assert len({*identifiers}) == len(identifiers)
    assert all(each is not None and len(each) <= LONGEST_IDENTIFIER for each in identifiers)
    whole = "\n".join(pieces)
    assert "@everyone" not in whole
    assert re.search(r"@[\w&!]", whole) is None
    unescaped = re.sub(r"\\[\\*_~`|>#\[\]<:]", "", whole)
    links = re.findall(r"\]\((.*?)\)", unescaped)
    assert all(link == "<https://github.com/tornadoweb/tornado/issues/3501>" for link in links)
    assert set(re.findall(r"<[^>]*>", unescaped)) <= {*links}
    return whole


@given(found=_reports, kind=_kinds, page=st.integers(-3, 10**6))
@example(found=report(*_WORST, subject="@" * 300, warnings=("𒐫" * 300,) * 4), kind=EVERYTHING, page=0)
@example(found=report(not_read=(UnreadLine("𒐫" * 99, 1, "@" * 99, "_" * 999),) * 30), kind=NOT_READ, page=1)
def test_a_card_stays_within_discords_limits(found: DependencyReport, kind: str, page: int) -> None:
    check(dependencies_card(found, KEY, View(kind, page)))


@given(found=_reports)
def test_the_pages_show_every_dependency_and_every_unread_line_once(found: DependencyReport) -> None:
    number = len(found.dependencies) + len(found.not_read)
    pages = [check(dependencies_card(found, KEY, View(EVERYTHING, page))) for page in range((number + 9) // 10)]
    assert sum(len(re.findall(r"^- ", page, re.MULTILINE)) for page in pages) == number


def test_what_stops_the_move_is_read_first() -> None:
    assert check(dependencies_card(REPORT, KEY, View())) == snapshot("""\
### ⛔ app on 3.14t, Linux x86-64: 2 of 6 stop you; 1 of them works in a newer version; 1 turns the GIL back on; 1 could not be told.
**⛔ Stops you (2)**
- **pylsqpack 0.3.23** — abi3 only · no version yet · via app → aioquic
- **tornado 6.5.4** — abi3 only · works from 6.6 · [issue](<https://github.com/tornadoweb/tornado/issues/3501>) · via app
**🟡 Works, but turns the GIL back on (1)**
- **lxml 6.1.3** — wheels, GIL back on · via app
**✅ Ready (2)**
- **attrs 25.4.0** — pure Python · via app
- **torch 2.11.0+cu128** — wheels (by the lock: https\\://download.example/whl/cu128) · via app
**❔ Could not be told (1)**
- **acme-internal 1.0** — The index has no such project; it may be a private one. · via app
**Not read (1)**
- requirements.txt\\:3: -e .: an editable project
-# Read from uv.lock · versions as they are pinned · kept in memory for an hour. A wheel shows that a build exists, not that it is thread-safe.\
""")


def test_a_kind_is_shown_alone_and_is_the_one_that_is_chosen() -> None:
    view = dependencies_card(REPORT, KEY, View("blocks"))
    (select,) = selects(view)
    assert [(each.label, each.value, each.default) for each in select.options] == snapshot(
        [
            ("Everything (7)", "all", False),
            ("⛔ Stops you (2)", "blocks", True),
            ("🟡 Works, but turns the GIL back on (1)", "gil_on", False),
            ("✅ Ready (2)", "ready", False),
            ("❔ Could not be told (1)", "unknown", False),
            ("Not read (1)", "not_read", False),
        ]
    )
    assert re.findall(r"^- \*\*([\w-]+)", check(view), re.MULTILINE) == ["pylsqpack", "tornado"]


def test_a_page_has_a_way_back_and_a_way_on() -> None:
    many = report(*(replace(TORNADO, needed=replace(TORNADO.needed, name=f"part{each:02}")) for each in range(25)))

    def ways(page: int) -> list[tuple[str | None, bool]]:
        return [(each.label, each.disabled) for each in buttons(dependencies_card(many, KEY, View(EVERYTHING, page)))]

    rest = [("CSV with everything", False), ("Watch the blockers", False)]
    assert ways(0) == [("◀ Back", True), ("More ▶", False), *rest]
    assert ways(1) == [("◀ Back", False), ("More ▶", False), *rest]
    assert ways(2) == [("◀ Back", False), ("More ▶", True), *rest]
    assert selects(dependencies_card(many, KEY, View())) == []  # there is one kind


def test_an_application_without_dependencies_has_nothing_to_click() -> None:
    view = dependencies_card(report(), KEY, View())
    assert check(view) == snapshot("""\
### ❔ app on 3.14t, Linux x86-64: there is nothing from an index to judge.
-# Read from uv.lock · versions as they are pinned · kept in memory for an hour. A wheel shows that a build exists, not that it is thread-safe.\
""")
    assert (buttons(view), selects(view)) == ([], [])
