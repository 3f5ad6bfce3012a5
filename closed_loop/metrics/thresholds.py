"""Numbers that metrics judge by and that careful users may want otherwise: rules, their constants, RSS.

What is not named keeps the published default (`rules.parameters`, `conf/rules`, `threats.RssParameters`). A changed
threshold changes the version of the metrics that it touches (`1.0.0+3f2a9c1b`), so that their values are never compared
with those of the definition, nor kept episodes taken for them.

```yaml
thresholds:                          # of a suite; or --threshold rss_pedestrian.response_s=0.8
  rules: {reaction_s: 0.5}           # of `RuleParameters`
  constants: {least_ttc_s: 2.0}      # of the files in conf/rules
  rss_pedestrian: {response_s: 0.8}  # of `RssParameters`; likewise rss_vehicle
```
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

from closed_loop.metrics import criticality
from closed_loop.metrics.definition import Metric
from closed_loop.metrics.following import rss_margin
from closed_loop.metrics.rss_danger import rss_danger
from closed_loop.metrics.threats import RSS_PEDESTRIAN, RSS_VEHICLE, RssParameters
from closed_loop.rules import metrics as rules
from closed_loop.rules.parameters import RuleParameters
from closed_loop.rules.rulebook import shipped_constants, shipped_rules
from driving_data.checked import Written
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.plain import digest

_RSS_METRICS = ("rss_longitudinal_margin", "rss_dangerous_share")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Changes of the published numbers, by name.

    Attributes:
        rules: of `RuleParameters`.
        constants: of the constants in `conf/rules`.
        rss_vehicle: of `RssParameters` for the ego and all but people.
        rss_pedestrian: of `RssParameters` for people.
    """

    rules: Mapping[str, float] = field(default_factory=lambda: {})
    constants: Mapping[str, float] = field(default_factory=lambda: {})
    rss_vehicle: Mapping[str, float] = field(default_factory=lambda: {})
    rss_pedestrian: Mapping[str, float] = field(default_factory=lambda: {})

    def applied(self, metric: Metric) -> Metric:
        """The metric with these thresholds; itself where none of them touches it."""
        changed = _metrics(_frozen(self.rules), _frozen(self.constants), _frozen(self.rss_vehicle),
                           _frozen(self.rss_pedestrian))  # fmt: skip
        return changed.get(metric.id, metric)


PUBLISHED = Thresholds()
"""Nothing changed."""


def _frozen(changes: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(changes.items()))


_Changes = tuple[tuple[str, float], ...]


@lru_cache(maxsize=8)
def _metrics(rule: _Changes, constants: _Changes, vehicle: _Changes, pedestrian: _Changes) -> dict[str, Metric]:
    """The metrics that changes touch, by id."""
    found: dict[str, Metric] = {}
    if rule or constants:
        mark = digest([rule, constants])[:8]
        made = shipped_rules(RuleParameters(**dict(rule)), constants)
        found.update({each.id: _versioned(each, mark) for each in rules.metrics_of(made)})
    if vehicle or pedestrian:
        mark = digest([vehicle, pedestrian])[:8]
        both = replace(RSS_VEHICLE, **dict(vehicle)), replace(RSS_PEDESTRIAN, **dict(pedestrian))
        margin, danger = (one for name in _RSS_METRICS for one in criticality.METRICS if one.id == name)
        found[margin.id] = _versioned(replace(margin, measure=partial(rss_margin, vehicle=both[0])), mark)
        measure = partial(rss_danger, vehicle=both[0], pedestrian=both[1])
        found[danger.id] = _versioned(replace(danger, measure=measure), mark)
    return found


def _versioned(metric: Metric, mark: str) -> Metric:
    return replace(metric, version=f"{metric.version}+{mark}")


def thresholds_of(written: Written, under: str = "thresholds") -> Thresholds:
    """Thresholds from what somebody wrote.

    Raises:
        InputError: a name is unknown or a number impossible; every fault is told.
    """
    known = published()
    faults: list[Fault] = []
    for group, values in written.data.items():
        if group not in known:
            faults.append(_unknown(written, str(group), tuple(known), under))
        elif not isinstance(values, Mapping):
            faults.append(written.fault(group, "wrong-type", repr(values), "numbers by name", under=under))
        else:
            for name, value in values.items():
                faults += _of_value(written, f"{group}.{name}", value, known[group], under)
    if not faults:
        faults += _braking(written, under)
    if faults:
        raise InputError(written.in_order(faults))
    plain = {group: {str(name): float(value) for name, value in values.items()} for group, values in
             written.data.items()}  # fmt: skip
    return Thresholds(**plain)


def published() -> dict[str, dict[str, float]]:
    """Every threshold that can be changed, with its published default."""
    return {
        "rules": asdict(RuleParameters()),
        "constants": shipped_constants(),
        "rss_vehicle": asdict(RSS_VEHICLE),
        "rss_pedestrian": asdict(RSS_PEDESTRIAN),
    }


def _unknown(written: Written, path: str, known: tuple[str, ...], under: str) -> Fault:
    name = path.rpartition(".")[2]
    return written.fault(
        path, "unknown-name", repr(name), f"one of {', '.join(known)}", nearest_name(name, known), under
    )


def _of_value(written: Written, path: str, value: Any, known: Mapping[str, float], under: str) -> list[Fault]:
    name = path.rpartition(".")[2]
    if name not in known:
        return [_unknown(written, path, tuple(known), under)]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return [written.fault(path, "wrong-type", repr(value), f"a number; published is {known[name]:g}", under=under)]
    expected = _range(name, known[name])
    if not expected[0] <= float(value) <= expected[1]:
        told = f"a number {expected[2]}; published is {known[name]:g}"
        return [written.fault(path, "wrong-value", repr(value), told, under=under)]
    return []


def _range(name: str, default: float) -> tuple[float, float, str]:
    """Least and greatest value, in words: a number keeps the sign of the published one; only brakes must not be 0."""
    least = 1e-3 if "brak" in name or name.endswith("count") else 0.0
    word = "above 0" if least else "of 0 or more"
    if default < 0:
        return -math.inf, -least, "below 0" if least else "of 0 or less"
    return least, math.inf, word


def _braking(written: Written, under: str) -> list[Fault]:
    """Nobody brakes harder at the least than at the most."""
    faults: list[Fault] = []
    for group, base in (("rss_vehicle", RSS_VEHICLE), ("rss_pedestrian", RSS_PEDESTRIAN)):
        made: RssParameters = replace(base, **dict(written.data.get(group, {})))
        for name in ("min_braking_mps2", "min_braking_correct_mps2"):
            if getattr(made, name) > made.max_braking_mps2:
                expected = f"at most max_braking_mps2, {made.max_braking_mps2:g}"
                path = f"{group}.{name}"
                faults.append(written.fault(path, "wrong-value", repr(getattr(made, name)), expected, under=under))
    return faults
