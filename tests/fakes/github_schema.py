"""GitHub's OpenAPI document, its webhooks' schemas and its GraphQL schema: is what goes over the wire what GitHub says?

Requests are judged closed, with unknown keys refused, as the published schemas accept any; answers as published.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import jsonschema_rs
import msgspec
from graphql import GraphQLSchema, build_schema

from tests.fakes.discord_json import JsonObject, child, children, text
from tests.fakes.schemas import refuse_unknown_keys

_LABELS = "/repos/{owner}/{repo}/issues/{issue_number}/labels"

_UNPUBLISHED_STATUSES = frozenset({301, 307, 401, 403, 404, 429})
"""What GitHub answers to anything, whether or not the document says so for the operation."""


@dataclass(slots=True, eq=False)
class Schema:
    """The documents, ready to judge values; without them nothing is found."""

    document: JsonObject | None
    webhooks: JsonObject | None
    _validators: dict[str, jsonschema_rs.Draft202012Validator] = field(default_factory=dict)

    @property
    def validating(self) -> bool:
        """Return whether there is a document to judge by."""
        return self.document is not None

    def operations(self) -> frozenset[tuple[str, str]]:
        """Return method and path template of every operation in the document."""
        paths = child(self.document or {}, "paths")
        return frozenset((method.upper(), template) for template in paths for method in child(paths, template))

    def request(self, method: str, template: str, query: Mapping[str, str], body: object) -> list[str]:
        """Judge what the bot sent to an operation named by its method and its path template."""
        operation = self._operation(method, template)
        if operation is None:
            return []
        where = f"{method} {template}"
        found = [f"{where}: {error}" for error in self._query(where, children(operation, "parameters"), query)]
        content = child(child(child(operation, "requestBody"), "content"), "application/json")
        if not content:
            # httpx and PyGithub send `{}` or nothing where there is no body to send.
            return found if body in (None, {}) else [*found, f"{where}: this operation takes no body"]
        if body is None:
            required = child(operation, "requestBody").get("required") is True
            return [*found, f"{where}: the body is missing"] if required else found
        if template == _LABELS and isinstance(body, list):
            # GitHub's prose allows a bare array, which is what PyGithub sends, and the schema does not.
            body = {"labels": body}
        return [*found, *self._judge(f"{where} request", child(content, "schema"), body, closed=True)]

    def answer(self, method: str, template: str, status: int, body: object) -> list[str]:
        """Judge what the fake itself answers, so that nothing is tested against something GitHub would never say."""
        operation = self._operation(method, template)
        if operation is None or status >= 500:
            return []
        where = f"{method} {template} -> {status}"
        responses = child(operation, "responses")
        if str(status) not in responses:
            return [] if status in _UNPUBLISHED_STATUSES else [f"{where}: an undocumented status"]
        content = child(child(child(responses, str(status)), "content"), "application/json")
        if not content:
            return [] if body is None else [f"{where}: this status has no body"]
        return list(self._judge(where, child(content, "schema"), body))

    def webhook(self, event: str, action: str | None, payload: object) -> list[str]:
        """Judge the payload of a webhook; there is no schema for every event."""
        name = event.replace("_", "-") + (f"-{action}" if action else "")
        schema = child(self.webhooks or {}, name)
        return list(self._judge(f"webhook {name}", schema, payload)) if schema else []

    def _operation(self, method: str, template: str) -> JsonObject | None:
        return child(child(child(self.document or {}, "paths"), template), method.lower()) or None

    def _query(self, where: str, parameters: list[JsonObject], query: Mapping[str, str]) -> Iterator[str]:
        known = {text(parameter, "name"): parameter for parameter in parameters if parameter.get("in") == "query"}
        for name, value in query.items():
            if name not in known:
                yield f"unknown query parameter {name!r}"
                continue
            schema = child(known[name], "schema")
            judged: object = int(value) if schema.get("type") == "integer" and value.isdecimal() else value
            if schema.get("type") == "boolean" and value in {"true", "false"}:
                judged = value == "true"
            yield from self._judge(f"{where} ?{name}", schema, judged)
        for name, parameter in known.items():
            if parameter.get("required") is True and name not in query:
                yield f"query parameter {name!r} is missing"

    def _judge(self, where: str, schema: JsonObject, value: object, *, closed: bool = False) -> Iterator[str]:
        validator = self._validators.get(where)
        if validator is None:
            judged_by = _closed(schema) if closed else schema
            validator = jsonschema_rs.Draft202012Validator(judged_by, validate_formats=True)
            self._validators[where] = validator
        for error in validator.iter_errors(value):
            deepest = _deepest(error)
            yield f"{where}: {deepest.message[:300]} at /{'/'.join(str(step) for step in deepest.instance_path)}"


def _folder() -> Path:
    beside = Path(__file__).parents[2].parent / "shared" / "openapi"
    return Path(os.environ.get("FTBOT_TEST_OPENAPI") or beside)


def load_schema() -> Schema:
    """Return the schemas in the folder that ``FTBOT_TEST_OPENAPI`` names, by default ``../shared/openapi``."""
    return _load(_folder())


@cache
def _load(folder: Path) -> Schema:
    """Read the documents once in a process; validators are compiled when they are first needed."""
    schema = Schema(_read(folder / "github.json"), _read(folder / "github_webhooks.json"))
    if schema.document is not None:
        _accept_what_github_does(schema.document)
    return schema


def _read(path: Path) -> JsonObject | None:
    return msgspec.json.decode(path.read_bytes(), type=JsonObject) if path.is_file() else None


def load_graphql() -> GraphQLSchema:
    """Return GitHub's GraphQL schema, or where it is not at hand the part of it that the fake answers."""
    return _build(_folder() / "github.graphql")


