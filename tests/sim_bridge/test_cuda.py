"""The same kernels on a GPU: under numba's simulator, compiled to PTX, and on a real device where there is one."""

import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks.worlds import motorway
from driving_data.errors import RoadloomError, Unsupported
from scenarios.concrete import Driver
from scenarios.habits import Habits, Walking
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.simulator import EmbeddedSimulator
from tests.tools.cuda_worlds import worlds

HAS_NUMBA_CUDA = find_spec("numba_cuda") is not None
needs_numba_cuda = pytest.mark.skipif(not HAS_NUMBA_CUDA, reason="numba-cuda is not here: pip install 'roadloom[cuda]'")


def run(tmp_path, what, number, simulated=False):
    target = tmp_path / f"{what}.out.npz"
    environment = dict(os.environ, PYTHONPATH=os.getcwd())
    environment.pop("NUMBA_ENABLE_CUDASIM", None)
    if simulated:
        environment["NUMBA_ENABLE_CUDASIM"] = "1"
    command = [sys.executable, "-W", "ignore", "-m", "tests.tools.cuda_worlds", what, str(number), str(target)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return target


def assert_same(ours, theirs, tolerance):
    near, far = np.load(ours), np.load(theirs)
    assert sorted(near) == sorted(far)
    for name in near:
        np.testing.assert_allclose(far[name], near[name], rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.slow
def test_a_block_of_threads_gives_the_bytes_of_one_lane(tmp_path):
    ours, theirs = run(tmp_path, "cpu", 25), run(tmp_path, "cuda", 25, simulated=True)
    near, far = np.load(ours), np.load(theirs)
    for name in near:
        np.testing.assert_array_equal(far[name], near[name], err_msg=name)
    # Without contacts and turns the comparison would say little.
    assert any(len(near[name]) for name in near if name.startswith("events"))


@pytest.mark.extra
@pytest.mark.slow
@needs_numba_cuda
@pytest.mark.parametrize("capability", ["8.0", "9.0"])
def test_the_kernels_compile_for_gpus(tmp_path, capability):
    text = run(tmp_path, "ptx", capability).read_text()
    assert text.count(".visible .entry") == 2
    assert f".target sm_{capability.replace('.', '')}" in text
    assert "bar.sync" in text, "phases are parted by barriers"
    assert "fma.rn.f64" in text or "mul.f64" in text


@pytest.mark.gpu
@pytest.mark.extra
@needs_numba_cuda
def test_a_gpu_agrees_with_the_processor(tmp_path):
    from numba import cuda

    if not cuda.is_available():
        pytest.skip("there is no NVIDIA GPU with a working driver")
    assert_same(run(tmp_path, "cpu", 100), run(tmp_path, "cuda", 100), 1e-6)


@pytest.mark.skipif(HAS_NUMBA_CUDA, reason="numba-cuda is here")
def test_without_the_extra_the_device_names_what_to_install():
    with pytest.raises(RoadloomError, match=r"pip install 'roadloom\[cuda\]'"):
        EmbeddedSimulator(EmbeddedOptions(device="cuda")).open(worlds()[:1], [0])


@pytest.mark.parametrize(
    "driver", [Driver(habits=Habits()), Driver("imitation", habits=Habits()), Driver("walker", walking=Walking())]
)
def test_drivers_who_think_are_refused_with_a_reason(driver):
    """They decide in kernels of the processor; a GPU that left them out would let them roll on without a driver."""
    plain = motorway(3, 5.0)
    thinks = replace(plain, actors=(replace(plain.actors[0], driver=driver), *plain.actors[1:]))
    with pytest.raises(Unsupported, match=r"habits, walkers and agents of logs .* device 'cpu' only"):
        EmbeddedSimulator(EmbeddedOptions(device="cuda")).open([plain, thinks], [0, 1])


def test_a_device_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="'tpu' is none of cpu, cuda; did you mean 'cpu'"):
        EmbeddedOptions(device="tpu")
