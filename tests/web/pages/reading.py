"""Reads pages as a browser would: their elements, their links, what is written in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = frozenset({"area", "br", "hr", "img", "input", "link", "meta", "wbr"})
DRAWN = frozenset({"circle", "path", "polyline", "rect", "use"})
"""Elements of a drawing that are closed where they begin."""


@dataclass
class Page(HTMLParser):
    """A page that was read; ``problems`` says what no browser should have to mend."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if len(dict(attrs)) < len(attrs):
            self.problems.append(f"<{tag}> has an attribute twice")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID | DRAWN:
            self.problems.append(f"<{tag}/> closes nothing")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """Return all that is written, in one line."""
        return " ".join(" ".join(self.texts).split())

    @property
    def links(self) -> list[str]:
        """Return where the page leads and what it loads."""
        return [
            value
            for _, attributes in self.tags
            for name in ("href", "src", "action")
            if (value := attributes.get(name)) is not None and not value.startswith("#")
        ]

    @property
    def names(self) -> set[str]:
        """Return which elements there are."""
        return {tag for tag, _ in self.tags}

    @property
    def ids(self) -> list[str]:
        """Return the names of elements, which each has for itself."""
        return [value for _, attributes in self.tags if (value := attributes.get("id")) is not None]


def read(body: bytes | str) -> Page:
    """Read a page."""
    page = Page()
    page.feed(body if isinstance(body, str) else body.decode())
    page.close()
    page.problems += [f"<{tag}> is never closed" for tag in page._open]  # noqa: SLF001 - its own
    return page


def problems(page: Page) -> list[str]:
    """Return what is wrong with any page of the site: its form, its parts, what it would load or run."""
    found = list(page.problems)
    found += [f"#{each} is there twice" for each in page.ids if page.ids.count(each) > 1]
    headings = [int(tag[1]) for tag, _ in page.tags if tag in {"h1", "h2", "h3"}]
    if headings.count(1) != 1 or headings[0] != 1:
        found.append(f"the headings are {headings}")
    found += [f"h{b} follows h{a}" for a, b in pairwise(headings) if b > a + 1]
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    if len(scripts) != 1 or "/assets/site.js" not in f"/{scripts[0]['src']}".replace("./", "/"):
        found.append(f"the scripts are {scripts}")
    for tag, attributes in page.tags:
        found += [f"<{tag} {name}>" for name in attributes if name.startswith("on") or name in {"style", "srcdoc"}]
        if tag in {"iframe", "object", "embed", "style", "base"}:
            found.append(f"<{tag}>")
        if tag in {"input", "select", "textarea"} and not _is_labelled(page, attributes):
            found.append(f"<{tag} name={attributes.get('name')}> has no label")
        if tag == "img" and not attributes.get("alt"):
            found.append("<img> without words")
    found += [link for link in page.links if link.split(":")[0].lower() in {"javascript", "data", "vbscript"}]
    loaded = [attributes.get("src") or "" for tag, attributes in page.tags if tag in {"script", "img"}]
    loaded += [
        attributes.get("href") or ""
        for tag, attributes in page.tags
        if tag == "link" and "stylesheet" in str(attributes.get("rel"))
    ]
    found += [f"{address} is loaded from elsewhere" for address in loaded if "//" in address]
    return found


def _is_labelled(page: Page, attributes: dict[str, str | None]) -> bool:
    labelled = {each.get("for") for tag, each in page.tags if tag == "label"}
    return attributes.get("type") == "hidden" or attributes.get("id") in labelled
