"""What of a lock is installed for a Python on a platform, with the extras and groups that are asked for, and why.

A package that the roots lead to is a node, and so is each of its extras that somebody asks for. Everything here takes
time in proportion to the number of edges, and its answer does not depend on the order of the entries.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from packaging.markers import Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from bot.core.dependencies.asking import Left, left_of, names_asked
from bot.core.dependencies.environments import holds
from bot.core.dependencies.files import (
    MAIN,
    Demand,
    DependencyFile,
    GroupKind,
    Lock,
    LockedPackage,
    Root,
    SourceKind,
    UnreadLine,
)
from bot.core.dependencies.spreading import spread
from bot.core.text.sentences import listed
from bot.core.wheels.platforms import PLATFORM_NAMES, Platform


class Everything(Enum):
    """All extras, or all groups, whatever their names."""

    ALL = "all"


ALL = Everything.ALL

Asked = frozenset[str] | Everything
"""Names of extras or groups, normalized or not."""

_MOST_VERSIONS = 32
"""Entries of one name that a demand is met by; real locks have three."""

_MOST_MARKERS = 4
"""Markers that are told of one way to a package; there are seldom two."""

_LONGEST_PATH = 100
"""Names of a path; real locks have fifteen."""

_MOST_NAMES = 8
"""Extras and groups of one marker that are tried alone; what is left of them counts as needing it."""

_NO_VERSION = Version("0")

_MOST_ROUNDS = 4
"""How often extras that exclude others may turn out to be asked for by what others bring in."""


@dataclass(frozen=True, slots=True)
class SelectedPackage:
    """A package that is installed.

    ``groups`` are those that need it, ``optional`` that the application itself is none of them. ``marker`` says in
    which environments it is needed, if not in all. ``path`` is a shortest way to it: from a root (if that has a name)
    to itself, with the extra by which a package leads on (``starlette[full]``). ``ways`` is how many packages and roots
    require it directly.
    """

    package: LockedPackage
    groups: tuple[str, ...]
    optional: bool
    marker: str | None
    path: tuple[str, ...]
    ways: int


@dataclass(frozen=True, slots=True)
class ExcludedPackage:
    """A package that other environments need, or in formats whose markers say so other extras and groups."""

    package: LockedPackage
    marker: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What is installed, what a marker keeps out, and what comes from no index; each by name.

    ``warnings`` are sentences about how lock and question fit each other.
    """

    packages: tuple[SelectedPackage, ...]
    excluded: tuple[ExcludedPackage, ...] = ()
    not_from_an_index: tuple[UnreadLine, ...] = ()
    warnings: tuple[str, ...] = ()


def select(
    file: DependencyFile, environment: Mapping[str, str], platform: Platform, extras: Asked, groups: Asked
) -> Selection:
    """Return what a lock installs in an environment; a file without a lock installs nothing that is known."""
    lock = file.lock
    if lock is None:
        return Selection(())
    warnings: list[str] = []
    packages = lock.packages
    if lock.platform_packages:
        packages = lock.platform_packages.get(platform.value, ())
        if platform.value not in lock.platform_packages:
            warnings.append(f"{file.file} locks nothing for {PLATFORM_NAMES[platform]}.")
    if not _is_for(lock, environment):
        warnings.append(f"{file.file} was made for Python {lock.requires_python}, which this is not.")
    question = _Question(
        lock,
        environment,
        _named(extras, lock.extras, "extra", warnings),
        _named(groups, lock.groups, "group", warnings),
    )
    packages = _in_order(packages)
    chosen = _Walk(file, packages, question) if lock.walked else _Entries(file, packages, question)
    if question.both:
        excluding = [_decoded(name) for name in sorted(question.both)]
        warnings.append(f"These exclude each other: {listed(excluding)}. What each of them brings in is given.")
    return Selection(
        tuple(each for each in chosen.selected if _is_from_an_index(each.package)),
        tuple(chosen.excluded),
        tuple(_told(file.file, each.package) for each in chosen.selected if not _is_from_an_index(each.package)),
        tuple(warnings),
    )


