"""How often a check notices a planted fault, and how often it cries without one, with 95 % intervals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from driving_data.ports import Check
from driving_data.segment import Raw, Segment
from validation.faults.catalogue import FAULTS, PlantedFault
from validation.faults.edits import Unplantable

_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of a number of trials, with its Wilson interval.

    Attributes:
        hits: trials that counted.
        trials: all of them.
        low: lower end of the 95 % interval.
        high: upper end.
    """

    hits: int
    trials: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """Part of the trials that counted; 0 without trials."""
        return self.hits / self.trials if self.trials else 0.0


def wilson(hits: int, trials: int) -> Rate:
    """The interval of Wilson (J. Am. Stat. Assoc. 22, 209, 1927) at 95 %; (0, 1) without trials.

    Raises:
        ValueError: hits are not between 0 and trials.
    """
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} hits in {trials} trials")
    if trials == 0:
        return Rate(0, 0, 0.0, 1.0)
    part, z2 = hits / trials, _Z95 * _Z95
    middle = part + z2 / (2 * trials)
    reach = _Z95 * np.sqrt(part * (1 - part) / trials + z2 / (4 * trials * trials))
    scale = 1 + z2 / trials
    low = 0.0 if hits == 0 else float((middle - reach) / scale)
    high = 1.0 if hits == trials else float((middle + reach) / scale)
    return Rate(hits, trials, low, high)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was found of the checks.

    Attributes:
        detection: by fault: how often its own check refused the faulty segment that it had passed before.
        noticed_by: by fault: names of all checks that refused at least one, with how often.
        false_alarm: by check: how often it refused a sound segment to which it was applicable.
        skipped: by fault: segments in which it could not be planted.
    """

    detection: dict[str, Rate]
    noticed_by: dict[str, dict[str, int]]
    false_alarm: dict[str, Rate]
    skipped: dict[str, int]


def measure(checks: Sequence[Check], segments: Sequence[Segment[Raw]], rng: np.random.Generator, *,
            faults: Iterable[PlantedFault] | None = None, rounds: int = 1) -> Measurement:  # fmt: skip
    """Plants every fault `rounds` times in every segment; the segments themselves must be sound.

    Args:
        checks: those measured; a fault whose check is not among them is left out.
        segments: sound segments.
        rng: drawn from in the order of faults, segments, rounds.
        faults: those planted; all of the catalogue by default.
        rounds: plantings of each fault in each segment.
    """
    by_name = {check.name: check for check in checks}
    sound = {name: [check.judge(segment) for segment in segments] for name, check in by_name.items()}
    alarms = {name: wilson(sum(not v.passed for v in verdicts), sum(v.applicable for v in verdicts))
              for name, verdicts in sound.items()}  # fmt: skip
    detection: dict[str, Rate] = {}
    noticed: dict[str, dict[str, int]] = {}
    skipped: dict[str, int] = {}
    for fault in FAULTS.values() if faults is None else faults:
        if fault.check not in by_name:
            continue
        hits = trials = 0
        for index, segment in enumerate(segments):
            for _ in range(rounds):
                try:
                    faulty = fault.plant(segment, rng)
                except Unplantable:
                    skipped[fault.name] = skipped.get(fault.name, 0) + 1
                    continue
                refused = [name for name, check in by_name.items()
                           if sound[name][index].passed and not check.judge(faulty).passed]  # fmt: skip
                trials += 1
                hits += fault.check in refused
                for name in refused:
                    row = noticed.setdefault(fault.name, {})
                    row[name] = row.get(name, 0) + 1
        detection[fault.name] = wilson(hits, trials)
    return Measurement(detection, noticed, alarms, skipped)
