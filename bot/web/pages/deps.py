"""``/deps``: asks about the dependencies of an application, and answers at once; nothing that is sent is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from bot.core.errors import UserError
from bot.core.schema.questions import LONGEST_TEXT
from bot.core.site.deps_page import deps_page
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from bot.services.site.dependencies import AskedApplication, GivenFile, StrangersDependencies
from bot.web.answers import Cached, Content
from bot.web.deps_api import answered, whole_body
from bot.web.faults import Fault
from bot.web.naming import asked_target, asked_word
from bot.web.pages.asking import form_parts
from bot.web.pages.live import HTML
from bot.web.pages.pages import HtmlPages
from bot.web.serving import Serving

_FORM = 64 * 1024
"""Bytes of a form besides the file."""

_LONGEST_NAME = 200
_LONGEST_WORD = 40
_WORDS = ("target", "platform")

_PASTED = "requirements.txt"
"""What is pasted is called so where its text does not say what it is."""


@dataclass(frozen=True, slots=True)
class DepsPages:
    """Asks and answers."""

    serving: Serving
    html: HtmlPages
    dependencies: StrangersDependencies
    targets: Sequence[Target]

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        return [web.get("/deps", self._form), web.post("/deps", self._answer)]

    async def _form(self, request: web.Request) -> web.StreamResponse:
        view = deps_page(self.targets, self.targets[0], Platform.MANYLINUX_X86_64)
        return await self.serving.once(request, Content(self.html.deps(view), HTML, Cached.A_DAY))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await whole_body(request, LONGEST_TEXT + _FORM)
        parts = await asyncio.to_thread(form_parts, request.headers.get("Content-Type", ""), body)
        words = {
            name: content.decode("utf-8", "replace").strip()
            for name, (_, content) in parts.items()
            if len(content) < _LONGEST_NAME
        }
        target = asked_target(words, "target", self.targets) or self.targets[0]
        platform = asked_word(words, "platform", Platform) or Platform.MANYLINUX_X86_64
        application = AskedApplication(_files(parts), (), target, platform)
        try:
            report = await answered(self.dependencies, application, self.serving.who(request))
        except UserError as error:
            # It may quote what was sent, which only whoever sent it by the form here is to read.
            if request.headers.get("Sec-Fetch-Site") != "same-origin":
                raise
            raise Fault(HTTPStatus.BAD_REQUEST, str(error)) from None
        view = deps_page(self.targets, target, platform, report)
        page = await asyncio.to_thread(self.html.deps, view)
        return await self.serving.once(request, Content(page, HTML, Cached.NEVER))


def _files(parts: Mapping[str, tuple[str, bytes]]) -> tuple[GivenFile, ...]:
    """Return the file and the text of a form, those that are there."""
    found = []
    name, content = parts.get("file", ("", b""))
    if content.strip():
        found.append(GivenFile(name[:_LONGEST_NAME] or _PASTED, content))
    _, text = parts.get("text", ("", b""))
    if text.strip():
        found.append(GivenFile(_PASTED, text))
    return tuple(found)
