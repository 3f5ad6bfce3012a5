"""Background traffic: streams of actors on routes, so that the street looks alive.

A stream places `count` actors one after the other: each draws its route, class, speed and the distance to the one
before it on the same route. Whoever would stand within `clear` of an actor that the scenario names is moved on; who
would leave the stretch from `from` to `to` is left out.
"""

from collections.abc import Mapping

from scenarios.leaf import IllTyped, Leaf, make_leaf
from scenarios.types.actors import DRIVER, KINDS
from scenarios.types.fields import Field, Given, as_values
from scenarios.types.lookup import known
from scenarios.units import ANGLE, COUNT, LENGTH, SPEED, TEXT

TRAFFIC: Mapping[str, Field] = {
    "count": Field(COUNT, "how many", None, 0, 200),
    "on": Field(TEXT, "route of each"),
    "kind": Field(TEXT, "class of each", "car", names=KINDS),
    "speed": Field(SPEED, "speed of each at the start, and the one it desires", None, 0.0, 90.0),
    "spacing": Field(LENGTH, "from centre to centre on one route", 30.0, 0.5, 1000.0),
    "from": Field(LENGTH, "where the stretch begins on the route", 5.0, -1e5, 1e5),
    "to": Field(LENGTH, "where it ends; else the end of the route", None, -1e5, 1e5),
    "clear": Field(LENGTH, "distance kept from named actors on the same lanes", 18.0, 0.0, 500.0),
    "lateral": Field(LENGTH, "left of the middle of the lane", 0.0, -50.0, 50.0),
    "lateral_step": Field(LENGTH, "added to the lateral place from one to the next, for tapers", 0.0, -10.0, 10.0),
    "heading": Field(ANGLE, "relative to the route; 180 deg goes against it", 0.0, -7.0, 7.0),
    **DRIVER,
}


def traffic(name: str, *, driver: str = "", **values: Given) -> Leaf:
    """A stream of background actors; `from_` stands for the word that Python keeps for itself.

    Raises:
        IllTyped: a name or value does not fit, or something is missing.
    """
    given = {key.rstrip("_").replace("__", "."): value for key, value in values.items()}
    leaf = make_leaf("traffic", name, {"driver": driver} if driver else {}, as_values("traffic", TRAFFIC, given))
    if missing := [key for key in ("count", "on", "speed") if key not in dict(leaf.values)]:
        raise IllTyped(f"traffic {name} needs {', '.join(missing)}")
    if not name.isidentifier():
        raise IllTyped(f"a stream cannot be called {name!r}; take letters, digits and _")
    for kind in text_options(leaf, "kind", "car"):
        known("actor class", kind, KINDS)
    return leaf


def text_options(leaf: Leaf, name: str, default: str = "") -> tuple[str, ...]:
    """Every text that a value may take; empty where an expression says."""
    from scenarios.normal_form import value_bounds

    value = dict(leaf.values).get(name)
    if value is None:
        return (default,) if default else ()
    found = value_bounds(value, lambda _: None)
    return tuple(sorted(found)) if isinstance(found, frozenset) else ()
