"""GitHub's GraphQL, as far as threads are read with it: validated by GitHub's schema, answered from the fake world."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Protocol, TypeAlias, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    execute_sync,
    parse,
    validate,
)

from tests.fakes.discord_json import JsonObject, child, text
from tests.fakes.github_auth import Caller, Kind, Limits
from tests.fakes.github_forms import SITE, stamp
from tests.fakes.github_schema import load_graphql
from tests.fakes.github_search import SearchError, read_search, sorted_by
from tests.fakes.github_world import (
    AccountKind,
    FakeComment,
    FakeEvent,
    FakeIssue,
    FakeLabel,
    FakeRepository,
    FakeUser,
    World,
)

MAX_NODES = 100
_MAX_FOUND = 1000

Arguments: TypeAlias = Mapping[str, object]
Source: TypeAlias = dict[str, object]
Resolver: TypeAlias = Callable[[Arguments], object]
_T = TypeVar("_T")

_EVENTS = {
    "labeled": "LabeledEvent",
    "unlabeled": "UnlabeledEvent",
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "renamed": "RenamedTitleEvent",
    "locked": "LockedEvent",
    "unlocked": "UnlockedEvent",
    "merged": "MergedEvent",
    "transferred": "TransferredEvent",
}


class _Asked(Protocol):
    """What a resolver is told of its field, as far as it is read here."""

    @property
    def field_name(self) -> str:
        """Return the field's name."""

    @property
    def parent_type(self) -> GraphQLObjectType:
        """Return the type that has the field."""


class TypedError(Exception):
    """An error with GitHub's own ``type``, such as NOT_FOUND; the field is null and the others are answered."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: the body, and how many points it cost."""

    body: JsonObject
    cost: int


@dataclass(slots=True)
class Cost:
    """What a query costs by GitHub's documented formula: requests for connections, by the hundred, at least one."""

    variables: Mapping[str, object]
    fragments: Mapping[str, FragmentDefinitionNode]
    requests: int = 0
    nodes: int = 0

    @property
    def points(self) -> int:
        """Return the points."""
        return max(1, round(self.requests / 100))

    def add(self, selections: SelectionSetNode | None, times: int) -> None:
        """Count what is selected, which happens this many times."""
        for selection in () if selections is None else selections.selections:
            match selection:
                case FieldNode():
                    self._add_field(selection, times)
                case InlineFragmentNode():
                    self.add(selection.selection_set, times)
                case FragmentSpreadNode() if selection.name.value in self.fragments:
                    self.add(self.fragments[selection.name.value].selection_set, times)

    def _add_field(self, node: FieldNode, times: int) -> None:
        given = {argument.name.value: self._value(argument.value) for argument in node.arguments or ()}
        size = given.get("first", given.get("last"))
        ids = given.get("ids")
        if isinstance(size, int):
            self.requests += times
            self.nodes += times * size
            times *= size
        elif isinstance(ids, list):
            times *= len(ids)
        self.add(node.selection_set, times)

    def _value(self, node: ValueNode) -> object:
        match node:
            case VariableNode():
                return self.variables.get(node.name.value)
            case IntValueNode():
                return int(node.value)
            case ListValueNode():
                return list(node.values)
            case _:
                return None


