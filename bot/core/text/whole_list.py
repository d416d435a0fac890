"""Where all of something is of which only a part, or its number, is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WholeList:
    """The absolute address of a page of the site, or else a command in Discord and one in a terminal.

    What there is not is empty. All of it is text of ours.
    """

    address: str = ""
    slash: str = ""
    command: str = ""

    def in_discord(self) -> str:
        """Return what leads there in a message, as Discord's Markdown without a preview."""
        return f"[all of them](<{self.address}>)" if self.address else self.slash

    def in_markdown(self) -> str:
        """Return what leads there in Markdown (CommonMark)."""
        if self.address:
            return f"[all of them]({self.address})"
        return f"`{self.command}`" if self.command else ""

    def in_terminal(self) -> str:
        """Return what leads there from a terminal."""
        return self.address or self.command


UNKNOWN = WholeList()
"""Nobody knows where all of it is."""


def more(rest: int, where: str) -> str:
    """Return how much is left out, and where all of it is, if anywhere."""
    return f"and {rest} more" + (f": {where}" if where else "")
