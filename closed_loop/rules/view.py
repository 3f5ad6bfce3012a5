"""Quantities of a scene that several predicates share, each computed once: ego columns (T, 1) against others (T, N)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from closed_loop.metrics.drive import Drive
from closed_loop.rules.parameters import RuleParameters
from closed_loop.rules.scene import Road, Scene
from driving_data.geometry import wrap_angle
from driving_data.maps.lane_map import LaneKind
from driving_data.taxonomy import ActorClass


@dataclass(frozen=True, eq=False)
class View:
    """A scene with the parameters of a rule.

    Attributes:
        scene: who is where.
        parameters: numbers of the predicates.
    """

    scene: Scene
    parameters: RuleParameters

    @property
    def drive(self) -> Drive:
        """The drive."""
        return self.scene.drive

    @property
    def road(self) -> Road:
        """The road; predicates that need a map are only asked where there is one."""
        road = self.scene.road
        assert road is not None
        return road

    @cached_property
    def front_m(self) -> np.ndarray:
        """Place of everyone's front on the corridor."""
        return self.road.corridor.s_m + self.road.corridor.half_along_m

    @cached_property
    def rear_m(self) -> np.ndarray:
        """Place of everyone's rear."""
        return self.road.corridor.s_m - self.road.corridor.half_along_m

    @cached_property
    def left_m(self) -> np.ndarray:
        """Everyone's left edge, to the left of the corridor's line."""
        return self.road.corridor.d_m + self.road.corridor.half_across_m

    @cached_property
    def right_m(self) -> np.ndarray:
        """Everyone's right edge."""
        return self.road.corridor.d_m - self.road.corridor.half_across_m

    @cached_property
    def along_mps(self) -> np.ndarray:
        """Everyone's speed along the corridor."""
        heading, velocity = self.road.corridor.heading_rad, self.scene.velocity_mps
        return velocity[..., 0] * np.cos(heading) + velocity[..., 1] * np.sin(heading)

    @cached_property
    def leftward_mps(self) -> np.ndarray:
        """Everyone's speed across the corridor, to the left."""
        heading, velocity = self.road.corridor.heading_rad, self.scene.velocity_mps
        return velocity[..., 1] * np.cos(heading) - velocity[..., 0] * np.sin(heading)

    @cached_property
    def same_lane_m(self) -> np.ndarray:
        """By how much two of all reach into one and the same lane, the lesser of both, shape (T, M, M)."""
        road = self.road
        found = np.full((*self.scene.valid.shape, self.scene.valid.shape[1]), -np.inf)
        for k in range(len(road.lanes)):
            theirs = np.max(road.occupancy_m[road.one_lane[k]], axis=0)
            found = np.maximum(found, np.minimum(road.occupancy_m[k][:, :, None], theirs[:, None, :]))
        return np.maximum(found, found.transpose(0, 2, 1))

    @cached_property
    def ahead_m(self) -> np.ndarray:
        """Rear of the second less front of the first, shape (T, M, M): the gap where the second is in front."""
        return self.rear_m[:, None, :] - self.front_m[:, :, None]

    @cached_property
    def several_lanes_m(self) -> np.ndarray:
        """By how much a box reaches into its second lane, shape (T, M); lanes of junctions overlap and do not count."""
        road = self.road
        found = np.full(self.scene.valid.shape, -np.inf)
        plain = [k for k, lane in enumerate(road.lanes) if lane.junction_id is None]
        for k in plain:
            for m in plain:
                if m > k and not road.one_lane[k, m]:
                    found = np.maximum(found, np.minimum(road.occupancy_m[k], road.occupancy_m[m]))
        return found

    @cached_property
    def limit_mps(self) -> np.ndarray:
        """Speed limit of the lanes that everyone occupies, the least of them; inf where none holds, shape (T, M)."""
        limits = np.array([lane.speed_limit_mps for lane in self.road.lanes])
        limits = np.where(np.isnan(limits) | (limits <= 0), np.inf, limits)
        return np.where(self._occupied(), limits[:, None, None], np.inf).min(axis=0)

    def _occupied(self) -> np.ndarray:
        """Lanes that the centre of a box lies in (it reaches in by half its width), shape (L, T, M)."""
        half = np.minimum(self.road.corridor.half_across_m, self.road.corridor.half_along_m)
        return self.road.occupancy_m >= half

    @cached_property
    def type_limit_mps(self) -> np.ndarray:
        """Limit of everyone's class, shape (M,)."""
        by_kind = {ActorClass.TRUCK: self.parameters.truck_mps, ActorClass.BUS: self.parameters.bus_mps}
        return np.array([by_kind.get(kind, np.inf) for kind in self.scene.kind])

    def lanes_that(self, *kinds: LaneKind) -> np.ndarray:
        """Mask of the lanes of these kinds."""
        return np.array([lane.kind in kinds for lane in self.road.lanes], dtype=bool)

    @cached_property
    def carriageway(self) -> np.ndarray:
        """Mask of lanes that are for driving, outside junctions."""
        outside = np.array([lane.junction_id is None for lane in self.road.lanes], dtype=bool)
        return self.lanes_that(LaneKind.DRIVING, LaneKind.BUS) & outside

    @cached_property
    def outermost(self) -> tuple[np.ndarray, np.ndarray]:
        """Masks of the carriageway's leftmost and rightmost lanes of their direction."""
        kind = {lane.id: lane.kind for lane in self.road.lane_map.lanes}
        drives = (LaneKind.DRIVING, LaneKind.BUS)
        left = np.array([kind.get(lane.left_neighbor or "") not in drives for lane in self.road.lanes], dtype=bool)
        right = np.array([kind.get(lane.right_neighbor or "") not in drives for lane in self.road.lanes], dtype=bool)
        return left & self.carriageway, right & self.carriageway

    @cached_property
    def turned_rad(self) -> np.ndarray:
        """Angle between the ego and its lane, shape (T,)."""
        return np.abs(wrap_angle(self.scene.yaw_rad[:, 0] - self.road.corridor.heading_rad[:, 0]))