@dataclass(frozen=True, slots=True)
class GraphQL:
    """Answers queries."""

    world: World
    limits: Limits
    complain: Callable[[str], None]

    def answer(self, request: object, caller: Caller) -> Answer:
        """Answer a query; whatever is wrong with it comes as `errors` with status 200, as at GitHub."""
        body = request if isinstance(request, dict) else {}
        query, variables = text(body, "query"), child(body, "variables")
        schema = load_graphql()
        document, errors = _read(schema, query)
        if document is None or errors:
            return self._invalid(query, errors)
        cost = _cost(document, variables)
        lookup = _Lookup(self, caller, cost)
        result = execute_sync(
            schema,
            document,
            lookup.query(),
            variable_values=variables,
            field_resolver=self._resolve,
            type_resolver=_type_of,
        )
        answer: JsonObject = {"data": result.data}
        if result.errors:
            answer["errors"] = [_error(error) for error in result.errors]
        return Answer(answer, cost.points)

    def _invalid(self, query: str, errors: Sequence[GraphQLError]) -> Answer:
        self.complain(f"GraphQL {query[:200]!r}: {'; '.join(error.message for error in errors[:5])}")
        return Answer({"errors": [_error(error) for error in errors]}, 1)

    def _resolve(self, source: object, info: _Asked, **arguments: object) -> object:
        assert isinstance(source, dict)
        if info.field_name not in source:
            self.complain(f"GraphQL: the fake does not know {info.parent_type.name}.{info.field_name}")
            raise GraphQLError(f"the fake does not know {info.parent_type.name}.{info.field_name}")
        value: object = source[info.field_name]
        return value(arguments) if callable(value) else value


