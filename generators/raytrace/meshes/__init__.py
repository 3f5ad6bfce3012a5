"""Meshes that users bring: glTF and OBJ files read, turned to our axes, fitted to an actor's box."""

from generators.raytrace.meshes.choice import MeshChoice, mesh_digests, mesh_of, read_catalogue
from generators.raytrace.meshes.place import FITS, user_body
from generators.raytrace.meshes.raw import RawMesh
from generators.raytrace.meshes.read import read_mesh

__all__ = [
    "FITS",
    "MeshChoice",
    "RawMesh",
    "mesh_digests",
    "mesh_of",
    "read_catalogue",
    "read_mesh",
    "user_body",
]
