"""Labels that tell where things are: keypoints, occupancy, the map as it is seen."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, UInt8

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
OCCUPANCY_SHAPE = (200, 200, 16)
OCCUPANCY_VOXEL_M = 0.4
OCCUPANCY_LOWEST_M = (-40.0, -40.0, -1.0)
OCCUPANCY_CLASSES = (
    "others", "barrier", "bicycle", "bus", "car", "construction_vehicle", "motorcycle", "pedestrian", "traffic_cone",
    "trailer", "truck", "driveable_surface", "other_flat", "sidewalk", "terrain", "manmade", "vegetation", "free",
)  # fmt: skip
OCCUPANCY_FREE = 17


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """The seventeen COCO keypoints of people, one row per person and labelled moment; in `KEYPOINTS` order.

    Attributes:
        step: index into the rollout's moments, shape (N,).
        actor: index into the rollout's actors, shape (N,).
        world_m: shape (N, 17, 3).
        frame: picture of each row of the projections, shape (M,).
        row: row of the columns above that each projection belongs to, shape (M,).
        image_px: columns and rows, shape (M, 17, 2).
        visibility: 0 outside the image, 1 inside but hidden, 2 seen, shape (M, 17).
    """

    step: Int[np.ndarray, "N"]
    actor: Int[np.ndarray, "N"]
    world_m: Float[np.ndarray, "N 17 3"]
    frame: Int[np.ndarray, "M"]
    row: Int[np.ndarray, "M"]
    image_px: Float32[np.ndarray, "M 17 2"]
    visibility: UInt8[np.ndarray, "M 17"]


@dataclass(frozen=True, slots=True, eq=False)
class Occupancy:
    """Solid voxels around the ego at one moment, laid out as Occ3D-nuScenes lays them out.

    Voxel (i, j, k) spans 0.4 m from (-40, -40, -1) m in the `ego` frame: x ahead, y left, z up. Insides of bodies are
    filled; what stands behind an occluder is there too.

    Attributes:
        step: index into the rollout's moments.
        semantics: numbers of `OCCUPANCY_CLASSES`, 17 where free, shape (200, 200, 16).
        mask_lidar: voxels that a lidar ray entered or crossed, shape (200, 200, 16).
        mask_camera: voxels that a camera ray entered or crossed, shape (200, 200, 16).
        flow_mps: horizontal velocity in the `ego` frame's axes of what fills the voxel, shape (200, 200, 16, 2).
        actor: index of the actor + 1 that fills it, 0 for none, shape (200, 200, 16).
    """

    step: int
    semantics: UInt8[np.ndarray, "200 200 16"]
    mask_lidar: Bool[np.ndarray, "200 200 16"]
    mask_camera: Bool[np.ndarray, "200 200 16"]
    flow_mps: Float32[np.ndarray, "200 200 16 2"]
    actor: Int[np.ndarray, "200 200 16"]


@dataclass(frozen=True, slots=True, eq=False)
class MapElement:
    """One polyline or polygon of the map, and how much of it holds and is seen at one moment.

    Attributes:
        step: index into the rollout's moments.
        kind: 'divider', 'boundary', 'ped_crossing', 'stop_line', 'centerline', 'drivable_area', ...
        name: id in the lane map, with the side where it has one.
        points_m: in `world`, shape (P, 3).
        closed: whether it is a polygon.
        in_force: whether traffic must heed it now; an old marking beside a temporary one is not.
        covered: whether something (paint, snow, plates) hides it though it is there.
        temporary: whether road works put it there.
        visible_fraction: part of its length that at least one camera sees; NaN without cameras.
    """

    step: int
    kind: str
    name: str
    points_m: Float[np.ndarray, "P 3"]
    closed: bool
    in_force: bool
    covered: bool
    temporary: bool
    visible_fraction: float