@dataclass(frozen=True, slots=True)
class _Lookup:
    """One query's view: what its sender may see."""

    graphql: GraphQL
    caller: Caller
    cost: Cost
    _shown: dict[int, Source] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.graphql.world

    def query(self) -> Source:
        resolvers: dict[str, Resolver] = {
            "node": lambda given: self._node(str(given["id"])),
            "nodes": self._nodes,
            "repository": self._find_repository,
            "rateLimit": lambda _: self._rate_limit(),
            "viewer": lambda _: self._viewer(),
            "search": self._search,
        }
        return dict(resolvers)

    def _viewer(self) -> object:
        user = self.caller.user
        return None if user is None else self._actor(user)

    def _node(self, node_id: str) -> Source:
        issue = self.world.issues.get(node_id)
        if issue is not None and self.caller.sees(issue.repository):
            return self._thread(issue)
        for repository in self.world.repositories.values():
            if repository.node_id == node_id and self.caller.sees(repository):
                return self._repository(repository)
        raise TypedError("NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'")

    def _nodes(self, given: Arguments) -> list[object]:
        ids = given["ids"]
        assert isinstance(ids, list)
        if len(ids) > MAX_NODES:
            raise TypedError(
                "ARGUMENT_LIMIT", f"You may not provide more than {MAX_NODES} node ids; you provided {len(ids)}."
            )
        return [self._node_or_error(str(node_id)) for node_id in ids]

    def _node_or_error(self, node_id: str) -> object:
        # An error in place of a value is that entry's error, and the others are still answered.
        try:
            return self._node(node_id)
        except TypedError as error:
            return error

    def _find_repository(self, given: Arguments) -> Source:
        full_name = f"{given['owner']}/{given['name']}"
        repository = self.world.find(full_name)
        if repository is None or not self.caller.sees(repository):
            raise TypedError("NOT_FOUND", f"Could not resolve to a Repository with the name '{full_name}'.")
        return self._repository(repository)

    def _rate_limit(self) -> Source:
        limits = self.graphql.limits
        usage, limit = limits.usage(self.caller, "graphql"), limits.limit(self.caller, "graphql")
        used = usage.used + self.cost.points
        return {
            "cost": self.cost.points,
            "nodeCount": self.cost.nodes,
            "limit": limit,
            "used": used,
            "remaining": max(0, limit - used),
            "resetAt": stamp(usage.resets),
        }

    def _search(self, given: Arguments) -> Source:
        try:
            search = read_search(str(given["query"]))
        except SearchError as error:
            self.graphql.complain(f"search {given['query']!r}: {error}")
            raise TypedError("INVALID", str(error)) from error
        issues = [one for one in self.world.issues.values() if self.caller.sees(one.repository) and search.matches(one)]
        found = sorted_by(issues, "created", ascending=False)
        shown = self._connection("search", found[:_MAX_FOUND], self._thread, given)
        return shown | {"issueCount": len(found)}

    def _repository(self, repository: FakeRepository) -> Source:
        def thread(given: Arguments, *, is_pr: bool | None) -> Source:
            number = given["number"]
            assert isinstance(number, int)
            issue = repository.issues.get(number)
            if issue is None or issue.node_id not in self.world.issues or is_pr not in {None, issue.is_pr}:
                kind = {None: "an issue or pull request", True: "a PullRequest", False: "an Issue"}[is_pr]
                raise TypedError("NOT_FOUND", f"Could not resolve to {kind} with the number of {number}.")
            return self._thread(issue)

        resolvers: dict[str, Resolver] = {
            "owner": lambda _: self._actor(repository.owner),
            "issue": lambda given: thread(given, is_pr=False),
            "pullRequest": lambda given: thread(given, is_pr=True),
            "issueOrPullRequest": lambda given: thread(given, is_pr=None),
            "labels": lambda given: self._connection("labels", list(repository.labels.values()), _label, given),
        }
        return {
            "__typename": "Repository",
            "id": repository.node_id,
            "databaseId": repository.id,
            "name": repository.name,
            "nameWithOwner": repository.full_name,
            "url": f"{SITE}/{repository.full_name}",
            "isPrivate": repository.private,
            "isArchived": repository.archived,
            **resolvers,
        }

    def _thread(self, issue: FakeIssue) -> Source:
        labels = [issue.repository.labels[name] for name in issue.labels if name in issue.repository.labels]
        merged_at = issue.closed if issue.merged else None
        resolvers: dict[str, Resolver] = {
            "author": lambda _: self._maybe_actor(issue.author),
            "repository": lambda _: self._repository(issue.repository),
            "labels": lambda given: self._connection("labels", labels, _label, given),
            "comments": lambda given: self._connection(
                "comments", issue.comments, lambda comment: self._comment(issue, comment), given
            ),
            "timelineItems": lambda given: self._timeline(issue, given),
        }
        shown: Source = {
            "__typename": "PullRequest" if issue.is_pr else "Issue",
            "id": issue.node_id,
            "databaseId": issue.id,
            "number": issue.number,
            "url": issue.html_url,
            "title": issue.title,
            "body": issue.body,
            "bodyText": issue.body,
            "createdAt": stamp(issue.created),
            "updatedAt": stamp(issue.updated),
            "closedAt": _maybe(issue.closed),
            "closed": issue.closed is not None,
            "state": "MERGED" if issue.merged else issue.state.upper(),
            "locked": issue.locked,
            **resolvers,
        }
        if issue.is_pr:
            return shown | {"merged": issue.merged, "mergedAt": _maybe(merged_at), "isDraft": False}
        return shown | {"stateReason": None if issue.state_reason is None else issue.state_reason.upper()}

    def _comment(self, issue: FakeIssue, comment: FakeComment) -> Source:
        return {
            "__typename": "IssueComment",
            "id": comment.node_id,
            "databaseId": comment.id,
            "author": self._maybe_actor(comment.author),
            "body": comment.body,
            "bodyText": comment.body,
            "createdAt": stamp(comment.created),
            "updatedAt": stamp(comment.updated),
            "url": f"{issue.html_url}#issuecomment-{comment.id}",
        }

    def _timeline(self, issue: FakeIssue, given: Arguments) -> Source:
        entries = [(event.created_at, event.id, self._event(event)) for event in issue.events if event.event in _EVENTS]
        entries += [(one.created, one.id, self._comment(issue, one)) for one in issue.comments]
        kinds = given.get("itemTypes")
        wanted = None if not isinstance(kinds, list) else {_timeline_type(str(kind)) for kind in kinds}
        since = given.get("since")
        start = datetime.fromisoformat(since) if isinstance(since, str) else None
        shown = [
            entry
            for when, _, entry in sorted(entries, key=lambda entry: entry[:2])
            if (wanted is None or entry["__typename"] in wanted) and (start is None or when >= start)
        ]
        return self._connection("timelineItems", shown, dict, given)

    def _event(self, event: FakeEvent) -> Source:
        shown: Source = {
            "__typename": _EVENTS[event.event],
            "id": f"EV_lADO{event.id}",
            "actor": self._maybe_actor(event.actor),
            "createdAt": stamp(event.created_at),
        }
        if event.label is not None:
            shown["label"] = _label(event.label)
        if event.rename is not None:
            shown["previousTitle"], shown["currentTitle"] = event.rename
        if event.event == "closed":
            shown["stateReason"] = None if event.reason is None else event.reason.upper()
        return shown

    def _maybe_actor(self, user: FakeUser | None) -> Source | None:
        return None if user is None else self._actor(user)

    def _actor(self, user: FakeUser) -> Source:
        # GraphQL names Apps without the `[bot]` that REST gives them.
        login = user.login.removesuffix("[bot]") if user.kind is AccountKind.BOT else user.login
        return {
            "__typename": user.kind.value,
            "id": user.node_id,
            "databaseId": user.id,
            "login": login,
            "url": f"{SITE}/apps/{login}" if user.kind is AccountKind.BOT else f"{SITE}/{login}",
        }

    def _connection(self, name: str, items: Sequence[_T], show: Callable[[_T], Source], given: Arguments) -> Source:
        first, last = given.get("first"), given.get("last")
        if first is None and last is None:
            raise TypedError(
                "MISSING_PAGINATION_BOUNDARIES",
                f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
            )
        for side, size in (("first", first), ("last", last)):
            if isinstance(size, int) and not 1 <= size <= MAX_NODES:
                raise TypedError(
                    "EXCESSIVE_PAGINATION",
                    f"Requesting {size} records on the `{name}` connection exceeds the `{side}` limit of {MAX_NODES}"
                    " records.",
                )
        start, end = _place(given.get("after"), -1) + 1, _place(given.get("before"), len(items))
        if isinstance(first, int):
            end = min(end, start + first)
        if isinstance(last, int):
            start = max(start, end - last)
        nodes = [show(item) for item in items[start:end]]
        page: Source = {
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": _cursor(start) if nodes else None,
            "endCursor": _cursor(end - 1) if nodes else None,
        }
        edges = [{"node": node, "cursor": _cursor(start + index)} for index, node in enumerate(nodes)]
        return {"totalCount": len(items), "nodes": nodes, "edges": edges, "pageInfo": page}


