"""What a mesh file holds, whatever its format."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from driving_data.errors import Fault, InputError

LARGEST_FILE_BYTES = 256 * 2**20
MOST_TRIANGLES = 500_000


@dataclass(frozen=True, slots=True, eq=False)
class RawMesh:
    """Triangles with colours in the axes of the file.

    Attributes:
        corners_m: counter-clockwise from outside, shape (F, 3, 3).
        normals: at the corners; NaN where the file gives none, shape (F, 3, 3).
        color: linear RGB of each triangle, shape (F, 3).
        alpha: opacity of each triangle, shape (F,).
        roughness: of each triangle, shape (F,).
        metallic: of each triangle, shape (F,).
    """

    corners_m: Float[np.ndarray, "F 3 3"]
    normals: Float[np.ndarray, "F 3 3"]
    color: Float[np.ndarray, "F 3"]
    alpha: Float[np.ndarray, "F"]
    roughness: Float[np.ndarray, "F"]
    metallic: Float[np.ndarray, "F"]


def wrong(path: Path, place: str, found: object, expected: str, code: str = "mesh", line: int = 0) -> InputError:
    """The error for one thing that is wrong in a mesh file."""
    return InputError([Fault(str(path), line, 0, place, code, str(found), expected)])


def bytes_of(path: Path) -> bytes:
    """The contents of a file of bearable size.

    Raises:
        InputError: it is not there, or too large.
    """
    if not path.is_file():
        raise wrong(path, "", "no such file", "a mesh file (.glb, .gltf or .obj)", "missing-file")
    size = path.stat().st_size
    if size > LARGEST_FILE_BYTES:
        raise wrong(path, "", f"{size} bytes", f"at most {LARGEST_FILE_BYTES} bytes", "too-large")
    return path.read_bytes()


def beside(path: Path, name: str, place: str) -> Path:
    """A file that a mesh file names: below the folder of the mesh, nowhere else.

    Raises:
        InputError: the name leads out of the folder or to another machine.
    """
    folder = path.parent.resolve()
    target = (folder / name).resolve()
    if "://" in name or not target.is_relative_to(folder):
        raise wrong(path, place, repr(name), "a file in the folder of the mesh or below it", "outside-path")
    return target


def joined(parts: list[RawMesh], path: Path) -> RawMesh:
    """All parts as one.

    Raises:
        InputError: there is no triangle, there are too many, or a coordinate is no finite number.
    """
    count = sum(len(part.alpha) for part in parts)
    if count == 0:
        raise wrong(path, "", "no triangles", "a mesh with triangles", "empty-mesh")
    if count > MOST_TRIANGLES:
        raise wrong(path, "", f"{count} triangles", f"at most {MOST_TRIANGLES} triangles", "too-large")
    made = RawMesh(
        np.concatenate([part.corners_m for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.color for part in parts]),
        np.concatenate([part.alpha for part in parts]),
        np.concatenate([part.roughness for part in parts]),
        np.concatenate([part.metallic for part in parts]),
    )
    if not np.isfinite(made.corners_m).all():
        raise wrong(path, "", "a coordinate that is no finite number", "finite coordinates", "bad-number")
    return made
