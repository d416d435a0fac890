"""The list of tracked packages: as it is asked for, or cut into pages by Python and verdict for a site of files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache, partial
from urllib.parse import urlencode

from bot.core.inspection.modules import Gil
from bot.core.listing.listed import Listed, ListedTarget
from bot.core.listing.query import GilFilter, ListOrder, ListPage, ListQuery, page_of, select
from bot.core.site.lines import Line, LineTarget
from bot.core.site.marks import Mark, mark_of, word_of
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import PLATFORM_NAMES, PLATFORMS, Platform
from bot.core.wheels.targets import Target

ON_A_PAGE = 100

LISTS = "lists/"
"""What the addresses of lists begin with that are files; no package is called so below ``packages/``."""

LINES = f"{LISTS}packages.json"
"""Where the lines of all packages are, for the script."""


@dataclass(frozen=True, slots=True)
class ListCell:
    """How a package stands on a Python."""

    mark: Mark
    word: str
    gil: str | None
    day: str | None


@dataclass(frozen=True, slots=True)
class ListRow:
    """A package; one that no scan could read has no version."""

    name: str
    rank: int | None
    version: str | None
    cells: tuple[ListCell, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several: what it is called, what it stands for, and whether it is taken; ``href`` may lead to it."""

    text: str
    value: str
    taken: bool
    href: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """How many packages a verdict on a Python has, and where they are listed."""

    mark: Mark
    word: str
    count: int
    href: str
    taken: bool


@dataclass(frozen=True, slots=True)
class ListForm:
    """The filters as they are set."""

    part: str
    targets: tuple[Choice, ...]
    verdicts: tuple[Choice, ...]
    gils: tuple[Choice, ...]
    covers: tuple[Choice, ...]
    lacks: tuple[Choice, ...]
    orders: tuple[Choice, ...]
    gained_since: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class ListView:
    """A page of a list; addresses are relative to the front page."""

    title: str
    path: str
    targets: tuple[str, ...]
    rows: tuple[ListRow, ...]
    total: int
    number: int
    pages: int
    before: str | None
    after: str | None
    form: ListForm
    facets: tuple[tuple[str, tuple[Facet, ...]], ...]
    is_whole: bool
    looked_for: str | None = None


def asked_list(lines: Sequence[Listed], query: ListQuery, number: int) -> ListView:
    """Return a page of what a query asks for, where every filter is a link. Raises ``UserError``."""
    page = page_of(select(lines, query), number, ON_A_PAGE)
    whole = ListQuery(order=query.order) == query
    view = _view(counts_of(lines), query, page, LiveAddresses(query))
    return replace(view, is_whole=whole, looked_for=query.part or None)


@dataclass(frozen=True, slots=True)
class FileList:
    """A page of a list that is a file: where it is, which packages are on it, and what else it says.

    It is made by ``view``, which costs more than all of this.
    """

    path: str
    packages: tuple[str, ...]
    says: str
    view: Callable[[], ListView]


def file_lists(targets: Sequence[Target], lines: Sequence[Line]) -> Iterator[FileList]:
    """Yield every page of the lists that are files: all packages, and those of each Python and verdict.

    ``targets`` are the Pythons that are judged, in the order of those of a line.
    """
    counts = _counts(targets, lines)
    ranked = sorted(lines, key=lambda line: (line.rank is None, line.rank or 0, line.name))
    yield from _pages(ranked, ListQuery(), "Packages", partial(_numbered, "packages/", LISTS), counts)
    for column, (target, found) in enumerate(counts.items()):
        for verdict in (each for each in Verdict if found.get(each)):
            query = ListQuery(target=target, verdicts=frozenset({verdict}))
            place, title = list_path(target, verdict), f"{target}: {word_of(verdict)}"
            chosen = [line for line in ranked if line.targets[column].verdict is verdict]
            yield from _pages(chosen, query, title, partial(_numbered, place, place), counts)


def _numbered(first: str, others: str, number: int) -> str:
    return first if number == 1 else f"{others}{number}/"


def list_path(target: Target, verdict: Verdict) -> str:
    """Return where the packages are listed that a verdict is about, on a site of files."""
    return f"{LISTS}{target}/{verdict}/"


def targets_of(lines: Sequence[Listed]) -> tuple[Target, ...]:
    """Return the Pythons that are judged, the headline first."""
    return tuple(each.target for each in lines[0].targets) if lines else ()


@dataclass(frozen=True, slots=True)
class LiveAddresses:
    """Writes the addresses of lists that somebody answers."""

    query: ListQuery

    def page(self, number: int) -> str:
        """Return the address of a page of the list."""
        return list_address(self.query, number)

    def ordered(self, order: ListOrder) -> str:
        """Return the address of the list in another order."""
        return list_address(replace(self.query, order=order))

    def about(self, target: Target, verdict: Verdict) -> str:
        """Return the address of the list of those that a verdict is about, with the other filters as they are."""
        return list_address(replace(self.query, target=target, verdicts=frozenset({verdict})))


def list_address(query: ListQuery, number: int = 1) -> str:
    """Return where a site that is served lists what a query asks for, from its front page."""
    asked = urlencode(list(parameters(query, number)))
    return f"packages/?{asked}" if asked else "packages/"


