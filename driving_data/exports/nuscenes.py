"""nuScenes, as the unmodified devkit 1.2.0 loads, renders and evaluates it.

One scene per segment, 13 tables, keyframes and sweeps, point labels where the sweeps have them. Timestamps are
microseconds, quaternions w, x, y, z, sizes width, length, height. Fine classes, actor names and the digest of the
provenance stand in extra fields, which the devkit passes over. Tokens are hashes: the same segments give the same
bytes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from driving_data.errors import Fault, InputError
from driving_data.exports.card import write_card
from driving_data.exports.common import fresh_directory, token, write_json
from driving_data.exports.nuscenes_names import ATTRIBUTES, CATEGORIES, VISIBILITY
from driving_data.exports.nuscenes_scene import POINT_TABLES, TABLES, SceneOptions, SceneWriter, Tables
from driving_data.segment import Segment, Validated
from driving_data.store.catalog import family_of
from driving_data.store.splits import DEFAULT_RATIOS, Relation, assign_splits


@dataclass(frozen=True, slots=True)
class NuscenesExporter:
    """Writes nuScenes.

    Attributes:
        version: name of the folder of tables.
        keyframe_rate_hz: samples per second at most (2 in nuScenes); 0 makes every labelled moment a sample.
        point_labels: whether lidarseg and panoptic labels are written where sweeps have them.
        split_of: split by segment id; None splits by family with `ratios`. In `splits.json` the names carry the
            prefix `roadloom_`, because the devkit takes plain 'train' and 'val' for its own scenes.
        ratios: share of families by split.
    """

    version: str = "v1.0-roadloom"
    keyframe_rate_hz: float = 2.0
    point_labels: bool = True
    split_of: Mapping[str, str] | None = None
    ratios: Mapping[str, float] | None = None

    @property
    def name(self) -> str:
        """Format name."""
        return "nuscenes"

    def export(self, segments: Iterable[Segment[Validated]], directory: Path) -> Path:
        """Writes a new data set and returns its root, the `dataroot` of the devkit.

        Raises:
            InputError: the directory is not empty, there is no segment, or two have the same id.
        """
        tables = Tables()
        _fixed_rows(tables)
        options = SceneOptions(self.version, self.keyframe_rate_hz, self.point_labels)
        relations: list[Relation] = []
        with fresh_directory(directory) as root:
            for segment in segments:
                if any(relation.segment_id == segment.segment_id for relation in relations):
                    raise _fault(segment.segment_id, "two segments have this id", "segments with different ids")
                SceneWriter(segment, root, tables, options).write()
                family = family_of(segment.provenance, segment.segment_id)
                relations.append(Relation(segment.segment_id, family, segment.provenance.parents))
            if not relations:
                raise _fault("", "no segment", "at least one segment")
            self._write_tables(root, tables, relations)
            write_card(root, "nuScenes", "load with nuscenes-devkit: NuScenes(version, dataroot)", self._facts(tables))
        return Path(directory)

    def _write_tables(self, root: Path, tables: Tables, relations: list[Relation]) -> None:
        folder = root / self.version
        folder.mkdir(parents=True)
        for name in TABLES:
            write_json(folder / f"{name}.json", tables.rows[name])
        for name in POINT_TABLES:
            if tables.rows[name]:
                write_json(folder / f"{name}.json", tables.rows[name])
        split_of = self.split_of or assign_splits(relations, self.ratios or DEFAULT_RATIOS)
        splits: dict[str, list[str]] = {"roadloom_all": [relation.segment_id for relation in relations]}
        for relation in relations:
            split = split_of.get(relation.segment_id)
            if split is not None:
                splits.setdefault(f"roadloom_{split}", []).append(relation.segment_id)
        write_json(folder / "splits.json", splits)

    def _facts(self, tables: Tables) -> dict[str, object]:
        sources = sorted({row["source"] for row in tables.rows["scene"]})
        licences = sorted({row["licence"] for row in tables.rows["scene"] if row["licence"]})
        return {
            "version": self.version, "scenes": len(tables.rows["scene"]), "samples": len(tables.rows["sample"]),
            "boxes": len(tables.rows["sample_annotation"]), "sources": ", ".join(sources),
            "licences": ", ".join(licences) or "see the scenes' provenance",
            "scenes without lidar": "have an empty LIDAR_TOP sweep per sample (field `placeholder`), by which the "
                                    "official evaluation finds the ego",
            "global frame": "each scene is shifted by whole metres (log.global_from_world_m) so that the map mask "
                            "begins at its lower left corner",
        }  # fmt: skip


def _fixed_rows(tables: Tables) -> None:
    for index, name in enumerate(CATEGORIES):
        tables.add("category", token=token("category", name), name=name, description="", index=index)
    for name in ATTRIBUTES:
        tables.add("attribute", token=token("attribute", name), name=name, description="")
    for level, name, description, _ in VISIBILITY:
        tables.add("visibility", token=level, level=name, description=description)


def _fault(path: str, found: str, expected: str) -> InputError:
    return InputError([Fault("", 0, 0, path, "wrong-segments", found, expected)])
