"""Progress bars, on stderr and on a terminal only."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot.terminal.console import error_output


def progress_bar(unit: str, *, shown: bool) -> Progress:
    """Make a bar that counts units and goes when it is done, for a terminal only."""
    console = error_output()
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TextColumn("{task.description}", style="dim"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not (shown and console.is_terminal),
    )
