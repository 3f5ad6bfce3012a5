"""Policies in other processes: messages, servers on localhost, retries, latency."""

import http.client
import json
import threading
from dataclasses import fields, replace

import numpy as np
import pytest

from closed_loop.conformance import check_policy, sample_observation
from closed_loop.policies.delayed import DelayedParameters, DelayedPolicy
from closed_loop.policies.idm import IdmPolicy
from closed_loop.policies.latency import LatencyParameters, uniform_draw
from closed_loop.policies.measured import evidence_of
from closed_loop.policies.remote import RemoteParameters, RemotePolicy
from closed_loop.policies.remote_server import PolicyHost, main, serve_http
from closed_loop.policies.wire import (
    ARRAYS_TYPE,
    JSON_TYPE,
    Message,
    WireError,
    observation_message,
    observation_of,
)
from closed_loop.registry import make_policy
from driving_data.errors import InputError, MissingExtra, RoadloomError
from driving_data.ports import Control

TOKEN = "only-we-know"


class _Counting:
    """Answers with the number of its calls, so that a call that is driven twice shows."""

    name = "counting"

    def __init__(self):
        self.calls = 0

    def reset(self, num_worlds):
        self.calls = 0

    def act(self, observation):
        self.calls += 1
        return Control(np.full(len(observation.done), 0.01 * self.calls), np.zeros(len(observation.done)))


class _Ramp(_Counting):
    """Answers with the time that it sees."""

    name = "ramp"

    def act(self, observation):
        return Control(observation.time_s * 1.0, observation.time_s * 0.1)


@pytest.fixture
def server(monkeypatch):
    """Starts servers of a policy at a free port; gives their address."""
    monkeypatch.setenv("ROADLOOM_POLICY_TOKEN", TOKEN)
    running = []

    def start(make):
        host = PolicyHost(make, TOKEN)
        made = serve_http(host, "127.0.0.1", 0)
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        running.append((made, thread))
        return f"http://127.0.0.1:{made.server_address[1]}"

    yield start
    for made, thread in running:
        made.shutdown()
        made.server_close()
        thread.join()


@pytest.mark.parametrize("kind", [JSON_TYPE, ARRAYS_TYPE])
def test_observations_survive_the_wire_bit_by_bit(kind):
    seen = replace(sample_observation(3, 4, 7), routes=("main", "", "left"))
    message = Message.from_bytes(observation_message(seen, {"call": "act"}).to_bytes(kind), kind)
    again = observation_of(message)
    assert np.isnan(seen.position_m).any() and np.isinf(seen.signal_distance_m).any()
    for field in fields(seen):
        one, two = getattr(seen, field.name), getattr(again, field.name)
        if isinstance(one, np.ndarray) and field.name != "happened":
            assert one.tobytes() == two.tobytes() and one.dtype == two.dtype, field.name
    assert again.routes == seen.routes and again.route_spacing_m == seen.route_spacing_m


def test_json_has_no_numbers_that_json_lacks():
    text = observation_message(sample_observation(3, 4, 7), {}).to_bytes(JSON_TYPE)
    parsed = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert "inf" in parsed["arrays"]["signal_distance_m"]


@pytest.mark.parametrize(
    ("data", "kind", "what"),
    [
        (b"hello", ARRAYS_TYPE, "RLP1"),
        (b"RLP1\x02\x00\x00\x00{]", ARRAYS_TYPE, "no JSON"),
        (b'RLP1\x3b\x00\x00\x00{"arrays":[{"name":"x","dtype":"<f8","shape":[1000000000]}]}', ARRAYS_TYPE, "ends"),
        (b'RLP1\x35\x00\x00\x00{"arrays":[{"name":"x","dtype":"|O","shape":[1000000]}]}', ARRAYS_TYPE, "description"),
        (b"[1]", JSON_TYPE, "object was expected"),
        (b'{"arrays": {"x": [[1], [1, 2]]}}', JSON_TYPE, "x: no array"),
    ],
)
def test_bytes_that_are_no_message_are_refused(data, kind, what):
    if kind == ARRAYS_TYPE and data[:4] == b"RLP1":
        data = b"RLP1" + (len(data) - 8).to_bytes(4, "little") + data[8:]
    with pytest.raises(WireError, match=what):
        Message.from_bytes(data, kind)


