"""Rules as data: YAML files with formulae, constants and parameters; our own reader tells every fault with its place.

```yaml
parameters: {abrupt_mps2: -2.0}        # changes of `RuleParameters`, with units in the names
constants: {least_ttc_s: 1.5}          # names for numbers of the formulae
rules:
  R_G1:
    title: Safe distance
    source: Maierhofer et al., IV 2020
    applies: interstate                # optional: where the rule holds
    formula: |
      G A a1: (in_same_lane(ego, a1) and in_front_of(ego, a1)) implies keeps_safe_distance_prec(ego, a1)
```
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from closed_loop.rules.formula import Formula
from closed_loop.rules.grammar import parse
from closed_loop.rules.parameters import RuleParameters
from closed_loop.rules.predicates import PREDICATES, asked_of
from driving_data.conf import conf_directory
from driving_data.errors import Fault, InputError, nearest_name

APPLIES = ("everywhere", "interstate")
_TOP = ("about", "parameters", "constants", "rules")
_RULE = ("title", "about", "source", "applies", "formula")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        id: name, as `R_G1`.
        title: a few words for a person.
        about: what it asks, in a sentence or two.
        source: where it comes from, and what was chosen here.
        formula: `G(body)` is judged at every moment, anything else at the first.
        parameters: numbers of its predicates.
        applies: 'everywhere', or 'interstate' for roads without junctions, of two lanes, 60 km/h and more.
    """

    id: str
    title: str
    about: str
    source: str
    formula: Formula
    parameters: RuleParameters
    applies: str = "everywhere"


