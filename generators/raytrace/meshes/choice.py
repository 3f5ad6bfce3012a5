"""Which actors wear a user's mesh: by their own key, or by a catalogue file for their class.

`SceneDescription.appearance` may hold `mesh.<actor id>` (path), `mesh_fit.<actor id>` and `mesh_axes.<actor id>`, and
`mesh_catalogue`, the path of a YAML file that names meshes by class, from which the seed chooses:

```yaml
car:
  - {file: cars/van.glb, fit: even}
  - {file: cars/small.obj, fit: box, axes: y_up}
pedestrian:
  - {file: people/walker.glb}
```
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from driving_data.errors import Fault, InputError, nearest_name
from driving_data.rollout import Actors
from driving_data.taxonomy import ActorClass
from generators.raytrace.appearance import Appearance
from generators.raytrace.meshes.place import AXES, FITS
from generators.raytrace.meshes.raw import bytes_of, wrong
from generators.raytrace.meshes.read import digest_of

AXIS_NAMES = ("auto", *AXES)
_FIELDS = ("file", "fit", "axes")


@dataclass(frozen=True, slots=True)
class MeshChoice:
    """A mesh file and how it is put into the box; `fit` and `axes` as `place.user_body` has them."""

    file: Path
    fit: str = "box"
    axes: str = "auto"


def mesh_of(actor: str, kind: ActorClass, appearance: Appearance) -> MeshChoice | None:
    """The mesh that an actor wears; None where it wears one of ours.

    Raises:
        InputError: an option or the catalogue is wrong.
    """
    draws = appearance.draws
    if f"mesh.{actor}" in draws:
        fit, axes = draws.get(f"mesh_fit.{actor}", "box"), draws.get(f"mesh_axes.{actor}", "auto")
        faults = [*_name_faults("appearance", f"mesh_fit.{actor}", fit, FITS),
                  *_name_faults("appearance", f"mesh_axes.{actor}", axes, AXIS_NAMES)]  # fmt: skip
        if faults:
            raise InputError(faults)
        return MeshChoice(Path(str(draws[f"mesh.{actor}"])), str(fit), str(axes))
    if "mesh_catalogue" in draws:
        meshes = read_catalogue(Path(str(draws["mesh_catalogue"]))).get(kind, ())
        if meshes:
            return meshes[int(appearance.rng(f"mesh.{actor}").integers(len(meshes)))]
    return None


def read_catalogue(path: Path) -> Mapping[ActorClass, tuple[MeshChoice, ...]]:
    """Meshes by class; files are relative to the catalogue.

    Raises:
        InputError: every entry that is wrong.
    """
    try:
        tree = yaml.safe_load(bytes_of(path))
    except yaml.YAMLError as error:
        raise wrong(path, "", str(error).splitlines()[0], "YAML", "bad-yaml") from error
    if not isinstance(tree, dict):
        raise wrong(path, "", type(tree).__name__, "classes of actors with lists of meshes", "bad-type")
    faults: list[Fault] = []
    made: dict[ActorClass, tuple[MeshChoice, ...]] = {}
    labels = [kind.label for kind in ActorClass]
    for label, entries in tree.items():
        faults += _name_faults(str(path), "", label, tuple(labels))
        if not isinstance(entries, list):
            faults.append(Fault(str(path), 0, 0, str(label), "bad-type", type(entries).__name__, "a list of meshes"))
            continue
        chosen = [_entry(path, f"{label}[{k}]", entry, faults) for k, entry in enumerate(entries)]
        if str(label) in labels:
            made[ActorClass.from_label(str(label))] = tuple(chosen)
    if faults:
        raise InputError(faults)
    return made


def _entry(path: Path, place: str, entry: Any, faults: list[Fault]) -> MeshChoice:
    values = {"file": entry} if isinstance(entry, str) else entry
    if not isinstance(values, dict) or "file" not in values:
        faults.append(Fault(str(path), 0, 0, place, "bad-type", repr(entry)[:60], "a file, or {file, fit, axes}"))
        return MeshChoice(path)
    for name in values:
        faults += _name_faults(str(path), place, name, _FIELDS)
    fit, axes = values.get("fit", "box"), values.get("axes", "auto")
    faults += _name_faults(str(path), f"{place}.fit", fit, FITS)
    faults += _name_faults(str(path), f"{place}.axes", axes, AXIS_NAMES)
    file = path.parent / str(values["file"])
    if not file.is_file():
        faults.append(Fault(str(path), 0, 0, f"{place}.file", "missing-file", str(values["file"]), "a mesh file"))
    return MeshChoice(file, str(fit), str(axes))


def _name_faults(file: str, place: str, found: Any, names: tuple[str, ...]) -> list[Fault]:
    if found in names:
        return []
    return [Fault(file, 0, 0, place, "unknown-name", repr(found), f"one of {', '.join(names)}",
                  nearest_name(str(found), names))]  # fmt: skip


def mesh_digests(actors: Actors, appearance: Mapping[str, Any], seed: int, ego_index: int = -1) -> dict[str, str]:
    """The sha256 of the mesh file of each actor that wears one, by actor id, for provenance.

    Raises:
        InputError: an option, the catalogue or a file is wrong.
    """
    look = Appearance(appearance, seed)
    found: dict[str, str] = {}
    for index, actor in enumerate(actors.ids):
        choice = mesh_of(actor, actors.kind_of(index), look) if index != ego_index else None
        if choice is not None:
            found[actor] = digest_of(choice.file)
    return found
