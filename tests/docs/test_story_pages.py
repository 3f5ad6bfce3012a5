"""The pages about captions and reasoning show what is really made, and every word of the language."""

from pathlib import Path

import pytest

from closed_loop.reasoning import QUESTIONS, Replay, reason
from generators.labels.predicates import FUNCTIONS, View
from generators.labels.story import RELATIONS, captions_of, happenings
from generators.labels.story.words import SENTENCES
from scenarios import library
from sim_bridge.embedded.simulator import EmbeddedSimulator

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


@pytest.fixture(scope="module")
def replay():
    return Replay(library.load("late_pedestrian").sample(3), EmbeddedSimulator(), 3)


def test_examples_of_captions_are_real(replay):
    page, view = (DOCS / "captions.md").read_text(), View.of(replay.play())
    captions = captions_of(view, happenings(view), 0)
    rows = [line for line in page.splitlines() if " s | true | " in line or " s | wrong in " in line]
    spans = [f"{c.start_ns / 1e9:.1f} s | {c.end_ns / 1e9:.1f} s" for c in captions]
    kinds = ["true" if c.true else f"wrong in {c.wrong_in}" for c in captions]
    real = {f"| {span} | {kind} | {c.text} |" for span, kind, c in zip(spans, kinds, captions, strict=True)}
    assert len(rows) >= 8 and set(rows) <= real
    assert sum(c.true for c in captions) == sum(" | true | " in row for row in rows)


def test_the_example_of_a_trace_is_real(replay):
    page = (DOCS / "reasoning.md").read_text()
    why = next(trace for trace in reason(replay.play()) if trace.category == "behavior")
    assert f"> **{why.question}** {why.answer}" in page
    for path in why.paths:
        for step in path.steps:
            met = ", ".join(str(x) for x in step.evidence.values())
            assert f"{step.text} | {step.verdict.name.lower()} | `{step.predicate}` | {met} |" in page


def test_every_word_is_on_the_page():
    captions, reasoning = (DOCS / "captions.md").read_text(), (DOCS / "reasoning.md").read_text()
    for function in FUNCTIONS.values():
        assert f"| `{function.name}({', '.join(function.takes)})` | {function.gives} | {function.doc} |" in captions
    assert all(f"| `{name}` |" in captions for name in RELATIONS)
    for question in QUESTIONS:
        assert question.text.replace("{x}", "x").replace("{s}", "s") in reasoning
        for answer in question.answers:
            for proof in answer.proofs:
                for premise in proof:
                    assert f"`{premise.predicate}`".replace("{x}", "x").replace("{s}", "s") in reasoning
    assert {"turn", "cut_in"} <= set(SENTENCES)
