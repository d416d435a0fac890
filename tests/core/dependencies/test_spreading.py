"""Marks spread over graphs with cycles."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.dependencies.spreading import spread

_graphs = st.integers(1, 8).flatmap(
    lambda count: st.lists(st.lists(st.integers(0, count - 1), max_size=4), min_size=count, max_size=count)
)


def _reaching(edges: list[list[int]], node: int) -> set[int]:
    """Return all nodes from which a node can be reached, and itself, slowly."""
    reaching = {node}
    while more := {each for each, targets in enumerate(edges) if reaching & set(targets)} - reaching:
        reaching |= more
    return reaching


@given(edges=_graphs)
def test_a_node_has_the_marks_of_all_that_lead_to_it(edges: list[list[int]]) -> None:
    own = [1 << node for node in range(len(edges))]
    assert spread(own, edges) == [sum(1 << each for each in _reaching(edges, node)) for node in range(len(edges))]


def test_a_long_way_needs_no_recursion() -> None:
    count = 50_000
    assert spread([1] + [0] * (count - 1), [[node + 1] for node in range(count - 1)] + [[0]]) == [1] * count
