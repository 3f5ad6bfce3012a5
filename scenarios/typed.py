"""Scenarios in Python that a type checker understands: what does not fit is an error before anything runs.

    motorway(lanes=3) & ego("main.2", speed="100..120 km/h") & car("cutter", ...).does(cut_in("main.2"))
    motorway() & car("x", ...).does(turn_left(speed="5 m/s"))     # pyright: Part[Junction] is no Part[Motorway]
    roundabout() & work_zone("site")                              # pyright: Part[Row] is no Part[Roundabout]
    pedestrian("p", ...).does(lane_change_left())                 # pyright: Pedestrian is no Driven

`On[R]` is a scenario on a road that can R; `Part[R]` is a part that needs a road that can R. `Part` is contravariant:
a part that needs little fits wherever a part that needs much fits, so that `On[R] & Part[R]` says all. What a type
cannot say (an actor bound twice, a route that this road lacks) the algebra still refuses when it is built.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, overload

from scenarios.algebra import LogicalScenario, scenario
from scenarios.leaf import Leaf, Step, TriggerSpec
from scenarios.types import actors, scenery
from scenarios.types import light as lights
from scenarios.types import weather as weathers
from scenarios.types.fields import Given
from scenarios.types.manoeuvres import do, step_of
from scenarios.types.road import road
from scenarios.types.temporary import WORK_ZONES


class Road:
    """Any road."""


class Row(Road):
    """Has lanes that lie side by side along the road, and can have a work zone."""


class Lanes(Row):
    """Has at least two lanes in one direction."""


class Oncoming(Road):
    """Has oncoming traffic that no median keeps away."""


class Pavement(Road):
    """Has pavements."""


class Junction(Road):
    """Has a junction."""


class Lights(Junction):
    """Has traffic lights."""


class Motorway(Lanes):
    """What a motorway can."""


class CountryRoad(Row, Oncoming):
    """What a country road can."""


class Street(Row, Oncoming, Pavement):
    """What a street with a lane in each direction can."""


class WideStreet(Lanes, Oncoming, Pavement):
    """What a street with two lanes in each direction can."""


class Crossroads(Lights, Oncoming, Pavement):
    """What a crossroads can."""


class Roundabout(Junction, Pavement):
    """What a roundabout can."""


R = TypeVar("R", bound=Road)
Needs = TypeVar("Needs", bound=Road, contravariant=True)


class Someone:
    """Anyone on the road."""


class Driven(Someone):
    """Drives in lanes."""


class OnFoot(Someone):
    """Goes where it likes."""


class Car(Driven):
    """A car."""


class Truck(Driven):
    """A truck."""


class Cyclist(Driven, OnFoot):
    """Rides in lanes, and across the road too."""


class Pedestrian(OnFoot):
    """A person."""


class Animal(OnFoot):
    """An animal."""


Who = TypeVar("Who", bound=Someone)
Able = TypeVar("Able", bound=Someone, contravariant=True)


@dataclass(frozen=True, slots=True)
class Part(Generic[Needs]):
    """A part of a scenario that needs a road that can `Needs`."""

    logical: LogicalScenario

    def __and__(self, other: "Part[Needs]") -> "Part[Needs]":
        """Both. Put the part that needs more first."""
        return Part(self.logical & other.logical)


@dataclass(frozen=True, slots=True)
class On(Generic[R]):
    """A scenario on a road that can `R`; `logical` is what the rest of Roadloom takes."""

    logical: LogicalScenario

    def __and__(self, part: Part[R]) -> "On[R]":
        """The scenario with a part that this road can bear."""
        return On(self.logical & part.logical)


@dataclass(frozen=True, slots=True)
class Action(Generic[Able, Needs]):
    """A step that `Able` can do on a road that can `Needs`."""

    step: Step


@dataclass(frozen=True, slots=True)
class Player(Generic[Who]):
    """Somebody with a place, who may be given something to do."""

    leaf: Leaf

    def does(self, *steps: Action[Who, Needs]) -> Part[Needs]:
        """The actor and what it does, one step after the other."""
        acts = do(self.leaf.name, *(action.step for action in steps))
        return Part(scenario(self.leaf, acts))

    def stands_by(self) -> Part[Road]:
        """The actor, who does nothing besides what its driver does."""
        return Part(scenario(self.leaf))


def motorway(**parameters: Given) -> On[Motorway]:
    """A motorway."""
    return On(scenario(road("motorway", **parameters)))


def rural(**parameters: Given) -> On[CountryRoad]:
    """A country road: one lane in each direction."""
    return On(scenario(road("rural", **parameters)))


@overload
def urban(lanes: Literal[1] = 1, **parameters: Given) -> On[Street]: ...
@overload
def urban(lanes: Literal[2], **parameters: Given) -> On[WideStreet]: ...
def urban(lanes: int = 1, **parameters: Given) -> On[Street] | On[WideStreet]:
    """A street in town with one or two lanes in each direction."""
    made = scenario(road("urban", lanes=lanes, **parameters))
    narrow: On[Street] = On(made)
    wide: On[WideStreet] = On(made)
    return narrow if lanes == 1 else wide


def crossroads(**parameters: Given) -> On[Crossroads]:
    """A crossroads with traffic lights."""
    return On(scenario(road("crossroads", **parameters)))


def roundabout(**parameters: Given) -> On[Roundabout]:
    """A roundabout."""
    return On(scenario(road("roundabout", **parameters)))


def ego(on: str, at: Given = "20 m", *, task: str = "", **values: Given) -> Part[Road]:
    """The ego on a route."""
    return Part(scenario(actors.ego(on=on, at=at, task=task, **values)))


def weather(preset: str | None = None, **values: Given) -> Part[Road]:
    """The weather."""
    return Part(scenario(weathers.weather(preset, **values)))


def light(preset: str | None = None, **values: Given) -> Part[Road]:
    """The light."""
    return Part(scenario(lights.light(preset, **values)))


def surface(preset: str | None = None, **values: Given) -> Part[Road]:
    """What the road is paved with."""
    return Part(scenario(scenery.surface(preset, **values)))


def work_zone(name: str, preset: str | None = None, **values: Given) -> Part[Row]:
    """A work zone, which closes lanes that lie in a row."""
    return Part(scenario(WORK_ZONES.make(name, preset, None, **values)))


def _cast(kind: str, name: str, relation: str, of: str, values: Mapping[str, Given]) -> Leaf:
    return actors.actor_of(name, {"relation": relation, "of": of}, {"kind": kind, **values})


def car(name: str, *, relation: str = "", of: str = "", **values: Given) -> Player[Car]:
    """A car."""
    return Player(_cast("car", name, relation, of, values))


def truck(name: str, *, relation: str = "", of: str = "", **values: Given) -> Player[Truck]:
    """A truck."""
    return Player(_cast("truck", name, relation, of, values))


def cyclist(name: str, *, relation: str = "", of: str = "", **values: Given) -> Player[Cyclist]:
    """A cyclist."""
    return Player(_cast("bicycle", name, relation, of, values))


def pedestrian(name: str, *, relation: str = "", of: str = "", **values: Given) -> Player[Pedestrian]:
    """A person."""
    return Player(_cast("pedestrian", name, relation, of, values))


def animal(name: str, *, relation: str = "", of: str = "", **values: Given) -> Player[Animal]:
    """An animal."""
    return Player(_cast("animal", name, relation, of, values))


def cut_in(to: str, when: TriggerSpec | None = None, **values: Given) -> Action[Driven, Lanes]:
    """Changes into a lane close ahead of another."""
    return Action(step_of("cut_in", {"to": to, **values}, when=when))


def cut_out(to: str, when: TriggerSpec | None = None, **values: Given) -> Action[Driven, Lanes]:
    """Leaves the lane and uncovers what is ahead."""
    return Action(step_of("cut_out", {"to": to, **values}, when=when))


def lane_change_left(when: TriggerSpec | None = None, **values: Given) -> Action[Driven, Lanes]:
    """Changes to the lane on the left."""
    return Action(step_of("lane_change_left", values, when=when))


def lane_change_right(when: TriggerSpec | None = None, **values: Given) -> Action[Driven, Lanes]:
    """Changes to the lane on the right."""
    return Action(step_of("lane_change_right", values, when=when))


def turn_left(speed: Given, when: TriggerSpec | None = None) -> Action[Driven, Junction]:
    """Takes a route that turns left."""
    return Action(step_of("turn_left", {"speed": speed}, when=when))


def turn_right(speed: Given, when: TriggerSpec | None = None) -> Action[Driven, Junction]:
    """Takes a route that turns right."""
    return Action(step_of("turn_right", {"speed": speed}, when=when))


def run_red(speed: Given, when: TriggerSpec | None = None) -> Action[Driven, Lights]:
    """Drives on through the junction at red."""
    return Action(step_of("run_red", {"speed": speed}, when=when))


def brake(when: TriggerSpec | None = None, **values: Given) -> Action[Someone, Road]:
    """Slows down."""
    return Action(step_of("brake", values, when=when))


def cross(to: Given, when: TriggerSpec | None = None, **values: Given) -> Action[OnFoot, Road]:
    """Goes straight across the road."""
    return Action(step_of("cross", {"to": to, **values}, when=when))


def overtake_oncoming(of: str, by: str, when: TriggerSpec | None = None, **values: Given) -> Action[Driven, Oncoming]:
    """Overtakes in the lane of the oncoming traffic."""
    return Action(step_of("overtake", {"by": by, **values}, of, when))
