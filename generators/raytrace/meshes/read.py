"""A mesh file of any format that we read."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from generators.raytrace.meshes.gltf import read_gltf
from generators.raytrace.meshes.obj import read_obj
from generators.raytrace.meshes.raw import RawMesh, bytes_of, wrong

_READERS = {".glb": read_gltf, ".gltf": read_gltf, ".obj": read_obj}


def read_mesh(path: Path) -> RawMesh:
    """The triangles of a .glb, .gltf or .obj file.

    Raises:
        InputError: the file is missing, damaged, too large or of another format.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise wrong(path, "", repr(path.suffix), "a mesh file that ends in .glb, .gltf or .obj", "unknown-format")
    digest = digest_of(path)
    return _read_once(path, digest)


@lru_cache(maxsize=32)
def _read_once(path: Path, digest: str) -> RawMesh:
    """One read for each content; `digest` tells a changed file from the one read before."""
    return _READERS[path.suffix.lower()](path)


def digest_of(path: Path) -> str:
    """The sha256 of a file's bytes, as provenance records it.

    Raises:
        InputError: the file is missing or too large.
    """
    return sha256(bytes_of(path)).hexdigest()
