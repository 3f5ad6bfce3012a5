"""The `do` lists of a scenario file: one action per item, with `when` where it waits for something."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import Field as Key
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from driving_data.errors import nearest_name
from scenarios.expressions import TextFault, Value
from scenarios.leaf import IllTyped, Leaf, Step, TriggerSpec
from scenarios.spec.faults import add_custom, add_validation
from scenarios.spec.nodes import Document, Path
from scenarios.spec.sections import OptionalText
from scenarios.spec.values import Section, parsed, read_value, section, values_of
from scenarios.types.fields import Field
from scenarios.types.manoeuvres import ACTIONS, TRIGGERS, do, step, step_problems
from scenarios.units import LENGTH

_TRIGGER = re.compile(
    r"\s*(?P<kind>[A-Za-z_]+)\s*(?:\(\s*(?P<of>\w+)\s*\))?\s*(?P<sign><=|>=|<|>|==|=)\s*(?P<limit>.+)"
)
_SEVERAL = re.compile(r"\s(and|or|&&|\|\|)\s")
_POINT = Field(LENGTH, "place along or beside the route")
_FORMS = ", ".join(f"{n}{'(actor)' if t.target else ''} {t.sign} {t.dimension.unit}" for n, t in TRIGGERS.items())


@dataclass(slots=True)
class StepReader:
    """Reads one actor's list; `origins` says where in the file each value of the leaf stands."""

    document: Document
    slot: str
    origins: dict[tuple[str, str], Path] = field(default_factory=lambda: {})

    def leaf(self, actor: str, data: Any, path: Path) -> Leaf | None:
        """The 'do' leaf of an actor; None where a step is at fault."""
        self.origins[self.slot, ""] = path
        steps = self.steps(data, path, "")
        return do(actor, *steps) if steps else None

    def steps(self, data: Any, path: Path, prefix: str) -> tuple[Step, ...] | None:
        """Steps of a list; None where one is at fault."""
        if isinstance(data, Mapping):
            self.document.fault(path, "wrong-type", "keys", "a list of steps: begin each with '- '")
            return None
        if not isinstance(data, list) or not data:
            self.document.fault(path, "wrong-type", repr(data)[:40], "a list of steps")
            return None
        read = [self.step(item, (*path, i), f"{prefix}[{i}]") for i, item in enumerate(data)]
        return tuple(item for item in read if item is not None) if None not in read else None

    def step(self, data: Any, path: Path, prefix: str) -> Step | None:
        """One step; None where it is at fault."""
        self.origins[self.slot, prefix] = path
        if isinstance(data, str):
            data = {data: None}
        if not isinstance(data, Mapping):
            self.document.fault(path, "wrong-type", repr(data)[:40], "an action such as cut_in: {to: main.1}")
            return None
        actions = [str(key) for key in data if key != "when"]
        trigger = self.trigger(data["when"], (*path, "when"), prefix) if "when" in data else None
        if len(actions) != 1:
            found = f"{len(actions)} actions: {', '.join(actions)}" if actions else "no action"
            self.document.fault(path, "bad-step", found, "one action in each step; begin the next with '- '")
            return None
        action = actions[0]
        if action not in ACTIONS:
            near = nearest_name(action, ACTIONS)
            self.document.fault(
                (*path, action), "unknown-action", repr(action), f"one of {', '.join(ACTIONS)}", near, at_key=True
            )
            return None
        made = self._action(action, data[action], (*path, action), prefix, trigger)
        return None if "when" in data and trigger is None else made

    def _action(self, action: str, data: Any, path: Path, prefix: str, trigger: TriggerSpec | None) -> Step | None:
        if action in ("sequence", "parallel"):
            steps = self.steps(data, path, prefix)
            return None if steps is None else self._made(path, lambda: step(action, steps=steps, when=trigger))
        if action == "repeat":
            return self._repeat(data, path, prefix, trigger)
        kind = ACTIONS[action]
        if data is None:
            data = {}
        if not isinstance(data, Mapping):
            if not kind.main:
                expected = f"keys such as {', '.join(kind.fields)}"
                self.document.fault(path, "wrong-type", repr(data)[:40], expected)
                return None
            self.origins[self.slot, f"{prefix}.{kind.main}"] = path
            model = self._validated(action, {kind.main: data}, path, kind.main)
        else:
            for name in (*kind.fields, "of"):
                self.origins[self.slot, f"{prefix}.{name}"] = (*path, name)
            model = self._validated(action, data, path, "")
        if model is None:
            return None
        return self._from_model(action, model, path, trigger)

    def _validated(self, action: str, data: Any, path: Path, alone: str) -> Any:
        try:
            return _section(action).model_validate(data)
        except ValidationError as error:
            add_validation(self.document, error, path, _section(action), alone)
            return None

    def _from_model(self, action: str, model: Any, path: Path, trigger: TriggerSpec | None) -> Step | None:
        kind = ACTIONS[action]
        values: dict[str, Any] = {f"{name}_": value for name, value in values_of(model, kind.fields).items()}
        of = (model.of or "") if kind.target else ""
        points = self._points(getattr(model, "points", None) or [], (*path, "points"))
        if points is None:
            return None
        given = {name.rstrip("_") for name in values}
        problems = step_problems(action, given, bool(of), False, bool(points))
        for problem in problems:
            self.document.fault(path, "bad-arguments", f"{action} {problem}", "such arguments", at_key=True)
        if problems:
            return None
        return self._made(path, lambda: step(action, of=of, when=trigger, points=points, **values))

    def _points(self, data: list[Any], path: Path) -> tuple[tuple[Value, Value], ...] | None:
        """Places `[s, d]` along a route; None where one is at fault."""
        found: list[tuple[Value, Value]] = []
        before = len(self.document.faults)
        for i, pair in enumerate(data):
            if not isinstance(pair, list) or len(pair) != 2:
                form = "a place [along the route, to its left], as [90 m, 1 m]"
                self.document.fault((*path, i), "wrong-type", repr(pair)[:40], form)
                continue
            read: list[Value] = []
            for j, item in enumerate(pair):
                try:
                    read.append(read_value(item, _POINT))
                except PydanticCustomError as error:
                    add_custom(self.document, error, (*path, i, j))
            if len(read) == 2:
                self.origins[self.slot, f"points[{i}]"] = (*path, i)
                found.append((read[0], read[1]))
        return tuple(found) if len(self.document.faults) == before else None

    def _made(self, path: Path, make: Callable[[], Step]) -> Step | None:
        try:
            return make()
        except (IllTyped, TextFault) as error:
            self.document.fault(path, "impossible-step", str(error), "steps that go together", at_key=True)
            return None

    def _repeat(self, data: Any, path: Path, prefix: str, trigger: TriggerSpec | None) -> Step | None:
        try:
            model: Any = _REPEAT.model_validate(data)
        except ValidationError as error:
            add_validation(self.document, error, path, _REPEAT)
            return None
        steps = self.steps(model.do, (*path, "do"), prefix)
        if steps is None:
            return None
        return self._made(path, lambda: step("repeat", steps=steps, when=trigger, times=model.times))

    def trigger(self, data: Any, path: Path, prefix: str) -> TriggerSpec | None:
        """`ttc(ego) < 3 s`; None where it is at fault."""
        self.origins[self.slot, f"{prefix}.when"] = path
        if isinstance(data, str) and (several := _SEVERAL.search(data)):
            form = "one condition; for both, `wait: 0 s` with the one and the action in the next step with the other"
            self.document.fault(
                path, "bad-trigger", f"two conditions with {several[1]!r}", form, offset=several.start(1)
            )
            return None
        match = _TRIGGER.fullmatch(data) if isinstance(data, str) else None
        if not match:
            self.document.fault(path, "bad-trigger", repr(data), f"one of {_FORMS}")
            return None
        kind = TRIGGERS.get(match["kind"])
        if kind is None:
            near = nearest_name(match["kind"], TRIGGERS)
            self.document.fault(path, "unknown-trigger", repr(match["kind"]), f"one of {_FORMS}", near)
            return None
        if kind.target != bool(match["of"]):
            form = f"{match['kind']}{'(actor)' if kind.target else ''} {kind.sign} ..."
            self.document.fault(path, "bad-trigger", repr(data), form)
            return None
        if match["sign"].rstrip("=") != kind.sign.rstrip("=") or match["sign"] in ("=", "=="):
            found = f"{match['kind']} {match['sign']} ..."
            self.document.fault(path, "bad-trigger", found, f"{match['kind']} {kind.sign} ...: {kind.doc} the limit")
            return None
        try:
            limit = parsed(match["limit"], kind.dimension)
        except TextFault as fault:
            offset = match.start("limit") + fault.offset
            self.document.fault(path, fault.code, fault.found, fault.expected, fault.nearest, offset)
            return None
        return TriggerSpec(match["kind"], limit, match["of"] or "")


@lru_cache(maxsize=64)
def _section(action: str) -> type[Section]:
    kind = ACTIONS[action]
    extra: dict[str, Any] = {"of": (OptionalText, None)} if kind.target else {}
    if action == "follow_path":
        extra["points"] = (list[Any], Key(default_factory=list))
    return section(action, kind.fields, **extra)


_REPEAT = section("repeat", ACTIONS["repeat"].fields, do=(Any, ...))