def _decoded(encoded: str) -> str:
    """Return in words which extra or group of which project is encoded, as ``extra-9-mitmproxy-cu12`` is."""
    kind, _, rest = encoded.partition("-")
    length, _, names = rest.partition("-")
    project, name = names[: int(length)], names[int(length) + 1 :]
    return f"the {kind} {name} of {project}" if name else f"the {kind} {project}"


_Identity = tuple[str, bool, Version, str]


def _in_order(packages: Iterable[LockedPackage]) -> tuple[LockedPackage, ...]:
    """Return packages in an order that does not depend on that of the entries, nor on their lines."""
    found = [(_identity(package), package) for package in packages]
    counts = Counter(identity for identity, _ in found)

    def key(each: tuple[_Identity, LockedPackage]) -> tuple[_Identity, str]:
        identity, package = each
        return identity, repr(replace(package, line=None)) if counts[identity] > 1 else ""

    return tuple(package for _, package in sorted(found, key=key))


def _identity(package: LockedPackage) -> _Identity:
    return package.name, package.version is None, package.version or _NO_VERSION, package.origin


def _is_from_an_index(package: LockedPackage) -> bool:
    return package.source in {SourceKind.INDEX, SourceKind.OTHER_INDEX}


def _told(file: str, package: LockedPackage) -> UnreadLine:
    version = "" if package.version is None else f" {package.version}"
    where = "" if package.source_text is None else f" {package.source_text}"
    reason = f"comes from {'a path' if package.source is SourceKind.PATH else package.source}, not from an index"
    return UnreadLine(file, package.line, f"{package.name}{version}{where}", reason)


def _named(asked: Asked, known: Iterable[str], kind: str, warnings: list[str]) -> frozenset[str]:
    there = frozenset(map(canonicalize_name, known))
    if isinstance(asked, Everything):
        return there
    names = frozenset(map(canonicalize_name, asked))
    if missing := sorted(names - there):
        warnings.append(f"This lock has no {kind} {listed(missing)}.")
    return names


def _is_for(lock: Lock, environment: Mapping[str, str]) -> bool:
    try:
        return SpecifierSet(lock.requires_python or "").contains(environment["python_full_version"], prereleases=True)
    except (InvalidSpecifier, ValueError):
        return True


class _Question:
    """Which markers hold, for what is asked; each marker of the lock is looked at once."""

    def __init__(
        self, lock: Lock, environment: Mapping[str, str], extras: frozenset[str], groups: frozenset[str]
    ) -> None:
        self.environment = environment
        self.extras = extras
        self.groups = groups
        self.asked_groups = groups | frozenset(map(canonicalize_name, lock.default_groups))
        self.both: frozenset[str] = frozenset()
        self._conflicts = lock.conflicts
        self._encoded: frozenset[str] = frozenset()
        # By identity, as the text of a long marker takes long to write; the lock keeps each of them alive.
        self._left: dict[int, Left] = {}
        self._holds: dict[int, bool] = {}
        self._texts: dict[int, str | None] = {}

    @property
    def has_conflicts(self) -> bool:
        """Return whether there are extras or groups that exclude each other."""
        return bool(self._conflicts)

    def activate(self, encoded: frozenset[str]) -> bool:
        """Say which extras and groups of which projects are asked for, encoded; return whether that is new."""
        if encoded <= self._encoded:
            return False
        self._encoded |= encoded
        among = (frozenset(each) & self._encoded for each in self._conflicts)
        self.both = frozenset().union(*(each for each in among if len(each) > 1))
        for known in (self._left, self._holds, self._texts):
            known.clear()
        return True

    def left(self, marker: Marker | None) -> Left:
        """Return what is left of a marker, of which that is known which extras and groups are asked for."""
        if marker is None:
            return True
        if id(marker) not in self._left:
            self._left[id(marker)] = left_of(marker, self.extras | self._encoded, self.asked_groups, self.both)
        return self._left[id(marker)]

    def holds(self, marker: Marker | None) -> bool:
        """Return whether a marker holds."""
        if marker is None:
            return True
        if id(marker) not in self._holds:
            left = self.left(marker)
            self._holds[id(marker)] = left if isinstance(left, bool) else holds(left, self.environment)
        return self._holds[id(marker)]

    def text(self, marker: Marker | None) -> str | None:
        """Return what a marker asks of the environment, None if nothing."""
        if marker is None:
            return None
        if id(marker) not in self._texts:
            left = self.left(marker)
            self._texts[id(marker)] = None if isinstance(left, bool) else str(left)
        return self._texts[id(marker)]


