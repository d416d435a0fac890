"""What a job of continuous integration writes with, built from what GitHub tells it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.config import Settings


@dataclass(frozen=True, slots=True)
class PullRequestPlace:
    """A pull request, where its GitHub is, and the token to write with."""

    api_url: str
    graphql_url: str
    repository: str
    number: int
    token: str = field(repr=False)


async def write_comment(settings: Settings, place: PullRequestPlace, mark: str, body: str, *, anew: bool) -> bool:
    """Edit the own comment of a mark, or post it where it is wanted ``anew``; return whether there is one now.

    Raises ``ForbiddenError`` and ``UpstreamError``.
    """
    from bot.clients.github.pull_request_comment import PullRequestComment
    from bot.clients.web import open_http

    async with open_http(settings.user_agent, connections=1) as http:
        comment = PullRequestComment(
            http, place.api_url, place.graphql_url, place.token, place.repository, place.number
        )
        return await comment.write(mark, body, anew=anew)
