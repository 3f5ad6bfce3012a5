"""The wheel holds what it must and nothing else; importing is light; foreign packages are noticed."""

import subprocess
import sys
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest

from roadloom.shadow import PACKAGES

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    try:
        import hatchling  # noqa: F401
    except ImportError:
        command.remove("--no-isolation")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


@pytest.mark.slow
def test_the_wheel_has_our_top_level_names_only(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" not in name}
    assert tops == set(PACKAGES)


@pytest.mark.slow
def test_the_wheel_carries_types_configuration_and_library(wheel):
    names = set(wheel.namelist())
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert "scenarios/_conf/config.yaml" in names
    assert any(name.startswith("scenarios/library/") and name.endswith(".yaml") for name in names)
    assert any(name.startswith("closed_loop/report/") and name.endswith(".j2") for name in names)
    assert not any("__pycache__" in name or name.endswith(".pyc") for name in names)


def test_importing_scenarios_loads_numpy_only():
    code = (
        "import sys, scenarios, scenarios.algebra, driving_data.ports\n"
        "heavy = {'pydantic', 'yaml', 'lxml', 'torch', 'scipy', 'numba', 'pyarrow', 'hydra', 'shapely', 'PIL'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_the_core_needs_no_torch():
    core = [line for line in requires("roadloom") or [] if "extra ==" not in line]
    names = {line.split(">")[0].split("=")[0].split("<")[0].split("[")[0].strip().lower() for line in core}
    assert names.isdisjoint({"torch", "torchvision", "carla", "diffusers", "gsplat", "ray"})


def test_a_foreign_package_of_our_name_is_noticed(tmp_path):
    (tmp_path / "validation").mkdir()
    (tmp_path / "validation" / "__init__.py").write_text("")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from roadloom.shadow import shadowed; print(shadowed())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert "'validation' would be imported from" in done.stdout, done.stderr
    assert "'scenarios'" not in done.stdout