_Node = tuple[int, str]
"""A package by its place, and its extra, or "" for the package without any."""


class _Edge(NamedTuple):
    """Where a demand leads, and under which marker."""

    target: int
    marker: Marker | None


class _Graph:
    """Nodes, and the edges among them that a marker may let through."""

    def __init__(self, packages: Sequence[LockedPackage], question: _Question) -> None:
        self.packages = packages
        self.question = question
        self.nodes: list[_Node] = []
        self.edges: list[list[_Edge]] = []
        self._numbers: dict[_Node, int] = {}
        self._places: dict[str, list[int]] = {}
        self._met: dict[tuple[str, str | None, str | None, str], tuple[int, ...]] = {}
        for place, package in enumerate(packages):
            self._places.setdefault(package.name, []).append(place)

    def number(self, node: _Node) -> int:
        """Return the number of a node, which is new if it was not asked for before."""
        if node not in self._numbers:
            self._numbers[node] = len(self.nodes)
            self.nodes.append(node)
            self.edges.append([])
        return self._numbers[node]

    def targets(self, demands: Iterable[Demand]) -> list[_Edge]:
        """Return where demands lead: to the packages and to those of their extras that are asked for."""
        found: dict[tuple[int, int], _Edge] = {}
        for demand in demands:
            marker = demand.marker
            if marker is not None and self.question.left(marker) is False:
                continue
            for place in self._meeting(demand):
                for extra in ("", *demand.extras):
                    target = self.number((place, extra))
                    found[target, id(marker)] = _Edge(target, marker)
        return sorted(found.values(), key=lambda edge: (self.nodes[edge.target], self.question.text(edge.marker) or ""))

    def expand(self) -> None:
        """Follow all edges from the nodes that there are, until there are no others."""
        done = 0
        while done < len(self.nodes):
            place, extra = self.nodes[done]
            package = self.packages[place]
            self.edges[done] = self.targets(package.extras.get(extra, ()) if extra else package.requires)
            done += 1

    def name(self, node: int) -> str:
        """Return the name of a node, with the extra that it is."""
        place, extra = self.nodes[node]
        return f"{self.packages[place].name}[{extra}]" if extra else self.packages[place].name

    def _meeting(self, demand: Demand) -> Sequence[int]:
        """Return the packages that are meant; both of two that are meant in one environment."""
        places = self._places.get(demand.name, ())
        if len(places) < 2:  # noqa: PLR2004 - where there is a choice, there are two
            return places
        key = (demand.name, demand.version, demand.source, "" if demand.version else str(demand.specifier))
        if key not in self._met:
            self._met[key] = self._found(demand)
        return self._met[key]

    def _found(self, demand: Demand) -> tuple[int, ...]:
        def is_version(package: LockedPackage) -> bool:
            return demand.version is None or str(package.version) == demand.version

        def is_source(package: LockedPackage) -> bool:
            return demand.source is None or package.origin == demand.source

        def is_fork(package: LockedPackage) -> bool:
            return not package.forks or any(map(self.question.holds, package.forks))

        def is_allowed(package: LockedPackage) -> bool:
            return package.version is None or demand.specifier.contains(package.version, prereleases=True)

        places = self._places.get(demand.name, [])[:_MOST_VERSIONS]
        for is_meant in (is_version, is_source, is_fork, is_allowed):
            if len(places) > 1:
                places = [place for place in places if is_meant(self.packages[place])] or places
        return tuple(places)


