"""When a scan leaves its index alone: a circuit breaker that goes by the order in which requests were sent.

They end in any order, and answers wait to be read, for long on a busy machine: when an answer is known says nothing of
the index. So an answer ends the row of failures before its own request, and no other. Whatever is under way may be
answered: nothing is decided without it, and until then no more is asked for than one row.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ROW = 40
"""Projects in a row that failed when first asked about: the rest is not tried.

Second attempts do not count: where every other project fails, they soon are all that is under way. Where four of five
projects fail by chance, a row is one in 7,500.
"""

DEAD = 5
"""Projects that failed twice before any was answered: nobody is there, and the rest is not tried.

So few are enough because nothing is asked for again before all that was asked for has failed: by all connections.
"""


@dataclass(slots=True)
class Breaker:
    """What became of a scan's requests; each has a number, and attempts of a project are counted from 0.

    No more than ``ROW`` projects are asked about after the last request that is answered.
    """

    has_answered: bool = False
    _asked: int = 0
    _row: list[int] = field(default_factory=list)
    """The first attempts after the last request that was answered."""

    _under_way: dict[int, int] = field(default_factory=dict)
    """The attempt that a request is, by its number."""

    _failed_twice: int = 0
    _sent_away: int = 0

    @property
    def is_hopeless(self) -> bool:
        """Return whether so much failed that the rest is not tried."""
        if self._sent_away:
            return True
        if not self._under_way.keys().isdisjoint(self._row):
            return False
        return len(self._row) >= ROW or (not self.has_answered and self._failed_twice >= DEAD)

    def may_ask(self, attempt: int) -> bool:
        """Return whether an attempt may be made now; if not, that may change when something under way ends."""
        if attempt == 0:
            return len(self._row) < ROW
        return self.has_answered or all(other >= attempt for other in self._under_way.values())

    def ask(self, attempt: int) -> int:
        """Note that an attempt is made, and return the number of its request."""
        self._asked += 1
        self._under_way[self._asked] = attempt
        if attempt == 0:
            self._row.append(self._asked)
        return self._asked

    def answer(self, number: int) -> None:
        """Note that a request was answered."""
        del self._under_way[number]
        self.has_answered = True
        self._row = [other for other in self._row if other > number]
        if number > self._sent_away:
            self._sent_away = 0

    def fail(self, number: int, *, busy: bool) -> None:
        """Note that a request failed, or that the index is too busy to answer it."""
        attempt = self._under_way.pop(number)
        self._failed_twice += attempt == 1 and not busy

    def send_away(self, number: int) -> None:
        """Note that to a request the index asked to be left alone, for longer than a scan waits."""
        self._sent_away = number