@pytest.mark.parametrize("form", ["arrays", "json"])
def test_a_remote_policy_drives_as_the_local_one(server, form):
    remote = make_policy(server(IdmPolicy), {"format": form})
    seen = sample_observation(4, 6, 2)
    remote.reset(4)
    there, here = remote.act(seen), IdmPolicy().act(seen)
    assert there.acceleration_mps2.tobytes() == here.acceleration_mps2.tobytes()
    assert there.steering_rad.tobytes() == here.steering_rad.tobytes()
    told = evidence_of(remote)
    assert told["calls"] == 2 and told["repeated"] == 0
    assert 0 < told["call_latency"]["p50_ms"] <= told["call_latency"]["max_ms"] < 10_000
    remote.close()


def test_a_remote_policy_keeps_the_rules_of_its_port(server):
    made = []

    def make():
        made.append(RemotePolicy(RemoteParameters(server_address)))
        return made[-1]

    server_address = server(IdmPolicy)
    check_policy(make, seed=3)
    for policy in made:
        policy.close()


def test_a_lost_answer_is_asked_for_again_and_not_driven_twice(server, monkeypatch):
    """A client that only repeats the request would get 0.02 where the first answer was lost."""
    remote = RemotePolicy(RemoteParameters(server(_Counting), tries=2))
    remote.reset(1)
    whole, lost = http.client.HTTPConnection.getresponse, []

    def lossy(self):
        response = whole(self)
        if not lost:
            lost.append(response.read())
            raise http.client.RemoteDisconnected("lost")
        return response

    monkeypatch.setattr(http.client.HTTPConnection, "getresponse", lossy)
    assert remote.act(sample_observation(1, 2, 0)).acceleration_mps2[0] == pytest.approx(0.01)
    assert remote.act(sample_observation(1, 2, 0)).acceleration_mps2[0] == pytest.approx(0.02)
    assert remote.statistics()["repeated"] == 1 and len(lost) == 1
    remote.close()


def test_tries_are_bounded_and_refusals_are_not_repeated(server, monkeypatch):
    nobody = RemotePolicy(RemoteParameters("http://127.0.0.1:1", timeout_s=0.2, tries=2))
    with pytest.raises(RoadloomError, match=r"no answer in 2 tries"):
        nobody.reset(1)
    address = server(IdmPolicy)
    monkeypatch.setenv("ROADLOOM_POLICY_TOKEN", "wrong")
    stranger = RemotePolicy(RemoteParameters(address))
    with pytest.raises(RoadloomError, match=r"401 .*token"):
        stranger.reset(1)
    assert stranger.statistics()["repeated"] == 0
    stranger.close()


def test_a_policy_that_fails_is_told_with_its_reason(server):
    class Broken(_Counting):
        def act(self, observation):
            raise ZeroDivisionError("by nought")

    remote = RemotePolicy(RemoteParameters(server(Broken)))
    remote.reset(1)
    with pytest.raises(RoadloomError, match=r"500 .*ZeroDivisionError: by nought"):
        remote.act(sample_observation(1, 2, 0))
    remote.close()


def test_the_token_stands_in_no_parameter(server):
    from closed_loop.suites.episodes import policy_parameters

    assert TOKEN not in json.dumps(policy_parameters(RemotePolicy(RemoteParameters(server(IdmPolicy)))))


def test_the_server_speaks_plain_http(server):
    connection = http.client.HTTPConnection("127.0.0.1", int(server(IdmPolicy).rpartition(":")[2]), timeout=5)
    connection.request("GET", "/v1/health")
    assert json.loads(connection.getresponse().read()) == {"policy": "idm", "protocol": 1}
    body = Message({"call": "act", "session": "s", "number": 1}).to_bytes(JSON_TYPE)
    headers = {"Content-Type": JSON_TYPE, "Authorization": f"Bearer {TOKEN}"}
    connection.request("POST", "/v1/policy", body, headers)
    response = connection.getresponse()
    assert response.status == 400 and b"begin one with 'reset'" in response.read()
    connection.close()


def test_wrong_addresses_and_parameters_are_told():
    with pytest.raises(InputError, match="host:port"):
        make_policy("http:")
    with pytest.raises(InputError, match="'arrays' nor 'json'"):
        make_policy("http://127.0.0.1:1", {"format": "xml"})
    with pytest.raises(InputError, match="did you mean 'timeout_s'"):
        make_policy("http://127.0.0.1:1", {"timeout": 1.0})


