"""Networks as policies: torch and ONNX files, controls and trajectories, and what is refused."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from closed_loop.conformance import check_policy, sample_observation
from closed_loop.policies.network import NetworkParameters, drive
from closed_loop.policies.planned import follow, headings, plan_of, world_trajectory
from closed_loop.policies.views import FEATURES, flat_features, named_features
from closed_loop.registry import make_policy
from closed_loop.tracking import ego_state
from driving_data.errors import InputError, MissingExtra, RoadloomError
from tests.closed_loop import worlds

LAWS = """
import torch

class Law(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([0.5, -0.1]))

    def forward(self, flat):
        speed, lateral = flat[:, 0], flat[:, 4]
        return torch.stack([self.weight[0] * (8.0 - speed), self.weight[1] * lateral], dim=1)
"""


def law(observation):
    """What the network below computes, from the observation itself."""
    ego = named_features(observation)["ego"].astype(np.float64)
    return np.clip(0.5 * (8.0 - ego[:, 0]), -8, 8), np.clip(-0.1 * ego[:, 4], -0.6, 0.6)


def test_features_are_those_of_the_environment():
    seen = sample_observation(3, 5, 1)
    flat, named = flat_features(seen), named_features(seen)
    assert flat.shape == (3, 233) and flat.dtype == np.float32
    assert tuple(named) == FEATURES and (flat[:, :8] == named["ego"]).all() and (flat[:, -5:] == named["signal"]).all()


def test_a_trajectory_is_in_the_ego_frame_and_starts_at_the_ego():
    seen = worlds.observation([[10.0, 5.0]], [[0.0, 8.0]], yaw_rad=[np.pi / 2])
    plan = world_trajectory(ego_state(seen), np.array([[[4.0, 0.0], [8.0, 1.0]]]), 0.5)
    assert plan.position_m[0] == pytest.approx(np.array([[10.0, 3.7], [10.0, 7.7], [9.0, 11.7]]))
    assert plan.yaw_rad[0] == pytest.approx(np.pi / 2 + np.array([0.0, 0.0, np.arctan2(1, 4)]))
    assert headings(np.zeros((1, 4, 2))) == pytest.approx(np.zeros((1, 4)))


def test_a_straight_trajectory_at_the_present_speed_needs_nothing_and_a_slower_one_brakes():
    seen = worlds.observation([[0.0, 0.0]], [[8.0, 0.0]])
    way = np.stack([4.0 * np.arange(1, 9), np.zeros(8)], axis=-1)[None]

    def control(poses):
        return follow(seen, plan_of(poses, seen, 0.5, "it"))

    assert control(way).acceleration_mps2 == pytest.approx([0.0], abs=0.02)
    assert control(way).steering_rad == pytest.approx([0.0], abs=1e-9)
    assert control(0.5 * way).acceleration_mps2 < -2.0
    left = np.stack([way[..., 0], 0.02 * way[..., 0] ** 2], axis=-1)
    assert control(left).steering_rad > 0.01


def run_of(answer):
    return lambda inputs: np.asarray(answer)


@pytest.mark.parametrize(
    ("answer", "outputs", "what"),
    [
        (np.zeros((1, 3)), "controls", r"shape \(1, 3\)"),
        (np.full((1, 2), np.nan), "controls", "not finite"),
        (np.zeros((1, 1, 3)), "trajectory", "N > 1"),
    ],
)
def test_wrong_outputs_are_told(answer, outputs, what):
    with pytest.raises(RoadloomError, match=what):
        drive(sample_observation(1, 2, 0), run_of(answer), NetworkParameters(outputs=outputs), "the network")


def test_outputs_are_cut_to_what_a_car_can_do():
    control = drive(sample_observation(1, 2, 0), run_of([[50.0, -9.0]]), NetworkParameters(), "it")
    assert control.acceleration_mps2[0] == 8.0 and control.steering_rad[0] == -0.6


@pytest.mark.parametrize(("scheme", "package", "extra"), [("onnx", "onnxruntime", "onnx"), ("torch", "torch", "learn")])
def test_a_missing_package_is_told_with_the_line_that_installs_it(monkeypatch, tmp_path, scheme, package, extra):
    import sys

    (tmp_path / "model").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=rf"pip install 'roadloom\[{extra}\]'"):
        make_policy(f"{scheme}:{tmp_path / 'model'}")


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def laws(tmp_path, torch):
    namespace = {}
    exec(LAWS, namespace)
    (tmp_path / "laws.py").write_text(LAWS)
    return namespace["Law"]()


def save(kind, laws, torch, tmp_path):
    path = tmp_path / f"law{kind}"
    if kind == ".pt2":
        dynamic = {"flat": {0: torch.export.Dim("worlds")}}
        torch.export.save(torch.export.export(laws, (torch.zeros(4, 233),), dynamic_shapes=dynamic), path)
    elif kind == ".pt":
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.jit.trace(laws, torch.zeros(4, 233)).save(str(path))
    elif kind == ".pth":
        torch.save(laws.state_dict(), path)
    else:
        from safetensors.torch import save_file

        save_file(laws.state_dict(), path)
    return path


@pytest.mark.extra
@pytest.mark.slow
@pytest.mark.parametrize("kind", [".pt2", ".pt", ".pth", ".safetensors"])
@pytest.mark.parametrize("batched", [False, True])
def test_torch_networks_of_every_format_drive(kind, batched, laws, torch, tmp_path):
    path, seen = save(kind, laws, torch, tmp_path), sample_observation(4, 6, 3)
    more = {"module": f"python:{tmp_path / 'laws.py'}:Law"} if kind in (".pth", ".safetensors") else {}
    policy = make_policy(f"torch:{path}", {**more, "batched": batched})
    acceleration, steering = law(seen)
    control = policy.act(seen)
    assert control.acceleration_mps2 == pytest.approx(acceleration, abs=1e-5)
    assert control.steering_rad == pytest.approx(steering, abs=1e-6)
    assert len(policy.parameters.sha256) == 64
    again = pickle.loads(pickle.dumps(policy)).act(seen)
    assert again.acceleration_mps2.tobytes() == control.acceleration_mps2.tobytes()


@pytest.mark.extra
def test_a_network_gives_the_same_bytes_whatever_the_batch(laws, torch, tmp_path):
    path = save(".pth", laws, torch, tmp_path)
    check_policy(lambda: make_policy(f"torch:{path}", {"module": f"{tmp_path / 'laws.py'}:Law"}), seed=3)


@pytest.mark.extra
def test_files_that_would_be_unpickled_are_refused(torch, tmp_path):
    """torch.load without weights_only, and torch.export.load, would run this."""
    done = tmp_path / "done"

    class Evil:
        def __reduce__(self):
            return exec, (f"open({str(done)!r}, 'w').close()",)

    buffer = io.BytesIO()
    torch.save({"weight": Evil()}, buffer)
    (tmp_path / "evil.pth").write_bytes(buffer.getvalue())
    (tmp_path / "m.py").write_text("import torch\ndef make():\n    return torch.nn.Linear(1, 1)\n")
    with pytest.raises(InputError, match="weights alone"):
        make_policy(f"torch:{tmp_path / 'evil.pth'}", {"module": f"{tmp_path / 'm.py'}:make"})
    for inside, config in (
        ("m/data/sample_inputs/model.pt", {}),
        ("m/data/weights/model.pt", {}),
        ("m/data/weights/weight_0", {"config": {"weight": {"path_name": "weight_0", "use_pickle": True}}}),
        ("m/data/constants/custom_obj_0", {"config": {"x": {"path_name": "custom_obj_0", "use_pickle": False}}}),
    ):
        with zipfile.ZipFile(tmp_path / "evil.pt2", "w") as archive:
            import json

            archive.writestr("m/archive_format", "pt2")
            archive.writestr("m/data/weights/model_weights_config.json", json.dumps(config or {"config": {}}))
            archive.writestr(inside, buffer.getvalue())
        with pytest.raises(InputError, match=r"plain tensors|pickled payload"):
            make_policy(f"torch:{tmp_path / 'evil.pt2'}")
    assert not done.exists()


@pytest.mark.extra
def test_torch_files_that_are_none_are_told(torch, tmp_path):
    for name in ("a.pt", "a.pt2"):
        (tmp_path / name).write_bytes(b"hello")
        with pytest.raises(InputError, match="network"):
            make_policy(f"torch:{tmp_path / name}")
    (tmp_path / "a.bin").write_bytes(b"hello")
    with pytest.raises(InputError, match=r"one of \.pt2"):
        make_policy(f"torch:{tmp_path / 'a.bin'}")
    with pytest.raises(InputError, match="existing file"):
        make_policy(f"torch:{tmp_path / 'none.pt'}")


def onnx_file(tmp_path, named=False):
    pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    def tensor(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", *shape])

    inputs = [tensor("ego", 8), tensor("signal", 5)] if named else [tensor("flat", 233)]
    source = "ego" if named else "flat"
    nodes = [
        helper.make_node("Gather", [source, "columns"], ["picked"], axis=1),
        helper.make_node("Sub", ["offset", "picked"], ["error"]),
        helper.make_node("Mul", ["error", "gain"], ["controls"]),
    ]
    constants = [
        helper.make_tensor("columns", TensorProto.INT64, [2], [0, 4]),
        helper.make_tensor("offset", TensorProto.FLOAT, [2], [8.0, 0.0]),
        helper.make_tensor("gain", TensorProto.FLOAT, [2], [0.5, 0.1]),
    ]
    graph = helper.make_graph(nodes, "law", inputs, [tensor("controls", 2)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path = tmp_path / "law.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.extra
@pytest.mark.parametrize("named", [False, True])
def test_onnx_networks_drive(tmp_path, named):
    pytest.importorskip("onnxruntime")
    path, seen = onnx_file(tmp_path, named), sample_observation(4, 6, 3)
    policy = make_policy(f"onnx:{path}")
    assert policy.parameters.inputs == ("named" if named else "flat")
    acceleration, steering = law(seen)
    assert policy.act(seen).acceleration_mps2 == pytest.approx(acceleration, abs=1e-5)
    assert policy.act(seen).steering_rad == pytest.approx(steering, abs=1e-6)
    check_policy(lambda: make_policy(f"onnx:{path}"), seed=3)
    again = pickle.loads(pickle.dumps(policy)).act(seen)
    assert again.acceleration_mps2.tobytes() == policy.act(seen).acceleration_mps2.tobytes()


@pytest.mark.extra
def test_a_file_that_is_no_onnx_network_is_told(tmp_path):
    pytest.importorskip("onnxruntime")
    (tmp_path / "a.onnx").write_bytes(b"hello")
    with pytest.raises(InputError, match="an ONNX network"):
        make_policy(f"onnx:{tmp_path / 'a.onnx'}")
