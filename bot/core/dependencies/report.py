"""The answer about an application: all of its dependencies for one target, what stops it first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.core.dependencies.files import FileKind, UnreadLine
from bot.core.dependencies.judged import DependencyState, JudgedDependency
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read, and as what."""

    file: str
    kind: FileKind


@dataclass(frozen=True, slots=True)
class DependencyReport:
    """What an application depends on, judged for a target on platforms.

    ``subject`` names the application. ``resolved`` says that versions were resolved, as its files do not fix them.
    ``not_read`` is what is no package of an index, or could not be resolved. ``error`` is a sentence why there is no
    answer, and then ``dependencies`` is empty; ``index_failed`` says that this is no fault of the input.
    """

    subject: str
    target: Target
    platforms: tuple[Platform, ...]
    files: tuple[ReadFile, ...] = ()
    resolved: bool = False
    dependencies: tuple[JudgedDependency, ...] = ()
    not_read: tuple[UnreadLine, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None
    index_failed: bool = False
    _by_state: dict[DependencyState, tuple[JudgedDependency, ...]] = field(default_factory=dict, compare=False)

    def in_state(self, state: DependencyState) -> tuple[JudgedDependency, ...]:
        """Return the dependencies that stand so, by name."""
        if not self._by_state:
            self._by_state.update(
                {each: tuple(one for one in self.dependencies if one.state is each) for each in DependencyState}
            )
        return self._by_state[state]

    @property
    def blocking(self) -> tuple[JudgedDependency, ...]:
        """Return what stops the move."""
        return self.in_state(DependencyState.BLOCKS)

    @property
    def is_judged(self) -> bool:
        """Return whether anything could be judged; of nothing, everything could, if nothing was left out."""
        if self.error is not None:
            return False
        if not self.dependencies:
            return not self.not_read
        return any(each.verdict.ok is not None for each in self.dependencies)

    @property
    def ok(self) -> bool | None:
        """Return whether nothing stops the move; None where nothing could be judged."""
        return not self.blocking if self.is_judged else None

    @property
    def unreachable(self) -> bool:
        """Return whether the index did not answer about something."""
        return self.index_failed or any(each.verdict is Verdict.UNKNOWN for each in self.dependencies)

    @property
    def names_missing(self) -> bool:
        """Return whether a name is not on the index."""
        return any(each.verdict is Verdict.NOT_FOUND for each in self.dependencies)


def in_reading_order(dependencies: Iterable[JudgedDependency]) -> tuple[JudgedDependency, ...]:
    """Sort dependencies as they are read: what blocks first, then by name and version."""
    return tuple(sorted(dependencies, key=lambda each: (not each.blocks, each.package, str(each.version))))
