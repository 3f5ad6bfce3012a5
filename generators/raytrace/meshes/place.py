"""From the axes of a file to those of an actor, and into its box."""

from pathlib import Path

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.assets.body import Body, Size
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.meshes.raw import RawMesh, wrong
from generators.raytrace.meshes.read import read_mesh
from generators.raytrace.soup import Soup, flat, moved, scaled, smooth

FITS = ("box", "even", "keep")
# Rows are our x (forward), y (left), z (up) in the axes of the file.
AXES = {
    "gltf": np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),  # y up, z forward
    "y_up": np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),  # y up, -z forward
    "native": np.eye(3),  # x forward, y left, z up
}
_STEPS = 24  # shades of each channel that are told apart, so that a photograph does not become a thousand materials
_GLASS_ALPHA, _SEEN_ALPHA = 0.6, 0.04


def user_body(path: Path, size_m: Size, fit: str, axes: str, semantic: SemanticClass, book: MaterialBook) -> Body:
    """The body that a mesh file gives an actor.

    Args:
        path: the file.
        size_m: box of the actor.
        fit: 'box' stretches the mesh to the box, 'even' scales it evenly until it touches the box and stands on its
            floor, 'keep' takes the file's metres and stands it on the floor of the box.
        axes: 'auto' (glTF's own for glTF, 'y_up' for OBJ), or a name of `AXES`.
        semantic: class of its surfaces.
        book: takes the materials.

    Raises:
        InputError: the file cannot be read, or its mesh has no extent.
    """
    raw = read_mesh(path)
    chosen = axes if axes != "auto" else ("y_up" if path.suffix.lower() == ".obj" else "gltf")
    turn = AXES[chosen]
    shown = raw.alpha > _SEEN_ALPHA
    rows = _materials(raw, semantic, book)[shown]
    soup = _soup(raw.corners_m[shown] @ turn.T, raw.normals[shown] @ turn.T, rows)
    if not len(soup):
        raise wrong(path, "", "only triangles without area", "a mesh with an extent", "empty-mesh")
    return Body((_fitted(soup, size_m, fit),))


def _soup(corners_m: np.ndarray, normals: np.ndarray, rows: np.ndarray) -> Soup:
    """Triangles with the normals of the file where it gives them, smooth ones elsewhere."""
    cross = np.cross(corners_m[:, 1] - corners_m[:, 0], corners_m[:, 2] - corners_m[:, 0])
    keep = np.linalg.norm(cross, axis=-1) > 2e-10
    made = _unshrunk(corners_m[keep], rows[keep])
    given = normals[keep]
    length = np.linalg.norm(given, axis=-1, keepdims=True)
    known = np.isfinite(given).all(axis=(1, 2)) & (length[..., 0] > 1e-6).all(axis=1)
    unit = given / np.where(length > 1e-6, length, 1.0)
    return Soup(made.corners_m, np.where(known[:, None, None], unit, made.normals), made.uv_m, made.material)


def _unshrunk(corners_m: np.ndarray, rows: np.ndarray) -> Soup:
    """A smooth soup of all triangles; made larger meanwhile, since `flat` drops tiny ones by their area."""
    grown = smooth(flat(corners_m * 1e4, rows), 0.6)
    return Soup(grown.corners_m * 1e-4, grown.normals, grown.uv_m * 1e-4, grown.material)


def _materials(raw: RawMesh, semantic: SemanticClass, book: MaterialBook) -> np.ndarray:
    """Rows of the materials of all triangles; equal looks share one."""
    screen = np.round(_STEPS * np.clip(raw.color, 0.0, 0.9) ** (1 / 2.2)) / _STEPS
    glass = raw.alpha < _GLASS_ALPHA
    look = np.column_stack([screen, np.round(raw.roughness, 1), np.round(raw.metallic, 1), glass])
    kinds, which = np.unique(look, axis=0, return_inverse=True)
    rows = np.zeros(len(kinds), dtype=np.int64)
    for k, (r, g, b, rough, metal, clear) in enumerate(kinds):
        color = (round(float(r) ** 2.2, 5), round(float(g) ** 2.2, 5), round(float(b) ** 2.2, 5))
        if clear:
            rows[k] = book.add(Surface("#0b0e11", semantic, roughness=0.03, reflectance=0.09, lidar_reflectivity=0.06,
                                       wettable=0.2))  # fmt: skip
            continue
        bright = float(np.clip(0.1 + 0.8 * sum(color) / 3.0, 0.05, 0.9))
        rows[k] = book.add(Surface(color, semantic, roughness=float(np.clip(rough, 0.05, 1.0)), wettable=0.2,
                                   reflectance=round(0.04 + 0.4 * float(metal) * max(color), 4),
                                   lidar_reflectivity=round(bright, 3)))  # fmt: skip
    return rows[which.ravel()]


def _fitted(soup: Soup, size_m: Size, fit: str) -> Soup:
    points = soup.corners_m.reshape(-1, 3)
    low, high = points.min(axis=0), points.max(axis=0)
    extent, size = np.maximum(high - low, 1e-9), np.asarray(size_m, dtype=np.float64)
    by = {"box": size / extent, "even": np.full(3, float((size / extent).min())), "keep": np.ones(3)}[fit]
    placed = scaled(moved(soup, -0.5 * (low + high)), by)
    floor = 0.5 * float((extent * by)[2]) - 0.5 * size[2]
    return moved(placed, (0.0, 0.0, floor))
