"""Habits of a world's actors and the rules of its paths, gathered while the world is compiled.

Only worlds in which somebody has habits get them; all others are packed as they always were.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from driving_data.errors import Unsupported, nearest_name
from driving_data.maps.lane_map import LaneMap
from scenarios.concrete import Actor, ConcreteScenario
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.drivers import (
    Rule,
    beside_route,
    habit_columns,
    hand_rows,
    has_habits,
    is_flagger,
    kerb_rows,
    route_rows,
)
from sim_bridge.embedded.paths import PathTable, reversed_path
from sim_bridge.embedded.pool import PoolBuilder
from sim_bridge.imitation.weights import load_weights

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """The paths of a world that is being compiled.

    Attributes:
        scenario: what is compiled.
        lane_map: its road.
        pool: paths of the batch.
        paths: ids in the pool of the paths of this world.
        lane_path: local index of the path of a route, made where it is missing.
        local: local index of the path under a key, made by the function where it is missing.
    """

    scenario: ConcreteScenario
    lane_map: LaneMap
    pool: PoolBuilder
    paths: list[int]
    lane_path: Callable[[str], int]
    local: Callable[[Key, Callable[[], PathTable]], int]

    def keys(self) -> Mapping[int, Key]:
        """Keys of the paths of this world by local index."""
        known = {path: key for key, path in self.pool.ids.items() if isinstance(key, tuple)}
        return {p: known[path] for p, path in enumerate(self.paths) if path in known}

    def route_of(self, key: Key) -> str | None:
        """The route that a path follows in its direction; None for another kind of path."""
        return str(key[2]) if key[0] == "route" and not key[3] else None


def extend_paths(ways: Ways) -> None:
    """Adds the paths of neighbour lanes where somebody changes lanes, and ways back where a walker may turn back."""
    changers = [actor for actor in ways.scenario.actors if changes_lanes(actor)]
    waiting = [actor.start.route for actor in changers]
    waiting += [destination_of(actor, ways.lane_map) for actor in changers if destination_of(actor, ways.lane_map)]
    seen: list[str] = []
    while waiting:
        route = waiting.pop(0)
        if route in seen:
            continue
        seen.append(route)
        ways.lane_path(route)
        waiting += [piece.other for piece in beside_route(ways.lane_map, route)]
    if any(actor.driver.walking is not None and actor.driver.walking.turn_back > 0.0 for actor in ways.scenario.actors):
        for p, key in list(ways.keys().items()):
            if key[0] == "walk":
                table = ways.pool.tables[ways.paths[p]]
                ways.local(("back", *key), lambda table=table: reversed_path(table))


def changes_lanes(actor: Actor) -> bool:
    """Whether an actor may leave the lane that it is on by itself."""
    habits = actor.driver.habits
    return habits is not None and habits.lane_changes != "none" and actor.driver.kind in ("idm", "imitation")


def destination_of(actor: Actor, lane_map: LaneMap) -> str:
    """The route that an actor must be on in the end; empty for none.

    Raises:
        Unsupported: the map has no such route.
    """
    name = "" if actor.driver.habits is None else actor.driver.habits.destination
    if name and name not in lane_map.routes:
        near = nearest_name(name, tuple(lane_map.routes))
        hint = f"; did you mean {near!r}?" if near else ""
        raise Unsupported(f"{actor.id}: driver.destination {name!r} is no route of the road{hint}")
    return name


def habits_and_rules(
    ways: Ways,
) -> tuple[Float[np.ndarray, "columns A"] | None, Float[np.ndarray, "N rows"] | None]:
    """Habits of all actors (the ego has none) and the rules of all paths; None where nobody has habits."""
    actors = ways.scenario.actors
    if not any(has_habits(actor) for actor in actors):
        return None, None
    habit = np.zeros((at.HABIT_COLUMNS, len(actors) + 1))
    index = local_routes(ways)
    for i, actor in enumerate(actors, start=1):
        habit[:, i] = habit_columns(actor, net_of(actor, ways.pool))
        destination = destination_of(actor, ways.lane_map)
        if destination:
            habit[at.H_DESTINATION, i] = index.get(destination, -1)
    rows = rules_of(ways, index)
    return habit, np.array(rows, dtype=np.float64).reshape(-1, at.RULE_COLUMNS)


def net_of(actor: Actor, pool: PoolBuilder) -> int:
    """Where the network of an imitation driver begins in the pool; -1 for who is none."""
    if actor.driver.kind != "imitation":
        return -1
    name = actor.driver.habits.weights if actor.driver.habits is not None else ""
    return pool.net_offset(name, load_weights(name).numbers())


def local_routes(ways: Ways) -> dict[str, int]:
    """Local path of each route that is driven in its direction."""
    found: dict[str, int] = {}
    for p, key in ways.keys().items():
        route = ways.route_of(key)
        if route is not None:
            found[route] = p
    return found


def rules_of(ways: Ways, index: Mapping[str, int]) -> list[Rule]:
    """Every rule of every path of the world."""
    flaggers = [(i, actor) for i, actor in enumerate(ways.scenario.actors, start=1) if is_flagger(actor)]
    rows: list[Rule] = []
    for route, p in index.items():
        rows += [row for row in route_rows(ways.lane_map, p, route, index.get) if blocks(ways, row)]
        rows += hand_rows(ways.lane_map, p, route, flaggers)
    streets = [(p, ways.pool.tables[ways.paths[p]]) for p in index.values()]
    for p, key in ways.keys().items():
        if key[0] == "walk":
            rows += kerb_rows(p, ways.pool.tables[ways.paths[p]], streets)
            back = ways.pool.find(("back", *key))
            if back is not None and back in ways.paths:
                rows.append([at.RULE_BACK, p, 0.0, 0.0, ways.paths.index(back), 0.0, 0.0])
    return rows


def blocks(ways: Ways, row: Rule) -> bool:
    """Whether a rule counts: a junction that no other route of this world crosses need not be kept clear."""
    if row[at.R_KIND] != at.RULE_BOX:
        return True
    path = ways.paths[int(row[at.R_PATH])]
    starts = [c.start_m for (one, _), found in ways.pool.conflicts.items() if one == path for c in found]
    return any(row[at.R_FROM] - 2.0 <= start <= row[at.R_TO] + 2.0 for start in starts)
