"""The export formats by name; plug-ins register in the entry-point group `roadloom.exporters`."""

from driving_data.registry import Registry

EXPORTERS = Registry(
    "export format",
    "roadloom.exporters",
    {
        "nuscenes": "driving_data.exports.nuscenes:NuscenesExporter",
        "coco": "driving_data.exports.coco:CocoExporter",
        "coco_panoptic": "driving_data.exports.coco_panoptic:CocoPanopticExporter",
        "occ3d": "driving_data.exports.occ3d:Occ3dExporter",
        "commonroad": "driving_data.exports.commonroad:CommonRoadExporter",
        "drivelm": "driving_data.exports.drivelm:DriveLmExporter",
    },
)
