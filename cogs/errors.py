"""The one place where failures become answers: a sentence what happened, a sentence what next, only to who asked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import discord
import structlog
from discord import app_commands

from bot.core.errors import StorageError, UpstreamError, UserError
from bot.services.metrics import BUG

_GONE = frozenset({10062, 50027, 40060, 10008})
"""Discord's codes for an interaction that cannot be answered any more: expired, answered already, answer deleted."""

_A_MINUTE = 60.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class OfferError(UserError):
    """A failure that comes with a way on: a view with buttons besides the sentences, which the view contains."""

    def __init__(self, text: str, view: discord.ui.LayoutView) -> None:
        super().__init__(text)
        self.view = view


@dataclass(frozen=True, slots=True)
class FailureReply:
    """What a failure is answered with, and how it is counted."""

    text: str
    outcome: str
    view: discord.ui.LayoutView | None = None


async def answer_failure(interaction: discord.Interaction, error: Exception) -> str:
    """Answer a failed interaction once, ephemerally, and tell its outcome; never raises."""
    cause = _cause(error)
    if isinstance(cause, discord.HTTPException) and cause.code in _GONE:
        log.warning("answer_too_late", code=cause.code)
        return "expired"
    reply = _reply(cause)
    if isinstance(cause, discord.DiscordServerError) and not interaction.response.is_done():
        return reply.outcome  # discord.py has tried for 25 seconds; a first answer counts for three
    try:
        await _send(interaction, reply)
    except (discord.HTTPException, OSError) as failure:
        log.warning("error_not_delivered", reason=str(failure))
    return reply.outcome


def _cause(error: Exception) -> Exception:
    """Take off the wrappings that discord.py puts round an exception of ours."""
    while isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError):
        inner = error.original if isinstance(error, app_commands.CommandInvokeError) else error.__cause__
        if not isinstance(inner, Exception):
            break
        error = inner
    return error


def _reply(error: Exception) -> FailureReply:
    if isinstance(error, OfferError):
        return FailureReply(str(error), "user_error", error.view)
    if isinstance(error, UserError):
        return FailureReply(str(error), "user_error")
    if isinstance(error, UpstreamError):
        when = "in a minute" if error.retry_after is None or error.retry_after <= _A_MINUTE else "later"
        return FailureReply(f"{error} Try again {when}.", "upstream_error")
    if isinstance(error, TimeoutError):
        return FailureReply("That took too long, so I gave up. Try again in a minute.", "upstream_error")
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return FailureReply(
            "This command is from an older version. Restart Discord to see the new ones, or try /fthelp.", "stale"
        )
    if isinstance(error, app_commands.MissingPermissions):
        names = ", ".join(f"**{name.replace('_', ' ').title()}**" for name in error.missing_permissions)
        return FailureReply(f"You need {names} for this. Ask a server admin.", "forbidden")
    if isinstance(error, discord.RateLimited):
        return FailureReply("Discord asks me to slow down. Try again in a minute.", "rate_limited")
    if isinstance(error, discord.DiscordServerError):
        log.warning("discord_failed", reason=str(error))
        return FailureReply("Discord failed while I was answering. Try again in a minute.", "discord_error")
    reference = secrets.token_hex(3)
    if isinstance(error, StorageError):
        log.error("storage_failed", reference=reference, reason=str(error))
        return FailureReply(
            f"My database has a problem; its owner can see it. Reference `{reference}`.", "storage_error"
        )
    log.error("unexpected_error", reference=reference, exc_info=error)
    return FailureReply(
        f"Something broke on my side. Reference `{reference}`: it helps if you quote it when you report this.", BUG
    )


async def _send(interaction: discord.Interaction, reply: FailureReply) -> None:
    """Send a reply only to who asked; a public "thinking…" cannot become private, so it is taken away first."""
    if not interaction.response.is_done():
        if reply.view is not None:
            await interaction.response.send_message(view=reply.view, ephemeral=True)
        else:
            await interaction.response.send_message(reply.text, ephemeral=True)
        return
    if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        await interaction.delete_original_response()
    if reply.view is not None:
        await interaction.followup.send(view=reply.view, ephemeral=True)
    else:
        await interaction.followup.send(reply.text, ephemeral=True)