@dataclass(frozen=True, slots=True)
class _Start:
    """Where ways begin: a root, with the bit of the group that demands."""

    root: str | None
    bit: int
    edges: Sequence[_Edge]


class _Reached(NamedTuple):
    """How a node was reached first: from which node or root, under which markers."""

    before: int | None
    root: str | None
    markers: tuple[str, ...]


class _Ways:
    """The nodes that can be reached over edges that are followed, each by a shortest way."""

    def __init__(self, graph: _Graph, follows: Callable[[Marker | None], bool]) -> None:
        self.reached: dict[int, _Reached] = {}
        self._graph = graph
        self._follows = follows
        self._waiting: deque[int] = deque()

    def begin(self, starts: Iterable[_Start]) -> _Ways:
        """Go all ways that begin there; what was reached before stays as it was."""
        for start in starts:
            for edge in start.edges:
                self._step(edge, None, start.root, ())
        while self._waiting:
            node = self._waiting.popleft()
            for edge in self._graph.edges[node]:
                self._step(edge, node, None, self.reached[node].markers)
        return self

    def _step(self, edge: _Edge, before: int | None, root: str | None, markers: tuple[str, ...]) -> None:
        if edge.target in self.reached or not self._follows(edge.marker):
            return
        text = self._graph.question.text(edge.marker)
        told = markers if text is None or text in markers else (*markers, text)[:_MOST_MARKERS]
        self.reached[edge.target] = _Reached(before, root, told)
        self._waiting.append(edge.target)

    def path(self, node: int) -> tuple[str, ...]:
        """Return the names on the way to a node; of an endless one the last."""
        place, _ = self._graph.nodes[node]
        names = [self._graph.packages[place].name]
        how = self.reached[node]
        while how.before is not None:
            if len(names) == _LONGEST_PATH:
                return ("…", *reversed(names))
            names.append(self._graph.name(how.before))
            how = self.reached[how.before]
        return (*(() if how.root is None else (how.root,)), *reversed(names))

    def marker(self, node: int) -> str | None:
        """Return under which marker the way leads to a node, if under any."""
        markers = self.reached[node].markers
        if len(markers) < 2:  # noqa: PLR2004 - one marker needs no joining
            return markers[0] if markers else None
        return " and ".join(f"({each})" if " or " in each else each for each in markers)


def _starts(graph: _Graph, roots: Iterable[Root], bits: Mapping[str, int]) -> list[_Start]:
    """Return where ways begin in the groups that have a bit, the application's own first: those say most."""
    extras, groups = graph.question.extras, graph.question.groups
    demands: dict[tuple[bool, int, str], list[Demand]] = {}
    for root in roots:
        for group in root.groups:
            asked = extras if group.kind is GroupKind.EXTRA else groups
            name = MAIN if group.kind is GroupKind.MAIN else group.name
            if name == MAIN or (name in asked and name in bits):
                demands.setdefault((name != MAIN, bits[name], root.name or ""), []).extend(group.demands)
    return [_Start(root or None, bit, graph.targets(demands[_, bit, root])) for _, bit, root in sorted(demands)]


