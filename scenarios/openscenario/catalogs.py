"""Catalog files: found through CatalogLocations, read once, their entries handed out by catalog and entry name."""

import os
from functools import lru_cache
from pathlib import Path

from driving_data.errors import Fault, InputError, nearest_name
from scenarios.openscenario.node import Node

MAX_FILES = 1000
MAX_LEVELS = 3


def on_disk(base: Path, written: str) -> tuple[Path | None, bool]:
    """The file or folder that a written path means, and whether separators or letter case had to be forgiven.

    Paths are tried as written, with Windows separators turned, and with the letter case that the disk has.
    """
    for candidate, forgiven in ((written, False), (written.replace("\\", "/"), True)):
        path = Path(candidate) if Path(candidate).is_absolute() else base / candidate
        try:
            if path.exists():
                return path, forgiven
        except (OSError, ValueError):
            return None, False
    found = base
    for part in Path(written.replace("\\", "/")).parts:
        if part in (".", "..", "/"):
            found = found / part
            continue
        try:
            names = {name.lower(): name for name in sorted(os.listdir(found), reverse=True)}
        except (OSError, ValueError):
            return None, False
        if part.lower() not in names:
            return None, False
        found = found / names[part.lower()]
    return found, True


def road_of(document: Path, written: str) -> tuple[Path | None, bool]:
    """The road file that a LogicFile means, and whether the path had to be forgiven.

    A path that leads nowhere is forgiven where a file of that name lies beside the document or in a folder next to it:
    scenarios are passed on with paths of the machine that they were written on. The name of an engine's map, as
    `Town01`, is that file with the ending `.xodr`, there or in the folders that `ROADLOOM_MAPS` lists.
    """
    found, forgiven = on_disk(document.parent, written) if written else (None, False)
    if found is not None and found.is_file():
        return found, forgiven
    name = written.replace("\\", "/").rpartition("/")[2]
    if not name or name.startswith("."):
        return None, False
    folder = document.parent
    near = [folder, *_folders(folder), *_folders(folder.parent), *_folders(folder.parent.parent)]
    near += [Path(place) for place in os.environ.get("ROADLOOM_MAPS", "").split(os.pathsep) if place]
    names = (name,) if "." in name else (name, f"{name}.xodr")
    return next(((place / n, True) for place in near for n in names if (place / n).is_file()), (None, False))


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.is_dir())[:MAX_FILES]
    except OSError:
        return []


def _below(folder: Path) -> list[Path]:
    """A folder and those below it, near ones first; a few levels and folders only, whatever the disk holds."""
    found, level = [folder], [folder]
    for _ in range(MAX_LEVELS):
        level = [inner for outer in level for inner in _folders(outer)][: MAX_FILES - len(found)]
        found += level
    return found


@lru_cache(maxsize=256)
def _catalog(file: Path, changed_ns: int, size: int) -> Node | None:
    """The Catalog element of a file; remembered while the file stays as it is."""
    from scenarios.openscenario.reader import read_openscenario  # which needs catalogs to resolve

    return read_openscenario(file).root.child("Catalog")


class Catalogs:
    """The catalogs that a document can refer to.

    Args:
        locations: (tag of the location, its Directory element, its path without references).
        path: the file of the document.
        faults: where faults are added.
    """

    def __init__(self, locations: list[tuple[str, Node, str]], path: Path, faults: list[Fault]) -> None:
        self.faults = faults
        self.notes: list[Fault] = []
        self.used: set[tuple[str, str]] = set()
        self._path = path
        self._locations = locations
        self._catalogs: dict[str, Node] | None = None
        self._by_stem: dict[str, Node] = {}
        self._broken: dict[str, InputError] = {}

    def entry(self, catalog: str, entry: str, reference: Node, path: str) -> Node | None:
        """The entry of a catalog; None, with a fault, where there is none."""
        found = self.all().get(catalog) or self._by_stem.get(catalog)  # players also go by the name of the file
        if found is None and catalog not in self._broken:
            found = self._lying_about(catalog, reference)
        if found is None:
            if catalog in self._broken:
                self.faults += [fault for fault in self._broken.pop(catalog).faults if fault not in self.faults]
                return None
            near = nearest_name(catalog, self.all())
            known = ", ".join(self.all()) or "none was found in CatalogLocations"
            self._fault(reference, path, "unknown-catalog", repr(catalog), f"the name of a catalog ({known})", near)
            return None
        match = next((child for child in found.children if child.get("name") == entry), None)
        if match is None:
            names = [child.get("name") for child in found.children]
            near = nearest_name(entry, names)
            self._fault(reference, path, "unknown-entry", repr(entry), f"an entry of the catalog {catalog}", near)
            return None
        self.used.add((catalog, entry))
        return match

    def _lying_about(self, catalog: str, reference: Node) -> Node | None:
        """A catalog of that name below the document's folder, where the locations do not lead to it."""
        if not catalog.strip() or any(letter in catalog for letter in "/\\*?["):
            return None
        folders = _below(self._path.parent)
        file = next((folder / f"{catalog}.xosc" for folder in folders if (folder / f"{catalog}.xosc").is_file()), None)
        if file is not None:
            self._add_file(file)
            if catalog in self._by_stem:
                self.notes.append(
                    Fault(reference.source, reference.line, reference.column, "CatalogLocations", "forgiven-path",
                          f"no CatalogLocations lead to {catalog}", f"{file}, which lies below the scenario")
                )  # fmt: skip
        return self._by_stem.get(catalog)

    def all(self) -> dict[str, Node]:
        """Every catalog that can be found, by name."""
        if self._catalogs is None:
            self._catalogs = {}
            for _, directory, written in self._locations:
                self._add_location(directory, written)
        return self._catalogs

    def _add_location(self, directory: Node, written: str) -> None:
        folder, forgiven = on_disk(self._path.parent, written)
        if folder is None:
            return
        if forgiven:
            self.notes.append(
                Fault(directory.source, directory.line, directory.column, "CatalogLocations", "forgiven-path",
                      repr(written), repr(str(folder)))
            )  # fmt: skip
        files = [folder] if folder.is_file() else sorted(folder.glob("*.xosc"))[:MAX_FILES]
        for file in files:
            self._add_file(file)

    def _add_file(self, file: Path) -> None:
        assert self._catalogs is not None
        try:
            state = file.stat()
            catalog = _catalog(file, state.st_mtime_ns, state.st_size)
        except InputError as error:
            self._broken[file.stem] = error
            return
        if catalog is not None:
            self._catalogs.setdefault(catalog.get("name"), catalog)
            self._by_stem.setdefault(file.stem, catalog)

    def _fault(self, node: Node, path: str, code: str, found: str, expected: str, near: str | None) -> None:
        self.faults.append(Fault(node.source, node.line, node.column, path, code, found, expected, near))
