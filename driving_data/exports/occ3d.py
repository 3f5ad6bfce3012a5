"""Occ3D-nuScenes: `gts/<scene>/<token>/labels.npz` with semantics, mask_lidar, mask_camera, and flow beside them.

Arrays are (200, 200, 16): semantics uint8 with 17 for free, masks uint8, `flow` float32 (200, 200, 16, 2) in m/s in
the ego's axes (as OpenOcc adds it), `actor` int32. `annotations.json` lists scenes and frames with poses.
Source: the Occ3D-nuScenes data card (Tian et al., "Occ3D", NeurIPS 2023).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.errors import Fault, InputError
from driving_data.exports.card import write_card
from driving_data.exports.common import fresh_directory, token, write_json
from driving_data.labels import Occupancy
from driving_data.segment import Raw, Segment, Validated
from driving_data.store.arrays import to_npz

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Occ3dExporter:
    """Writes Occ3D."""

    @property
    def name(self) -> str:
        """Format name."""
        return "occ3d"

    def export(self, segments: Iterable[Segment[Validated]], directory: Path) -> Path:
        """Writes a new data set and returns its root.

        Raises:
            InputError: the directory is not empty, or no segment has occupancy labels.
        """
        scenes: dict[str, dict[str, Row]] = {}
        with fresh_directory(directory) as root:
            for segment in segments:
                if segment.labels is not None and segment.labels.occupancy:
                    name = f"scene-{token('segment', segment.segment_id)[:12]}"
                    scenes[name] = _scene(segment, segment.labels.occupancy, root, name)
            if not scenes:
                expected = "segments made with the label 'occupancy'"
                raise InputError([Fault("", 0, 0, "", "no-occupancy", "no occupancy", expected)])
            write_json(
                root / "annotations.json", {"train_split": sorted(scenes), "val_split": [], "scene_infos": scenes}
            )
            facts = {"scenes": len(scenes), "frames": sum(len(frames) for frames in scenes.values())}
            write_card(root, "Occ3D-nuScenes", "np.load('gts/<scene>/<token>/labels.npz')", facts)
        return Path(directory)


def _scene(segment: Segment[Raw], occupancy: tuple[Occupancy, ...], root: Path, name: str) -> dict[str, Row]:
    poses = segment.rollout.world_from_ego()
    tokens = [token("sample", f"{segment.segment_id}.{each.step}") for each in occupancy]
    rows: dict[str, Row] = {}
    for index, each in enumerate(occupancy):
        place = f"gts/{name}/{tokens[index]}/labels.npz"
        (root / place).parent.mkdir(parents=True)
        (root / place).write_bytes(to_npz(as_arrays(each), compressed=True))
        pose = poses[each.step]
        rows[tokens[index]] = {
            "timestamp": str(int(segment.rollout.timestamps_ns[each.step]) // 1000),
            "gt_path": place,
            "ego_pose": {"translation": pose.translation_m.tolist(), "rotation": pose.quaternion_wxyz().tolist()},
            "prev": tokens[index - 1] if index else "",
            "next": tokens[index + 1] if index + 1 < len(tokens) else "",
        }
    return rows


def as_arrays(occupancy: Occupancy) -> dict[str, np.ndarray]:
    """The entries of `labels.npz`."""
    return {
        "semantics": occupancy.semantics,
        "mask_lidar": occupancy.mask_lidar.astype(np.uint8),
        "mask_camera": occupancy.mask_camera.astype(np.uint8),
        "flow": occupancy.flow_mps,
        "actor": occupancy.actor.astype(np.int32),
    }
