"""What scans the tracked packages for the bot: a process of its own, where it can open the same database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.clients.child import inherited, own_command
from bot.config import Settings, variables_of_a_scan
from bot.core.env_file import PREFIX
from bot.services.metrics import Metrics
from bot.services.packages.scan import Scanner, ScanScope, ScanSummary
from bot.services.scan_process import ScanProcess

COMMAND = "scan-for-bot"
"""A hidden command of the command line (``bot.cli.scan_process``)."""


@dataclass(frozen=True, slots=True)
class ScanWithin:
    """Scans in this process."""

    scanner: Scanner
    track: int

    async def scan(self, scope: ScanScope) -> ScanSummary:
        """Scan, as a process of its own would."""
        return (await self.scanner.scan(self.track, scope)).summary


def build_scan_process(
    settings: Settings, metrics: Metrics, epoch: Callable[[], int | None] = lambda: None
) -> ScanProcess:
    """Build what scans in a process of its own, which gets the settings that it needs, and no other secret.

    ``epoch`` gives the leadership in whose name it scans.
    """
    environment = inherited(settings.secrets(), PREFIX) | variables_of_a_scan(settings)
    return ScanProcess(own_command(COMMAND), environment, metrics, epoch=epoch)
