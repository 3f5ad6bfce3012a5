"""glTF 2.0 (Khronos; ISO/IEC 12113): .glb and .gltf with embedded or external buffers.

Read are the default scene's nodes with their transforms, triangle lists, strips and fans, base colours as factors,
textures (sampled at the middle of each triangle) and vertex colours, roughness and metalness. Skins, animations and
morph targets are left at rest. A file that needs an extension for its geometry (Draco, meshopt) is refused by name.
"""

import base64
import binascii
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from struct import unpack_from
from typing import Any
from urllib.parse import unquote

import numpy as np
from jaxtyping import Float
from PIL import Image, UnidentifiedImageError

from driving_data.geometry import SE3
from generators.raytrace.meshes.raw import RawMesh, beside, bytes_of, joined, wrong

MAGIC, JSON_CHUNK, BINARY_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
_COMPONENTS = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_HARMLESS = (
    "KHR_materials_",
    "KHR_texture_transform",
    "KHR_mesh_quantization",
    "KHR_lights_punctual",
    "EXT_texture_webp",
)
_DEEPEST = 64
LARGEST_IMAGE_PX = 8192 * 8192


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """A file under the reader: its document, its buffers, textures already decoded."""

    path: Path
    document: dict[str, Any]
    binary: bytes | None
    buffers: dict[int, bytes] = field(default_factory=lambda: {})
    images: dict[int, np.ndarray] = field(default_factory=lambda: {})

    def item(self, kind: str, index: Any, place: str) -> dict[str, Any]:
        """One entry of a list of the document."""
        items = self.document.get(kind, [])
        if not isinstance(index, int) or not 0 <= index < len(items) or not isinstance(items[index], dict):
            raise wrong(self.path, place, f"index {index!r}", f"one of the {len(items)} {kind}", "bad-index")
        return items[index]


def read_gltf(path: Path) -> RawMesh:
    """The triangles of the default scene, in glTF's axes (x left, y up, z forward) and metres.

    Raises:
        InputError: the file is damaged, or needs something that this reader cannot do; the message says what.
    """
    document, binary = _parsed(path, bytes_of(path))
    _refuse_unknown(path, document)
    file = _File(path, document, binary)
    parts: list[RawMesh] = []
    for root in _roots(file):
        _visit(file, root, np.eye(4), parts, 0)
    return joined(parts, path)


