"""The registered archetypes: name, parameters, and the function that lays them out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from driving_data.errors import Fault, InputError, nearest_name
from driving_data.maps.opendrive.document import Document
from scenarios.roads import calm, crossing, grid, motorway, ramp, roundabout, rural, tunnel, urban, work_zone
from scenarios.roads.parameters import Parameter, checked, parameters_of


@dataclass(frozen=True, slots=True)
class Archetype:
    """A parametric road.

    Attributes:
        name: as in scenario files.
        doc: one line about it.
        parameters: what it takes.
        routes: names of its routes with default parameters.
    """

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    routes: tuple[str, ...]
    kind: type[Any] = field(repr=False)
    layout: Callable[[Any], Document] = field(repr=False)

    def route_names(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of its routes with these parameters.

        Raises:
            InputError: a parameter is unknown, of the wrong type or out of range.
        """
        return tuple(self.document(parameters).routes)

    def signal_ids(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """Ids of its traffic lights with these parameters.

        Raises:
            InputError: a parameter is unknown, of the wrong type or out of range.
        """
        roads = self.document(parameters).roads
        return tuple(signal.id for road in roads for signal in road.signals if signal.dynamic)

    def document(self, parameters: Mapping[str, Any]) -> Document:
        """Its OpenDRIVE document.

        Raises:
            InputError: a parameter is unknown, of the wrong type or out of range.
        """
        return self.layout(checked(self.kind, parameters))


def _entry(name: str, kind: type[Any], layout: Callable[[Any], Document]) -> Archetype:
    doc = (layout.__doc__ or "").strip().splitlines()[0].removeprefix("The OpenDRIVE document of ")
    return Archetype(name, doc, parameters_of(kind), tuple(layout(kind()).routes), kind, layout)


def _entries() -> dict[str, Archetype]:
    made = [
        _entry("motorway", motorway.Motorway, motorway.layout),
        _entry("rural", rural.Rural, rural.layout),
        _entry("urban", urban.Urban, urban.layout),
        _entry("residential", urban.Residential, urban.residential),
        _entry("crossroads", crossing.Crossroads, crossing.crossroads),
        _entry("t_junction", crossing.TJunction, crossing.t_junction),
        _entry("urban_grid", grid.Grid, grid.layout),
        _entry("roundabout", roundabout.Roundabout, roundabout.layout),
        _entry("ramp", ramp.Ramp, ramp.layout),
        _entry("tunnel", tunnel.Tunnel, tunnel.layout),
        _entry("work_zone", work_zone.WorkZone, work_zone.layout),
        _entry("parking", calm.Parking, calm.parking),
        _entry("shared_space", calm.SharedSpace, calm.shared_space),
    ]
    return {archetype.name: archetype for archetype in made}


_ARCHETYPES = _entries()


def archetypes() -> Mapping[str, Archetype]:
    """Every archetype by name, with its parameters and default routes."""
    return dict(_ARCHETYPES)


def archetype(name: str) -> Archetype:
    """The archetype of that name.

    Raises:
        InputError: there is none; the fault names the nearest.
    """
    if name not in _ARCHETYPES:
        expected, nearest = f"one of {', '.join(_ARCHETYPES)}", nearest_name(name, _ARCHETYPES)
        raise InputError([Fault("", 0, 0, "road.archetype", "unknown-archetype", repr(name), expected, nearest)])
    return _ARCHETYPES[name]
