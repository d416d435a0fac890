"""What goes wrong with a question, as the site says it: as a page to people, as problem details to programs.

Nothing that was asked is repeated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus

from bot.core.schema.objects import encoded
from bot.core.schema.problems import PROBLEM_TYPE, problem
from bot.core.site.feed import package_path
from bot.web.answers import Cached, Content


@dataclass(slots=True)
class Fault(Exception):  # noqa: N818 — it is what HTTP calls it in none of its words, and no bug
    """That a question has no answer: ``detail`` says why and what to do; ``retry_after`` is in seconds."""

    status: HTTPStatus
    detail: str
    retry_after: float | None = None
    suggestions: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


FaultPage = Callable[[Fault], bytes]
"""Draws the page of a fault."""


def fault_page(fault: Fault) -> bytes:
    """Draw the page of a fault as plainly as it can be."""
    names = "".join(f'<li><a href="{package_path(name)}">{escape(name)}</a></li>' for name in fault.suggestions)
    alike = f"<p>Did you mean:</p><ul>{names}</ul>" if names else ""
    title = escape(fault.status.phrase)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title></head><body><main><h1>{title}</h1><p>{escape(fault.detail)}</p>{alike}"
        '<p><a href="/">All packages</a></p></main></body></html>\n'
    ).encode()


def content_of(fault: Fault, *, draw: FaultPage | None) -> Content:
    """Return what is sent about a fault: a page that ``draw`` draws, or problem details without it."""
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(fault.retry_after)))
    # A name that does not exist may soon, and is not asked about again and again until then.
    cached = Cached.SHORTLY if fault.status is HTTPStatus.NOT_FOUND else Cached.NEVER
    if draw is None:
        body, kind = encoded(problem(fault.status, fault.detail, fault.suggestions)), PROBLEM_TYPE
    else:
        body, kind = draw(fault), "text/html; charset=utf-8"
    return Content(body, kind, cached, fault.status, headers)


def too_many(seconds: float) -> Fault:
    """Return the fault of whoever asks for more than there is for each."""
    return Fault(
        HTTPStatus.TOO_MANY_REQUESTS,
        "That is more than this site answers at a time. Ask again in a while; what was answered lately is free.",
        seconds,
    )


def no_such_package(suggestions: tuple[str, ...] = ()) -> Fault:
    """Return the fault of a name that no package has."""
    return Fault(
        HTTPStatus.NOT_FOUND,
        "There is no such package on the index. Look how its name is spelled.",
        suggestions=suggestions,
    )


def nothing_yet() -> Fault:
    """Return the fault of a site that has nothing to show yet."""
    return Fault(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Nothing has been scanned yet. A running bot does that soon; come back in some minutes.",
        120,
    )


def out_of_order() -> Fault:
    """Return the fault of a database that cannot be read."""
    return Fault(
        HTTPStatus.SERVICE_UNAVAILABLE, "What is stored cannot be read at the moment. Try again in a minute.", 60
    )
