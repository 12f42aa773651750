"""Places for the nodes of a graph in layers, from its inputs down to its results."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

NODE, BEND = 1.0, 0.3  # room that a node takes in its layer, and an edge that passes through it
ORDER_SWEEPS = 12
PLACE_SWEEPS = 24


@dataclass
class Layout:
    """Where everything stands; the unit is the room of one node.

    Attributes
    ----------
    layer : list of int
        Of each node, 0 at the top.
    x : list of float
        Centre of each node, from 0 to ``width``.
    bends : list of list of float
        Of each node: where the edges to its users pass through the layers below it, one place a
        layer, down to the last user.
    width : float
        Of the widest layer.
    """

    layer: list[int]
    x: list[float]
    bends: list[list[float]]
    width: float


@dataclass
class _Item:
    """What stands in a layer: a node, or the edges of a node that pass through."""

    room: float
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)


def layered(inputs: Sequence[Sequence[int]]) -> Layout:
    """Place a graph so that edges lead downwards and few of them cross.

    Parameters
    ----------
    inputs : sequence of sequences of int
        Of each node the nodes that it takes, all of them with smaller numbers.

    References
    ----------
    K. Sugiyama, S. Tagawa, M. Toda, *Methods for visual understanding of hierarchical system
    structures*, IEEE Transactions on Systems, Man, and Cybernetics 11 (1981): layers, bends in
    long edges, order by barycentres.

    Examples
    --------
    >>> layered([[], [], [0, 1], [2]]).layer
    [0, 0, 1, 2]
    """
    users: list[list[int]] = [[] for _ in inputs]
    for node, taken in enumerate(inputs):
        for each in dict.fromkeys(taken):
            users[each].append(node)
    layer = _layers(inputs, users)
    items = [_Item(NODE) for _ in inputs]
    rows: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    chains: list[list[int]] = []  # of each node: its own item, then those of its bends
    for node in range(len(inputs)):
        deepest = max((layer[user] for user in users[node]), default=layer[node])
        bends = range(len(items), len(items) + max(deepest - layer[node] - 1, 0))
        items.extend(_Item(BEND) for _ in bends)
        chains.append([node, *bends])
        for depth, item in enumerate(chains[-1], layer[node]):
            rows[depth].append(item)
    for node, chain in enumerate(chains):
        links = list(itertools.pairwise(chain))
        links += [(chain[layer[user] - layer[node] - 1], user) for user in users[node]]
        for upper, lower in links:
            items[upper].below.append(lower)
            items[lower].above.append(upper)
    rows = _ordered(rows, items)
    x, width = _placed(rows, items)
    return Layout(
        layer, x[: len(inputs)], [[x[item] for item in chain[1:]] for chain in chains], width
    )


def _layers(inputs: Sequence[Sequence[int]], users: Sequence[Sequence[int]]) -> list[int]:
    layer = [0] * len(inputs)
    for node, taken in enumerate(inputs):
        layer[node] = 1 + max((layer[each] for each in taken), default=-1)
    for node, taken in enumerate(inputs):
        if not taken and users[node]:  # a leaf stands next to its first user
            layer[node] = min(layer[user] for user in users[node]) - 1
    return layer


# The order within a layer


def _ordered(rows: list[list[int]], items: Sequence[_Item]) -> list[list[int]]:
    """Order each layer by the mean place of its neighbours, downwards and upwards in turn."""
    best, fewest = rows, _crossings(rows, items)
    for sweep in range(ORDER_SWEEPS):
        down = sweep % 2 == 0
        rows = [list(row) for row in rows]
        for depth in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            place = {item: i for i, item in enumerate(rows[depth - 1 if down else depth + 1])}
            row = rows[depth]

            def centre(item: int, place: dict = place, row: list = row, down: bool = down) -> float:
                near = items[item].above if down else items[item].below
                return sum(place[each] for each in near) / len(near) if near else row.index(item)

            rows[depth] = sorted(row, key=centre)
        crossings = _crossings(rows, items)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _crossings(rows: Sequence[Sequence[int]], items: Sequence[_Item]) -> int:
    count = 0
    for upper, lower in itertools.pairwise(rows):
        place = {item: i for i, item in enumerate(lower)}
        ends = [sorted(place[each] for each in items[item].below) for item in upper]
        for i, left in enumerate(ends):
            count += sum(a > b for right in ends[i + 1 :] for a in left for b in right)
    return count


# The places


def _placed(rows: Sequence[Sequence[int]], items: Sequence[_Item]) -> tuple[list[float], float]:
    """Move each item towards the mean of its neighbours, as far as its row leaves room."""
    width = max((sum(items[item].room for item in row) for row in rows), default=NODE)
    x = [width / 2] * len(items)
    for sweep in range(PLACE_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            wanted = []
            for item in row:
                near = items[item].above if down else items[item].below
                if sweep >= PLACE_SWEEPS - 4:  # at the end, both sides count
                    near = items[item].above + items[item].below
                wanted.append(sum(x[each] for each in near) / len(near) if near else x[item])
            for item, place in zip(row, _fitted(row, items, wanted, width), strict=True):
                x[item] = place
    return x, width


def _fitted(
    row: Sequence[int], items: Sequence[_Item], wanted: Sequence[float], width: float
) -> list[float]:
    """Places nearest to the wanted ones, by least squares, that keep the order and the room."""
    offsets = [0.0]
    for left, right in itertools.pairwise(row):
        offsets.append(offsets[-1] + (items[left].room + items[right].room) / 2)
    blocks: list[list[float]] = []  # sum and number of what moves together
    for target, offset in zip(wanted, offsets, strict=True):
        blocks.append([target - offset, 1])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            total, number = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += number
    low = items[row[0]].room / 2
    high = width - items[row[-1]].room / 2 - offsets[-1]
    starts = [
        min(max(total / number, low), high) for total, number in blocks for _ in range(int(number))
    ]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
