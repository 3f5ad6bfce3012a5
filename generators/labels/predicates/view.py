"""A rollout as plain arrays seen from above: places, headings, speeds, lanes; what is asked twice is kept."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from driving_data.maps.queries import is_drivable, lane_at
from driving_data.rollout import Rollout
from driving_data.taxonomy import STATIC_OBJECTS, VEHICLES, ActorClass

_NOWHERE = -1


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """T moments of A actors in the plane; NaN where an actor is not there.

    Attributes:
        rollout: what happened.
        center_m: shape (T, A, 2).
        yaw_rad: from east, counter-clockwise, without jumps by whole turns, shape (T, A).
        velocity_mps: shape (T, A, 2).
        acceleration_mps2: along the heading, shape (T, A).
        seconds: since the first moment, shape (T,).
        kept: what was computed, by what was asked.
    """

    rollout: Rollout
    center_m: Float[np.ndarray, "T A 2"]
    yaw_rad: Float[np.ndarray, "T A"]
    velocity_mps: Float[np.ndarray, "T A 2"]
    acceleration_mps2: Float[np.ndarray, "T A"]
    seconds: Float[np.ndarray, "T"]
    kept: dict[tuple[object, ...], np.ndarray] = field(default_factory=lambda: {})

    @staticmethod
    def of(rollout: Rollout) -> "View":
        """The view of a rollout."""
        here = rollout.valid
        forward = np.where(here[..., None], rollout.world_from_actor.rotation[..., :2, 0], np.nan)
        forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
        velocity = np.where(here[..., None], rollout.velocity_mps[..., :2], np.nan)
        acceleration = np.where(here[..., None], rollout.acceleration_mps2[..., :2], np.nan)
        return View(
            rollout,
            np.where(here[..., None], rollout.world_from_actor.translation_m[..., :2], np.nan),
            unwrapped(np.arctan2(forward[..., 1], forward[..., 0])),
            velocity,
            np.asarray((acceleration * forward).sum(axis=-1)),
            rollout.seconds(),
        )

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the actors."""
        return self.rollout.actors.ids

    @property
    def ego(self) -> str:
        """Id of the ego."""
        return self.ids[self.rollout.ego_index]

    def index(self, actor: str) -> int:
        """Which actor that is; 'ego' is the ego whatever its id."""
        return self.rollout.ego_index if actor == "ego" and actor not in self.ids else self.ids.index(actor)

    def kind(self, actor: str) -> ActorClass:
        """The class of an actor."""
        return self.rollout.actors.kind_of(self.index(actor))

    def size(self, actor: str) -> tuple[float, float]:
        """Length and width."""
        row = self.rollout.actors.size_m[self.index(actor)]
        return float(row[0]), float(row[1])

    def here(self, actor: str) -> Bool[np.ndarray, "T"]:
        """Whether the actor is there."""
        return self.rollout.valid[:, self.index(actor)]

    def speed(self, actor: str) -> Float[np.ndarray, "T"]:
        """Magnitude of the velocity."""
        return np.asarray(np.linalg.norm(self.velocity_mps[:, self.index(actor)], axis=-1))

    def keep(self, key: tuple[object, ...], make: Callable[[], np.ndarray]) -> np.ndarray:
        """What `make` gives, computed once."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def lanes(self) -> Int[np.ndarray, "T A"]:
        """Index of the drivable lane that each centre lies in and drives along; -1 without one."""
        return self.keep(("lanes",), self._lanes)

    def on_road(self) -> Bool[np.ndarray, "T A"]:
        """Whether each centre lies where vehicles drive."""
        return self.keep(("on_road",), self._on_road)

    def _lanes(self) -> np.ndarray:
        found = np.full(self.rollout.valid.shape, _NOWHERE, dtype=np.int64)
        lane_map, here = self.rollout.lane_map, self.rollout.valid
        if lane_map is not None and lane_map.lanes:
            found[here] = lane_at(lane_map, self.center_m[here], self.yaw_rad[here])
        return found

    def _on_road(self) -> np.ndarray:
        found, here = np.zeros(self.rollout.valid.shape, dtype=bool), self.rollout.valid
        if self.rollout.lane_map is not None and self.rollout.lane_map.lanes:
            found[here] = is_drivable(self.rollout.lane_map, self.center_m[here])
        return found

    def step(self, timestamp_ns: int) -> int:
        """The first moment at or after a time; the last one where there is none."""
        after = int(np.searchsorted(self.rollout.timestamps_ns, timestamp_ns))
        return min(after, self.rollout.num_steps - 1)

    def is_vehicle(self, actor: str) -> bool:
        """Whether it is a vehicle with more than two wheels."""
        return self.kind(actor) in VEHICLES

    def is_static(self, actor: str) -> bool:
        """Whether it is an object that does not move by itself."""
        return self.kind(actor) in STATIC_OBJECTS or self.kind(actor) is ActorClass.OTHER


def unwrapped(yaw_rad: Float[np.ndarray, "T A"]) -> Float[np.ndarray, "T A"]:
    """Angles without jumps by whole turns along time; moments without an angle are skipped."""
    result = yaw_rad.copy()
    for i in range(yaw_rad.shape[1]):
        there = np.isfinite(yaw_rad[:, i])
        result[there, i] = np.unwrap(yaw_rad[there, i])
    return result
