"""Failures by mode: what happened, with whom, how they met and when, as a name that is the same in every report.

Two failed episodes are of one mode where their first failure has the same signature. Nothing is fitted, so that a mode
found today is the mode found tomorrow, and modes of two policies can be compared by name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from closed_loop.results import EpisodeResult, Failure

GROUPS: Mapping[str, str] = {
    "pedestrian": "person", "child": "person", "wheelchair": "person", "flagger": "person",
    "bicycle": "cyclist", "e_scooter": "cyclist", "motorcycle": "motorcycle", "animal": "animal",
    "car": "car", "van": "car", "emergency_vehicle": "car", "truck": "heavy", "trailer": "heavy", "bus": "heavy",
    "tram": "heavy", "construction_vehicle": "heavy", "cone": "object", "barrier": "object", "debris": "object",
    "other": "object",
}  # fmt: skip
MOMENTS = ((1.5, "at once"), (5.0, "early"), (float("inf"), "late"))
GEOMETRY: Mapping[str, str] = {
    "active_front": "with its front", "active_rear": "from behind", "lateral": "sideways",
    "stopped_track": "that stands", "stopped_ego": "while it stood",
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Signature:
    """What makes a mode.

    Attributes:
        kind: of the failure.
        actor: group of the other one's class, as 'person'; empty without one.
        geometry: how they met; empty where nobody was met.
        moment: 'at once' (up to 1.5 s), 'early' (up to 5 s), 'late', or '' without a moment.
    """

    kind: str
    actor: str = ""
    geometry: str = ""
    moment: str = ""

    def name(self) -> str:
        """A name for a person, as 'hits a person with its front, early'."""
        if self.kind != "collision":
            return ", ".join(part for part in (self.kind.replace("_", " "), self.moment) if part)
        words = f"hits {_article(self.actor)} {GEOMETRY.get(self.geometry, self.geometry)}".rstrip()
        return f"{words}, {self.moment}" if self.moment else words


@dataclass(frozen=True, slots=True)
class FailureMode:
    """Failed episodes that are alike.

    Attributes:
        signature: what they have in common.
        name: for a person.
        num: how many episodes.
        num_scenarios: of how many logical scenarios.
        scenarios: names of these, most frequent first.
        episodes: keys, in the order of the report.
        example: key of the episode with the worst impact, or the first.
    """

    signature: Signature
    name: str
    num: int
    num_scenarios: int
    scenarios: tuple[str, ...]
    episodes: tuple[str, ...]
    example: str


def _article(group: str) -> str:
    return {"": "something", "heavy": "a heavy vehicle", "object": "an object", "animal": "an animal"}.get(
        group, f"a {group}"
    )


def signature_of(failure: Failure) -> Signature:
    """The signature of a failure."""
    moment = "" if failure.at_s is None else next(word for limit, word in MOMENTS if failure.at_s <= limit)
    return Signature(failure.kind, GROUPS.get(failure.actor_kind, failure.actor_kind), failure.geometry, moment)


def first_failure(episode: EpisodeResult) -> Failure | None:
    """The first failure that the ego is to blame for; None where there is none, or the episode is missing."""
    if episode.error is not None:
        return None
    return next((failure for failure in episode.failures if failure.at_fault), None)


def modes_of(episodes: Iterable[EpisodeResult]) -> tuple[FailureMode, ...]:
    """Modes of failure, most frequent first, then by signature; missing episodes are in none."""
    found: dict[Signature, list[tuple[str, str, float]]] = {}
    for episode in episodes:
        failure = first_failure(episode)
        if failure is not None:
            impact = float(failure.evidence.get("impact_speed_mps", 0.0))
            found.setdefault(signature_of(failure), []).append((episode.key, episode.scenario_name, impact))
    modes = [_mode(signature, members) for signature, members in found.items()]
    return tuple(sorted(modes, key=lambda mode: (-mode.num, mode.signature)))


def _mode(signature: Signature, members: list[tuple[str, str, float]]) -> FailureMode:
    names = [name for _, name, _ in members]
    ranked = tuple(sorted(set(names), key=lambda name: (-names.count(name), name)))
    worst = max(range(len(members)), key=lambda k: (members[k][2], -k))
    return FailureMode(
        signature, signature.name(), len(members), len(ranked), ranked, tuple(key for key, _, _ in members),
        members[worst][0],
    )  # fmt: skip
