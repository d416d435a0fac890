"""Discord's OpenAPI document: is a request, an answer or an object the shape Discord publishes?

Each value is judged twice: *open*, as published, and *closed*, with unknown keys refused everywhere, because the
published schemas accept any extra key and many of their unions accept nearly any object.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import jsonschema_rs
import msgspec

from tests.fakes.discord_json import JsonObject, child, children, text
from tests.fakes.schemas import refuse_unknown_keys

Mode = Literal["open", "closed"]
Direction = Literal["request", "answer", "event"]

_DOCUMENT = "urn:discord"

# What discord.py sends, or needs to receive, and Discord accepts or gives, though its OpenAPI document does not say so.
_UNPUBLISHED: dict[str, JsonObject] = {
    "ApplicationCommandUpdateRequest": {"nsfw": {"type": "boolean"}},
    "ApplicationCommandCreateRequest": {"nsfw": {"type": "boolean"}},
    "RichEmbed": {"flags": {"type": "integer"}},
    "MessageEditRequestPartial": {"tts": {"type": "boolean"}},
    "IncomingWebhookUpdateRequestPartial": {"tts": {"type": "boolean"}},
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial": {"tts": {"type": "boolean"}},
    "BaseCreateMessageCreateRequest": {"tts": {"type": "boolean"}},
    "CreateForumThreadRequest": {"type": {"type": "integer"}},
    "CreatedThreadResponse": {"message": {"$ref": "#/components/schemas/MessageResponse"}},
}
_UNPUBLISHED_PARAMETERS = frozenset({"use_nested_fields"})


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that went over the wire and does not fit Discord's OpenAPI document."""

    where: str
    direction: Direction
    mode: Mode
    message: str
    path: str


