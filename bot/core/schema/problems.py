"""What the API says where it has no answer: problem details (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

from bot.core.schema.objects import JsonObject

PROBLEM_TYPE = "application/problem+json"


class ProblemJson(JsonObject, frozen=True):
    """Why there is no answer; ``detail`` is a sentence what is wrong, and one what to do."""

    type: str
    title: str
    status: int
    detail: str
    suggestions: list[str]


def problem(status: int, detail: str, suggestions: tuple[str, ...] = ()) -> ProblemJson:
    """Return a problem by its HTTP status, which says all about its type; ``suggestions`` are names of packages."""
    title = HTTPStatus(status).phrase
    return ProblemJson(type="about:blank", title=title, status=status, detail=detail, suggestions=list(suggestions))
