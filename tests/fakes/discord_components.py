"""Message components: walking the tree, the form Discord answers them in, and the text a reader sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.fakes.discord_json import JsonObject, child, children, number, text, without_nulls

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = range(1, 9)
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR = range(9, 15)
CONTAINER = 17
SELECTS = frozenset({STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT})
LINK_STYLE = 5


@dataclass(frozen=True, slots=True)
class Button:
    """A button as a user sees it: ``custom_id`` is empty for a link, ``url`` for all others."""

    label: str
    custom_id: str
    url: str
    disabled: bool


def walk(components: Sequence[JsonObject]) -> Iterator[JsonObject]:
    """Yield every component in reading order, parents before children, a section's accessory after its texts."""
    for component in components:
        yield component
        if "components" in component:  # most have none of these, and this is asked many times for each message
            yield from walk(children(component, "components"))
        for key in ("accessory", "component"):
            if key in component and (part := child(component, key)):
                yield from walk([part])


def is_link(component: JsonObject) -> bool:
    """Return whether a component is a button that opens a page instead of calling the bot."""
    return component.get("type") == BUTTON and number(component, "style") == LINK_STYLE


def buttons(components: Sequence[JsonObject]) -> list[Button]:
    """Return the buttons in reading order."""
    return [_button(component) for component in walk(components) if component.get("type") == BUTTON]


def media_urls(components: Sequence[JsonObject]) -> list[str]:
    """Return the addresses of all pictures and files the components show."""
    return [url for component in walk(components) for url in own_media_urls(component)]


def own_media_urls(component: JsonObject) -> list[str]:
    """Return the addresses of the pictures and files that a component shows itself."""
    return [text(medium, "url") for medium in _media(component)]


def components_text(components: Sequence[JsonObject]) -> str:
    """Return what a reader sees, a line for each piece, the buttons of one row in one line."""
    return "\n".join(line for component in components if (line := _line(component)))


def answered(components: Sequence[JsonObject], urls: Mapping[str, str], new_id: Callable[[], int]) -> list[JsonObject]:
    """Return components the way Discord answers them: numbered, with defaults, ``attachment://`` made into ``urls``."""
    taken = {number(component, "id") for component in walk(components)}
    numbers = (each for each in range(1, 1000) if each not in taken)

    def answer(component: JsonObject) -> JsonObject:
        result = _DEFAULTS.get(number(component, "type"), {}) | _kept(component)
        result["id"] = number(component, "id") or next(numbers)
        for key in ("components", "items", "options"):
            if key in result:
                convert = answer if key == "components" else item if key == "items" else without_nulls
                result[key] = [convert(part) for part in children(result, key)]
        if "accessory" in result:
            result["accessory"] = answer(child(result, "accessory"))
        for key in ("media", "file"):
            if key in result:
                result[key] = medium(child(result, key))
        if result["type"] == FILE:
            result |= {"name": text(child(result, "file"), "url").rpartition("/")[2], "size": None}
        return result

    def item(entry: JsonObject) -> JsonObject:
        return {"description": None, "spoiler": False} | entry | {"media": medium(child(entry, "media"))}

    def medium(given: JsonObject) -> JsonObject:
        url = text(given, "url")
        url = urls.get(url.removeprefix("attachment://"), url)
        return {"id": str(new_id()), "url": url, "proxy_url": url, "width": None, "height": None, "content_type": None}

    return [answer(component) for component in components]


def _kept(component: JsonObject) -> JsonObject:
    """Return what Discord keeps of a component; that a select is required is about modals, and ignored in messages."""
    kept = without_nulls(component)
    if component.get("type") in SELECTS:
        kept.pop("required", None)
    return kept


_DEFAULTS: dict[int, JsonObject] = {
    STRING_SELECT: {"min_values": 1, "max_values": 1},
    USER_SELECT: {"min_values": 1, "max_values": 1},
    ROLE_SELECT: {"min_values": 1, "max_values": 1},
    MENTIONABLE_SELECT: {"min_values": 1, "max_values": 1},
    CHANNEL_SELECT: {"min_values": 1, "max_values": 1},
    THUMBNAIL: {"description": None, "spoiler": False},
    FILE: {"spoiler": False},
    SEPARATOR: {"spacing": 1, "divider": True},
    CONTAINER: {"accent_color": None, "spoiler": False},
}


def _media(component: JsonObject) -> list[JsonObject]:
    own = [child(component, key) for key in ("media", "file") if key in component]
    return [medium for medium in [*own, *(child(entry, "media") for entry in children(component, "items"))] if medium]


def _button(component: JsonObject) -> Button:
    label = " ".join(part for part in (text(child(component, "emoji"), "name"), text(component, "label")) if part)
    return Button(label, text(component, "custom_id"), text(component, "url"), component.get("disabled") is True)


def _line(component: JsonObject) -> str:
    kind = component.get("type")
    if kind == ROW:
        return " ".join(_line(part) for part in children(component, "components"))
    if kind == BUTTON:
        button = _button(component)
        return f"[{button.label}]({button.url})" if button.url else f"[{button.label}]"
    if kind == TEXT_DISPLAY:
        return text(component, "content")
    if kind in SELECTS:
        options = " | ".join(text(option, "label") for option in children(component, "options"))
        return (
            f"[{text(component, 'placeholder') or 'select'}: {options}]"
            if options
            else f"[{text(component, 'placeholder')}]"
        )
    if kind == THUMBNAIL:
        return text(component, "description")
    if kind == GALLERY:
        return "\n".join(alt for entry in children(component, "items") if (alt := text(entry, "description")))
    if kind == FILE:
        return f"({text(child(component, 'file'), 'url').rpartition('/')[2]})"
    accessory = child(component, "accessory")
    return components_text([*children(component, "components"), *([accessory] if accessory else [])])
