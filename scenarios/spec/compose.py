"""Files made of files: `extends`, `include`, parameters that are set from outside and `$name` in texts.

A file that extends another says what is different: its own values stand over those of the base, key by key. Included
files are joined like factors of a product: where two of them give the same value, the file itself has to say which.
Every value keeps the place where it was written, so that a fault is shown in the file that has it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from driving_data.errors import Fault, InputError, nearest_name
from scenarios.expressions import TextFault
from scenarios.parse import parse_any
from scenarios.space import Const
from scenarios.spec.nodes import Node, Path, Place, path_text, read_tree
from scenarios.spec.tables import JOINED_KEYS
from scenarios.units import TEXT, split_suffix

MAX_FILES = 64
SOURCES = ("extends", "include")
_NAMED = ("actors", "roles", "traffic")
_PLACES = ("at", "ahead_of", "behind", "beside")
_REFERENCE = re.compile(r"\$(?:\{\s*([A-Za-z_]\w*)\s*\}|([A-Za-z_]\w*))")
Load = Callable[[FilePath], str]


@dataclass(slots=True)
class Composer:
    """Joins a file with what it names.

    Attributes:
        load: reads a file as text; raises `InputError`.
        base: folder that the names of files are looked up in; None where files may not be named.
        faults: every fault found on the way.
        open: files that are being read, outermost first.
        count: files read so far.
    """

    load: Load
    base: FilePath | None
    faults: list[Fault] = field(default_factory=lambda: [])
    open: list[str] = field(default_factory=lambda: [])
    count: int = 0

    def composed(self, node: Node, path: Path = ()) -> Node:
        """The node with its bases and included files joined in, and those of its options."""
        if not isinstance(node.data, dict):
            return node
        data = dict(node.data)
        for key in ("one_of", "choices"):
            if key in data:
                data[key] = self._options(data[key], (*path, key))
        own = Node({k: v for k, v in data.items() if k not in SOURCES}, node.place, node.key)
        base = self._sources(data.get("extends"), (*path, "extends"), node.place)
        parts = self._sources(data.get("include"), (*path, "include"), node.place, own, base is not None)
        for other in (parts, own):
            if other is not None:
                base = other if base is None else overlay(base, other)
        assert base is not None
        return Node(_with_players(base).data, node.place, node.key)

    def _options(self, node: Node, path: Path) -> Node:
        """Options of a choice may include files of their own."""
        if not isinstance(node.data, list):
            return node
        inner = [
            self._options(item, (*path, i)) if isinstance(item.data, list) else self.composed(item, (*path, i))
            for i, item in enumerate(node.data)
        ]
        return Node(inner, node.place, node.key, node.removed)

    def _sources(
        self, node: Node | None, path: Path, place: Place, own: Node | None = None, based: bool = False
    ) -> Node | None:
        """The files that `extends` or `include` names, joined; None for none."""
        if node is None:
            return None
        items = node.data if isinstance(node.data, list) else [node]
        if path[-1] == "extends" and len(items) > 1:
            self._fault(node, path, "wrong-type", f"{len(items)} files", "one file; `include` takes several")
            items = items[:1]
        joined: Node | None = None
        for i, item in enumerate(items):
            found = self._source(item, (*path, i) if items is node.data else path)
            if found is None:
                continue
            if joined is not None and own is not None:
                self._refuse_twice(joined, found, own, ())
            joined = found if joined is None else overlay(joined, found)
        return joined

    def _source(self, node: Node, path: Path) -> Node | None:
        """One file: its name, or `{file: name, set: {parameter: value}}`."""
        name, settings = node, None
        if isinstance(node.data, dict):
            for key in node.data:
                if key not in ("file", "set"):
                    near = nearest_name(key, ("file", "set"))
                    at = Node(None, node.data[key].key or node.place)
                    self._fault(at, (*path, key), "unknown-key", repr(key), "one of file, set", near)
            if "file" not in node.data and all(nearest_name(key, ("file",)) is None for key in node.data):
                self._fault(node, path, "missing-key", "nothing", "the key 'file'")
            if "file" not in node.data:
                return None
            name, settings = node.data["file"], node.data.get("set")
        if not isinstance(name.data, str) or not name.data.strip():
            self._fault(name, path, "wrong-type", repr(name.plain())[:40], "a file or a scenario of the library")
            return None
        tree = self._read(name, path)
        if tree is not None and settings is not None:
            tree = self._set(tree, settings, path)
        return tree

    def _read(self, node: Node, path: Path) -> Node | None:
        where = self._find(node, path)
        if where is None:
            return None
        key = str(where.resolve())
        if key in self.open:
            ring = " -> ".join(FilePath(item).name for item in [*self.open[self.open.index(key) :], key])
            self._fault(node, path, "include-cycle", ring, "files that do not include one another in a ring")
            return None
        self.count += 1
        if self.count > MAX_FILES:
            if self.count == MAX_FILES + 1:
                self._fault(node, path, "too-large", f"more than {MAX_FILES} included files", "fewer files")
            return None
        try:
            text = self.load(where)
        except InputError as error:
            self.faults.extend(error.faults)
            return None
        tree, faults = read_tree(text, str(where))
        self.faults.extend(faults)
        if tree is not None and not isinstance(tree.data, dict):
            self._fault(tree, (), "wrong-type", repr(tree.plain())[:40], "keys such as road, ego, actors")
            tree = None
        if tree is None:
            return None
        inner = Composer(self.load, where.parent, self.faults, [*self.open, key], self.count)
        made = inner.composed(_rooted(tree, where.parent))
        self.count = inner.count
        return Node({k: v for k, v in made.data.items() if k != "part"}, made.place)

    def _find(self, node: Node, path: Path) -> FilePath | None:
        """The file of a name: beside this one, or a scenario of the library."""
        from scenarios import library

        name = node.data.strip()
        if self.base is not None:
            for candidate in (self.base / name, self.base / f"{name}.yaml"):
                if candidate.is_file():
                    return candidate
        if name.removesuffix(".yaml") in library.names():
            return library.path(name.removesuffix(".yaml"))
        beside = [file.name for file in sorted(self.base.glob("*.y*ml"))[:200]] if self.base is not None else []
        near = nearest_name(name, [*library.names(), *beside])
        where = f"a file in {self.base}" if self.base is not None else "no file (this text stands in none)"
        self._fault(node, path, "missing-file", repr(name), f"{where}, or a scenario of the library", near)
        return None

    def _set(self, tree: Node, settings: Node, path: Path) -> Node:
        """The tree with parameters set from outside."""
        here = (*path, "set")
        if not isinstance(settings.data, dict):
            self._fault(settings, here, "wrong-type", repr(settings.plain())[:40], "parameters with their values")
            return tree
        held: Node | None = tree.data.get("parameters")
        known: dict[str, Node] = held.data if held is not None and isinstance(held.data, dict) else {}
        for name, value in settings.data.items():
            if name not in known:
                expected = f"one of its parameters: {', '.join(known)}" if known else "nothing: it has no parameters"
                at = Node(None, value.key or value.place)
                self._fault(at, (*here, name), "unknown-parameter", repr(name), expected, nearest_name(name, known))
        given = {name: value for name, value in settings.data.items() if name in known}
        return overlay(tree, Node({"parameters": Node(given, settings.place)}, tree.place)) if given else tree

    def _refuse_twice(self, one: Node, two: Node, own: Node, path: Path) -> None:
        """Faults of values that two included files give and the file itself does not."""
        for key, node in two.data.items():
            here = (*path, key)
            if key not in one.data or (not path and key in JOINED_KEYS) or key in ("scenario", "description", "part"):
                continue
            decided = own.data.get(key) if isinstance(own.data, dict) else None
            first, second = _unfolded(here, one.data[key]), _unfolded(here, node)
            if _both(dict, first, second) and (_descends(here, first, second) or here in (("weather",), ("light",))):
                below = _unfolded(here, decided) if decided is not None else Node({}, own.place)
                self._refuse_twice(first, second, below, here)
            elif decided is None and first.plain() != second.plain():
                other = one.data[key].place
                found = f"{path_text(here)} given twice, first in {other.file}:{other.line}"
                self._fault(node, here, "include-conflict", found, "it in one of the included files, or in this file")

    def _fault(self, node: Node, path: Path, code: str, found: str, expected: str, nearest: str | None = None) -> None:
        at = node.place
        self.faults.append(Fault(at.file, at.line, at.column, path_text(path), code, found, expected, nearest))


def _with_players(node: Node) -> Node:
    """Roles that a base leaves open and the file fills are actors: what the file says stands over the role."""
    roles, actors = node.data.get("roles"), node.data.get("actors")
    if roles is None or actors is None or not _both(dict, roles, actors):
        return node
    played = {name: who for name, who in actors.data.items() if name in roles.data and isinstance(who.data, dict)}
    whole = {name: overlay(roles.data[name], who, ("actors", name)) for name, who in played.items()}
    left = {name: part for name, part in roles.data.items() if name not in played}
    found = {**node.data, "actors": Node({**actors.data, **whole}, actors.place, actors.key)}
    found["roles"] = Node(left, roles.place, roles.key)
    return Node({key: inner for key, inner in found.items() if key != "roles" or left}, node.place, node.key)


def _rooted(tree: Node, folder: FilePath) -> Node:
    """The tree with the road's file named from its own folder."""
    road = tree.data.get("road")
    if road is None or not isinstance(road.data, dict) or "file" not in road.data:
        return tree
    file = road.data["file"]
    if not isinstance(file.data, str):
        return tree
    moved = Node(str((folder / file.data).resolve()), file.place, file.key)
    return Node({**tree.data, "road": Node({**road.data, "file": moved}, road.place, road.key)}, tree.place)


