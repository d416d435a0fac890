"""GitHub's issue search, as far as anybody here uses it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tests.fakes.github_world import FakeIssue

_TERM = re.compile(r'(?P<no>-)?(?:(?P<key>[a-z-]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))')
_COMPARED = re.compile(r"(>=|<=|>|<|)(.+)")
_IN = {"title", "body", "comments"}

Test = Callable[[FakeIssue], bool]


class SearchError(ValueError):
    """A query that GitHub would refuse, or that this fake does not know."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search, read."""

    tests: list[tuple[bool, Test]] = field(default_factory=list)
    words: list[tuple[bool, str]] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    def matches(self, issue: FakeIssue) -> bool:
        """Return whether a thread is found."""
        return all(test(issue) is wanted for wanted, test in self.tests) and all(
            self._says(issue, word) is wanted for wanted, word in self.words
        )

    def _says(self, issue: FakeIssue, word: str) -> bool:
        places = self.places or _IN
        texts = [issue.title] if "title" in places else []
        texts += [issue.body] if "body" in places else []
        texts += [comment.body for comment in issue.comments] if "comments" in places else []
        pattern = re.compile(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])")
        return any(pattern.search(text.casefold()) for text in texts)


def read_search(query: str) -> Search:
    """Read a query; a qualifier that is not known here is a ``SearchError``."""
    search = Search()
    for term in _TERM.finditer(query):
        key, wanted = term["key"], term["no"] is None
        value = term["quoted"] if term["quoted"] is not None else term["plain"]
        if key is None:
            search.words.append((wanted, value.casefold()))
        elif key == "in":
            search.places.add(value)
        else:
            search.tests.append((wanted, _qualifier(key, value)))
    if not search.words and not search.tests:
        raise SearchError("the search is empty")
    return search


def sorted_by(issues: Iterable[FakeIssue], sort: str, *, ascending: bool) -> list[FakeIssue]:
    """Order threads as a listing or a search does."""
    keys: dict[str, Callable[[FakeIssue], tuple[float, int]]] = {
        "updated": lambda issue: (issue.updated.timestamp(), issue.id),
        "comments": lambda issue: (float(len(issue.comments)), issue.id),
    }
    created: Callable[[FakeIssue], tuple[float, int]] = lambda issue: (issue.created.timestamp(), issue.number)  # noqa: E731 — it has a type
    return sorted(issues, key=keys.get(sort, created), reverse=not ascending)


def _qualifier(key: str, value: str) -> Test:
    lower = value.casefold()
    match key:
        case "repo":
            return lambda issue: issue.repository.full_name.casefold() == lower
        case "org" | "user":
            return lambda issue: issue.repository.owner.login.casefold() == lower
        case "is" | "type" | "state":
            return _is(lower)
        case "label":
            return lambda issue: lower in {label.casefold() for label in issue.labels}
        case "author":
            return lambda issue: issue.author is not None and issue.author.login.casefold() == lower
        case "updated":
            return _time(value, lambda issue: issue.updated)
        case "created":
            return _time(value, lambda issue: issue.created)
        case "closed":
            return _time(value, lambda issue: issue.closed)
        case "archived":
            return lambda issue: issue.repository.archived is (lower == "true")
        case _:
            raise SearchError(f"the fake knows no qualifier {key!r}")


def _is(value: str) -> Test:
    tests: dict[str, Test] = {
        "issue": lambda issue: not issue.is_pr,
        "pr": lambda issue: issue.is_pr,
        "open": lambda issue: issue.state == "open",
        "closed": lambda issue: issue.state == "closed",
        "merged": lambda issue: issue.merged,
        "public": lambda issue: not issue.repository.private,
        "private": lambda issue: issue.repository.private,
        "locked": lambda issue: issue.locked,
    }
    if value not in tests:
        raise SearchError(f"the fake does not know is:{value}")
    return tests[value]


def _time(value: str, of: Callable[[FakeIssue], datetime | None]) -> Test:
    compared = _COMPARED.fullmatch(value)
    assert compared is not None
    sign, text = compared[1], compared[2]
    try:
        if len(text) == len("2026-01-01"):
            start = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        else:
            start = datetime.fromisoformat(text)
    except ValueError as error:
        raise SearchError(f"{text!r} is no date") from error

    def test(issue: FakeIssue) -> bool:
        when = of(issue)
        if when is None:
            return False
        match sign:
            case ">=":
                return when >= start
            case ">":
                return when > start
            case "<=":
                return when <= start
            case "<":
                return when < start
            case _:
                return when.date() == start.date()

    return test
