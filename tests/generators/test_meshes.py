"""Meshes that users bring: files written here, read back, turned and fitted; and files that are wrong."""

import base64
import io
import json
from hashlib import sha256
from pathlib import Path
from struct import pack
from typing import Any

import numpy as np
import pytest
from PIL import Image

from driving_data.environment import Environment
from driving_data.errors import InputError
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors
from driving_data.taxonomy import ActorClass, SemanticClass
from generators.raytrace.build import build_scene
from generators.raytrace.materials import MaterialBook
from generators.raytrace.meshes import mesh_digests, read_catalogue, read_mesh, user_body

# A wedge in glTF's axes (x left, y up, z forward): 2 m long, 1 m wide, 0.5 m tall, its ridge at the rear.
POINTS = np.array([[-0.5, 0, -1], [0.5, 0, -1], [0.5, 0, 1], [-0.5, 0, 1], [-0.5, 0.5, -1], [0.5, 0.5, -1]], np.float32)
FACES = np.array([[0, 1, 2], [0, 2, 3], [0, 4, 5], [0, 5, 1], [4, 3, 2], [4, 2, 5], [0, 3, 4], [1, 5, 2]], np.uint16)
SIZE = (4.0, 2.0, 1.5)


def _document(**more: Any) -> tuple[dict[str, Any], bytes]:
    data = POINTS.tobytes() + FACES.tobytes()
    document: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [0.8, 0.1, 0.05, 1.0], "metallicFactor": 0.0}}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 6, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 24, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 72},
            {"buffer": 0, "byteOffset": 72, "byteLength": 48},
        ],
        "buffers": [{"byteLength": len(data)}],
    }
    document.update(more)
    return document, data


def _glb(path: Path, document: dict[str, Any], data: bytes) -> Path:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    data += b"\0" * (-len(data) % 4)
    body = pack("<II", len(text), 0x4E4F534A) + text + pack("<II", len(data), 0x004E4942) + data
    path.write_bytes(pack("<III", 0x46546C67, 2, 12 + len(body)) + body)
    return path


