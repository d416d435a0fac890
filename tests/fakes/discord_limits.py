"""Discord's rules that its OpenAPI document does not hold: limits, combinations, and the errors for breaking them.

Sources are Discord's documentation and, for the byte limit of Components V2, issue #8554 of discord-api-docs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tests.fakes import discord_components as ui
from tests.fakes.discord_json import JsonObject, child, children, number, snowflake, text
from tests.fakes.discord_world import NO_FLAGS, Attachment, Channel, Message, MessageFlag, Permission

MAX_CONTENT = 2000
MAX_EMBED_TEXT = 6000
MAX_COMPONENTS = 40
MAX_COMPONENT_TEXT = 4000
MAX_COMPONENT_BYTES = 10_170
BYTES_PER_TEXT = 12
MAX_ROWS = 5
MAX_FILES = 10
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_ALT_TEXT = 1024
MAX_COMPONENT_ID = 2**31 - 1
MAX_CHOICES = 25
MAX_COMMANDS = 100
MAX_COMMAND_CHARACTERS = 8000

_EMBED_LIMITS = (("title", 256), ("description", 4096))
_EMBED_PART_LIMITS = (("author", "name", 256), ("footer", "text", 2048))
_COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")


@dataclass(slots=True)
class RefusedError(Exception):
    """Discord's refusal of a request: HTTP status, error code, message, and for a form where in it what is wrong."""

    status: int
    code: int
    message: str
    errors: JsonObject = field(default_factory=dict)
    retry_after: float | None = None

    def json(self) -> JsonObject:
        """Return Discord's error object."""
        body: JsonObject = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        if self.retry_after is not None:
            body |= {"retry_after": self.retry_after, "global": False}
        return body


@dataclass(slots=True)
class Form:
    """The errors found in one request, in the shape of error 50035; ``prefix`` is where in the body paths begin."""

    prefix: str = ""
    errors: JsonObject = field(default_factory=dict)

    def wrong(self, path: str, code: str, message: str) -> None:
        """Note an error at a path such as ``components/0/label``."""
        node = self.errors
        for step in f"{self.prefix}{path}".split("/"):
            inner = child(node, step)
            node[step] = inner
            node = inner
        found = node.setdefault("_errors", [])
        if isinstance(found, list):
            found.append({"code": code, "message": message})

    def length(self, path: str, value: str, most: int, least: int = 0) -> None:
        """Note a text that is too long or too short."""
        if len(value) > most:
            self.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        elif len(value) < least:
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")

    def count(self, path: str, number_of: int, most: int, least: int = 0) -> None:
        """Note an array with too many or too few elements."""
        if not least <= number_of <= most:
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")

    def refuse_if_wrong(self) -> None:
        """Raise Discord's refusal if anything was noted."""
        if self.errors:
            raise RefusedError(400, 50035, "Invalid Form Body", self.errors)


