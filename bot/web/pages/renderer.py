"""Turns views into HTML by the templates beside it: the same bytes, whether somebody asked or a file is written."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro

from bot.build import version
from bot.config import PROJECT_URL
from bot.core.site.frame import Frame, PageSite, moment
from bot.core.text.sentences import printable
from bot.core.verdicts.wording import DISCLAIMER

_TEMPLATES = Path(__file__).parent.parent / "templates"
_STATIC = Path(__file__).parent.parent / "static"
_HASH_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages need: its path on the site, its bytes and their type; the address names its contents."""

    path: str
    body: bytes
    content_type: str

    @property
    def address(self) -> str:
        """Return the path with a query that changes whenever the contents do, so that it can be cached for good."""
        return f"{self.path}?{hashlib.sha256(self.body).hexdigest()[:_HASH_LENGTH]}"


_TYPES: Mapping[str, str] = MappingProxyType(
    {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
)


def _assets() -> Mapping[str, Asset]:
    found = {}
    for name in ("site.css", "site.js", "icon.svg"):
        ending = name.rpartition(".")[2]
        found[name] = Asset(f"assets/{name}", (_STATIC / name).read_bytes(), _TYPES[ending])
    return MappingProxyType(found)


ASSETS = _assets()
"""The stylesheet, the script and the icon, by name."""


def _templates_hash() -> str:
    digest = hashlib.sha256(repr([each.address for each in ASSETS.values()]).encode())
    for path in sorted(_TEMPLATES.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:_HASH_LENGTH]


TEMPLATES_HASH = _templates_hash()
"""What is another one where any page would be, whatever it shows."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders pages of a site."""

    site: PageSite

    def render(self, template: str, frame: Frame, view: object = None, data_from: datetime | None = None) -> bytes:
        """Return a page: ``template`` names it, ``data_from`` is when the data was read, for its foot."""
        return (
            _ENVIRONMENT.get_template(f"{template}.html")
            .render(
                site=self.site,
                frame=frame,
                root=frame.root,
                view=view,
                assets=ASSETS,
                data_from=None if data_from is None else moment(data_from),
                version=version(),
                project=PROJECT_URL,
                disclaimer=DISCLAIMER,
            )
            .encode()
        )


def _seen(value: object) -> object:
    """Put a sign that is seen for each one that hides or turns the direction of writing, whoever wrote it."""
    return printable(value) if type(value) is str and not value.isprintable() else value


_MOST_DRAWN = 4096
_drawn: dict[tuple[str, Hashable], str] = {}
"""The HTML of parts of pages, by macro and by what they show: lists have the same cells again and again.

No ``lru_cache``, which threads without the GIL would wait for.
"""


def _once(macro: Macro, view: Hashable) -> str:
    """Return what a macro makes of a view, which is all that it may look at; it is made once."""
    key = macro.name, view
    found = _drawn.get(key)
    if found is None:
        if len(_drawn) >= _MOST_DRAWN:
            _drawn.clear()
        found = _drawn[key] = macro(view)
    return found


def _environment() -> Environment:
    """Read all templates, so that nobody waits for a disk later."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=True,
        finalize=_seen,
    )
    environment.globals["once"] = _once
    for name in environment.list_templates():
        environment.get_template(name)
    return environment


_ENVIRONMENT = _environment()