@dataclass(slots=True)
class _Reader:
    """Reads one file; faults are gathered."""

    file: str
    lines: list[str]
    faults: list[Fault] = field(default_factory=lambda: [])

    def wrong(
        self, node: yaml.Node | None, path: str, code: str, found: str, expected: str, near: str | None = None
    ) -> None:
        line, column = (node.start_mark.line + 1, node.start_mark.column + 1) if node is not None else (1, 1)
        self.faults.append(Fault(self.file, line, column, path, code, found, expected, near))

    def table(
        self, node: yaml.Node, path: str, known: tuple[str, ...] | None
    ) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """The entries of a mapping: key node and value node by key."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, path, "type", "", "a mapping")
            return {}
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            name, below = str(key.value), f"{path}.{key.value}".lstrip(".")
            if name in found:
                self.wrong(key, below, "twice", repr(name), "each name once")
            elif known is not None and name not in known:
                self.wrong(
                    key, below, "unknown-name", repr(name), f"one of {', '.join(known)}", nearest_name(name, known)
                )
            else:
                found[name] = (key, value)
        return found

    def text(self, node: yaml.Node, path: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.wrong(node, path, "type", "", "text")
            return ""
        return str(node.value).strip()

    def number(self, node: yaml.Node, path: str) -> float:
        value: Any = yaml.safe_load(yaml.serialize(node)) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(node, path, "type", repr(node.value) if isinstance(node, yaml.ScalarNode) else "", "a number")
            return 0.0
        return float(value)

    def parameters(self, node: yaml.Node, base: RuleParameters) -> RuleParameters:
        known = tuple(one.name for one in fields(RuleParameters))
        table = self.table(node, "parameters", known)
        return replace(base, **{k: self.number(v, f"parameters.{k}") for k, (_, v) in table.items()})

    def rule(self, name: str, node: yaml.Node, parameters: RuleParameters, constants: dict[str, float]) -> Rule | None:
        path = f"rules.{name}"
        table = self.table(node, path, _RULE)
        texts = {key: self.text(value, f"{path}.{key}") for key, (_, value) in table.items()}
        for key in ("title", "source", "formula"):
            if isinstance(node, yaml.MappingNode) and not texts.get(key):
                self.wrong(node, path, "missing", "", f"a {key}")
        applies = texts.get("applies", "everywhere")
        if applies not in APPLIES:
            self.wrong(table["applies"][1], f"{path}.applies", "value", repr(applies), f"one of {', '.join(APPLIES)}",
                       nearest_name(applies, APPLIES))  # fmt: skip
        formula = self.formula(table["formula"][1], f"{path}.formula", constants) if texts.get("formula") else None
        if formula is None:
            return None
        return Rule(name, texts.get("title", ""), " ".join(texts.get("about", "").split()), texts.get("source", ""),
                    formula, parameters, applies)  # fmt: skip

    def formula(self, node: yaml.Node, path: str, constants: dict[str, float]) -> Formula | None:
        assert isinstance(node, yaml.ScalarNode)
        try:
            formula = parse(str(node.value), signals=PREDICATES, constants=constants, file=self.file,
                            place=self.placer(node), path=path)  # fmt: skip
        except InputError as error:
            self.faults += error.faults
            return None
        for signal in formula.signals():
            if asked_of(signal.key) is None:
                patterns = ", ".join(
                    f"{signal.name}({p})" if p else signal.name for p in PREDICATES[signal.name].measure
                )
                self.wrong(node, path, "arguments", repr(signal.key), f"{patterns}, where * is another actor")
        return formula

    def placer(self, node: yaml.ScalarNode) -> Callable[[int, int], tuple[int, int]]:
        """From a line and column of the formula to those of the file: exact for literal blocks and one-line text."""
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if node.style == "|":
            below = next((k for k in range(line, len(self.lines)) if self.lines[k].strip()), line)
            indent = len(self.lines[below]) - len(self.lines[below].lstrip()) if below < len(self.lines) else 0
            return lambda row, at: (below + row, indent + at)
        quoted = 1 if node.style in ("'", '"') else 0
        one_line = node.start_mark.line == node.end_mark.line
        return lambda row, at: (line, column + quoted + at - 1) if one_line else (line, column)


def load_rules(
    path: Path, parameters: RuleParameters | None = None, constants: Mapping[str, float] | None = None
) -> tuple[Rule, ...]:
    """The rules of a file.

    Args:
        path: of the file.
        parameters: what the file's own changes are made to; the published ones where None.
        constants: take the place of constants of the file that have these names.

    Raises:
        InputError: the file is not as it should be; every fault is told, with its place.
    """
    try:
        text = path.read_text("utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        raise InputError([Fault(str(path), line, column, "", "not-yaml", "", f"YAML: {error.problem}")]) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError([Fault(str(path), 0, 0, "", "not-readable", "", f"a rule file: {error}")]) from error
    reader = _Reader(str(path), text.splitlines())
    rules = _rules(reader, root, parameters or RuleParameters(), constants or {})
    if reader.faults:
        raise InputError(sorted(reader.faults, key=lambda fault: (fault.line, fault.column)))
    return rules


def _rules(
    reader: _Reader, root: yaml.Node | None, base: RuleParameters, instead: Mapping[str, float]
) -> tuple[Rule, ...]:
    if root is None:
        reader.wrong(None, "", "missing", "", "rules")
        return ()
    top = reader.table(root, "", _TOP)
    if "rules" not in top:
        reader.wrong(root, "", "missing", "", "rules")
        return ()
    parameters = reader.parameters(top["parameters"][1], base) if "parameters" in top else base
    constants: dict[str, float] = {}
    if "constants" in top:
        for name, (key, value) in reader.table(top["constants"][1], "constants", None).items():
            if name in PREDICATES:
                reader.wrong(key, f"constants.{name}", "twice", repr(name), "a name that no predicate has")
            written = reader.number(value, f"constants.{name}")
            constants[name] = instead.get(name, written)
    made = [reader.rule(name, node, parameters, constants) for name, (_, node) in
            reader.table(top["rules"][1], "rules", None).items()]  # fmt: skip
    return tuple(rule for rule in made if rule is not None)


@lru_cache(maxsize=4)
def shipped_rules(
    parameters: RuleParameters | None = None, constants: tuple[tuple[str, float], ...] = ()
) -> tuple[Rule, ...]:
    """Every rule of `conf/rules`, in the order of the files' names; with other parameters and constants where given."""
    return tuple(rule for path in _files() for rule in load_rules(path, parameters, dict(constants)))


@lru_cache(maxsize=1)
def shipped_constants() -> dict[str, float]:
    """The constants of the files in `conf/rules`, as they stand there."""
    found: dict[str, float] = {}
    for path in _files():
        found.update(yaml.safe_load(path.read_text("utf-8")).get("constants") or {})
    return {name: float(value) for name, value in found.items()}


def _files() -> list[Path]:
    return sorted((conf_directory() / "rules").glob("*.yaml"))
