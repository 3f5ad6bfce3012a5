"""What policies are shown: fresh arrays for the kernels to fill, and the `Observation` made of them.

An observation stays as it is when the world moves on, so its arrays are new each time; what never changes in a
session (sizes, kinds, friction) is shared between all its observations and cannot be written to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from driving_data.maps.lane_map import LaneMap
from driving_data.ports import NUM_HAPPENINGS, Observation
from sim_bridge.embedded.layout import (
    FRICTION,
    HEIGHT,
    KIND,
    LENGTH,
    REAR,
    SHOW_LATERAL,
    SHOW_NUMBERS,
    SHOW_REMAINING,
    SHOW_SIGNAL,
    SHOW_STEER,
    SHOW_TIME,
    WHEELBASE,
    WIDTH,
    Batch,
    View,
)
from sim_bridge.embedded.worlds import WorldSpec

ROUTE_POINTS = 100
ROUTE_SPACING_M = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What all observations of a session have in common; arrays that nobody may write to.

    Attributes: as in `Observation`; `num_worlds` and `num_actors` are B and A.
    """

    num_worlds: int
    num_actors: int
    spacing_m: float
    size_m: Float[np.ndarray, "B A 3"]
    kind: Int[np.ndarray, "B A"]
    ego_index: Int[np.ndarray, "B"]
    rear_axle_to_center_m: Float[np.ndarray, "B"]
    wheelbase_m: Float[np.ndarray, "B"]
    target_speed_mps: Float[np.ndarray, "B"]
    road_friction: Float[np.ndarray, "B"]
    lane_maps: tuple[LaneMap | None, ...]
    routes: tuple[str, ...]

    @staticmethod
    def of(specs: Sequence[WorldSpec], batch: Batch) -> "Window":
        """The window onto a packed batch."""
        worlds, ego = np.arange(len(specs)), np.array([spec.ego_index for spec in specs], dtype=np.int64)
        size = np.stack([batch.param_f[:, column] for column in (LENGTH, WIDTH, HEIGHT)], axis=-1)
        return Window(
            num_worlds=len(specs),
            num_actors=batch.param_f.shape[2],
            spacing_m=ROUTE_SPACING_M,
            size_m=kept(size),
            kind=kept(batch.param_i[:, KIND]),
            ego_index=kept(ego),
            rear_axle_to_center_m=kept(batch.param_f[worlds, REAR, ego]),
            wheelbase_m=kept(batch.param_f[worlds, WHEELBASE, ego]),
            target_speed_mps=kept(np.array([spec.target_speed_mps for spec in specs])),
            road_friction=kept(batch.world_f[:, FRICTION]),
            lane_maps=tuple(spec.lane_map for spec in specs),
            routes=tuple(spec.ego_route for spec in specs),
        )

    def blank(self) -> View:
        """Arrays for one observation."""
        return view_of(self.num_worlds, self.num_actors, ROUTE_POINTS)

    def observation(self, view: View) -> Observation:
        """The observation that a filled view is."""
        numbers = view.numbers
        return Observation(
            time_s=numbers[SHOW_TIME],
            position_m=view.position,
            yaw_rad=view.yaw,
            velocity_mps=view.velocity,
            acceleration_mps2=view.acceleration,
            yaw_rate_radps=view.yaw_rate,
            size_m=self.size_m,
            kind=self.kind,
            valid=view.valid,
            ego_index=self.ego_index,
            rear_axle_to_center_m=self.rear_axle_to_center_m,
            wheelbase_m=self.wheelbase_m,
            steering_rad=numbers[SHOW_STEER],
            route_m=view.route,
            route_spacing_m=self.spacing_m,
            route_speed_limit_mps=view.limits,
            route_lateral_m=numbers[SHOW_LATERAL],
            route_remaining_m=numbers[SHOW_REMAINING],
            target_speed_mps=self.target_speed_mps,
            signal_distance_m=numbers[SHOW_SIGNAL],
            signal_state=view.shown,
            road_friction=self.road_friction,
            done=view.done,
            lane_maps=self.lane_maps,
            routes=self.routes,
            happened=view.happened,
        )


def view_of(worlds: int, actors: int, points: int) -> View:
    """Arrays for what so many worlds with so many actors show."""
    b, a = worlds, actors
    return View(
        np.empty((b, a, 3)), np.empty((b, a)), np.empty((b, a, 3)), np.empty((b, a)), np.empty((b, a)),
        np.empty((b, a), np.bool_), np.empty((b, points, 3)), np.empty((b, points)), np.empty((SHOW_NUMBERS, b)),
        np.empty(b, np.int64), np.empty(b, np.bool_), np.empty((b, NUM_HAPPENINGS), np.int64),
    )  # fmt: skip


def nothing_shown() -> View:
    """The smallest view that the kernels accept where they are to show nothing."""
    return view_of(1, 1, 1)


def kept(values: np.ndarray) -> np.ndarray:
    """A copy that nobody may write to."""
    copy = np.array(values)
    copy.flags.writeable = False
    return copy