def _embedded(path: Path, document: dict[str, Any], data: bytes) -> Path:
    document["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    path.write_text(json.dumps(document))
    return path


def _external(path: Path, document: dict[str, Any], data: bytes) -> Path:
    document["buffers"][0]["uri"] = "wedge%20data.bin"
    (path.parent / "wedge data.bin").write_bytes(data)
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(("write", "name"), [(_glb, "w.glb"), (_embedded, "w.gltf"), (_external, "w.gltf")])
def test_every_kind_of_gltf_holds_the_same_triangles(tmp_path: Path, write: Any, name: str) -> None:
    mesh = read_mesh(write(tmp_path / name, *_document()))
    np.testing.assert_array_equal(mesh.corners_m, POINTS.astype(np.float64)[FACES])
    np.testing.assert_allclose(mesh.color, np.tile([0.8, 0.1, 0.05], (8, 1)))
    assert np.isnan(mesh.normals).all()


def test_nodes_move_turn_scale_and_mirror(tmp_path: Path) -> None:
    half = float(np.sqrt(0.5))
    nodes = [
        {"children": [1], "translation": [10.0, 0.0, 0.0]},
        {"mesh": 0, "rotation": [0.0, half, 0.0, half], "scale": [-1.0, 2.0, 1.0]},
    ]
    mesh = read_mesh(_glb(tmp_path / "w.glb", *_document(nodes=nodes)))
    # Scale, then a quarter turn about y (z to x, x to -z), then the parent's way; the mirror turns corners round.
    x, y, z = np.moveaxis(POINTS.astype(np.float64)[FACES], -1, 0)
    expected = np.stack([z + 10.0, 2.0 * y, x], axis=-1)[:, ::-1]
    np.testing.assert_allclose(mesh.corners_m, expected, atol=1e-12)
    a, b, c = np.moveaxis(mesh.corners_m - [10.0, 0.0, 0.0], 1, 0)
    assert np.einsum("fi,fi->f", a, np.cross(b, c)).sum() / 6 == pytest.approx(2 * 0.5)


def test_strips_fans_strides_and_normalized_colours(tmp_path: Path) -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], np.float32)
    paint = np.array([[255, 0, 0, 255]] * 4, np.uint8)
    rows = b"".join(p.tobytes() + c.tobytes() for p, c in zip(square, paint, strict=True))  # 16 bytes a vertex
    document, _ = _document(
        accessors=[
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
            {"bufferView": 0, "byteOffset": 12, "componentType": 5121, "normalized": True, "count": 4, "type": "VEC4"},
        ],
        bufferViews=[{"buffer": 0, "byteLength": 64, "byteStride": 16}],
        buffers=[{"byteLength": 64}],
        materials=[],
    )
    for mode, faces in ((5, [[0, 1, 2], [2, 1, 3]]), (6, [[0, 1, 2], [0, 2, 3]])):
        document["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0, "COLOR_0": 1}, "mode": mode}]}]
        mesh = read_mesh(_glb(tmp_path / f"{mode}.glb", dict(document), rows))
        found = {tuple(map(tuple, np.sort(face, axis=0))) for face in mesh.corners_m}
        assert found == {tuple(map(tuple, np.sort(square[face].astype(float), axis=0))) for face in faces}
        np.testing.assert_allclose(mesh.color, [[1.0, 0.0, 0.0]] * 2)
    strip = read_mesh(tmp_path / "5.glb").corners_m
    assert (np.cross(strip[:, 1] - strip[:, 0], strip[:, 2] - strip[:, 0])[:, 2] > 0).all()


def test_textures_are_sampled_in_the_middle_of_triangles(tmp_path: Path) -> None:
    picture = Image.new("RGB", (2, 2))
    for place, color in (
        ((0, 0), (255, 0, 0)),
        ((1, 0), (0, 255, 0)),
        ((0, 1), (0, 0, 255)),
        ((1, 1), (255, 255, 255)),
    ):
        picture.putpixel(place, color)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]] * 2, np.float32)
    places = np.array([[0.1, 0.1], [0.4, 0.1], [0.1, 0.4], [1.6, 0.6], [1.9, 0.6], [1.6, 0.9]], np.float32)  # repeats
    data = corners.tobytes() + places.tobytes() + stream.getvalue()
    document, _ = _document(
        meshes=[{"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "material": 0}]}],
        materials=[{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
        textures=[{"source": 0}],
        images=[{"bufferView": 2, "mimeType": "image/png"}],
        accessors=[
            {"bufferView": 0, "componentType": 5126, "count": 6, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5126, "count": 6, "type": "VEC2"},
        ],
        bufferViews=[
            {"buffer": 0, "byteLength": 72},
            {"buffer": 0, "byteOffset": 72, "byteLength": 48},
            {"buffer": 0, "byteOffset": 120, "byteLength": len(stream.getvalue())},
        ],
        buffers=[{"byteLength": len(data)}],
    )
    mesh = read_mesh(_glb(tmp_path / "w.glb", document, data))
    np.testing.assert_allclose(mesh.color, [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]], atol=1e-12)


def test_the_front_of_a_gltf_looks_along_our_x(tmp_path: Path) -> None:
    book = MaterialBook()
    body = user_body(_glb(tmp_path / "w.glb", *_document()), SIZE, "box", "auto", SemanticClass.CAR, book)
    points = body.poses[0].corners_m.reshape(-1, 3)
    np.testing.assert_allclose(points.max(axis=0), np.array(SIZE) / 2, atol=1e-6)
    np.testing.assert_allclose(points.min(axis=0), -np.array(SIZE) / 2, atol=1e-6)
    assert (points[points[:, 2] > 0][:, 0] < 0).all()  # the ridge is at the rear
    a, b, c = np.moveaxis(body.poses[0].corners_m, 1, 0)
    assert np.einsum("fi,fi->f", a, np.cross(b, c)).sum() > 0
    materials = book.freeze()
    assert set(materials.semantic) == {int(SemanticClass.CAR)}
    np.testing.assert_allclose(materials.albedo[body.poses[0].material[0]], [0.8, 0.1, 0.05], atol=0.06)


@pytest.mark.parametrize(("fit", "size"), [("even", (3.0, 1.5, 0.75)), ("keep", (2.0, 1.0, 0.5))])
def test_meshes_keep_their_shape_where_asked_and_stand_on_the_floor(
    tmp_path: Path, fit: str, size: tuple[float, float, float]
) -> None:
    box = (3.0, 2.0, 1.5)
    made = user_body(_glb(tmp_path / "w.glb", *_document()), box, fit, "auto", SemanticClass.CAR, MaterialBook())
    points = made.poses[0].corners_m.reshape(-1, 3)
    np.testing.assert_allclose(np.ptp(points, axis=0), size, atol=1e-6)
    assert points[:, 2].min() == pytest.approx(-0.5 * box[2])


OBJ = """mtllib wedge.mtl
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vn 0 0 1
o plate
usemtl red paint
f 1//1 2//1 3//1 4//1
usemtl glass
f -4 -2 -3
"""
MTL = "newmtl red paint\nKd 0.5 0 0\nNs 0\nnewmtl glass\nKd 1 1 1\nd 0.2\n"


def test_an_obj_with_its_materials(tmp_path: Path) -> None:
    (tmp_path / "wedge.obj").write_text(OBJ)
    (tmp_path / "wedge.mtl").write_text(MTL)
    mesh = read_mesh(tmp_path / "wedge.obj")
    assert len(mesh.alpha) == 3
    red = mesh.alpha > 0.5
    assert red.sum() == 2
    np.testing.assert_allclose(mesh.color[red], [[0.214041, 0.0, 0.0]] * 2, atol=1e-5)  # 0.5 in sRGB
    np.testing.assert_array_equal(mesh.normals[red], np.broadcast_to([0.0, 0.0, 1.0], (2, 3, 3)))
    np.testing.assert_array_equal(mesh.corners_m[~red][0], [[0, 0, 0], [1, 1, 0], [1, 0, 0]])


def _written(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def test_wrong_files_say_what_is_wrong(tmp_path: Path) -> None:
    document, data = _document()
    cases: list[tuple[Path, str]] = [
        (tmp_path / "none.glb", "no such file"),
        (_written(tmp_path, "a.stl", ""), "ends in .glb, .gltf or .obj"),
        (_written(tmp_path, "b.glb", b"solid"), "the letters 'glTF'"),
        (_written(tmp_path, "c.gltf", "{"), "c.gltf:1"),
        (_written(tmp_path, "d.glb", _glb(tmp_path / "w.glb", document, data).read_bytes()[:-20]), "bytes that the"),
        (_glb(tmp_path / "e.glb", _document()[0], data[:60]), "bytes within the buffer"),
        (_glb(tmp_path / "f.glb", {**document, "extensionsRequired": ["KHR_draco_mesh_compression"]}, data), "draco"),
        (_glb(tmp_path / "g.glb", {**document, "nodes": [{"children": [0]}]}, data), "may not hold itself"),
        (_glb(tmp_path / "h.glb", {**document, "nodes": [{"mesh": 4}]}, data), "one of the 1 meshes"),
        (_glb(tmp_path / "i.glb", {**document, "nodes": []}, data), "nodes"),
        (_written(tmp_path, "j.obj", "v 0 0 0\nv 1 x 0\nf 1 2 9\n"), "j.obj:2"),
        (_written(tmp_path, "k.obj", "v 0 0 0\n"), "no triangles"),
        (_written(tmp_path, "l.obj", "mtllib ../secret.mtl\n"), "in the folder of the mesh"),
    ]  # fmt: skip
    outside = {**_document()[0], "buffers": [{"byteLength": 120, "uri": "../../etc/passwd"}]}
    cases.append((_written(tmp_path, "m.gltf", json.dumps(outside)), "in the folder of the mesh"))
    for path, words in cases:
        with pytest.raises(InputError) as caught:
            read_mesh(path)
        assert words in str(caught.value), (path.name, str(caught.value))
        assert path.name.split(".")[0] in str(caught.value)


def test_all_bad_lines_of_an_obj_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_mesh(_written(tmp_path, "j.obj", "v 0 0 0\nv 1 x 0\nf 1 2 9\nvn 1\n"))
    assert [fault.line for fault in caught.value.faults] == [2, 3, 4]


def _scene(**draws: object) -> SceneDescription:
    actors = Actors(("ego", "one", "two"), np.array([1, 1, 11]), np.array([SIZE, SIZE, (0.6, 0.6, 1.75)]), np.zeros(3))
    return SceneDescription(None, actors, 0, Environment(), appearance=draws)


def test_an_actor_wears_the_mesh_of_its_key(tmp_path: Path) -> None:
    path = _glb(tmp_path / "w.glb", *_document())
    draws: dict[str, object] = {"mesh.one": str(path), "mesh_fit.one": "keep"}
    scene = build_scene(_scene(**draws), seed=3)
    assert len(scene.assets[scene.asset_frames[1, 0]].triangles) == 8
    assert not (scene.parts.actor == 1).any()
    assert mesh_digests(_scene().actors, draws, 3) == {"one": sha256(path.read_bytes()).hexdigest()}
    with pytest.raises(InputError, match="did you mean 'keep'"):
        build_scene(_scene(**{**draws, "mesh_fit.one": "kep"}), seed=3)


def test_a_catalogue_dresses_classes_and_its_faults_come_together(tmp_path: Path) -> None:
    _glb(tmp_path / "w.glb", *_document())
    good = _written(tmp_path, "meshes.yaml", "car:\n  - {file: w.glb, fit: even}\n")
    scene = build_scene(_scene(mesh_catalogue=str(good)), seed=3)
    assert len(scene.assets[scene.asset_frames[1, 0]].triangles) == 8
    assert len(scene.assets[scene.asset_frames[2, 0]].triangles) > 500  # nothing is said of pedestrians
    bad = _written(tmp_path, "bad.yaml", "cart:\n  - w.glb\ncar:\n  - {file: none.glb, fitt: box}\n  - {fit: box}\n")
    with pytest.raises(InputError) as caught:
        read_catalogue(bad)
    text = str(caught.value)
    assert len(caught.value.faults) == 4
    assert "did you mean 'car'" in text and "none.glb" in text and "did you mean 'fit'" in text
    assert ActorClass.CAR in read_catalogue(good)