class _Walk:
    """What the roots of a lock lead to."""

    def __init__(self, file: DependencyFile, packages: Sequence[LockedPackage], question: _Question) -> None:
        self._packages = packages
        self._question = question
        self._own = {root.name for root in file.roots if root.name is not None}
        names = dict.fromkeys((MAIN, *sorted(question.extras), *sorted(question.groups)))
        self._bits = {name: 1 << place for place, name in enumerate(names)}
        question.activate(frozenset().union(*map(self._encoded, file.roots)))
        for _ in range(_MOST_ROUNDS):
            self._graph = _Graph(packages, question)
            self._starts = _starts(self._graph, file.roots, self._bits)
            self._graph.expand()
            self._ways = _Ways(self._graph, question.holds).begin(self._starts)
            if not question.activate(self._brought_in()):
                break
        self.selected = self._selected()
        self.excluded = self._excluded()

    def _encoded(self, root: Root) -> frozenset[str]:
        if root.name is None:
            return frozenset()
        whose = f"{len(root.name)}-{root.name}"
        asked = {
            f"{kind}-{whose}-{group.name}"
            for group in root.groups
            for kind, names in (("extra", self._question.extras), ("group", self._question.groups))
            if group.kind.value == kind and group.name in names
        }
        return frozenset({f"project-{whose}", *asked})

    def _brought_in(self) -> frozenset[str]:
        """Return the extras that packages ask for of others, encoded, if there are any that exclude others."""
        if not self._question.has_conflicts:
            return frozenset()
        nodes = (self._graph.nodes[node] for node in self._ways.reached)
        names = ((self._packages[place].name, extra) for place, extra in nodes if extra)
        return frozenset(f"extra-{len(name)}-{name}-{extra}" for name, extra in names)

    def _is_own(self, place: int) -> bool:
        package = self._packages[place]
        return package.name in self._own and not _is_from_an_index(package)

    def _selected(self) -> list[SelectedPackage]:
        graph, reached = self._graph, self._ways.reached
        marks = [0] * len(graph.nodes)
        for start in self._starts:
            for edge in start.edges:
                if edge.target in reached and self._question.holds(edge.marker):
                    marks[edge.target] |= start.bit
        held = _held(graph, reached)
        marks = spread(marks, held)
        requiring = _requiring(graph, held, self._starts, self._is_own)
        always = _Ways(graph, lambda marker: self._question.left(marker) is True).begin(self._starts).reached
        found: dict[int, SelectedPackage] = {}
        for node in reached:
            place, extra = graph.nodes[node]
            if extra or self._is_own(place):
                continue
            groups = tuple(name for name, bit in self._bits.items() if marks[node] & bit)
            found[place] = SelectedPackage(
                self._packages[place],
                groups,
                MAIN not in groups,
                None if node in always else self._ways.marker(node),
                self._ways.path(node),
                len(requiring[place]),
            )
        return [found[place] for place in sorted(found)]

    def _excluded(self) -> list[ExcludedPackage]:
        graph = self._graph
        possible = _Ways(graph, lambda marker: self._question.left(marker) is not False).begin(self._starts)
        installed = {graph.nodes[node][0] for node in self._ways.reached}
        found = {
            place: ExcludedPackage(self._packages[place], possible.marker(node) or "")
            for node, (place, extra) in ((node, graph.nodes[node]) for node in possible.reached)
            if not extra and place not in installed and not self._is_own(place)
        }
        return [found[place] for place in sorted(found)]


def _held(graph: _Graph, reached: Mapping[int, _Reached]) -> list[list[int]]:
    """Return where the edges of each node lead that are followed, without those of nodes that are not reached."""
    return [
        [edge.target for edge in edges if graph.question.holds(edge.marker)] if node in reached else []
        for node, edges in enumerate(graph.edges)
    ]


def _requiring(
    graph: _Graph, held: Sequence[Sequence[int]], starts: Iterable[_Start], is_own: Callable[[int], bool]
) -> list[set[int | str]]:
    """Return by whom each package is required directly: places of packages, and names of roots."""
    requiring: list[set[int | str]] = [set() for _ in graph.packages]
    for start in starts:
        for edge in start.edges:
            if graph.question.holds(edge.marker):
                requiring[graph.nodes[edge.target][0]].add(start.root or "")
    for node, targets in enumerate(held):
        place, _ = graph.nodes[node]
        who = graph.packages[place].name if is_own(place) else place
        for target in targets:
            if graph.nodes[target][0] != place:
                requiring[graph.nodes[target][0]].add(who)
    return requiring