def check_message(
    body: JsonObject,
    uploads: Sequence[Attachment],
    *,
    before: Message | None = None,
    flags: MessageFlag = NO_FLAGS,
    prefix: str = "",
) -> None:
    """Refuse a message that breaks a limit.

    ``before`` is the message it edits, if it edits one; ``flags`` are allowed here beside those every message may have.
    """
    form = Form(prefix)
    components = children(body, "components")
    was_modern = before is not None and before.uses_components_v2
    modern = _check_flags(form, body, flags, was_modern=was_modern) or was_modern
    form.length("content", text(body, "content"), MAX_CONTENT)
    _check_embeds(form, children(body, "embeds"))
    files = _check_files(form, body, uploads, before)
    if modern:
        _check_modern(form, body, before)
    else:
        form.count("components", len(components), MAX_ROWS)
    _check_custom_ids(form, "components", components)
    _check_ids(form, "components", components)
    for index, component in enumerate(components):
        if not modern and component.get("type") != ui.ROW:
            form.wrong(f"components/{index}", "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).')
        _check_component(form, f"components/{index}", component, files)
    form.refuse_if_wrong()
    texts = [text(part, "content") for part in ui.walk(components) if part.get("type") == ui.TEXT_DISPLAY]
    if sum(len(item.encode()) + BYTES_PER_TEXT for item in texts) > MAX_COMPONENT_BYTES:
        raise RefusedError(500, 0, "500: Internal Server Error")
    if before is None and not uploads and not any(body.get(key) for key in ("content", "embeds", "components", "poll")):
        raise RefusedError(400, 50006, "Cannot send an empty message")


def check_defer(data: JsonObject) -> None:
    """Refuse flags other than ephemeral on a deferred answer."""
    form = Form("data/")
    if number(data, "flags") & ~MessageFlag.EPHEMERAL:
        form.wrong("flags", "MESSAGE_FLAGS_INVALID", "Only EPHEMERAL can be set on a deferred response.")
    form.refuse_if_wrong()


def check_choices(choices: Sequence[JsonObject]) -> None:
    """Refuse too many autocomplete choices, or one whose name or value is empty or too long."""
    form = Form("data/")
    form.count("choices", len(choices), MAX_CHOICES)
    for index, choice in enumerate(choices):
        form.length(f"choices/{index}/name", text(choice, "name"), 100, 1)
        if isinstance(choice.get("value"), str):
            form.length(f"choices/{index}/value", text(choice, "value"), 100, 1)
    form.refuse_if_wrong()


def check_modal(data: JsonObject) -> None:
    """Refuse a modal with too long a title, a bad custom_id, or more than five components."""
    form = Form("data/")
    form.length("title", text(data, "title"), 45, 1)
    form.length("custom_id", text(data, "custom_id"), 100, 1)
    form.count("components", len(children(data, "components")), MAX_ROWS, 1)
    _check_custom_ids(form, "components", children(data, "components"))
    form.refuse_if_wrong()


def check_commands(commands: Sequence[JsonObject]) -> None:
    """Refuse commands with duplicate or impossible names, required options after optional ones, or too much text."""
    form = Form()
    names = [text(command, "name") for command in commands]
    if len(commands) > MAX_COMMANDS:
        raise RefusedError(400, 30032, f"Maximum number of application commands reached ({MAX_COMMANDS}).")
    for index, command in enumerate(commands):
        if names.count(names[index]) > 1:
            form.wrong(
                f"{index}/name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"
            )
        if _characters(command) > MAX_COMMAND_CHARACTERS:
            form.wrong(str(index), "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")
        if number(command, "type", 1) == 1:
            _check_command(form, str(index), command)
    form.refuse_if_wrong()


def check_thread(body: JsonObject) -> None:
    """Refuse a thread with too long a name, or with too many tags."""
    form = Form()
    form.length("name", text(body, "name"), 100, 1)
    tags = body.get("applied_tags")
    form.count("applied_tags", len(tags) if isinstance(tags, list) else 0, 5)
    form.refuse_if_wrong()


def check_permissions(channel: Channel, granted: Permission, *needed: Permission) -> None:
    """Refuse with 50001 if the bot cannot see the channel, with 50013 if it sees it but lacks a permission there."""
    if Permission.VIEW_CHANNEL not in granted:
        raise RefusedError(403, 50001, "Missing Access")
    if channel.guild is not None and any(permission not in granted for permission in needed):
        raise RefusedError(403, 50013, "Missing Permissions")


def _check_flags(form: Form, body: JsonObject, allowed: MessageFlag, *, was_modern: bool) -> bool:
    """Return whether the body asks for Components V2."""
    asked = MessageFlag(number(body, "flags"))
    if was_modern and "flags" in body and MessageFlag.COMPONENTS_V2 not in asked:
        form.wrong("flags", "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", "IS_COMPONENTS_V2 cannot be removed.")
    everywhere = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.COMPONENTS_V2
    if unknown := asked & ~(allowed | everywhere):
        form.wrong("flags", "MESSAGE_FLAGS_INVALID", f"Flags {unknown.value} cannot be set here.")
    return MessageFlag.COMPONENTS_V2 in asked


def _check_embeds(form: Form, embeds: Sequence[JsonObject]) -> None:
    total = 0
    for index, embed in enumerate(embeds):
        place = f"embeds/{index}"
        parts = [(f"{place}/{key}", text(embed, key), most) for key, most in _EMBED_LIMITS]
        parts += [(f"{place}/{a}/{b}", text(child(embed, a), b), most) for a, b, most in _EMBED_PART_LIMITS]
        for nth, item in enumerate(children(embed, "fields")):
            parts.append((f"{place}/fields/{nth}/name", text(item, "name"), 256))
            parts.append((f"{place}/fields/{nth}/value", text(item, "value"), 1024))
        for path, value, most in parts:
            form.length(path, value, most)
            total += len(value)
    if total > MAX_EMBED_TEXT:
        form.wrong("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED_TEXT}")


def _check_files(
    form: Form, body: JsonObject, uploads: Sequence[Attachment], before: Message | None
) -> Collection[str]:
    """Return the names of the files the message will have."""
    declared = children(body, "attachments")
    held = [] if before is None else before.attachments
    if "attachments" in body:
        held = [item for item in held if item.id in {snowflake(entry, "id") for entry in declared}]
    if any(len(upload.data) > MAX_FILE_BYTES for upload in uploads):
        raise RefusedError(413, 40005, "Request entity too large")
    form.count("attachments", len(uploads) + len(held), MAX_FILES)
    for index, entry in enumerate(declared):
        form.length(f"attachments/{index}/description", text(entry, "description"), MAX_ALT_TEXT)
    return {item.filename for item in (*uploads, *held)}


def _check_modern(form: Form, body: JsonObject, before: Message | None) -> None:
    """Check what Components V2 adds: no other text beside the components, and totals over all of them."""
    stays = {} if before is None else {"content": before.content, "embeds": before.embeds}
    for key in ("content", "embeds", "poll", "sticker_ids"):
        if {**stays, **body}.get(key):
            message = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            form.wrong(key, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
    parts = list(ui.walk(children(body, "components")))
    form.count("components", len(parts), MAX_COMPONENTS)
    if sum(len(text(part, "content")) for part in parts) > MAX_COMPONENT_TEXT:
        message = f"The total amount of displayable text exceeded the maximum size of {MAX_COMPONENT_TEXT}"
        form.wrong("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)


def _check_component(form: Form, path: str, component: JsonObject, files: Collection[str]) -> None:
    check = _COMPONENT_RULES.get(number(component, "type"))
    if check is not None:
        check(form, path, component)
    form.length(f"{path}/description", text(component, "description"), MAX_ALT_TEXT)
    accessory = child(component, "accessory")
    for url in ui.own_media_urls(component):
        if url.startswith("attachment://") and url.removeprefix("attachment://") not in files:
            message = f"The referenced attachment {url!r} was not found."
            form.wrong(path, "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", message)
    for nth, part in enumerate(children(component, "components")):
        _check_component(form, f"{path}/components/{nth}", part, files)
    if accessory:
        _check_component(form, f"{path}/accessory", accessory, files)


def _check_row(form: Form, path: str, row: JsonObject) -> None:
    inner = children(row, "components")
    width = sum(MAX_ROWS if part.get("type") in ui.SELECTS else 1 for part in inner)
    if not 1 <= width <= MAX_ROWS:
        message = f"The specified component exceeds the maximum width {MAX_ROWS}"
        form.wrong(path, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)


def _check_button(form: Form, path: str, button: JsonObject) -> None:
    form.length(f"{path}/label", text(button, "label"), 80)
    if not text(button, "label") and not child(button, "emoji"):
        form.wrong(path, "BUTTON_COMPONENT_INVALID_LABEL", "A button needs a label or an emoji")
    if ui.is_link(button):
        form.length(f"{path}/url", text(button, "url"), 512, 1)
    elif button.get("url"):
        form.wrong(f"{path}/url", "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "Only link buttons have a url")


def _check_options(form: Form, path: str, select: JsonObject) -> None:
    options = children(select, "options")
    form.count(f"{path}/options", len(options), MAX_CHOICES, 1)
    values = [text(option, "value") for option in options]
    for index, option in enumerate(options):
        for key in ("label", "value"):
            form.length(f"{path}/options/{index}/{key}", text(option, key), 100, 1)
        if values.count(values[index]) > 1:
            form.wrong(f"{path}/options/{index}/value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "Duplicated value")


def _check_section(form: Form, path: str, section: JsonObject) -> None:
    form.count(f"{path}/components", len(children(section, "components")), 3, 1)
    if not child(section, "accessory"):
        form.wrong(f"{path}/accessory", "BASE_TYPE_REQUIRED", "This field is required")


def _check_text(form: Form, path: str, display: JsonObject) -> None:
    form.length(f"{path}/content", text(display, "content"), MAX_COMPONENT_TEXT, 1)


def _check_gallery(form: Form, path: str, gallery: JsonObject) -> None:
    items = children(gallery, "items")
    form.count(f"{path}/items", len(items), MAX_FILES, 1)
    for index, item in enumerate(items):
        form.length(f"{path}/items/{index}/description", text(item, "description"), MAX_ALT_TEXT)


_COMPONENT_RULES: Mapping[int, Callable[[Form, str, JsonObject], None]] = {
    ui.ROW: _check_row,
    ui.BUTTON: _check_button,
    ui.STRING_SELECT: _check_options,
    ui.SECTION: _check_section,
    ui.TEXT_DISPLAY: _check_text,
    ui.GALLERY: _check_gallery,
}


def _check_custom_ids(form: Form, place: str, components: Sequence[JsonObject]) -> None:
    seen: set[str] = set()
    for part in ui.walk(components):
        if part.get("type") not in {ui.BUTTON, ui.TEXT_INPUT, *ui.SELECTS} or ui.is_link(part):
            continue
        custom_id = text(part, "custom_id")
        form.length(f"{place}/custom_id", custom_id, 100, 1)
        if custom_id in seen:
            message = "Component custom id cannot be duplicated"
            form.wrong(f"{place}/custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", message)
        seen.add(custom_id)


def _check_ids(form: Form, place: str, components: Sequence[JsonObject]) -> None:
    """Check the numbers that an app gave its components; 0 counts as none."""
    given = [number(part, "id") for part in ui.walk(components) if number(part, "id")]
    for each in given:
        if not 0 < each <= MAX_COMPONENT_ID:
            form.wrong(f"{place}/id", "NUMBER_TYPE_MAX", f"int32 value should be at most {MAX_COMPONENT_ID}.")
        if given.count(each) > 1:
            form.wrong(f"{place}/id", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")


def _check_command(form: Form, path: str, command: JsonObject) -> None:
    name = text(command, "name")
    if _COMMAND_NAME.fullmatch(name) is None or name != name.lower():
        form.wrong(f"{path}/name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    optional = False
    for index, option in enumerate(children(command, "options")):
        place = f"{path}/options/{index}"
        if option.get("required") is True and optional:
            message = "Required options must be placed before non-required options"
            form.wrong(place, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional = optional or option.get("required") is not True
        _check_command(form, place, option)


def _characters(command: JsonObject) -> int:
    own = len(text(command, "name")) + len(text(command, "description"))
    choices = sum(len(text(choice, "name")) + len(str(choice.get("value"))) for choice in children(command, "choices"))
    return own + choices + sum(_characters(option) for option in children(command, "options"))