def overlay(base: Node, over: Node, path: Path = ()) -> Node:
    """The base with what stands in `over` put over it, key by key down to single values."""
    found: dict[str, Node] = dict(base.data)
    for key, node in over.data.items():
        here = (*path, key)
        if node.removed:
            found.pop(key, None)
            continue
        under, node = found.get(key), _unfolded(here, node)
        under = _unfolded(here, under) if under is not None else None
        if under is not None and here[-1] in JOINED_KEYS and not path and _both(list, under, node):
            found[key] = Node([*under.data, *node.data], node.place, node.key)
        elif under is not None and _descends(here, under, node):
            found[key] = Node(overlay(under, node, here).data, node.place, node.key)
        else:
            for rival in _rivals(key, here, found):
                found.pop(rival)
            found[key] = node
    return Node(found, base.place, base.key)


def _both(kind: type, one: Node, two: Node) -> bool:
    return isinstance(one.data, kind) and isinstance(two.data, kind)


def _descends(path: Path, under: Node, over: Node) -> bool:
    """Whether what is written over a value adds to it, instead of standing for it."""
    if not _both(dict, under, over):
        return False
    top = path[0]
    if top == "road":
        same = set(over.data) == set(under.data) or ("file" in over.data and "file" in under.data)
        return same if len(path) == 1 else len(path) == 2
    if top in ("weather", "light"):
        return len(path) == 1 and "preset" not in over.data
    if top in _NAMED:
        return len(path) <= 2 or (len(path) == 3 and path[2] == "driver")
    return len(path) == 1


