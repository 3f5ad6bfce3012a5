"""What is wrong with a gate plan that somebody wrote: all of it at once, each fault with line, column and nearest name.

Forms and names come from the dataclasses of `plans`; ranges stand in the table below, by the path of the key.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from driving_data.checked import Written, faults_in
from driving_data.errors import Fault, nearest_name

HARD_RULES = ("vru_collision", "new_failure_mode")
_FORMER = {"max_errors": "max_missing", "confidence": "limit_confidence"}


def _inside(number: float) -> bool:
    return 0.0 < number < 1.0


def _share(number: float) -> bool:
    return 0.0 <= number <= 1.0


def _finite(number: float) -> bool:
    return math.isfinite(number)


def _positive(number: float) -> bool:
    return 0.0 < number < math.inf


def _counted(number: float) -> bool:
    return number >= 1


def _none_or_more(number: float) -> bool:
    return number >= 0


_INSIDE = (_inside, "a number between 0 and 1")
_SHARE = (_share, "a number from 0 to 1")
_MARGIN = (_positive, "a number above 0: that nothing at all is lost is not shown")
_COUNT = (_counted, "at least 1")
_RANGES: Mapping[str, tuple[Callable[[float], bool], str]] = {
    "alpha": _INSIDE,
    "noninferiority_alpha": _INSIDE,
    "limit_confidence": _INSIDE,
    "slice_share": _SHARE,
    "max_missing": _SHARE,
    "min_new_mode": _COUNT,
    "sign_offs": (_none_or_more, "0 or more"),
    "regressions[].margin": _MARGIN,
    "regressions[].margins.*": _MARGIN,
    "regressions[].min_pairs": _COUNT,
    "limits[].limit": (_finite, "a finite number"),
    "coverage[].min_episodes": _COUNT,
}
_METRICS = ("regressions[].metric", "limits[].metric")


def faults_of(kind: type[Any], written: Written) -> list[Fault]:
    """Every fault of a plan, in the order of the file.

    Args:
        kind: `GatePlan`.
        written: the plan.
    """
    old = [path for path, pattern, _ in _leaves(written.data, "", "") if pattern == "regressions[].tolerance"]
    formal = [fault for fault in faults_in(kind, written, "plan", _FORMER)
              if fault.path.removeprefix("plan.") not in old]  # fmt: skip
    told = {fault.path for fault in formal}
    found = [*formal, *_former_rules(written, old)]
    for path, pattern, value in _leaves(written.data, "", ""):
        if f"plan.{path}" not in told:
            found += _of_leaf(written, path, pattern, value)
    return written.in_order([*found, *_unknown_classes(kind, written)])


def _leaves(value: Any, path: str, pattern: str) -> Iterator[tuple[str, str, Any]]:
    """Path, path without numbers and free keys, and value of all that is neither list nor mapping."""
    if isinstance(value, Mapping):
        free = pattern in ("regressions[].margins", "severity")
        for key, item in value.items():
            inner = "*" if free else str(key)
            yield from _leaves(item, f"{path}.{key}" if path else str(key), f"{pattern}.{inner}" if pattern else inner)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]", f"{pattern}[]")
    else:
        yield path, pattern, value


def _of_leaf(written: Written, path: str, pattern: str, value: Any) -> Iterator[Fault]:
    if pattern in _RANGES and isinstance(value, (int, float)) and not isinstance(value, bool):
        holds, expected = _RANGES[pattern]
        if not holds(float(value)):
            yield written.fault(path, "wrong-value", repr(value), expected, under="plan")
    elif pattern == "hard[]" and value not in HARD_RULES:
        yield _unknown(written, path, value, HARD_RULES)
    elif pattern in _METRICS:
        from closed_loop.metrics.catalogue import METRICS

        if value not in METRICS:
            near = nearest_name(str(value), METRICS)
            expected = "the id of a metric, as docs/metrics.md lists them"
            yield written.fault(path, "unknown-name", repr(value), expected, near, under="plan")


def _unknown(written: Written, path: str, value: Any, known: tuple[str, ...]) -> Fault:
    near = nearest_name(str(value), known)
    return written.fault(path, "unknown-name", repr(value), f"one of {', '.join(known)}", near, under="plan")


def _former_rules(written: Written, paths: list[str]) -> Iterator[Fault]:
    """`tolerance` of the former rules: a point estimate was compared with it; a margin must be shown."""
    expected = "margin: the largest loss that may remain possible, to be shown with confidence"
    for path in paths:
        yield written.fault(path, "old-rule", "tolerance", expected, "margin", under="plan")


def _unknown_classes(kind: type[Any], written: Written) -> Iterator[Fault]:
    """Margins of severity classes that no slice has."""
    severity, rules = written.data.get("severity", kind().severity), written.data.get("regressions")
    if not isinstance(severity, Mapping) or not isinstance(rules, (list, tuple)):
        return
    known = tuple(dict.fromkeys(str(each) for each in severity.values()))
    for index, rule in enumerate(rules):
        margins = rule.get("margins") if isinstance(rule, Mapping) else None
        for name in margins if isinstance(margins, Mapping) else ():
            if name not in known:
                near = nearest_name(str(name), known)
                yield written.fault(f"regressions[{index}].margins.{name}", "unknown-name", repr(name),
                                    f"a severity class that a slice has: {', '.join(known) or 'there is none'}", near,
                                    under="plan")  # fmt: skip
