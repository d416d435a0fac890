"""Text for a terminal: for signs that it lacks, plain words stand there before lines are laid out."""

from __future__ import annotations

from collections.abc import Iterator

from rich import text
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.segment import Segment

from bot.core.text.alphabet import plain


class Text(text.Text):
    """Rich's text, in the alphabet of the console that it is drawn on."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        spelled = self._spelled(options.encoding)
        if options.ascii_only and (spelled.overflow or options.overflow) == "ellipsis":
            spelled.overflow = "crop"  # an ellipsis would be spelled later, in three columns for one
        yield from spelled.__rich_console__(console, options)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return self._spelled(options.encoding).__rich_measure__(console, options)

    def _spelled(self, encoding: str) -> text.Text:
        """Return a copy that the encoding can carry, styled alike."""
        spelled = self.blank_copy(plain(self.plain, encoding))
        spelled.spans = [
            text.Span(len(plain(self.plain[:start], encoding)), len(plain(self.plain[:end], encoding)), style)
            for start, end, style in self.spans
        ]
        return spelled
