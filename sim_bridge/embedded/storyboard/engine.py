"""A storyboard being played: one step after another, every entity on the network."""

import math
from dataclasses import dataclass

from driving_data.environment import Environment
from scenarios.storyboard import AddEntity, Storyboard
from sim_bridge.embedded.storyboard.network import TINY, RoadNetwork
from sim_bridge.embedded.storyboard.place import Place
from sim_bridge.embedded.storyboard.routing import align, couple, drag
from sim_bridge.embedded.storyboard.stage import LONGITUDINAL, Body, Signals, Stage
from sim_bridge.embedded.storyboard.tree import Tree


@dataclass(slots=True, eq=False)
class Engine:
    """Plays one storyboard.

    In each step the triggers are looked at with the world as it is, the actions that run move or speed up their
    actors, and then whoever was not moved along the road drives on at its speed.
    """

    board: Storyboard
    network: RoadNetwork
    stage: Stage
    tree: Tree
    running: bool = True

    @staticmethod
    def of(board: Storyboard, network: RoadNetwork, environment: Environment) -> "Engine":
        """An engine before its first step."""
        bodies: dict[str, Body] = {}
        for entity in board.entities:
            place = Place(network, any_lane=entity.category != "vehicle")
            bodies[entity.name] = Body(entity, place)
        stage = Stage(
            network, bodies, dict(board.values), Signals.of(board), environment, time_of_day_s=board.time_of_day_s,
            on_jump=align,
        )  # fmt: skip
        for body in bodies.values():
            if body.entity.trailer in bodies:
                couple(body, bodies[body.entity.trailer])
        for name in _added_later(board):
            bodies[name].active = False
        return Engine(board, network, stage, Tree.of(board, stage))

    def begin(self) -> None:
        """The world at time zero: actions at the start, first look at the triggers."""
        self.tree.begin()
        for body in self.stage.bodies.values():
            place = body.place
            body.old = (place.x, place.y, place.z, place.heading)
            if body.tow is None and body.trailer is not None:
                align(body)
        self._advance(0.0)

    def step(self, dt: float) -> bool:
        """Advances by `dt`; False once the stop trigger has fired, and nothing moves any more."""
        for body in self.stage.bodies.values():
            body.moved = 0
        return self._advance(dt)

    def _advance(self, dt: float) -> bool:
        stage = self.stage
        stage.signals.run(stage.time)
        if not self.running or not self.tree.step(dt):
            self.running = False
            return False
        stage.time = round(stage.time + dt, 9)
        for body in stage.present():
            if body.outside:
                continue
            moving = abs(body.speed) > TINY and body.tow is None
            if moving and not body.moved & LONGITUDINAL:
                if not body.place.advance(body.speed * dt):
                    body.speed = 0.0
                body.moved |= LONGITUDINAL
        for body in stage.present():
            if body.tow is None and body.trailer is not None:
                drag(body)
        stage.note_states()
        stage.note_motion(dt)
        stage.signals.run(stage.time)
        stage.frame += 1
        return True

    def put(self, name: str, x: float, y: float, heading: float, speed: float) -> None:
        """Tells where somebody else has moved a body: its reference point, heading and speed."""
        body = self.stage.bodies[name]
        body.outside = True
        body.place.set_point(x, y, heading)
        body.speed = speed
        if body.place.route is not None:
            body.place.route.note(body.place.road, body.place.s)


def _added_later(board: Storyboard) -> list[str]:
    """Entities that the story adds and the start does not place: they are not there at first."""
    placed = {item.entity for item in board.init}
    added = [
        named.action.entity
        for story in board.stories
        for act in story.acts
        for group in act.groups
        for maneuver in group.maneuvers
        for event in maneuver.events
        for named in event.actions
        if isinstance(named.action, AddEntity)
    ]
    return [name for name in added if name not in placed]


def box_center(body: Body) -> tuple[float, float, float]:
    """Middle of a body's box on the ground: x, y and z of the surface below it."""
    place, (cx, cy, _) = body.place, body.entity.center_m
    cos, sin = math.cos(place.heading), math.sin(place.heading)
    climb = -math.tan(place.pitch - place.own_pitch) if place.road else 0.0
    ahead = cx * math.cos(place.turn) - cy * math.sin(place.turn)
    return place.x + cx * cos - cy * sin, place.y + cx * sin + cy * cos, place.z + climb * ahead