@cache
def _build(path: Path) -> GraphQLSchema:
    """Build it once in a process: that takes about a second."""
    return build_schema(path.read_text("utf-8") if path.is_file() else _KNOWN_PART, assume_valid=True)


def _accept_what_github_does(document: JsonObject) -> None:
    """Widen what GitHub's document is known to say wrongly."""
    paths = child(document, "paths")
    # Who did something may have deleted the account; the document says so for the repository's events only.
    for template in ("events", "timeline"):
        responses = child(
            child(child(paths, "/repos/{owner}/{repo}/issues/{issue_number}/" + template), "get"), "responses"
        )
        schema = child(child(child(child(responses, "200"), "content"), "application/json"), "schema")
        for event in children(child(schema, "items"), "anyOf"):
            for name in ("actor", "user"):
                who = child(child(event, "properties"), name)
                if who.get("type") == "object":
                    who["type"] = ["object", "null"]
    # A thread without a text has null for it, in a search as elsewhere.
    found = child(child(child(child(child(paths, "/search/issues"), "get"), "responses"), "200"), "content")
    items = child(child(child(child(found, "application/json"), "schema"), "properties"), "items")
    child(child(child(items, "items"), "properties"), "body")["type"] = ["string", "null"]
    # An installation's account is a user or an enterprise; the list of installations says that it is both at once.
    listed = child(child(child(child(child(paths, "/app/installations"), "get"), "responses"), "200"), "content")
    schema = child(child(child(listed, "application/json"), "schema"), "items")
    for account in children(child(child(schema, "properties"), "account"), "anyOf"):
        if "allOf" in account:
            account["anyOf"] = account.pop("allOf")


def _closed(schema: JsonObject) -> JsonObject:
    """Return the schema with unknown keys refused in every object."""
    closed = copy.deepcopy(schema)
    refuse_unknown_keys(closed)
    return closed


