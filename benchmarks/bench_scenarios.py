"""Reading and sampling scenarios; the goal is for independent draws of `cut_in`."""

from dataclasses import dataclass

from benchmarks.harness import Figure, median_seconds
from scenarios import library
from scenarios.sampling import sample_many
from scenarios.spec import read_spec


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    count: int = 200
    others: tuple[str, ...] = ("late_pedestrian", "unprotected_left_turn")
    repeats: int = 3


def measure(sizes: Sizes) -> list[Figure]:
    """Draws per second, by scenario and by design; draws are made one after the other in one process."""
    count, figures = sizes.count, []
    for name in ("cut_in", *sizes.others):
        logical = library.load(name)
        # The first draw reads the archetype's road; it belongs to the warm-up.
        seconds = median_seconds(lambda logical=logical: sample_many(logical, count, 1), sizes.repeats)
        actors = len(logical.sample(1).actors)
        goal = 1000.0 if name == "cut_in" else None
        figures.append(Figure(f"random draws of {name}", count / seconds, "scenarios/s", goal,
                              note=f"{count} draws, about {actors} actors each"))  # fmt: skip
    logical = library.load("cut_in")
    for design in ("sobol", "lhs"):
        seconds = median_seconds(lambda design=design: sample_many(logical, count, 1, design), sizes.repeats)
        figures.append(Figure(f"{design} draws of cut_in", count / seconds, "scenarios/s"))
    drawn = logical.sample(1)
    digests = median_seconds(lambda: drawn.digest(), 20)
    reading = median_seconds(lambda: read_spec(library.path("cut_in")), sizes.repeats)
    return [
        *figures,
        Figure("digest of a concrete scenario", 1e3 * digests, "ms"),
        Figure("reading cut_in.yaml", 1e3 * reading, "ms", note="parsed, typed and checked"),
    ]


def run() -> list[Figure]:
    """Everything."""
    return measure(Sizes())