def _parsed(path: Path, data: bytes) -> tuple[dict[str, Any], bytes | None]:
    binary: bytes | None = None
    text = data
    if len(data) >= 12 and unpack_from("<I", data)[0] == MAGIC:
        version, length = unpack_from("<II", data, 4)
        if version != 2:
            raise wrong(path, "header", f"version {version}", "glTF 2.0", "bad-version")
        if length > len(data):
            raise wrong(path, "header", f"{len(data)} bytes", f"the {length} bytes that the header names", "truncated")
        text, at = b"", 12
        while at + 8 <= length:
            size, kind = unpack_from("<II", data, at)
            if at + 8 + size > length:
                raise wrong(path, f"chunk at {at}", f"{size} bytes", "a chunk within the file", "truncated")
            chunk = data[at + 8 : at + 8 + size]
            if kind == JSON_CHUNK and not text:
                text = chunk
            elif kind == BINARY_CHUNK and binary is None:
                binary = chunk
            at += 8 + size
    elif path.suffix.lower() == ".glb":
        raise wrong(path, "header", repr(data[:4]), "the letters 'glTF' of a binary glTF", "bad-magic")
    try:
        document = json.loads(text.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise wrong(path, "", error.msg, "JSON", "bad-json", error.lineno) from error
    except UnicodeDecodeError as error:
        raise wrong(path, "", str(error), "JSON in UTF-8", "bad-json") from error
    if not isinstance(document, dict) or not str(document.get("asset", {}).get("version", "")).startswith("2"):
        raise wrong(path, "asset.version", "no version 2", "a glTF 2.0 document", "bad-version")
    return document, binary


def _refuse_unknown(path: Path, document: dict[str, Any]) -> None:
    needed = [name for name in document.get("extensionsRequired", []) if not str(name).startswith(_HARMLESS)]
    if needed:
        raise wrong(path, "extensionsRequired", ", ".join(map(str, needed)), "geometry without extensions: save the "
                    "file uncompressed", "unsupported-extension")  # fmt: skip


def _roots(file: _File) -> list[int]:
    document = file.document
    if document.get("scenes"):
        return list(file.item("scenes", document.get("scene", 0), "scene").get("nodes", []))
    children = {child for node in document.get("nodes", []) for child in node.get("children", [])}
    return [index for index in range(len(document.get("nodes", []))) if index not in children]


def _visit(file: _File, index: int, parent: Float[np.ndarray, "4 4"], parts: list[RawMesh], depth: int) -> None:
    place = f"nodes[{index}]"
    if depth > _DEEPEST:
        raise wrong(
            file.path, place, f"nodes nested {depth} deep", f"at most {_DEEPEST}: a node may not hold itself", "cycle"
        )
    node = file.item("nodes", index, place)
    world = parent @ _local(file, node, place)
    if "mesh" in node:
        mesh = file.item("meshes", node["mesh"], f"{place}.mesh")
        for number, primitive in enumerate(mesh.get("primitives", [])):
            made = _primitive(file, primitive, f"meshes[{node['mesh']}].primitives[{number}]")
            if made is not None:
                parts.append(_moved(made, world))
    for child in node.get("children", []):
        _visit(file, child, world, parts, depth + 1)


def _local(file: _File, node: dict[str, Any], place: str) -> Float[np.ndarray, "4 4"]:
    try:
        if "matrix" in node:
            return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
        x, y, z, w = np.array(node.get("rotation", (0.0, 0.0, 0.0, 1.0)), dtype=np.float64)
        made = np.eye(4)
        turn = SE3.from_quaternion(np.array([w, x, y, z]), np.zeros(3)).rotation
        made[:3, :3] = turn * np.array(node.get("scale", (1.0, 1.0, 1.0)), dtype=np.float64)
        made[:3, 3] = np.array(node.get("translation", (0.0, 0.0, 0.0)), dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise wrong(file.path, place, str(error), "a matrix of 16 numbers, or translation, rotation, scale") from error
    return made


def _moved(part: RawMesh, world: Float[np.ndarray, "4 4"]) -> RawMesh:
    linear = world[:3, :3]
    corners = part.corners_m @ linear.T + world[:3, 3]
    determinant = float(np.linalg.det(linear))
    if abs(determinant) < 1e-18:
        return RawMesh(
            corners, np.full_like(part.normals, np.nan), part.color, part.alpha, part.roughness, part.metallic
        )
    normals = part.normals @ np.linalg.inv(linear)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    normals = normals / np.where(length > 0, length, np.nan)
    if determinant < 0:  # a mirrored node turns its triangles inside out
        corners, normals = corners[:, ::-1], normals[:, ::-1]
    return RawMesh(corners, normals, part.color, part.alpha, part.roughness, part.metallic)


def _primitive(file: _File, primitive: dict[str, Any], place: str) -> RawMesh | None:
    mode = primitive.get("mode", 4)
    if mode not in (4, 5, 6):  # points and lines have no surface
        return None
    attributes = primitive.get("attributes", {})
    if "POSITION" not in attributes:
        raise wrong(file.path, f"{place}.attributes", sorted(attributes), "POSITION among the attributes")
    position = _accessor(file, attributes["POSITION"], f"{place}.attributes.POSITION").astype(np.float64)
    if "indices" in primitive:
        order = _accessor(file, primitive["indices"], f"{place}.indices").reshape(-1).astype(np.int64)
    else:
        order = np.arange(len(position))
    if len(order) and int(order.max()) >= len(position):
        raise wrong(file.path, f"{place}.indices", int(order.max()), f"indices below {len(position)}", "bad-index")
    rows = _triangles(order, mode)
    normals = np.full((len(rows), 3, 3), np.nan)
    if "NORMAL" in attributes:
        normals = _accessor(file, attributes["NORMAL"], f"{place}.attributes.NORMAL").astype(np.float64)[rows]
    color, alpha, rough, metal = _material(file, primitive, attributes, rows, place)
    return RawMesh(position[rows], normals, color, alpha, rough, metal)


def _triangles(order: np.ndarray, mode: int) -> np.ndarray:
    if mode == 4:
        return order[: len(order) // 3 * 3].reshape(-1, 3)
    if mode == 6:
        return np.column_stack([np.broadcast_to(order[:1], max(len(order) - 2, 0)), order[1:-1], order[2:]])
    rows = np.column_stack([order[:-2], order[1:-1], order[2:]])
    rows[1::2] = rows[1::2][:, [1, 0, 2]]
    return rows


def _accessor(file: _File, index: Any, place: str) -> np.ndarray:
    accessor = file.item("accessors", index, place)
    here = f"accessors[{index}]"
    if "sparse" in accessor:
        raise wrong(file.path, f"{here}.sparse", "a sparse accessor", "a plain one", "unsupported-accessor")
    kind, width = _COMPONENTS.get(accessor.get("componentType", 0)), _WIDTHS.get(accessor.get("type", ""))
    if kind is None or width is None:
        raise wrong(
            file.path, here, f"{accessor.get('componentType')}, {accessor.get('type')}", "a glTF component type"
        )
    count = int(accessor.get("count", 0))
    item = np.dtype(kind).newbyteorder("<")
    if "bufferView" not in accessor:
        return np.zeros((count, width))
    view = file.item("bufferViews", accessor["bufferView"], f"{here}.bufferView")
    data = _buffer(file, view.get("buffer"), f"bufferViews[{accessor['bufferView']}].buffer")
    start = int(view.get("byteOffset", 0)) + int(accessor.get("byteOffset", 0))
    stride = int(view.get("byteStride", 0)) or width * item.itemsize
    last = start + (count - 1) * stride + width * item.itemsize
    if count and (start < 0 or stride < width * item.itemsize or last > len(data)):
        raise wrong(file.path, here, f"bytes {start} to {last}", f"bytes within the buffer of {len(data)}", "truncated")
    values = np.ndarray((count, width), item, data, start, (stride, item.itemsize)).copy()
    if accessor.get("normalized") and kind is not np.float32:
        most = 2 ** (8 * item.itemsize - (item.kind == "i")) - 1
        return np.maximum(values.astype(np.float64) / float(most), -1.0)
    return values


def _buffer(file: _File, index: Any, place: str) -> bytes:
    entry = file.item("buffers", index, place)
    assert isinstance(index, int)  # `item` refuses anything else
    if index not in file.buffers:
        uri = entry.get("uri")
        if uri is None:
            if file.binary is None:
                raise wrong(file.path, f"buffers[{index}]", "no uri", "a uri, or the binary chunk of a .glb")
            file.buffers[index] = file.binary
        else:
            file.buffers[index] = _resource(file, str(uri), f"buffers[{index}].uri")
    return file.buffers[index]


def _resource(file: _File, uri: str, place: str) -> bytes:
    if uri.startswith("data:"):
        head, _, body = uri.partition(",")
        if not head.endswith(";base64"):
            raise wrong(file.path, place, head[:60], "data in base64")
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise wrong(file.path, place, str(error), "data in base64") from error
    return bytes_of(beside(file.path, unquote(uri), place))


def _material(
    file: _File, primitive: dict[str, Any], attributes: dict[str, Any], rows: np.ndarray, place: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Colour, opacity, roughness and metalness of each triangle."""
    material: dict[str, Any] = {}
    if "material" in primitive:
        material = file.item("materials", primitive["material"], f"{place}.material")
    shading = material.get("pbrMetallicRoughness", {})
    factor = np.array(shading.get("baseColorFactor", (1.0, 1.0, 1.0, 1.0)), dtype=np.float64)
    rgba = np.broadcast_to(factor, (len(rows), 4)).copy()
    texture = shading.get("baseColorTexture")
    if texture is not None:
        key = f"TEXCOORD_{int(texture.get('texCoord', 0))}"
        if key not in attributes:
            raise wrong(
                file.path, f"{place}.attributes", sorted(attributes), f"{key}, which the material's texture needs"
            )
        uv = _accessor(file, attributes[key], f"{place}.attributes.{key}").astype(np.float64)[rows].mean(axis=1)
        rgba *= _sampled(file, texture.get("index"), uv)
    if "COLOR_0" in attributes:
        painted = _accessor(file, attributes["COLOR_0"], f"{place}.attributes.COLOR_0").astype(np.float64)[rows]
        rgba[:, : painted.shape[-1]] *= painted.mean(axis=1)
    if material.get("alphaMode", "OPAQUE") == "OPAQUE":
        rgba[:, 3] = 1.0
    ones = np.ones(len(rows))
    return (
        np.clip(rgba[:, :3], 0.0, 1.0), rgba[:, 3], ones * float(shading.get("roughnessFactor", 1.0)),
        ones * float(shading.get("metallicFactor", 1.0)) if "pbrMetallicRoughness" in material else 0.0 * ones,
    )  # fmt: skip


def _sampled(file: _File, index: Any, uv: np.ndarray) -> np.ndarray:
    """Linear RGBA of a texture at places that repeat with period 1; v runs downwards."""
    source = file.item("textures", index, f"textures[{index}]").get("source")
    entry = file.item("images", source, f"textures[{index}].source")
    if not isinstance(source, int):
        raise wrong(file.path, f"textures[{index}].source", repr(source), "the number of an image")
    if source not in file.images:
        if "uri" in entry:
            data = _resource(file, str(entry["uri"]), f"images[{source}].uri")
        else:
            view = file.item("bufferViews", entry.get("bufferView"), f"images[{source}].bufferView")
            start = int(view.get("byteOffset", 0))
            data = _buffer(file, view.get("buffer"), f"images[{source}]")[
                start : start + int(view.get("byteLength", 0))
            ]
        file.images[source] = decoded(file.path, data, f"images[{source}]")
    image = file.images[source]
    height, width = image.shape[:2]
    column = np.floor(np.mod(uv[:, 0], 1.0) * width).astype(np.int64) % width
    row = np.floor(np.mod(uv[:, 1], 1.0) * height).astype(np.int64) % height
    return image[row, column]


def decoded(path: Path, data: bytes, place: str) -> Float[np.ndarray, "H W 4"]:
    """A picture as linear RGBA.

    Raises:
        InputError: it is no picture, or too large.
    """
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > LARGEST_IMAGE_PX:
                raise wrong(
                    path, place, f"{picture.width} x {picture.height} pixels", "at most 8192 x 8192", "too-large"
                )
            rgba = np.asarray(picture.convert("RGBA"), dtype=np.float64) / 255.0
    except (UnidentifiedImageError, OSError) as error:
        raise wrong(path, place, str(error), "a PNG or JPEG picture", "bad-image") from error
    linear = np.where(rgba[..., :3] <= 0.04045, rgba[..., :3] / 12.92, ((rgba[..., :3] + 0.055) / 1.055) ** 2.4)
    return np.concatenate([linear, rgba[..., 3:]], axis=-1)
