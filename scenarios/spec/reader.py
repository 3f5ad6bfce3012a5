"""Scenario files: YAML in, a `LogicalScenario` out, or every fault at once with file, line and column."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from driving_data.errors import Fault, InputError, nearest_name
from scenarios.algebra import LogicalScenario, choice, pairs_of, scenario
from scenarios.completeness import missing
from scenarios.expressions import Expression, TextFault
from scenarios.leaf import IllTyped, Leaf, Misfit
from scenarios.normal_form import Blocks, provided_by
from scenarios.parse import parse_condition
from scenarios.spec import sections
from scenarios.spec.compose import Composer, set_values, substituted
from scenarios.spec.faults import add_custom, add_validation
from scenarios.spec.hints import explained, meant_key
from scenarios.spec.limits import beyond_limits
from scenarios.spec.nodes import MAX_BYTES, MAX_FAULTS, Document, Path, path_text, read_tree
from scenarios.spec.steps import StepReader
from scenarios.spec.tables import LEAF_TYPES, all_keys
from scenarios.spec.values import read_value, refuse
from scenarios.types.about import TIMING, about, parameter, timing
from scenarios.types.actors import RELATIONS
from scenarios.types.digital import SENSOR_FAULTS
from scenarios.types.rules import misfits
from scenarios.types.sensors import RIGS, sensors
from scenarios.units import Dimension, split_suffix

REQUIRED = ("on", "at", "speed")  # of the ego
_LEANT_ON = frozenset({"count", "on", "speed", "at", "kind", "meaning", *RELATIONS})  # keys that sections ask for
_ROW = re.compile(r"(\w+)\[(\d+)\]\.(.+)")


def read_spec(path: str | FilePath, settings: Mapping[str, str] | None = None) -> LogicalScenario:
    """Reads a scenario file.

    Args:
        path: the file.
        settings: parameters by name, or other values by path (`ego.speed`), that are set from outside.

    Raises:
        InputError: every fault of the file and of those that it includes.
    """
    return read_text(_text_of(FilePath(path)), str(path), settings=settings)


def _text_of(path: FilePath) -> str:
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise InputError([Fault(str(path), 0, 0, "", "unreadable", error.strerror or str(error), "a file")]) from error
    if size > MAX_BYTES:
        raise InputError([Fault(str(path), 0, 0, "", "too-large", f"{size} bytes", f"at most {MAX_BYTES} bytes")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise InputError([Fault(str(path), line, column, "", "not-utf8", repr(data[error.start : error.start + 1]),
                                "text in UTF-8")]) from error  # fmt: skip


def read_text(
    text: str, file: str = "<text>", *, whole: bool = True, settings: Mapping[str, str] | None = None
) -> LogicalScenario:
    """Reads a scenario from text.

    Args:
        text: YAML.
        file: what faults call it; maps and included files are looked up beside it.
        whole: refuse what cannot be drawn for lack of a road, an ego or a name; else a part is enough, as it is for
            a file that says `part: true`.
        settings: parameters by name, or other values by path (`ego.speed`), that are set from outside.

    Raises:
        InputError: every fault of the text and of the files that it includes.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise InputError([Fault(file, 0, 0, "", "too-large", "a long text", f"at most {MAX_BYTES} bytes")])
    document = _document(text, file, settings or {})
    if document.data is None:
        raise InputError(document.faults[:MAX_FAULTS])
    reader = _Reader(document, FilePath(file).parent if file != "<text>" else None)
    whole = whole and not reader.is_part(document.data)
    read = reader.scenario(document.data, ())
    if read is not None and not document.broken:
        problems = read.problems() if whole else ()
        said = {problem.found for problem in problems}
        absent = {f"ego.{key}" for key in REQUIRED if f"the ego has no {key!r}" in said}
        for problem in problems:
            if not any(problem.found == f"nothing gives {name!r}" for name in absent):
                reader.misfit(problem)
    elif whole and isinstance(document.data, Mapping) and not document.broken:
        reader.absent(document.data)
    if document.faults:
        order = {name: i for i, name in enumerate(dict.fromkeys(fault.file for fault in document.faults))}
        found = sorted(set(document.faults), key=lambda fault: (order[fault.file], fault.line, fault.column))
        raise InputError(found[:MAX_FAULTS])
    assert read is not None
    return read


