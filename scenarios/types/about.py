"""Name, description and tags of a scenario, its duration, and named parameters."""

from collections.abc import Iterable, Mapping

from scenarios.leaf import IllTyped, Leaf, make_leaf
from scenarios.types.actors import RESERVED
from scenarios.types.fields import Field, Given, as_value, as_values
from scenarios.units import TIME, Dimension

TIMING: Mapping[str, Field] = {
    "duration": Field(TIME, "length of the scenario", 12.0, 0.1, 600.0),
    "step": Field(TIME, "simulation step", 0.1, 0.001, 1.0),
}
_TAG = "tag:"


def about(name: str, description: str = "", tags: Iterable[str] = ()) -> Leaf:
    """What the scenario is called."""
    texts = {"name": name, **{f"{_TAG}{tag}": "" for tag in tags}}
    if description:
        texts["description"] = description
    return make_leaf("about", texts=texts)


def own_tags(leaf: Leaf | None) -> tuple[str, ...]:
    """Tags that the writer gave."""
    return tuple(key[len(_TAG) :] for key, _ in leaf.texts if key.startswith(_TAG)) if leaf else ()


def timing(duration: Given | None = None, step: Given | None = None) -> Leaf:
    """Duration and step."""
    return make_leaf("time", values=as_values("time", TIMING, {"duration": duration, "step": step}))


def parameter(name: str, value: Given, dimension: Dimension) -> Leaf:
    """A named value that expressions and conditions read.

    Raises:
        IllTyped: the name is taken by the language.
    """
    if name in RESERVED or not name.isidentifier():
        raise IllTyped(
            f"a parameter cannot be called {name!r}; take letters, digits and _, and none of {', '.join(RESERVED)}"
        )
    return make_leaf("parameter", name, values={name: as_value(value, dimension)})
