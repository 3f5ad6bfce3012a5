"""The tracer's own source on a GPU: under numba's simulator, as PTX, and on a real device where there is one."""

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from driving_data.errors import RoadloomError
from generators.raytrace.cuda_engine import CudaTracer
from generators.raytrace.tracer import prepare
from tests.generators.street import mesh_scene

HAS_NUMBA_CUDA = find_spec("numba_cuda") is not None
needs_numba_cuda = pytest.mark.skipif(not HAS_NUMBA_CUDA, reason="numba-cuda is not here: pip install 'roadloom[cuda]'")


def run(tmp_path, *what, simulated=False):
    target = tmp_path / f"{what[0]}.npz"
    environment = dict(os.environ, PYTHONPATH=os.getcwd())
    environment.pop("NUMBA_ENABLE_CUDASIM", None)
    if simulated:
        environment["NUMBA_ENABLE_CUDASIM"] = "1"
    command = [sys.executable, "-W", "ignore", "-m", "tests.tools.cuda_rays", *what, str(target)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return target


def assert_same(ours, theirs):
    near, far = np.load(ours), np.load(theirs)
    assert sorted(near) == sorted(far)
    for name in ("triangle", "instance", "blocked", "alone", "material"):
        np.testing.assert_array_equal(far[name], near[name], err_msg=name)
    for name in ("distance", "barycentric", "point"):
        np.testing.assert_allclose(far[name], near[name], rtol=1e-5, atol=2e-5, err_msg=name)
    # Without these the comparison would say little.
    assert (near["triangle"] < 0).sum() > 5 and (near["instance"] >= 0).sum() > 20 and (near["alone"] >= 0).any()
    assert ((near["triangle"] >= 0) & (near["instance"] < 0)).sum() > 20
    assert near["blocked"].any() and not near["blocked"].all()


@pytest.mark.slow
def test_rays_on_the_simulated_gpu_meet_what_they_meet_on_the_processor(tmp_path):
    assert_same(run(tmp_path, "cpu"), run(tmp_path, "cuda", simulated=True))


@pytest.mark.extra
@pytest.mark.slow
@needs_numba_cuda
@pytest.mark.parametrize("capability", ["8.0", "9.0"])
def test_the_kernels_compile_for_gpus(tmp_path, capability):
    text = run(tmp_path, "ptx", capability).read_text()
    assert text.count(".visible .entry") == 2
    assert f".target sm_{capability.replace('.', '')}" in text


@pytest.mark.gpu
@needs_numba_cuda
def test_rays_on_a_real_gpu_meet_what_they_meet_on_the_processor(tmp_path):
    from numba import cuda

    if not cuda.is_available():
        pytest.skip("no NVIDIA GPU with a working driver")
    assert_same(run(tmp_path, "cpu"), run(tmp_path, "cuda"))


@pytest.mark.skipif(HAS_NUMBA_CUDA, reason="numba-cuda is here")
def test_without_numba_cuda_the_error_names_the_extra(monkeypatch):
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)
    with pytest.raises(RoadloomError, match=r"pip install 'roadloom\[cuda\]'"):
        CudaTracer(prepare(mesh_scene(2)))
