"""What is true of a node is true of all that it leads to: spread over a graph with cycles, in linear time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def spread(marks: Sequence[int], edges: Sequence[Sequence[int]]) -> list[int]:
    """Return the marks (bits) of nodes, each with those of all nodes from which edges lead to it."""
    spreading = list(marks)
    for component in reversed(list(_components(edges))):
        mark = 0
        for node in component:
            mark |= spreading[node]
        for node in component:
            spreading[node] = mark
        for node in component:
            for target in edges[node]:
                spreading[target] |= mark
    return spreading


def _components(edges: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Give the strongly connected components, each after those that it leads to (Tarjan's, without recursion)."""
    count = 0
    numbers, lowest = [0] * len(edges), [0] * len(edges)
    waiting: list[int] = []
    is_waiting = [False] * len(edges)
    for start in range(len(edges)):
        if numbers[start]:
            continue
        path = [(start, iter(edges[start]))]
        count += 1
        numbers[start] = lowest[start] = count
        waiting.append(start)
        is_waiting[start] = True
        while path:
            node, targets = path[-1]
            for target in targets:
                if not numbers[target]:
                    count += 1
                    numbers[target] = lowest[target] = count
                    waiting.append(target)
                    is_waiting[target] = True
                    path.append((target, iter(edges[target])))
                    break
                if is_waiting[target]:
                    lowest[node] = min(lowest[node], numbers[target])
            else:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
                if lowest[node] == numbers[node]:
                    component = []
                    while is_waiting[node]:
                        component.append(waiting.pop())
                        is_waiting[component[-1]] = False
                    yield component