def may_query(caller: Caller) -> bool:
    """Return whether somebody may use GraphQL at all: it needs a token."""
    return caller.kind in {Kind.READER, Kind.INSTALLATION}


@lru_cache(maxsize=64)
def _read(schema: GraphQLSchema, query: str) -> tuple[DocumentNode | None, Sequence[GraphQLError]]:
    """Parse and judge a query; polls send the same again and again, and hundreds of aliases take a while."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error]
    return document, validate(schema, document)


def _label(label: FakeLabel) -> Source:
    return {
        "__typename": "Label",
        "id": label.node_id,
        "name": label.name,
        "color": label.color,
        "description": label.description,
    }


def _maybe(when: datetime | None) -> str | None:
    return None if when is None else stamp(when)


def _timeline_type(item_type: str) -> str:
    """Return the type of an entry from the enum that selects it: LABELED_EVENT is a LabeledEvent."""
    return "".join(word.title() for word in item_type.split("_"))


def _cursor(index: int) -> str:
    return base64.b64encode(f"cursor:v2:{index}".encode()).decode()


def _place(cursor: object, default: int) -> int:
    if not isinstance(cursor, str):
        return default
    return int(base64.b64decode(cursor).decode().rpartition(":")[2])


def _type_of(value: object, _info: object, _abstract: GraphQLAbstractType) -> str:
    assert isinstance(value, dict)
    return str(value["__typename"])


def _cost(document: DocumentNode, variables: Mapping[str, object]) -> Cost:
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    cost = Cost(variables, fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode) and definition.operation is OperationType.QUERY:
            cost.add(definition.selection_set, 1)
    return cost


def _error(error: GraphQLError) -> JsonObject:
    shown: JsonObject = {"message": error.message}
    if isinstance(error.original_error, TypedError):
        shown["type"] = error.original_error.kind
    if error.path is not None:
        shown["path"] = list(error.path)
    shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return shown