def _document(text: str, file: str, settings: Mapping[str, str]) -> Document:
    """The text with what it includes, as one document."""
    document = Document(file)
    tree, document.faults = read_tree(text, file)
    if tree is None:
        return document
    base = FilePath(file).parent if file != "<text>" else None
    document.broken = bool(document.faults)
    if isinstance(tree.data, dict):
        composer = Composer(_text_of, base, document.faults, [str(FilePath(file).resolve())])
        before = len(document.faults)
        tree = composer.composed(tree)
        tree = substituted(set_values(tree, settings, document.faults))
        document.broken = document.broken or len(document.faults) > before
    document.hold(tree)
    return document


@dataclass(slots=True)
class _Reader:
    document: Document
    base: FilePath | None
    origins: dict[tuple[str, str], Path] = field(default_factory=lambda: {})
    types: dict[str, Dimension] = field(default_factory=lambda: {})
    hidden: set[str] = field(default_factory=lambda: set())
    unknown_kinds: set[str] = field(default_factory=lambda: set())  # slots of what actors of no known class do
    blind: bool = False  # whether names are hidden that nobody can tell

    def scenario(self, data: Any, path: Path) -> LogicalScenario | None:
        """A whole or partial scenario; None where something is at fault that hides the rest."""
        if not isinstance(data, Mapping):
            form = "keys such as road:, ego: and actors:"
            self.document.fault(path, "wrong-type", _kind_of(data), form)
            return None
        before = len(self.document.faults)
        valid = (*all_keys(), "weight") if path else all_keys()
        for key in data:
            if len(self.document.faults) > MAX_FAULTS:
                break
            if key not in valid:
                near = meant_key(str(key), valid)
                self.document.fault((*path, key), "unknown-key", repr(key), f"one of {', '.join(valid)}", near,
                                    at_key=True)  # fmt: skip
        leaves = self.leaves(data, path)
        options = self.options(data, path)
        conditions = self.conditions(data.get("where", []), (*path, "where"))
        self.is_part(data, path)
        return self.product(leaves, options, conditions, path, len(self.document.faults) > before)

    def is_part(self, data: Any, path: Path = ()) -> bool:
        """Whether the file says that it is a part of others."""
        said = data.get("part", False) if isinstance(data, Mapping) else False
        if not isinstance(said, bool):
            self.document.fault((*path, "part"), "wrong-type", repr(said)[:40], "true or false")
        return said is True

    def absent(self, data: Mapping[str, Any]) -> None:
        """Faults of what a whole scenario lacks, in a document that has other faults too.

        What a misspelt key may have meant is not missed.
        """
        unknown = [fault for fault in self.document.faults if fault.code == "unknown-key"]
        meant = {fault.nearest for fault in unknown if "." not in fault.path}
        for key in ("road", "ego"):
            if key not in data and key not in meant and not {"one_of", "choices", "storyboard"} & data.keys():
                self.document.fault((), "missing-section", f"the scenario has no {key}", f"the section {key!r}")
        ego = data.get("ego")
        if isinstance(ego, Mapping) and not any(fault.path.startswith("ego.") for fault in unknown):
            given = {split_suffix(str(key))[0] for key in ego}
            for key in [key for key in REQUIRED if key not in given]:
                self.document.fault(("ego",), "missing-key", f"the ego has no {key!r}", f"the key {key!r}")

    def product(
        self, leaves: list[Leaf], options: list[LogicalScenario], conditions: list[tuple[Path, Expression]], path: Path,
        faulty: bool,
    ) -> LogicalScenario | None:  # fmt: skip
        blocks = (*leaves, *(block for option in options for block in option.blocks))
        found = [misfit for one, two in pairs_of(blocks) for misfit in misfits(one, two)
                 if not (misfit.code == "impossible-action" and misfit.slot in self.unknown_kinds)]  # fmt: skip
        for misfit in found:
            self.misfit(misfit)
        if found or faulty:
            self.unknown_names(blocks, conditions)
            return None
        try:
            whole = scenario(*leaves)
            for option in options:
                whole = whole & option
        except IllTyped as error:
            self.document.fault(path, "ill-typed", str(error), "parts that go together")
            return None
        for misfit in beyond_limits(whole.leaves()):
            self.misfit(misfit)
        known = frozenset(path for leaf in whole.leaves() for path in leaf.paths())
        for where, condition in conditions:
            if self.unknown_in(where, condition, known):
                continue
            try:
                whole = whole.where(condition)
            except IllTyped as error:
                said = str(error).replace("the condition '= ", "the condition '")
                self.document.fault(where, "bad-condition", said, "a condition that can hold")
        return whole

    def unknown_in(self, path: Path, condition: Expression, known: frozenset[str]) -> bool:
        """Whether a condition reads what nothing gives; each such name is a fault."""
        absent = [name for name in condition.names() if name not in known and name.split(".")[0] not in self.hidden]
        for name in () if self.blind else absent:
            near = nearest_name(name, sorted(known))
            self.document.fault(path, "unknown-name", f"nothing gives {name!r}", "a value of this scenario", near)
        return any(name not in known for name in condition.names())

    def unknown_names(self, blocks: Blocks, conditions: list[tuple[Path, Expression]]) -> None:
        """Faults of names and actors in a document that has others too, but for what those may have hidden."""
        for problem in () if self.blind else missing(blocks):
            name = problem.found.split("'")[1] if "'" in problem.found else ""
            if problem.code in ("unknown-actor", "unknown-name") and name.split(".")[0] not in self.hidden:
                self.misfit(problem)
        known = frozenset(provided_by(blocks))
        for path, condition in conditions:
            self.unknown_in(path, condition, known)

    def leaves(self, data: Mapping[str, Any], path: Path) -> list[Leaf]:
        """Leaves of every section of one level; sections at fault are left out."""
        found: list[Leaf | None] = [self._about(data, path), self._timing(data, path)]
        makers: dict[str, Callable[[Any], Leaf]] = {
            "storyboard": lambda value: sections.storyboard_leaf(value, self.base),
            "road": lambda value: sections.road_leaf(value, self.base),
            "weather": lambda value: sections.preset_leaf("weather", value),
            "light": lambda value: sections.preset_leaf("light", value),
            "ego": sections.ego_leaf,
            "sensors": _sensors,
        }
        for key, make in makers.items():
            if key in data:
                found.append(self.made(make, data[key], (*path, key)))
        for key in ("actors", "roles"):
            for name, inner, here in self.named(data, key, path):
                if name == "ego":
                    form = "another name; the ego has the section 'ego'"
                    self.document.fault(here, "ill-typed", f"an actor called {name!r}", form, at_key=True)
                    continue
                acts = inner.pop("do", None) if isinstance(inner, dict) else None
                found.append(self.made(partial(_actor, name, key == "roles"), inner, here))
                if acts is not None:
                    found.append(self.acts(name, acts, (*here, "do")))
        for name, inner, here in self.named(data, "do", path):
            found.append(self.acts(name, inner, here))
        for key, make_named in (("traffic", sections.traffic_leaf), ("signals", sections.signal_leaf)):
            for name, inner, here in self.named(data, key, path):
                found.append(self.made(lambda value, m=make_named, name=name: m(name, value), inner, here))
        found.extend(self._described(data, path))
        leaves = [leaf for leaf in found if leaf is not None]
        for leaf in leaves:
            self.types.update({p: v.dimension for p, v in leaf.paths().items()})
        return [*leaves, *self._parameters(data, path)]

    def _described(self, data: Mapping[str, Any], path: Path) -> Iterator[Leaf | None]:
        """Leaves of the kinds that are described by data (`scenarios.types.catalogue`)."""
        for kind in LEAF_TYPES.values():
            if not kind.several:
                if kind.kind in data:
                    maker = partial(sections.described_leaf, kind, "")
                    yield self.made(maker, data[kind.kind], (*path, kind.kind))
                continue
            rows = self.named(data, kind.kind, path)
            if kind is SENSOR_FAULTS and isinstance(data.get("sensors"), Mapping):
                rows += self.named(data["sensors"], "faults", (*path, "sensors"))
            for name, inner, here in rows:
                yield self.made(partial(sections.described_leaf, kind, name), inner, here)

    def named(self, data: Mapping[str, Any], key: str, path: Path) -> list[tuple[str, Any, Path]]:
        inner = data.get(key)
        if inner is None:
            return []
        if not isinstance(inner, Mapping):
            form = "names without '- ' before them, and below each what belongs to it"
            self.document.fault((*path, key), "wrong-type", _kind_of(inner), form)
            self.blind = True
            return []
        return [(str(name), dict(value) if isinstance(value, Mapping) else value, (*path, key, str(name)))
                for name, value in inner.items()]  # fmt: skip

    def made(self, make: Callable[[Any], Leaf], data: Any, path: Path) -> Leaf | None:
        """A leaf, or None and its faults."""
        before = len(self.document.faults)
        leaf = self._tried(make, data, path)
        if leaf is None or len(self.document.faults) > before:
            self.hidden.add(str(path[-1]))
            leaf = self._rest(make, data, path, before)
        if leaf is None:
            return None
        self.origins[leaf.slot, ""] = path
        for name, _ in leaf.values:
            own = name.removeprefix("driver.")
            self.origins[leaf.slot, name] = (*path, "driver", own) if own != name else (*path, *_parts(name))
        for relation in RELATIONS:
            if leaf.text("relation") == relation:
                self.origins[leaf.slot, "of"] = self.origins[leaf.slot, "by"] = (*path, relation)
        return leaf

    def _rest(self, make: Callable[[Any], Leaf], data: Any, path: Path, before: int) -> Leaf | None:
        """The leaf without what is at fault, to find what else is wrong in it; None where that cannot be."""
        faults = self.document.faults
        here = path_text(path)
        bad = {re.split(r"[.\[]", fault.path.removeprefix(here).lstrip("."))[0] for fault in faults[before:]}
        if not isinstance(data, Mapping) or not bad or "" in bad or bad & {"on", "preset", *RELATIONS}:
            return None
        if "kind" in bad:
            self.unknown_kinds.add(f"do {path[-1]}")
        kept = {key: value for key, value in data.items() if split_suffix(str(key))[0] not in bad and key not in bad}
        if path[-1] in ("road", "storyboard") or not 0 < len(kept) < len(data):
            return None
        count = len(faults)
        leaf = self._tried(make, kept, path)
        found = faults[count:]
        del faults[count:]
        meant = {fault.nearest for fault in faults[before:]}
        if (bad | meant) & _LEANT_ON:
            return leaf  # what it lacks may stand in what is at fault
        faults.extend(found)
        return leaf if leaf is not None or not found else self._rest(make, kept, path, count)

    def _tried(self, make: Callable[[Any], Leaf], data: Any, path: Path) -> Leaf | None:
        try:
            return make(data)
        except ValidationError as error:
            add_validation(self.document, error, path, sections.model_of(path, data))
            return None
        except (PydanticCustomError, IllTyped, TextFault) as error:
            add_custom(self.document, error, path)
            return None

    def acts(self, name: str, data: Any, path: Path) -> Leaf | None:
        steps = StepReader(self.document, f"do {name}", self.origins)
        return steps.leaf(name, data, path)

    def _about(self, data: Mapping[str, Any], path: Path) -> Leaf | None:
        texts: dict[str, str] = {}
        for key in ("scenario", "description"):
            if key in data and not isinstance(data[key], str):
                self.document.fault((*path, key), "wrong-type", repr(data[key]), "a text")
            elif key in data:
                texts[key] = " ".join(data[key].split())
        tags = data.get("tags", [])
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            self.document.fault((*path, "tags"), "wrong-type", repr(tags)[:40], "a list of texts")
            tags = []
        if not texts and not tags:
            return None
        return about(texts.get("scenario", ""), texts.get("description", ""), tags)

    def _timing(self, data: Mapping[str, Any], path: Path) -> Leaf | None:
        given = {key: data[key] for key in ("duration", "step") if key in data}
        read: dict[str, Any] = {}
        for key, value in given.items():
            self.origins["time", key] = (*path, key)
            try:
                read[key] = read_value(value, TIMING[key])
            except PydanticCustomError as error:
                add_custom(self.document, error, (*path, key))
        return timing(**read) if read else None

    def _parameters(self, data: Mapping[str, Any], path: Path) -> list[Leaf]:
        """Parameters may read one another in any order: those that cannot be told yet wait for the others."""
        waiting = {name: (value, here) for name, value, here in self.named(data, "parameters", path)}
        found: list[Leaf] = []
        while waiting:
            last: dict[str, Exception] = {}
            for name, (value, here) in list(waiting.items()):
                try:
                    leaf = parameter(name, sections.parameter_value(value, self.types), _dimension(value, self.types))
                except (PydanticCustomError, IllTyped, TextFault) as error:
                    last[name] = error
                    continue
                self.types[name] = leaf.values[0][1].dimension
                self.origins[leaf.slot, ""] = here
                found.append(leaf)
                del waiting[name]
            if len(last) == len(waiting) and waiting and set(last) == set(waiting):
                self.hidden.update(last)
                for name, error in last.items():
                    add_custom(self.document, error, waiting[name][1])
                break
        return found

    def options(self, data: Mapping[str, Any], path: Path) -> list[LogicalScenario]:
        """`one_of: [...]` and `choices: [[...], ...]`."""
        lists: list[tuple[Path, Any]] = [((*path, "one_of"), data["one_of"])] if "one_of" in data else []
        several = data.get("choices", [])
        if isinstance(several, list):
            lists.extend(((*path, "choices", i), item) for i, item in enumerate(several))
        else:
            self.document.fault((*path, "choices"), "wrong-type", _kind_of(several), "a list of lists of scenarios")
        found: list[LogicalScenario] = []
        for here, items in lists:
            if not isinstance(items, list) or not items:
                found_here = _kind_of(items) if items else "nothing"
                form = "a list of partial scenarios: begin each with '- '"
                self.document.fault(here, "wrong-type", found_here, form)
                continue
            read = [(self._weight(item, (*here, i)), self.scenario(item, (*here, i))) for i, item in enumerate(items)]
            whole = [(weight, option) for weight, option in read if option is not None]
            if len(whole) == len(read):
                found.append(choice(*whole))
        return found

    def _weight(self, data: Any, path: Path) -> int | float | Fraction:
        weight = data.get("weight", 1) if isinstance(data, Mapping) else 1
        if isinstance(weight, str) and re.fullmatch(r"[1-9][0-9]*/[1-9][0-9]*", weight):
            return Fraction(weight)
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or weight <= 0:
            self.document.fault((*path, "weight"), "bad-weight", repr(weight), "a weight above 0")
            return 1.0
        return weight

    def conditions(self, data: Any, path: Path) -> list[tuple[Path, Expression]]:
        """The conditions of `where`: one text or a list of them."""
        if data is not None and not isinstance(data, (str, list)):
            self.document.fault(path, "wrong-type", _kind_of(data), "a list of conditions")
            return []
        listed = [(path, data)] if isinstance(data, str) else [((*path, i), item) for i, item in enumerate(data or [])]
        found: list[tuple[Path, Expression]] = []
        for here, text in listed:
            try:
                if not isinstance(text, str):
                    raise TextFault("wrong-type", repr(text), "a condition such as ego.speed > 10 m/s")
                found.append((here, parse_condition(text)))
            except TextFault as refused:
                fault = explained(text, refused) if isinstance(text, str) else refused
                self.document.fault(here, fault.code, fault.found, fault.expected, fault.nearest, fault.offset)
        return found

    def misfit(self, misfit: Misfit) -> None:
        """Adds what does not go together, where it stands."""
        for end in range(len(misfit.field), -1, -1):
            if (misfit.slot, misfit.field[:end]) in self.origins:
                path = self.origins[misfit.slot, misfit.field[:end]]
                break
        else:
            path = ()
        self.document.fault(path, misfit.code, misfit.found, misfit.expected, misfit.nearest)


def _kind_of(data: Any) -> str:
    """What was found, in words that do not show all of it."""
    if isinstance(data, list):
        return "a list"
    return "keys" if isinstance(data, Mapping) else repr(data)[:40]


def _parts(name: str) -> Path:
    """The path of a value within its section: `phases[00].state` is phases, 0, state."""
    match = _ROW.fullmatch(name)
    return (match[1], int(match[2]), match[3]) if match else (name,)


def _dimension(value: Any, types: Mapping[str, Dimension]) -> Dimension:
    return sections.parameter_value(value, types).dimension


def _actor(name: str, is_role: bool, data: Any) -> Leaf:
    return sections.actor_leaf(name, data, is_role)


def _sensors(data: Any) -> Leaf:
    """`front`, or `{rig: front, faults: {...}}`, whose faults are leaves of their own."""
    if isinstance(data, Mapping):
        for key in data:
            if key not in ("rig", "faults"):
                near = nearest_name(str(key), ("rig", "faults"))
                raise refuse("unknown-key", repr(key), "rig or faults", near, key=str(key))
        data = data.get("rig", "front")
    if not isinstance(data, str) or data not in RIGS:
        raise sections.unknown_rig(data)
    return sensors(data)