def parameters(query: ListQuery, number: int = 1) -> Iterator[tuple[str, str]]:
    """Yield a query as an address has it; what is left at its default is not in it."""
    words = {"gil": query.gil, "covers": query.covers, "lacks": query.lacks, "order": query.order}
    given = {
        "q": query.part,
        "target": "" if query.target is None else str(query.target),
        "verdict": ",".join(sorted(query.verdicts)),
        **{name: "" if word is None or word is ListOrder.RANK else word.value for name, word in words.items()},
        "lagging": "1" if query.lagging else "",
        "narrowed": "1" if query.narrowed else "",
        "ranks": "" if query.ranks is None else f"{query.ranks[0]}-{query.ranks[1]}",
        "gained_since": "" if query.gained_since is None else query.gained_since.isoformat(),
        "page": str(number) if number > 1 else "",
    }
    yield from ((name, value) for name, value in given.items() if value)


Counts = Mapping[Target, Mapping[Verdict, int]]
"""How many packages there are of each verdict, by Python."""


def counts_of(lines: Sequence[Listed]) -> Counts:
    """Count verdicts."""
    return _counts(targets_of(lines), lines)


def _counts(targets: Sequence[Target], lines: Sequence[Listed | Line]) -> Counts:
    return {
        target: Counter(line.targets[place].verdict for line in lines)
        for place, target in enumerate(targets if lines else ())
    }


def _view(
    counts: Counts, query: ListQuery, page: ListPage[Listed] | ListPage[Line], live: LiveAddresses | None
) -> ListView:
    targets = tuple(counts)
    return ListView(
        title="Packages",
        path="packages/",
        targets=tuple(map(str, targets)),
        rows=tuple(map(_row, page.packages)),
        total=page.total,
        number=page.number,
        pages=page.pages,
        before=live.page(page.number - 1) if live is not None and page.number > 1 else None,
        after=live.page(page.number + 1) if live is not None and page.number < page.pages else None,
        form=_form(query, targets, live),
        facets=tuple((str(target), tuple(_facets(counts, target, query, live))) for target in targets),
        is_whole=query == ListQuery(),
    )


def _pages(
    chosen: Sequence[Line], query: ListQuery, title: str, place: Callable[[int], str], counts: Counts
) -> Iterator[FileList]:
    pages = page_of(chosen, 1, ON_A_PAGE).pages
    for number in range(1, pages + 1):
        page = page_of(chosen, number, ON_A_PAGE)
        beside = _Beside(
            title,
            place(number),
            place(number - 1) if number > 1 else None,
            place(number + 1) if number < pages else None,
        )
        yield FileList(
            path=beside.path,
            packages=tuple(line.name for line in page.packages),
            says=repr((beside, page.total, page.number, page.pages, counts)),
            view=partial(_file, counts, query, page, beside),
        )


@dataclass(frozen=True, slots=True)
class _Beside:
    """What a page of files is called, where it is, and where those before and after it are."""

    title: str
    path: str
    before: str | None
    after: str | None


def _file(counts: Counts, query: ListQuery, page: ListPage[Line], beside: _Beside) -> ListView:
    view = _view(counts, query, page, None)
    return replace(view, title=beside.title, path=beside.path, before=beside.before, after=beside.after)


def _row(line: Listed | Line) -> ListRow:
    return ListRow(line.name, line.rank, line.version, tuple(map(_cell, line.targets)))


def _cell(each: ListedTarget | LineTarget) -> ListCell:
    return _made_cell(each.verdict, each.gil, each.gained)


@lru_cache(maxsize=4096)
def _made_cell(verdict: Verdict, gil: Gil | None, gained: date | None) -> ListCell:
    day = None if gained is None else written_shortly(gained)
    return ListCell(mark_of(verdict, gil), word_of(verdict), _GIL.get(gil), day)


_GIL: Mapping[Gil | None, str] = {Gil.OFF: "GIL off", Gil.ON: "GIL back on"}


def written_shortly(day: date) -> str:
    """Write a day for a narrow column: ``24 Jul 2025``."""
    return f"{day.day} {day:%b %Y}"


def _facets(counts: Counts, target: Target, query: ListQuery, live: LiveAddresses | None) -> Iterator[Facet]:
    for verdict in Verdict:
        count = counts[target].get(verdict, 0)
        if not count:
            continue
        only = frozenset({verdict})
        taken = query.target == target and query.verdicts == only
        href = list_path(target, verdict) if live is None else live.about(target, verdict)
        yield Facet(mark_of(verdict), word_of(verdict), count, href, taken)


def _form(query: ListQuery, targets: Sequence[Target], live: LiveAddresses | None) -> ListForm:
    usual = replace(ListQuery(), order=query.order, part=query.part)
    return ListForm(
        part=query.part,
        targets=tuple(Choice(str(each), str(each), query.target == each) for each in targets),
        verdicts=tuple(Choice(word_of(each), each.value, each in query.verdicts) for each in Verdict),
        gils=tuple(Choice(text, each.value, query.gil is each) for each, text in _GIL_CHOICES),
        covers=_platforms(query.covers),
        lacks=_platforms(query.lacks),
        orders=tuple(
            Choice(text, order.value, query.order is order, "" if live is None else live.ordered(order))
            for order, text in _ORDERS
        ),
        gained_since="" if query.gained_since is None else query.gained_since.isoformat(),
        is_open=query != usual,
    )


_GIL_CHOICES = (
    (GilFilter.OFF, "stays off"),
    (GilFilter.ON, "comes back on"),
    (GilFilter.UNKNOWN, "could not be told"),
    (GilFilter.NONE, "no extension module"),
    (GilFilter.UNREAD, "not read yet"),
)
_ORDERS = ((ListOrder.RANK, "Most downloaded"), (ListOrder.GAINED, "Newest wheels"), (ListOrder.NAME, "Name"))


def _platforms(taken: Platform | None) -> tuple[Choice, ...]:
    return tuple(Choice(PLATFORM_NAMES[each], each.value, each is taken) for each in PLATFORMS)