def _deepest(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError:
    """Return the error inside a failed union that says most: that of the member with the fewest errors."""
    kind = error.kind
    if not isinstance(kind, jsonschema_rs.ValidationErrorKind.AnyOf | jsonschema_rs.ValidationErrorKind.OneOfNotValid):
        return error
    members = [member for member in kind.context if member]
    # A member that wants another type altogether fails with one error, which says nothing.
    right_type = [member for member in members if len(member[0].instance_path) > len(error.instance_path)]
    candidates = right_type or members
    return _deepest(min(candidates, key=len)[0]) if candidates else error


_KNOWN_PART = """
scalar DateTime
scalar URI
enum IssueState { OPEN CLOSED }
enum PullRequestState { OPEN CLOSED MERGED }
enum IssueStateReason { REOPENED NOT_PLANNED COMPLETED DUPLICATE }
enum SearchType { ISSUE REPOSITORY USER DISCUSSION }
enum IssueTimelineItemsItemType {
  ISSUE_COMMENT LABELED_EVENT UNLABELED_EVENT CLOSED_EVENT REOPENED_EVENT RENAMED_TITLE_EVENT
  LOCKED_EVENT UNLOCKED_EVENT TRANSFERRED_EVENT
}
enum PullRequestTimelineItemsItemType {
  ISSUE_COMMENT LABELED_EVENT UNLABELED_EVENT CLOSED_EVENT REOPENED_EVENT RENAMED_TITLE_EVENT
  LOCKED_EVENT UNLOCKED_EVENT MERGED_EVENT
}
interface Node { id: ID! }
interface Actor { login: String! url: URI! }
type User implements Node & Actor { id: ID! login: String! url: URI! databaseId: Int }
type Bot implements Node & Actor { id: ID! login: String! url: URI! databaseId: Int }
type Organization implements Node & Actor { id: ID! login: String! url: URI! databaseId: Int }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type Label implements Node { id: ID! name: String! color: String! description: String }
type LabelConnection { nodes: [Label] totalCount: Int! pageInfo: PageInfo! }
type IssueComment implements Node {
  id: ID! databaseId: Int author: Actor body: String! bodyText: String! createdAt: DateTime!
  updatedAt: DateTime! url: URI!
}
type IssueCommentConnection { nodes: [IssueComment] totalCount: Int! pageInfo: PageInfo! }
type LabeledEvent implements Node { id: ID! actor: Actor createdAt: DateTime! label: Label! }
type UnlabeledEvent implements Node { id: ID! actor: Actor createdAt: DateTime! label: Label! }
type ClosedEvent implements Node { id: ID! actor: Actor createdAt: DateTime! stateReason: IssueStateReason }
type ReopenedEvent implements Node { id: ID! actor: Actor createdAt: DateTime! }
type LockedEvent implements Node { id: ID! actor: Actor createdAt: DateTime! }
type UnlockedEvent implements Node { id: ID! actor: Actor createdAt: DateTime! }
type MergedEvent implements Node { id: ID! actor: Actor createdAt: DateTime! }
type TransferredEvent implements Node { id: ID! actor: Actor createdAt: DateTime! }
type RenamedTitleEvent implements Node {
  id: ID! actor: Actor createdAt: DateTime! previousTitle: String! currentTitle: String!
}
union IssueTimelineItems = IssueComment | LabeledEvent | UnlabeledEvent | ClosedEvent | ReopenedEvent | LockedEvent
  | UnlockedEvent | TransferredEvent | RenamedTitleEvent
union PullRequestTimelineItems = IssueComment | LabeledEvent | UnlabeledEvent | ClosedEvent | ReopenedEvent
  | LockedEvent | UnlockedEvent | MergedEvent | RenamedTitleEvent
type IssueTimelineItemsConnection { nodes: [IssueTimelineItems] totalCount: Int! pageInfo: PageInfo! }
type PullRequestTimelineItemsConnection { nodes: [PullRequestTimelineItems] totalCount: Int! pageInfo: PageInfo! }
type Issue implements Node {
  id: ID! databaseId: Int number: Int! url: URI! title: String! body: String! bodyText: String! createdAt: DateTime!
  updatedAt: DateTime! closedAt: DateTime closed: Boolean! state: IssueState! stateReason: IssueStateReason
  locked: Boolean! author: Actor repository: Repository!
  labels(first: Int, last: Int, after: String, before: String): LabelConnection
  comments(first: Int, last: Int, after: String, before: String): IssueCommentConnection!
  timelineItems(first: Int, last: Int, after: String, before: String, since: DateTime,
    itemTypes: [IssueTimelineItemsItemType!]): IssueTimelineItemsConnection!
}
type PullRequest implements Node {
  id: ID! databaseId: Int number: Int! url: URI! title: String! body: String! bodyText: String! createdAt: DateTime!
  updatedAt: DateTime! closedAt: DateTime closed: Boolean! state: PullRequestState! merged: Boolean! mergedAt: DateTime
  isDraft: Boolean! locked: Boolean! author: Actor repository: Repository!
  labels(first: Int, last: Int, after: String, before: String): LabelConnection
  comments(first: Int, last: Int, after: String, before: String): IssueCommentConnection!
  timelineItems(first: Int, last: Int, after: String, before: String, since: DateTime,
    itemTypes: [PullRequestTimelineItemsItemType!]): PullRequestTimelineItemsConnection!
}
union IssueOrPullRequest = Issue | PullRequest
type Repository implements Node {
  id: ID! databaseId: Int name: String! nameWithOwner: String! owner: Actor! url: URI! isPrivate: Boolean!
  isArchived: Boolean! issue(number: Int!): Issue pullRequest(number: Int!): PullRequest
  issueOrPullRequest(number: Int!): IssueOrPullRequest
  labels(first: Int, last: Int, after: String, before: String): LabelConnection
}
union SearchResultItem = Issue | PullRequest
type SearchResultItemConnection { nodes: [SearchResultItem] issueCount: Int! pageInfo: PageInfo! }
type RateLimit { cost: Int! limit: Int! remaining: Int! used: Int! nodeCount: Int! resetAt: DateTime! }
type Query {
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
  search(query: String!, type: SearchType!, first: Int, last: Int, after: String, before: String):
    SearchResultItemConnection!
  rateLimit(dryRun: Boolean = false): RateLimit
  viewer: User!
}
"""
