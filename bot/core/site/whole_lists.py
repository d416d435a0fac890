"""Where lists are whole of which cards, digests and terminals show a part: a page of the site, or a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.core.digest.digest import Digest
from bot.core.digest.weeks import Week
from bot.core.digest.wording import Section, SectionKind
from bot.core.listing.query import WAITED_FOR, GilFilter, ListOrder, ListQuery
from bot.core.site.list_page import list_address
from bot.core.text.whole_list import WholeList
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.targets import Target

_ENCODED = str.maketrans({"(": "%28", ")": "%29", "@": "%40"})
"""What would end a link in Markdown, or look like a mention."""

_LONGEST = 300
"""Characters of an address on a card: Discord takes 512 in a button, and a text needs room for more than links."""


@dataclass(frozen=True, slots=True)
class WholeLists:
    """Knows them; ``base`` is where the world sees the site, without a slash at its end, None where none is served."""

    base: str | None = None

    def address(self, path: str) -> str:
        """Return the address of a page by its path; empty where no site is served, or it is too long for a card."""
        address = "" if self.base is None else f"{self.base.translate(_ENCODED)}/{path}"
        return address if len(address) <= _LONGEST else ""

    def packages(self, query: ListQuery | None = None) -> WholeList:
        """Return where the tracked packages are that fit a query, by default all of them."""
        asked = ListQuery() if query is None else query
        return WholeList(self.address(list_address(asked)), _slash(asked), _command(asked))

    def week(self, week: Week) -> WholeList:
        """Return where the digest of a week is in full."""
        command = f"ftbot digest --week {week}"
        return WholeList(self.address(f"digests/{week}/"), command, command)

    def moved(self, *, gained: bool) -> WholeList:
        """Return where is told what moved lately, of which all or nothing is about wheels that came."""
        if gained:
            return self.packages(ListQuery(order=ListOrder.GAINED))
        found = self.packages(ListQuery(narrowed=True))
        return WholeList(self.address(""), found.slash, found.command)

    def comparison(self, packages: Sequence[str]) -> WholeList:
        """Return where packages stand side by side in full; names are normalized."""
        command = f"ftbot compare {' '.join(packages)}"
        return WholeList(self.address(f"compare?{urlencode({'packages': ' '.join(packages)})}"), command, command)

    def in_section(self, digest: Digest, section: Section) -> WholeList:
        """Return where all of a section of a digest is."""
        query = section_query(digest, section)
        if query is not None:
            return self.packages(query)
        if section.kind is SectionKind.THREADS:
            return WholeList(slash="/ftissues state: all", command="ftbot upstream list")
        return self.week(digest.week)


NO_SITE = WholeLists()
"""What lists are whole where no site is served: commands alone."""


def section_query(digest: Digest, section: Section) -> ListQuery | None:
    """Return what lists the packages of a section, None where no list has them."""
    headline = digest.shares[0].target if digest.shares else None
    if section.kind is SectionKind.WAITING:
        return ListQuery(target=headline, verdicts=WAITED_FOR)
    if section.kind is SectionKind.GIL_ON:
        return ListQuery(target=headline, gil=GilFilter.ON)
    return None


def _slash(query: ListQuery) -> str:
    verdicts = "" if query.verdicts == WAITED_FOR else "".join(query.verdicts)
    only = "waited for" if query.verdicts == WAITED_FOR else "narrowed" if query.narrowed else ""
    options = (
        ("python", _target(query.target)),
        ("verdict", verdicts),
        ("gil", "" if query.gil is None else query.gil.value),
        ("only", only),
        ("order", _order(query.order)),
    )
    return " ".join(("/ftlist", *(f"{name}: {value}" for name, value in options if value)))


def _command(query: ListQuery) -> str:
    options = (
        *(("--target", _target(query.target)),),
        *(("--verdict", verdict.value) for verdict in Verdict if verdict in query.verdicts),
        ("--gil", "" if query.gil is None else query.gil.value),
        ("--order", _order(query.order)),
    )
    flags = ("--narrowed",) if query.narrowed else ()
    return " ".join(("ftbot list", *(f"{name} {value}" for name, value in options if value), *flags))


def _target(target: Target | None) -> str:
    return "" if target is None else str(target)


def _order(order: ListOrder) -> str:
    return "" if order is ListOrder.RANK else order.value
