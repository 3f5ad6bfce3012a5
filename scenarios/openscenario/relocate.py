"""A document for another folder: its relative paths lead from there to the same files."""

import os
from dataclasses import replace
from pathlib import Path

from scenarios.openscenario.node import Node
from scenarios.openscenario.reader import Document

_PATHS = {"LogicFile": "filepath", "SceneGraphFile": "filepath", "File": "filepath", "ScenarioFile": "filepath",
          "Directory": "path"}  # fmt: skip


def relocated(document: Document, folder: Path) -> Document:
    """The document as it must stand in `folder`; absolute paths and paths with parameters stay as they are."""
    if document.path.parent.resolve() == folder.resolve():
        return document
    return replace(document, root=_node(document.root, document.path.parent, folder))


def _node(node: Node, old: Path, new: Path) -> Node:
    name = _PATHS.get(node.tag)
    attributes = node.attributes
    if name is not None and (path := attributes.get(name, "")) and "$" not in path and not Path(path).is_absolute():
        there = os.path.relpath((old / path.replace("\\", "/")).resolve(), new.resolve())
        attributes = {**attributes, name: Path(there).as_posix()}
    return replace(node, attributes=attributes, children=tuple(_node(child, old, new) for child in node.children))
