"""The API described by OpenAPI 3.1, made from the classes that print its JSON, so that the two cannot differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from bot.core.listing.query import GilFilter, ListOrder
from bot.core.schema.dependencies import DependenciesJson
from bot.core.schema.digest import DigestJson
from bot.core.schema.history import HistoryJson
from bot.core.schema.listing import ListingJson
from bot.core.schema.moves import MovesJson
from bot.core.schema.objects import JsonObject
from bot.core.schema.problems import PROBLEM_TYPE, ProblemJson
from bot.core.schema.questions import LONGEST_TEXT, DependenciesAskedJson
from bot.core.schema.status import StatusJson
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target

MOST_LISTED = 500
"""Packages of one page of the list."""

MOST_MOVES = 1_000
"""Moves of one answer."""

MOST_TRACKED = 100_000
"""Packages that anybody can ask the history of."""

_REFERENCE = "#/components/schemas/{name}"

Schema = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Parameter:
    """What may be asked in an address: in its path or, unless ``in_path``, behind the question mark."""

    name: str
    what: str
    schema: Schema
    in_path: bool = False

    def described(self) -> dict[str, object]:
        """Return it as OpenAPI has it."""
        return {
            "name": self.name,
            "in": "path" if self.in_path else "query",
            "description": self.what,
            "required": self.in_path,
            "schema": dict(self.schema),
        }


@dataclass(frozen=True, slots=True)
class Operation:
    """What an address answers; ``refusals`` are the statuses of problems that it may answer with."""

    path: str
    name: str
    what: str
    answer: type[JsonObject]
    refusals: tuple[int, ...]
    parameters: tuple[Parameter, ...] = ()
    asked: type[JsonObject] | None = None


_DAY: Schema = {"type": "string", "format": "date"}
_FLAG: Schema = {"type": "string", "enum": ["true", "false"]}


def openapi(targets: Sequence[Target], version: str, base: str | None) -> dict[str, object]:
    """Return the description of the API as it is served here: for these targets, at this address."""
    operations = _operations([str(target) for target in targets])
    kinds = {each.answer: None for each in operations} | {ProblemJson: None}
    kinds |= {each.asked: None for each in operations if each.asked is not None}
    schemas = msgspec.json.schema_components(tuple(kinds), ref_template=_REFERENCE)[1]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ftbot",
            "version": version,
            "summary": "Which Python packages install on free-threaded Python",
            "description": (
                "What the site shows, for programs. Nothing needs a key. Every answer has an ETag: ask with"
                " If-None-Match, and read anew only what changed. A wheel shows that a build exists, not that it is"
                " thread-safe."
            ),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base or "/"}],
        "paths": {each.path: {"get" if each.asked is None else "post": _described(each)} for each in operations},
        "components": {"schemas": schemas},
    }


def _described(operation: Operation) -> dict[str, object]:
    described: dict[str, object] = {
        "operationId": operation.name,
        "summary": operation.what,
        "parameters": [parameter.described() for parameter in operation.parameters],
    }
    if operation.asked is not None:
        described["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {"schema": _reference(operation.asked)},
                "text/plain": {"schema": {"type": "string", "maxLength": LONGEST_TEXT}},
            },
        }
    described["responses"] = {
        "200": {
            "description": "The answer.",
            "content": {"application/json": {"schema": _reference(operation.answer)}},
        },
        **({} if operation.asked is not None else {"304": {"description": "Nothing changed since the ETag given."}}),
        **{
            str(status): {
                "description": _REFUSALS[status],
                "content": {PROBLEM_TYPE: {"schema": _reference(ProblemJson)}},
            }
            for status in operation.refusals
        },
    }
    return described


def _reference(kind: type[JsonObject]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(name=kind.__name__)}


_REFUSALS = {
    400: "A parameter is none of what it may be.",
    404: "There is no such package or week.",
    408: "The question took too long to arrive.",
    413: "The question is larger than what is read.",
    415: "The question is of a kind that is not read.",
    429: "That is more than is answered at a time; `Retry-After` says when to come again.",
    503: "Nothing was scanned yet, or storage or the index cannot be read; `Retry-After` says when to come again.",
}


def _words(words: type[StrEnum]) -> Schema:
    return {"type": "string", "enum": [each.value for each in words]}


def _operations(targets: list[str]) -> tuple[Operation, ...]:
    usual = (400, 429, 503)
    target = Parameter("target", "Which free-threaded Python.", {"type": "string", "enum": targets})
    return (
        Operation(
            "/api/v1/packages/{name}",
            "package",
            "How a package stands: what `ftbot status --json` prints",
            StatusJson,
            (404, 429, 503),
            (Parameter("name", "The name of a package, in any spelling.", _NAME, in_path=True),),
        ),
        Operation(
            "/api/v1/packages",
            "packages",
            "The tracked packages: what `ftbot list --json` prints, some at a time",
            ListingJson,
            usual,
            (target, *_FILTERS),
        ),
        Operation(
            "/api/v1/history",
            "history",
            "The share of tracked packages with wheels, day by day: what `ftbot history --json` prints",
            HistoryJson,
            usual,
            (
                Parameter("from", "The first day.", _DAY),
                Parameter("to", "The last day.", _DAY),
                Parameter("top", "Of how many packages, the most downloaded first.", _numbers(1, MOST_TRACKED)),
            ),
        ),
        Operation(
            "/api/v1/digests/{week}",
            "digest",
            "What moved in a week: what `ftbot digest --format json` prints",
            DigestJson,
            (404, 429, 503),
            (Parameter("week", "An ISO week, such as 2026-W47.", _WEEK, in_path=True),),
        ),
        Operation(
            "/api/v1/moves",
            "moves",
            "What packages gained and lost since a cursor, in the order in which it was noticed",
            MovesJson,
            usual,
            (
                Parameter("since", "The `next` of the last answer; without it, from the beginning.", _CURSOR),
                Parameter("limit", "The most moves of an answer.", _numbers(1, MOST_MOVES)),
            ),
        ),
        Operation(
            "/api/v1/deps",
            "dependencies",
            "Which dependencies of an application stop a move: what `ftbot deps --json` prints. Nothing is kept",
            DependenciesJson,
            (400, 408, 413, 415, 429, 503),
            (
                target,
                Parameter("platform", "Where it is to run, by default manylinux_x86_64.", _words(Platform)),
                Parameter("file", "What the file is called that is sent as text/plain.", _FILE),
            ),
            DependenciesAskedJson,
        ),
    )


def _numbers(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


_NAME: Schema = {"type": "string", "minLength": 1}
_WEEK: Schema = {"type": "string", "pattern": "^[0-9]{4}-W[0-9]{2}$"}
_CURSOR: Schema = {"type": "string", "pattern": "^[0-9]{1,15}$"}
_FILE: Schema = {"type": "string", "maxLength": 200}
_FILTERS = (
    Parameter("verdict", "Only packages with this verdict; several with commas.", _words(Verdict)),
    Parameter("gil", "Only packages whose import does this to the GIL.", _words(GilFilter)),
    Parameter("lagging", "Only packages that an earlier Python has wheels of.", _FLAG),
    Parameter("narrowed", "Only packages that lost platforms.", _FLAG),
    Parameter("covers", "Only packages with a wheel for this platform.", _words(Platform)),
    Parameter("lacks", "Only packages without a wheel for this platform, where others have one.", _words(Platform)),
    Parameter("ranks", "Only packages of these ranks: `1-100`.", {"type": "string", "maxLength": 20}),
    Parameter("gained_since", "Only packages that gained their wheels on this day or later.", _DAY),
    Parameter("q", "Only packages whose name has this in it.", {"type": "string", "maxLength": 200}),
    Parameter("order", "What comes first.", _words(ListOrder)),
    Parameter("limit", "The most packages of an answer.", _numbers(1, MOST_LISTED)),
    Parameter("cursor", "The `next` of the answer before.", {"type": "string", "maxLength": 200}),
)