class _Entries:
    """What the groups and markers of entries say; whom an entry requires only tells who pulls it in."""

    def __init__(self, file: DependencyFile, packages: Sequence[LockedPackage], question: _Question) -> None:
        self._question = question
        self._defaults = frozenset(file.lock.default_groups if file.lock else ())
        self._asked = {*self._defaults, *question.extras, *question.groups}
        self._needing_by_marker: dict[tuple[int, str], tuple[str, ...]] = {}
        self.excluded: list[ExcludedPackage] = []
        installed: list[LockedPackage] = []
        needed: list[tuple[tuple[str, ...], str | None]] = []
        for package in packages:
            groups = [group for group in package.groups if group in self._asked] if package.groups else [MAIN]
            held = self._held(package, groups)
            if held:
                installed.append(package)
                by = dict.fromkeys(name for group in held for name in self._needing(package, group))
                needed.append((tuple(by), self._marker(package, held)))
            elif groups:
                self.excluded.append(ExcludedPackage(package, self._text(package, groups[0])))
        graph = _Graph(installed, question)
        for place in range(len(installed)):
            graph.number((place, ""))
        self._starts = _starts(graph, file.roots, dict.fromkeys((MAIN, *self._asked), 0))
        graph.expand()
        self.selected = self._selected(graph, needed)

    def _held(self, package: LockedPackage, groups: list[str]) -> list[str]:
        """Return the groups in which an entry is installed."""
        if not self._question.holds(package.marker):
            return []
        if not package.group_markers:
            return groups
        return [group for group in groups if self._question.holds(package.group_markers.get(group))]

    def _marker(self, package: LockedPackage, groups: Sequence[str]) -> str | None:
        own = self._question.text(package.marker)
        others = {self._question.text(package.group_markers.get(group)) for group in groups}
        if None in others:
            return own
        either = " or ".join(sorted(filter(None, others)))
        return either if own is None else f"{own} and ({either})"

    @staticmethod
    def _text(package: LockedPackage, group: str) -> str:
        both = (package.marker, package.group_markers.get(group))
        return " and ".join(str(each) for each in both if each is not None)

    def _needing(self, package: LockedPackage, group: str) -> tuple[str, ...]:
        """Return who needs an entry: the group that it is in, or the extras and groups by which its marker holds."""
        marker = package.group_markers.get(group, package.marker)
        if marker is None:
            return (group,)
        key = id(marker), group
        if key not in self._needing_by_marker:
            self._needing_by_marker[key] = self._asking(marker, group)
        return self._needing_by_marker[key]

    def _asking(self, marker: Marker, group: str) -> tuple[str, ...]:
        """Return by which of the extras and groups asked for a marker holds, and the group if it does without them."""
        names = [name for name in names_asked(str(marker)) if name in self._asked and name not in self._defaults]
        if not names:
            return (group,)
        nothing: frozenset[str] = frozenset()
        always = (group,) if self._holds_for(marker, nothing, self._defaults) else ()
        alone = [
            name
            for name in names[:_MOST_NAMES]
            if self._holds_for(marker, self._question.extras & {name}, self._question.groups & {name})
        ]
        return (*always, *alone) or tuple(names)

    def _holds_for(self, marker: Marker | None, extras: frozenset[str], groups: frozenset[str]) -> bool:
        left = left_of(marker, extras, groups, frozenset())
        return left if isinstance(left, bool) else holds(left, self._question.environment)

    def _selected(self, graph: _Graph, needed: Sequence[tuple[tuple[str, ...], str | None]]) -> list[SelectedPackage]:
        """Return the entries, of which those are taken for wanted themselves that nothing else is seen to require."""
        everything = range(len(graph.packages))
        held = _held(graph, dict.fromkeys(range(len(graph.nodes)), _Reached(None, None, ())))
        requiring = _requiring(graph, held, self._starts, lambda _: False)
        ways = _Ways(graph, self._question.holds).begin(self._starts)
        ways.begin(_Start(None, 0, [_Edge(place, None)]) for place in everything if not requiring[place])
        for place in everything:  # what is left requires itself, in a circle
            ways.begin([_Start(None, 0, [_Edge(place, None)])])
        return [
            SelectedPackage(
                graph.packages[place],
                groups,
                not self._defaults.union({MAIN}).intersection(groups),
                marker,
                ways.path(place),
                len(requiring[place]) or 1,
            )
            for place, (groups, marker) in enumerate(needed)
        ]
