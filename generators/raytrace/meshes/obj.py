"""Wavefront OBJ with its MTL files: polygons, normals, colours of materials and their diffuse pictures."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from driving_data.errors import Fault, InputError
from generators.raytrace.meshes.gltf import decoded
from generators.raytrace.meshes.raw import RawMesh, beside, bytes_of, joined, wrong

_MOST_FAULTS = 20
_GREY = (0.6, 0.6, 0.6)


@dataclass(slots=True)
class _Paint:
    """A material of an MTL file; colours are sRGB as the usual tools write them."""

    color: tuple[float, float, float] = _GREY
    alpha: float = 1.0
    shininess: float = 0.0
    picture: np.ndarray | None = None


@dataclass(slots=True)
class _Lists:
    """What was read so far."""

    points: list[tuple[float, ...]] = field(default_factory=lambda: [])
    normals: list[tuple[float, ...]] = field(default_factory=lambda: [])
    places: list[tuple[float, ...]] = field(default_factory=lambda: [])
    faces: list[tuple[str, list[tuple[int, int, int]]]] = field(default_factory=lambda: [])
    paints: dict[str, _Paint] = field(default_factory=lambda: {})


def read_obj(path: Path) -> RawMesh:
    """The triangles of all objects and groups, in the axes of the file; polygons are cut into fans.

    Raises:
        InputError: every line that cannot be read (up to 20), an index out of range, a missing or damaged MTL file.
    """
    lists, faults = _Lists(), list[Fault]()
    material = ""
    text = bytes_of(path).decode("utf-8", errors="replace").replace("\\\n", " ")
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        try:
            material = _line(path, words, material, lists)
        except (ValueError, IndexError) as error:
            faults.append(
                Fault(str(path), number, 1, words[0], "bad-line", line.strip()[:60], f"an OBJ line ({error})")
            )
            if len(faults) >= _MOST_FAULTS:
                break
    if faults:
        raise InputError(faults)
    return joined(_parts(lists), path)


def _line(path: Path, words: list[str], material: str, lists: _Lists) -> str:
    """Takes one line in; the material in force after it."""
    match words[0]:
        case "v":
            lists.points.append(_numbers(words, 3))
        case "vn":
            lists.normals.append(_numbers(words, 3))
        case "vt":
            lists.places.append((*_numbers(words, 1), 0.0)[:2] if len(words) < 3 else _numbers(words, 2))
        case "f":
            corners = [_corner(word, lists) for word in words[1:]]
            if len(corners) < 3:
                raise ValueError("a face needs three corners")
            lists.faces.append((material, corners))
        case "usemtl":
            return " ".join(words[1:])
        case "mtllib":
            _library(path, " ".join(words[1:]), lists)
        case _:
            pass  # o, g, s and free-form curves change nothing of the triangles
    return material


def _numbers(words: list[str], count: int) -> tuple[float, ...]:
    if len(words) <= count:
        raise ValueError(f"{count} numbers")
    return tuple(float(word) for word in words[1 : 1 + count])


def _corner(word: str, lists: _Lists) -> tuple[int, int, int]:
    """Rows of point, place and normal; -1 for none."""
    sizes = (len(lists.points), len(lists.places), len(lists.normals))
    rows = [-1, -1, -1]
    for k, part in enumerate(word.split("/")[:3]):
        if part:
            index = int(part)
            rows[k] = index - 1 if index > 0 else sizes[k] + index
            if index == 0 or not 0 <= rows[k] < sizes[k]:
                raise ValueError(f"index {index} of {sizes[k]}")
    if rows[0] < 0:
        raise ValueError("a corner needs a point")
    return rows[0], rows[1], rows[2]


def _library(path: Path, name: str, lists: _Lists) -> None:
    file = beside(path, name, "mtllib")
    current = _Paint()
    for number, line in enumerate(bytes_of(file).decode("utf-8", errors="replace").splitlines(), start=1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        try:
            match words[0]:
                case "newmtl":
                    current = lists.paints.setdefault(" ".join(words[1:]), _Paint())
                case "Kd":
                    r, g, b = _numbers(words, 3)
                    current.color = (r, g, b)
                case "d":
                    current.alpha = _numbers(words, 1)[0]
                case "Tr":
                    current.alpha = 1.0 - _numbers(words, 1)[0]
                case "Ns":
                    current.shininess = _numbers(words, 1)[0]
                case "map_Kd":
                    picture = beside(file, words[-1], "map_Kd")
                    current.picture = decoded(picture, bytes_of(picture), "map_Kd")
                case _:
                    pass  # ambient, specular and illumination models have no counterpart here
        except ValueError as error:
            raise wrong(file, words[0], line.strip()[:60], f"an MTL line ({error})", "bad-line", number) from error


def _parts(lists: _Lists) -> list[RawMesh]:
    points = np.array(lists.points, dtype=np.float64).reshape(-1, 3)
    normals = np.array([*lists.normals, (np.nan,) * 3], dtype=np.float64)
    places = np.array([*lists.places, (0.0, 0.0)], dtype=np.float64)
    parts: list[RawMesh] = []
    for name in sorted({material for material, _ in lists.faces}):
        rows = np.array(
            [(corners[0], corners[k], corners[k + 1]) for material, corners in lists.faces if material == name
             for k in range(1, len(corners) - 1)], dtype=np.int64,
        )  # fmt: skip
        paint = lists.paints.get(name, _Paint())
        srgb = np.clip(np.array(paint.color), 0.0, 1.0)
        plain = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        color = np.broadcast_to(plain, (len(rows), 3))
        if paint.picture is not None:
            uv = places[rows[..., 1]].mean(axis=1)
            height, width = paint.picture.shape[:2]
            column = np.floor(np.mod(uv[:, 0], 1.0) * width).astype(np.int64) % width
            row = np.floor(np.mod(1.0 - uv[:, 1], 1.0) * height).astype(np.int64) % height
            color = paint.picture[row, column, :3]
        ones = np.ones(len(rows))
        # Blinn exponent to roughness: Ns = 2 / r^4 - 2 (Karis 2013).
        rough = (2.0 / (max(paint.shininess, 0.0) + 2.0)) ** 0.25
        corners, shading = points[rows[..., 0]], normals[rows[..., 2]]
        parts.append(RawMesh(corners, shading, np.array(color), paint.alpha * ones, rough * ones, 0.0 * ones))
    return parts
