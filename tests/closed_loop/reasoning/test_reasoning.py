"""Traces: right paths, wrong ones, what steps are worth; every verdict checked again, every change noticed."""

from dataclasses import replace

import numpy as np
import pytest

from closed_loop.reasoning import Intervention, Replay, admitted, reason, verify, with_counterfactuals
from closed_loop.reasoning.counterfactual import intervened, share_gone
from closed_loop.reasoning.derive import Fact, follows, proofs_of, verdicts
from closed_loop.reasoning.questions import QUESTIONS, filled, recognised
from closed_loop.reasoning.reason import contrary_of
from driving_data.errors import InputError, Unsupported
from driving_data.labels import StepVerdict
from driving_data.taxonomy import ActorClass
from generators.labels.predicates import View
from generators.labels.story import causal_graph, happenings
from scenarios import library
from scenarios.concrete import Actor, Driver, Place
from sim_bridge.embedded.simulator import EmbeddedSimulator

NECESSARY, REDUNDANT, INCORRECT, INCOMPLETE = StepVerdict


def replay_of(name, seed=3):
    return Replay(library.load(name).sample(seed), EmbeddedSimulator(), 3)


@pytest.fixture(scope="module")
def late():
    """The late pedestrian, with a car that follows the ego."""
    scenario = library.load("late_pedestrian").sample(3)
    place, speed = scenario.ego.start, scenario.ego.speed_mps
    follower = Actor("follower", ActorClass.CAR, (4.5, 1.8, 1.5), Place(place.route, place.s_m - 16.0), speed,
                     Driver(desired_speed_mps=speed))  # fmt: skip
    replay = Replay(replace(scenario, actors=(*scenario.actors, follower)), EmbeddedSimulator(), 3)
    return replay, replay.play()


@pytest.fixture(scope="module")
def traces(late):
    replay, rollout = late
    return reason(rollout, replay)


def world_of(trace, replay):
    return replay.play(Intervention.read(trace.intervention)) if trace.intervention else None


@pytest.fixture(scope="module")
def worlds(late, traces):
    replay, _ = late
    return {trace.intervention: world_of(trace, replay) for trace in traces}


def test_every_trace_is_what_it_says(late, traces, worlds):
    assert {trace.category for trace in traces} == {"perception", "prediction", "planning", "behavior",
                                                    "counterfactual"}  # fmt: skip
    for trace in traces:
        assert verify(trace, late[1], worlds[trace.intervention]).faults == ()


def test_most_questions_have_two_valid_paths_that_differ(traces):
    several = 0
    for trace in traces:
        valid = [{s.predicate for s in p.steps if s.verdict is NECESSARY} for p in trace.paths if p.correct]
        assert valid
        several += any(one != two and not (one <= two or two <= one) for one in valid for two in valid)
    assert several > 0.5 * len(traces)


def test_all_four_verdicts_and_wrong_answers_appear(traces):
    steps = [step for trace in traces for path in trace.paths for step in path.steps]
    assert {step.verdict for step in steps} == set(StepVerdict)
    assert any(path.answer != trace.answer for trace in traces for path in trace.paths)
    for trace in traces:
        assert all(not path.correct for path in trace.paths if path.answer != trace.answer)