@dataclass(slots=True)
class Schema:
    """Discord's OpenAPI document, ready to judge values; without a document it finds nothing."""

    document: JsonObject | None
    _registries: dict[Mode, jsonschema_rs.Registry] = field(default_factory=dict)
    _validators: dict[tuple[Mode, str], jsonschema_rs.Draft202012Validator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Build the open and the closed form of the document."""
        if self.document is not None:
            _accept_what_discord_accepts(self.document)
            self._registries["open"] = jsonschema_rs.Registry([(_DOCUMENT, self.document)])
            self._registries["closed"] = jsonschema_rs.Registry([(_DOCUMENT, _closed(self.document))])

    @property
    def validating(self) -> bool:
        """Return whether there is a document to judge by."""
        return self.document is not None

    def request(self, method: str, template: str, query: Mapping[str, str], body: object) -> list[Violation]:
        """Judge what the bot sent to an operation named by its method and its path template."""
        if self.document is None:
            return []
        where = f"{method} {template}"
        operation = self._operation(method, template)
        if operation is None:
            return [Violation(where, "request", "open", "Discord has no such operation", "")]
        found = list(self._query(where, children(operation, "parameters"), query))
        schema = f"{_operation_pointer(method, template)}/requestBody/content/application~1json/schema"
        if "requestBody" not in operation:
            if body is not None:
                found.append(Violation(where, "request", "open", "this operation takes no body", ""))
        elif body is not None or child(operation, "requestBody").get("required") is True:
            found += self._judge(where, "request", schema, body)
        return found

    def answer(self, method: str, template: str, status: int, body: object) -> list[Violation]:
        """Judge what the fake itself answers, so that bots are not tested against something Discord would never say."""
        where = f"{method} {template} -> {status}"
        operation = self._operation(method, template)
        if operation is None:
            return []
        responses = child(operation, "responses")
        key = str(status) if str(status) in responses else "4XX" if 400 <= status < 500 else ""
        if not key:
            return [] if status >= 500 else [Violation(where, "answer", "open", "an undocumented status", "")]
        response = child(responses, key)
        name = text(response, "$ref").rpartition("/")[2]
        if not name and "content" not in response:
            return [] if body is None else [Violation(where, "answer", "open", "this status has no body", "")]
        place = f"/components/responses/{name}" if name else f"{_operation_pointer(method, template)}/responses/{key}"
        return list(self._judge(where, "answer", f"{place}/content/application~1json/schema", body))

    def event(self, where: str, name: str, value: object) -> list[Violation]:
        """Judge an object inside a gateway event by the component schema ``name``; events have no schema themselves."""
        return list(self._judge(where, "event", f"/components/schemas/{name}", value))

    def _operation(self, method: str, template: str) -> JsonObject | None:
        if self.document is None:
            return None
        return child(child(child(self.document, "paths"), template), method.lower()) or None

    def _query(self, where: str, parameters: list[JsonObject], query: Mapping[str, str]) -> Iterable[Violation]:
        known = {text(parameter, "name"): parameter for parameter in parameters if parameter.get("in") == "query"}
        for name, value in query.items():
            schema = child(known.get(name, {}), "schema")
            if name in _UNPUBLISHED_PARAMETERS:
                continue
            if name not in known:
                yield Violation(where, "request", "closed", f"unknown query parameter {name!r}", f"?{name}")
            elif (error := _parameter_error(schema, value)) is not None:
                yield Violation(where, "request", "open", error, f"?{name}")

    def _judge(self, where: str, direction: Direction, pointer: str, value: object) -> Iterable[Violation]:
        for mode in self._registries:
            for error in self._validator(mode, pointer).iter_errors(value):
                deepest = _deepest(error)
                path = "/".join(str(step) for step in deepest.instance_path)
                yield Violation(where, direction, mode, deepest.message, path)

    def _validator(self, mode: Mode, pointer: str) -> jsonschema_rs.Draft202012Validator:
        key = mode, pointer
        if key not in self._validators:
            reference = {"$ref": f"{_DOCUMENT}#{pointer}"}
            self._validators[key] = jsonschema_rs.Draft202012Validator(reference, registry=self._registries[mode])
        return self._validators[key]


def load_schema() -> Schema:
    """Return the schema in the folder that ``FTBOT_TEST_OPENAPI`` names, by default ``../shared/openapi``."""
    beside = Path(__file__).parents[2].parent / "shared" / "openapi"
    return _load(Path(os.environ.get("FTBOT_TEST_OPENAPI") or beside) / "discord.json")


@cache
def _load(path: Path) -> Schema:
    """Read and compile the document once in a process: it takes as long as a hundred tests' requests."""
    return Schema(msgspec.json.decode(path.read_bytes(), type=JsonObject) if path.is_file() else None)


def _operation_pointer(method: str, template: str) -> str:
    escaped = template.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return f"/paths/{escaped}/{method.lower()}"


def _accept_what_discord_accepts(document: JsonObject) -> None:
    """Widen two types that discord.py uses and Discord accepts: identifiers as numbers, and media channels."""
    schemas = child(child(document, "components"), "schemas")
    child(schemas, "SnowflakeType")["type"] = ["string", "integer"]
    # Media channels (16) are documented; discord.py names them for every option that takes any channel.
    channel_types = child(schemas, "ChannelTypes")
    channel_types["oneOf"] = [*children(channel_types, "oneOf"), {"const": 16}]


def _closed(document: JsonObject) -> JsonObject:
    """Return the document with unknown keys refused in every object."""
    closed = copy.deepcopy(document)
    schemas = child(child(closed, "components"), "schemas")
    for name, unpublished in _UNPUBLISHED.items():
        child(child(schemas, name), "properties").update(unpublished)
    # Both extend `Error` by allOf, which a closed `Error` would refuse; so each is written out as one object.
    error = child(schemas, "Error")
    for name in ("ErrorResponse", "RatelimitedResponse"):
        schema = child(schemas, name)
        extension = children(schema, "allOf")[1]
        schemas[name] = {
            "type": "object",
            "properties": child(error, "properties") | child(extension, "properties"),
            "required": ["code", "message"],
        }
    refuse_unknown_keys(closed)
    return closed


def _parameter_error(schema: JsonObject, value: str) -> str | None:
    kind = schema.get("type")
    if kind == "boolean" and value.lower() not in {"0", "1", "true", "false"}:
        return f"{value!r} is not a boolean"
    if (kind == "integer" or text(schema, "$ref").endswith("/SnowflakeType")) and not value.isdecimal():
        return f"{value!r} is not a number"
    low, high = schema.get("minimum"), schema.get("maximum")
    if isinstance(low, int) and isinstance(high, int) and not low <= int(value) <= high:
        return f"{value} is not between {low} and {high}"
    return None


def _deepest(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError:
    """Return the error inside a failed union that says most: that of the member which has the value's ``type``."""
    kind = error.kind
    if not isinstance(kind, jsonschema_rs.ValidationErrorKind.AnyOf | jsonschema_rs.ValidationErrorKind.OneOfNotValid):
        return error
    members = [member for member in kind.context if member]
    right_type = [member for member in members if all(inner.instance_path[-1:] != ["type"] for inner in member)]
    candidates = right_type or members
    if not candidates:
        return error
    return _deepest(min(candidates, key=len)[0])