def _unfolded(path: Path, node: Node) -> Node:
    """Short forms in long: `weather: rain` is `weather: {preset: rain}`, `road: urban` is `road: {urban: {}}`."""
    if len(path) != 1 or not isinstance(node.data, str):
        return node
    if path[0] in ("weather", "light"):
        return Node({"preset": node}, node.place, node.key)
    if path[0] == "road":
        return Node({node.data: Node({}, node.place, node.place)}, node.place, node.key)
    return node


def _rivals(key: str, path: Path, found: Mapping[str, Node]) -> list[str]:
    """Keys that say the same in another way: `speed_kmh` and `speed`, `at` and `ahead_of`."""
    if len(path) == 1 or (len(path) == 2 and path[0] in (*_NAMED, "parameters", "signals", "do", "road")):
        return []
    base = split_suffix(key)[0]
    same = {base, *(_PLACES if len(path) == 3 and path[0] == "actors" and base in _PLACES else ())}
    return [other for other in found if other != key and split_suffix(other)[0] in same]


def set_values(root: Node, given: Mapping[str, str], faults: list[Fault]) -> Node:
    """The tree with values set from outside: a parameter by its name, any other value by its path (`ego.speed`)."""
    for name, text in given.items():
        place = Place(0, 0, f"--set {name}={text}")
        parameters = root.data.get("parameters")
        known = parameters.data if parameters is not None and isinstance(parameters.data, dict) else {}
        parts = ["parameters", name] if name in known else name.split(".")
        actors = root.data.get("actors")
        if actors is not None and isinstance(actors.data, dict) and parts[0] in actors.data:
            parts = ["actors", *parts]
        tree, found = read_tree(text, place.file)
        problem = _unreachable(root, parts, known, name)
        if tree is None or found or problem:
            expected, near = problem or ("a value such as 50 km/h", None)
            code = "unknown-parameter" if problem else "bad-expression"
            faults.append(Fault(place.file, 0, 0, name, code, repr(name if problem else text), expected, near))
            continue
        value = Node(tree.data, place, place)
        for part in reversed(parts[1:]):
            value = Node({part: value}, place, place)
        root = overlay(root, Node({parts[0]: value}, root.place))
    return root


