"""The insides of bodies: meshes made of overlapping pieces, open at the wheel arches, turned into solid cells.

A cell of a fine grid in the body's own frame is inside where it cannot be reached from outside through an opening
wider than a cell, or where all six directions along the axes meet the body. The second holds for a bus with its door
open, the first for a tube.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from generators.labels import occupancy_kernels as kernels
from generators.raytrace.scene import Mesh

CELL_M = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Solids:
    """Insides of the meshes of one scene, each worked out once.

    Attributes:
        share: what one inner cell weighs against the area of a surface in a voxel.
    """

    share: float = 0.02
    _known: dict[int, Float[np.ndarray, "n 3"]] = field(default_factory=lambda: {})

    def inside_m(self, asset: int, mesh: Mesh) -> Float[np.ndarray, "n 3"]:
        """Centres of the inner cells of a mesh in its own frame."""
        if asset not in self._known:
            self._known[asset] = inner_cells_m(mesh)
        return self._known[asset]


def inner_cells_m(mesh: Mesh, cell_m: float = CELL_M) -> Float[np.ndarray, "n 3"]:
    """Centres of the cells inside a mesh, in its own frame."""
    if not len(mesh.triangles):
        return np.zeros((0, 3))
    low = mesh.vertices_m.min(axis=0).astype(np.float64) - cell_m
    size = np.ceil((mesh.vertices_m.max(axis=0) - low) / cell_m).astype(np.int64) + 1
    weight = np.zeros((*size, 1), np.float32)
    corners = (mesh.vertices_m[mesh.triangles].astype(np.float64) - low) / cell_m
    kernels.voxelize(np.ascontiguousarray(corners), np.zeros(len(corners), np.int64), weight)
    return low + cell_m * (np.argwhere(inside(weight[..., 0] > 0)) + 0.5)


def inside(surface: Bool[np.ndarray, "X Y Z"]) -> Bool[np.ndarray, "X Y Z"]:
    """Cells enclosed by surface cells."""
    closed = np.asarray(ndimage.binary_fill_holes(surface), dtype=bool)
    around = np.ones(surface.shape, dtype=bool)
    for axis in range(3):
        before = np.maximum.accumulate(surface, axis=axis)
        after = np.flip(np.maximum.accumulate(np.flip(surface, axis), axis=axis), axis)
        around &= before & after
    return (closed | around) & ~surface


__all__ = ["CELL_M", "Solids", "inner_cells_m", "inside"]
