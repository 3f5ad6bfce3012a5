"""The card of an exported data set: README.md for people, croissant.json for catalogues."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from driving_data.exports.common import write_json
from driving_data.taxonomy import ONTOLOGY_VERSION


def write_card(root: Path, format_name: str, how: str, facts: Mapping[str, object]) -> None:
    """Writes README.md and croissant.json beside the data; every JSON file of the data set is listed by its sha256."""
    lines = [
        "---", "task_categories: [object-detection]", "tags: [autonomous-driving, roadloom]", "---",
        f"# {format_name} data set written by Roadloom", "", how, "", "| | |", "|---|---|",
        *(f"| {name} | {value} |" for name, value in facts.items()), f"| ontology | {ONTOLOGY_VERSION} |", "",
        "Every scene or picture names the segment that it comes from and the digest of its provenance.", "",
    ]  # fmt: skip
    (root / "README.md").write_text("\n".join(lines), encoding="utf-8")
    files = sorted(path for path in root.rglob("*.json"))
    write_json(root / "croissant.json", _croissant(root, format_name, how, files), indent=1)


def _croissant(root: Path, format_name: str, how: str, files: list[Path]) -> dict[str, object]:
    """Croissant 1.0 metadata (docs.mlcommons.org/croissant), distribution only."""
    distribution = [
        {
            "@type": "cr:FileObject", "@id": path.relative_to(root).as_posix(), "name": path.name,
            "contentUrl": path.relative_to(root).as_posix(), "encodingFormat": "application/json",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in files
    ]  # fmt: skip
    context = {
        "@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/", "dct": "http://purl.org/dc/terms/", "conformsTo": "dct:conformsTo",
        "fileObject": "cr:fileObject", "sha256": "sc:sha256",
    }  # fmt: skip
    return {
        "@context": context, "@type": "sc:Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": f"roadloom-{format_name.lower()}", "description": how, "distribution": distribution,
    }  # fmt: skip
