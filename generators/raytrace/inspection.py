"""The geometry behind one look of a rig: which triangles stood where, which pixel a point falls on, what hides it.

Labels are made from this, so that they agree with the pictures by construction: the same meshes, the same poses by
time slot, the same rays.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int32

from driving_data.geometry import SE3
from driving_data.sensors import CameraModel
from generators.raytrace.cameras import geometry
from generators.raytrace.cameras.look import at_rows
from generators.raytrace.moment import Moment, Opened, placed_at
from generators.raytrace.scene import Materials, Mesh
from generators.raytrace.tracer import Hits, Placed, TracedScene, trace

_ROUNDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One rigid mesh as it stands at a moment; an actor with moving parts has several.

    Attributes:
        actor: index of the actor that it belongs to.
        row: row of the shape among the placed ones.
        asset: index of its mesh in `MeshScene.assets`.
        mesh: its triangles, in its own frame.
        world_from_mesh: where it stands.
    """

    actor: int
    row: int
    asset: int
    mesh: Mesh
    world_from_mesh: SE3


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A camera while it takes one picture.

    Attributes:
        traced: the scene.
        placed: the actors, with one time slot per row of a rolling shutter or one in all.
        model: the camera.
        world_from_camera: pose at each time slot, batch shape (S,).
    """

    traced: TracedScene
    placed: Placed
    model: CameraModel
    world_from_camera: SE3

    def project(
        self, points_m: Float[np.ndarray, "n 3"], row: int = -1
    ) -> tuple[Float[np.ndarray, "n 2"], Bool[np.ndarray, "n"], Int[np.ndarray, "n"]]:
        """Image points, which of them the lens can see, and the time slot at which each is read.

        Args:
            points_m: in `world`, or in the frame of a shape.
            row: the shape whose frame it is (`Shape.row`); -1 for `world`.
        """
        slots = self.world_from_camera.shape[0]
        slot = np.full(len(points_m), slots // 2)
        pixel, front = self._at(points_m, row, slot)
        for _ in range(_ROUNDS if slots > 1 else 0):
            # The row at which a point is read tells when it was seen, and that where it was.
            read = np.where(front, pixel[:, 1], 0.5 * slots)
            slot = np.clip(np.floor(read), 0, slots - 1).astype(np.int64)
            pixel, front = self._at(points_m, row, slot)
        return pixel, front, slot

    def in_camera(
        self, points_m: Float[np.ndarray, "n 3"], row: int, slot: Int[np.ndarray, "n"]
    ) -> Float[np.ndarray, "n 3"]:
        """Points in the camera's axes at their time slots."""
        world = self.in_world(points_m, row, slot)
        pose = self.world_from_camera[slot if len(np.unique(slot)) > 1 else slot[:1]] if len(slot) else None
        return world if pose is None else pose.inverse().apply(world)

    def in_world(
        self, points_m: Float[np.ndarray, "n 3"], row: int, slot: Int[np.ndarray, "n"]
    ) -> Float[np.ndarray, "n 3"]:
        """Points in `world` at their time slots."""
        points = np.asarray(points_m, dtype=np.float64)
        if row < 0 or not len(points):
            return points
        table = self.placed.instances.actor_from_world[slot, row].astype(np.float64).reshape(-1, 3, 4)
        turned = np.einsum("nji,nj->ni", table[..., :3], points - table[..., 3])
        return turned + self.traced.origin_m

    def first_hits(
        self, points_m: Float[np.ndarray, "n 3"], slot: Int[np.ndarray, "n"]
    ) -> tuple[Hits, Float[np.ndarray, "n"]]:
        """What rays from the camera towards points in `world` meet first, and how far the points are."""
        eye = self.world_from_camera.translation_m[slot]
        way = points_m - eye
        far = np.linalg.norm(way, axis=-1)
        direction = (way / np.maximum(far, 1e-9)[:, None]).astype(np.float32)
        origin = (eye - self.traced.origin_m).astype(np.float32)
        hits = trace(self.traced, self.placed, origin, direction, slot.astype(np.int32))
        return hits, far

    def _at(
        self, points_m: np.ndarray, row: int, slot: Int[np.ndarray, "n"]
    ) -> tuple[Float[np.ndarray, "n 2"], Bool[np.ndarray, "n"]]:
        return geometry.project(self.model, self.in_camera(points_m, row, slot))


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """What one look of the rig showed.

    Attributes:
        opened: the scene and the rig.
        moment: the two world states that the look lies between.
        placed: the actors at the start of the moment.
    """

    opened: Opened
    moment: Moment
    placed: Placed

    @property
    def traced(self) -> TracedScene:
        """The scene ready for rays."""
        return self.opened.traced

    @property
    def materials(self) -> Materials:
        """Surfaces of all meshes."""
        return self.opened.traced.scene.materials

    def seen_by(self, index: int) -> Seen:
        """The camera of that index while it takes its picture."""
        model = self.opened.rig.cameras[index]
        placed, poses = at_rows(self.opened, self.moment, model)
        return Seen(self.traced, placed, model, poses)

    def shapes(self) -> tuple[Shape, ...]:
        """Every rigid mesh of every actor but the ego at the start of the moment."""
        instances = self.placed.instances
        mesh = mesh_of_root(self.traced, instances.root)
        made: list[Shape] = []
        for row, actor in enumerate(self.placed.actor):
            table = instances.actor_from_world[0, row].astype(np.float64).reshape(3, 4)
            pose = SE3(table[:, :3], table[:, 3]).inverse()
            asset = int(mesh[row]) - 1
            placed = SE3(pose.rotation, pose.translation_m + self.traced.origin_m)
            made.append(Shape(int(actor), row, asset, self.traced.scene.assets[asset], placed))
        return tuple(made)

    def rays(
        self,
        origin_m: Float[np.ndarray, "n 3"],
        direction: Float[np.ndarray, "n 3"],
        limit_m: Float32[np.ndarray, "n"] | None = None,
    ) -> Hits:
        """First hits of rays from points in `world` at the start of the moment."""
        origin = (origin_m - self.traced.origin_m).astype(np.float32)
        slot = np.zeros(len(origin), np.int32)
        return trace(self.traced, self.placed, origin, direction.astype(np.float32), slot, limit_m)


def inspect(opened: Opened, moment: Moment) -> Inspection:
    """The geometry behind the look at that moment."""
    return Inspection(opened, moment, placed_at(opened, moment, np.zeros(1)))


def mesh_of_root(traced: TracedScene, root: Int32[np.ndarray, "I"]) -> Int[np.ndarray, "I"]:
    """The mesh (0 the street, then the assets) whose hierarchy begins at a node."""
    roots = traced.hierarchy.root
    return np.searchsorted(roots, root, side="right").astype(np.int64) - 1


__all__ = ["Inspection", "Seen", "Shape", "inspect", "mesh_of_root"]