def test_a_flipped_predicate_is_noticed(late, traces, worlds):
    """Mutation: the contrary of any one step of any path changes what verify says."""
    for trace in traces[:: max(len(traces) // 12, 1)]:
        for p, path in enumerate(trace.paths):
            for s, step in enumerate(path.steps):
                flipped = replace(step, predicate=contrary_of(step.predicate))
                paths = list(trace.paths)
                paths[p] = replace(path, steps=(*path.steps[:s], flipped, *path.steps[s + 1 :]))
                assert not verify(replace(trace, paths=tuple(paths)), late[1], worlds[trace.intervention]).ok


def test_changed_verdicts_answers_and_evidence_are_noticed(late, traces, worlds):
    trace = next(t for t in traces if t.category == "planning")
    first, world = trace.paths[0], worlds[trace.intervention]
    for verdict in set(StepVerdict) - {first.steps[0].verdict}:
        path = replace(first, steps=(replace(first.steps[0], verdict=verdict), *first.steps[1:]))
        assert not verify(replace(trace, paths=(path, *trace.paths[1:])), late[1], world).ok
    other = next(a.text for a in recognised(trace.question)[0].answers if a.text != trace.answer)
    assert not verify(replace(trace, answer=other), late[1], world).ok
    lie = replace(first, steps=(replace(first.steps[0], evidence={"speed(ego)": 99.0}), *first.steps[1:]))
    assert "evidence" in verify(replace(trace, paths=(lie,)), late[1], world).faults[0]
    assert not verify(replace(trace, question="Is it raining?"), late[1], world).ok
    assert not verify(replace(trace, paths=trace.paths[1:2] if not trace.paths[1].correct else ()), late[1], world).ok


def test_a_right_answer_with_an_invalid_step_is_refused(late, traces, worlds):
    refused = 0
    for trace in traces:
        for path in trace.paths:
            let = admitted(trace, path, late[1], worlds[trace.intervention])
            assert let is path.correct
            bad = any(step.verdict in (INCORRECT, INCOMPLETE) for step in path.steps)
            refused += path.answer == trace.answer and bad
            assert not (let and bad)
    assert refused > 5


def test_worth_of_steps_by_leaving_them_out():
    why = next(q for q in QUESTIONS if q.name == "slow_down")
    proofs = proofs_of(why, "Yes.", "walker")
    rolls, ahead, meets = (Fact(x) for x in ("speed(ego) >= 2 m/s", "ahead_of(walker, ego)",
                                             "time_to_collision(ego, walker) < 4 s"))  # fmt: skip
    near = Fact("distance(ego, walker) <= 40 m")
    assert follows(frozenset({rolls, ahead, meets}), proofs)
    assert not follows(frozenset({ahead, meets, near}), proofs)
    steps = (near, rolls, ahead, meets)
    assert verdicts(steps, (True,) * 4, proofs) == (REDUNDANT, NECESSARY, NECESSARY, NECESSARY)
    # A premise that is left out is missing at the step that leads to the answer; one that is false is wrong itself.
    assert verdicts((rolls, meets), (True, True), proofs) == (NECESSARY, INCOMPLETE)
    assert verdicts((rolls, ahead, meets), (True, False, True), proofs) == (NECESSARY, INCORRECT, NECESSARY)
    # Of two whole proofs one is enough: the other one's own steps are redundant, and what both need stays.
    crosses = Fact("crossing_path(walker, ego)")
    both = verdicts((rolls, ahead, meets, crosses, near), (True,) * 5, proofs)
    assert both == (NECESSARY, NECESSARY, NECESSARY, REDUNDANT, REDUNDANT)
    assert proofs_of(why, "Perhaps.", "walker") == ()


def test_questions_are_recognised_by_their_words(late):
    view = View.of(late[1])
    for question in QUESTIONS:
        who = "walker" if question.about == "actor" else "signal.main"
        assert recognised(filled(question.text, view, who)) == (question, who)


def test_interventions_read_back_and_keep_everybody_else(late):
    replay, rollout = late
    for change in (Intervention("walker"), Intervention("walker", -0.5), Intervention("walker", 0.5)):
        assert Intervention.read(str(change)) == change
    gone = replay.play(Intervention("walker"))
    assert gone.actors.ids == rollout.actors.ids
    oncoming = rollout.actors.ids.index("oncoming_0")
    same = gone.world_from_actor.translation_m[:60, oncoming] == rollout.world_from_actor.translation_m[:60, oncoming]
    assert same.all()  # until the walker makes a difference, others do as before, to the bit
    assert replay.play().world_from_actor.translation_m.tobytes() == rollout.world_from_actor.translation_m.tobytes()
    with pytest.raises(InputError, match="walker"):
        intervened(replay.scenario, Intervention("walkr"))
    with pytest.raises(Unsupported, match="hiding_van"):
        intervened(replay.scenario, Intervention("hiding_van", 0.5))
    with pytest.raises(ValueError, match="expected 'remove x'"):
        Intervention.read("teleport walker")


def test_a_shift_moves_the_first_act_by_as_much(late):
    replay, rollout = late

    def sets_off(drive):
        i = drive.actors.ids.index("walker")
        return float(drive.seconds()[np.argmax(np.linalg.norm(drive.velocity_mps[:, i], axis=-1) > 0.3)])

    later = sets_off(replay.play(Intervention("walker", 0.5))) - sets_off(rollout)
    earlier = sets_off(replay.play(Intervention("walker", -0.5))) - sets_off(rollout)
    assert later == pytest.approx(0.5, abs=0.15) and earlier == pytest.approx(-0.5, abs=0.15)


def test_the_walker_makes_the_ego_brake_and_the_ego_its_follower(late):
    replay, rollout = late
    view = View.of(rollout)
    plain = causal_graph(view, happenings(view))
    graph = with_counterfactuals(plain, rollout, replay)
    found = {(e.cause, e.effect): e for e in graph.edges}
    braked = found["crossing.walker", "hard_braking.ego"]
    assert braked.evidence == "counterfactual" and braked.strength > 0.9
    assert found["trigger.walker", "crossing.walker"].evidence == "mechanism"
    behind = next(e for (cause, effect), e in found.items() if cause == "hard_braking.ego" and "follower" in effect)
    assert behind.evidence == "mechanism"
    far = [e for (cause, effect), e in found.items() if cause == "crossing.walker" and "follower" in effect]
    assert [e.evidence for e in far] == ["counterfactual"]
    order = {node.name: k for k, node in enumerate(graph.nodes)}
    assert all(order[e.cause] < order[e.effect] for e in graph.edges)


def test_what_happens_without_its_cause_too_is_not_caused(late):
    replay, rollout = late
    view = View.of(rollout)
    graph = causal_graph(view, happenings(view))
    braking = next(node for node in graph.nodes if node.name == "hard_braking.ego")
    assert share_gone(braking, view, view) == 0.0
    assert share_gone(braking, view, View.of(replay.play(Intervention("walker")))) == pytest.approx(1.0)
    assert share_gone(braking, view, View.of(replay.play(Intervention("parked_0")))) < 0.1


def test_nothing_is_asked_about_a_drive_played_again_without_a_way_to_play_it(late):
    assert all(trace.category != "counterfactual" for trace in reason(late[1]))
