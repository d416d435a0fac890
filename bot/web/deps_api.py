"""``POST /api/v1/deps``: which dependencies of an application stop a move. Nothing that is sent is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from bot.core.dependencies.report import DependencyReport
from bot.core.schema.dependencies import dependencies_object
from bot.core.schema.objects import encoded
from bot.core.schema.questions import LONGEST_TEXT, DependenciesAskedJson
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from bot.services.site.dependencies import AskedApplication, GivenFile, StrangersDependencies, TooBusyError
from bot.web.answers import Cached, Content
from bot.web.bodies import listening, read_body
from bot.web.faults import Fault, too_many
from bot.web.naming import asked_target, asked_word
from bot.web.serving import Serving

_decode = msgspec.json.Decoder(DependenciesAskedJson).decode

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class DepsApi:
    """Answers about applications."""

    serving: Serving
    dependencies: StrangersDependencies
    targets: Sequence[Target]

    def routes(self) -> Sequence[web.RouteDef]:
        """List the routes."""
        return (web.post("/api/v1/deps", self._answer),)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        target = asked_target(request.query, "target", self.targets) or self.targets[0]
        platform = asked_word(request.query, "platform", Platform) or Platform.MANYLINUX_X86_64
        kind = request.content_type
        if kind not in {"application/json", "text/plain"}:
            sentence = "Send application/json, or the text of one file as text/plain."
            raise Fault(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence)
        body = await whole_body(request)
        if kind == "text/plain":
            name = request.query.get("file", "")[:_LONGEST_NAME] or "requirements.txt"
            application = AskedApplication((GivenFile(name, body),), (), target, platform)
        else:
            application = _application(body, target, platform)
        report = await answered(self.dependencies, application, self.serving.who(request))
        return await self.serving.once(
            request, Content(encoded(dependencies_object(report)), "application/json", Cached.NEVER)
        )


async def answered(dependencies: StrangersDependencies, application: AskedApplication, who: str) -> DependencyReport:
    """Answer about an application. Raises ``Fault`` for who asks too much, ``UserError`` for what cannot be read."""
    try:
        return await dependencies.answer(application, who)
    except TooBusyError as error:
        raise too_many(error.seconds) from None


async def whole_body(request: web.Request, most: int = LONGEST_TEXT) -> bytes:
    """Read the body of a question. Raises ``Fault`` for one that is too large, too slow, broken or compressed."""
    if (request.content_length or 0) > most:
        raise _too_large(most)
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Fault(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send it as it is: what is compressed is not read.")
    kept = bytearray()

    async def keep(piece: bytes) -> None:
        kept.extend(piece)

    try:
        with listening(request):
            is_whole = await read_body(request, most, keep)
    except TimeoutError:
        sentence = "The question took too long to arrive. Ask again, or give a smaller file."
        raise Fault(HTTPStatus.REQUEST_TIMEOUT, sentence) from None
    except (ConnectionError, BadHttpMessage, web.RequestPayloadError):
        raise Fault(HTTPStatus.BAD_REQUEST, "The question broke off. Ask again.") from None
    if not is_whole:
        raise _too_large(most)
    return bytes(kept)


def _too_large(most: int) -> Fault:
    return Fault(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"At most {most >> 20} MiB are read. Give a smaller file, such as uv.lock; on your machine `ftbot deps` takes"
        " more.",
    )


def _application(body: bytes, target: Target, platform: Platform) -> AskedApplication:
    try:
        asked = _decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        sentence = "The body is no JSON like the description has it, /api/openapi.json."
        raise Fault(HTTPStatus.BAD_REQUEST, sentence) from None
    files = tuple(GivenFile(each.name, each.text.encode("utf-8", "replace")) for each in asked.files)
    return AskedApplication(
        files, tuple(asked.packages), target, platform, frozenset(asked.extras), frozenset(asked.groups)
    )