def _unreachable(root: Node, parts: list[str], known: Mapping[str, Node], name: str) -> tuple[str, str | None] | None:
    """Why a value cannot be set; None where it can."""
    if parts[0] == "parameters" or (len(parts) > 1 and parts[0] in root.data):
        return None
    paths = [*known, *(f"{top}.{key}" for top, node in root.data.items() if isinstance(node.data, dict)
                       for key in node.data if top != "parameters")]  # fmt: skip
    expected = f"one of its parameters ({', '.join(known) or 'there are none'}) or a path such as ego.speed"
    return expected, nearest_name(name, paths)


def substituted(root: Node) -> Node:
    """The tree with `$name` and `${name}` of constant text parameters replaced by the text.

    A text that is nothing but `$name` of another parameter becomes the expression `= name`, where a name is meant.
    """
    held = root.data.get("parameters") if isinstance(root.data, dict) else None
    if held is None or not isinstance(held.data, dict):
        return root
    words = {name: node.data for name, node in held.data.items() if _is_word(node.data)}
    return _replaced(root, words) if words else root


def _is_word(data: Any) -> bool:
    if not isinstance(data, str) or "$" in data:
        return False
    try:
        value = parse_any(data, {})
    except (TextFault, ValueError):
        # A route such as main.1 is no single word of an expression, but a text.
        return bool(re.fullmatch(r"[A-Za-z_]\w*(\.\w+)+", data))
    return isinstance(value, Const) and value.dimension == TEXT


def _replaced(node: Node, words: Mapping[str, str]) -> Node:
    data = node.data
    if isinstance(data, dict):
        data = {key: _replaced(inner, words) for key, inner in data.items()}
    elif isinstance(data, list):
        data = [_replaced(inner, words) for inner in data]
    elif isinstance(data, str) and "$" in data:
        data = _REFERENCE.sub(lambda match: words.get(match[1] or match[2], match[0]), data)
    return Node(data, node.place, node.key, node.removed, node.quoted)