def test_the_server_refuses_an_unknown_policy(capsys):
    assert main(["--policy", "imd", "--port", "0"]) == 1
    assert "did you mean 'idm'" in capsys.readouterr().err


@pytest.mark.extra
def test_grpc_carries_the_same_messages(monkeypatch):
    pytest.importorskip("grpc")
    from closed_loop.policies.remote_grpc import serve_grpc

    monkeypatch.setenv("ROADLOOM_POLICY_TOKEN", TOKEN)
    running, port = serve_grpc(PolicyHost(IdmPolicy, TOKEN).answer, "127.0.0.1", 0)
    seen = sample_observation(3, 5, 2)
    try:
        for form in ("arrays", "json"):
            remote = make_policy(f"grpc://127.0.0.1:{port}", {"format": form})
            remote.reset(3)
            assert remote.act(seen).acceleration_mps2.tobytes() == IdmPolicy().act(seen).acceleration_mps2.tobytes()
            remote.close()
        monkeypatch.setenv("ROADLOOM_POLICY_TOKEN", "wrong")
        stranger = make_policy(f"grpc://127.0.0.1:{port}")
        with pytest.raises(RoadloomError, match="UNAUTHENTICATED"):
            stranger.reset(1)
        stranger.close()
    finally:
        running.stop(None).wait()


def test_grpc_without_its_package_names_the_line_that_installs_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(MissingExtra, match=r"pip install 'roadloom\[remote\]'"):
        make_policy("grpc://127.0.0.1:1")


def drive_ramp(policy, times, worlds=1):
    policy.reset(worlds)
    seen = sample_observation(worlds, 2, 0)
    return [float(policy.act(replace(seen, time_s=np.full(worlds, t))).acceleration_mps2[0]) for t in times]


def delayed_ramp(**latency):
    return DelayedPolicy(DelayedParameters(latency=LatencyParameters(**latency)), inner=_Ramp())


def test_a_delayed_control_acts_when_its_latency_is_over():
    """One that delays by no step gives 0.3 at 0.3 s; one that rounds the latency down to steps gives 0.2."""
    times = [0.1 * k for k in range(1, 7)]
    assert drive_ramp(delayed_ramp(), times) == pytest.approx(times)
    assert drive_ramp(delayed_ramp(latency_s=0.2), times) == pytest.approx([0, 0, 0.1, 0.2, 0.3, 0.4])
    assert drive_ramp(delayed_ramp(latency_s=0.15), times) == pytest.approx([0, 0, 0.1, 0.2, 0.3, 0.4])
    assert drive_ramp(delayed_ramp(latency_s=0.1), times) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])


def test_until_the_first_control_arrives_the_wheels_stay_where_they_are():
    policy = delayed_ramp(latency_s=1.0)
    policy.reset(2)
    seen = sample_observation(2, 2, 0)
    control = policy.act(seen)
    assert (control.steering_rad == seen.steering_rad).all() and (control.acceleration_mps2 == 0).all()


def test_jitter_never_brings_back_an_older_control():
    """Without the check of order a late old control would overrule a newer one."""
    times = [0.1 * k for k in range(1, 200)]
    got = drive_ramp(delayed_ramp(latency_s=0.05, jitter_s=0.5, seed=3), times)
    assert got == sorted(got)
    ages = np.array(times) - np.array(got)
    assert ages[10:].min() >= 0.05 and ages[10:].max() <= 0.65
    assert len({round(age, 3) for age in ages[10:]}) > 2
    assert got == drive_ramp(delayed_ramp(latency_s=0.05, jitter_s=0.5, seed=3), times)
    assert got != drive_ramp(delayed_ramp(latency_s=0.05, jitter_s=0.5, seed=4), times)


def test_draws_of_jitter_depend_on_seed_world_and_step_alone():
    assert uniform_draw(1, 2, 3) == uniform_draw(1, 2, 3)
    assert len({uniform_draw(1, 2, 3), uniform_draw(2, 2, 3), uniform_draw(1, 3, 3), uniform_draw(1, 2, 4)}) == 4
    check_policy(lambda: make_policy("delayed", {"latency": {"latency_s": 0.1, "jitter_s": 0.3}}), seed=5)


def test_a_remote_policy_can_act_late(server):
    remote = make_policy(server(_Ramp), {"latency": {"latency_s": 0.2}})
    assert drive_ramp(remote, [0.1, 0.2, 0.3, 0.4]) == pytest.approx([0, 0, 0.1, 0.2])
    remote.close()
