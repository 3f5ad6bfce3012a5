"""`import`, `validate`, `query`, `mix` and `export`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driving_data.errors import Fault, InputError, nearest_name
from roadloom.console import Stages, result, say

if TYPE_CHECKING:
    from driving_data.store import SegmentInfo, SegmentStore

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Store = Annotated[Path, typer.Option(help="The folder of a store.")]
SOURCES = ("real", "synthetic", "augmented")


def register(app: typer.Typer) -> None:
    """Adds the verbs of this module."""
    app.command("import")(import_logs)
    app.command()(validate)
    app.command()(query)
    app.command()(mix)
    app.command()(export)


def import_logs(
    paths: Annotated[list[str], typer.Argument(help="Files or folders of real logs.")],
    store: Store = Path("out/store"),
    max_segments: Annotated[int, typer.Option(min=1, help="At most so many of each path.")] = 1000,
    json: Json = False,
) -> None:
    """Read real logs, judge each segment and store it."""
    from driving_data.logs.registry import read
    from driving_data.store import SegmentStore
    from roadloom.pipeline.tasks import judged
    from roadloom.settings import ValidationConfig

    target = SegmentStore(store)
    stored: dict[str, list[str]] = {}
    with Stages().stage("import", len(paths), "logs") as count:
        for path in paths:
            for number, segment in enumerate(read(Path(path))):
                if number >= max_segments:
                    break
                final = judged(segment, ValidationConfig())
                target.write(final)
                stored[final.segment_id] = list(final.report.reasons) if final.report else []
            count()
    if json:
        result({"store": str(target.root), "segments": stored})
    else:
        for segment_id, reasons in stored.items():
            print(segment_id, "rejected: " + "; ".join(reasons) if reasons else "admitted")


def validate(
    paths: Annotated[list[str], typer.Argument(help="Real logs, or ids of segments in the store.")],
    store: Store = Path("out/demo/store"),
    json: Json = False,
) -> None:
    """Judge segments again and print every verdict."""
    from driving_data.logs.registry import read
    from roadloom.pipeline.tasks import judged
    from roadloom.settings import ValidationConfig

    segments = []
    for path in paths:
        if Path(path).exists():
            segments += list(read(Path(path)))
        elif (store / "catalog.db").is_file():
            segments.append(existing_store(store).load(path))
        else:
            expected = f"a real log, or the id of a segment (there is no store at {store})"
            raise InputError([Fault(path, 0, 0, "", "missing-file", "there is no such file", expected)])
    reports = [judged(replace(segment, report=None), ValidationConfig()).report for segment in segments]
    kept = [report for report in reports if report is not None]
    if json:
        result(kept)
    else:
        for report in kept:
            print(f"{report.segment_id}: {'admitted' if report.admitted else 'rejected'}")
            for verdict in report.verdicts:
                state = (
                    "-" if not verdict.applicable else "ok" if verdict.passed else "FAIL" if verdict.hard else "mark"
                )
                print(f"  {state:<5} {verdict.check:<20} {verdict.reason}")
    if not all(report.admitted for report in kept):
        raise typer.Exit(1)


def query(
    store: Store = Path("out/demo/store"),
    source: Annotated[str, typer.Option(help="real, synthetic or augmented.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="A tag that it must have; may be repeated.")] = None,
    status: Annotated[str, typer.Option(help="raw, admitted or rejected.")] = "",
    weather: Annotated[str, typer.Option(help="Slice of the weather, as rain.")] = "",
    light: Annotated[str, typer.Option(help="Slice of the light, as night.")] = "",
    json: Json = False,
) -> None:
    """List the segments of a store that fit every condition."""
    from driving_data.segment import Source
    from driving_data.store import Query

    chosen = Query(
        source=Source(one_of("source", source, SOURCES)) if source else None,
        tags=tuple(tag or ()),
        status=one_of("status", status, ("raw", "admitted", "rejected")) if status else None,
        weather=weather or None,
        light=light or None,
    )
    infos = existing_store(store).query(chosen)
    if json:
        result([_plain(info) for info in infos])
    else:
        for info in infos:
            seen = f"{info.num_frames:>3} frames"
            print(f"{info.segment_id}  {info.source.value:<9}  {info.status:<8}  {seen}  {info.family}")
        say(f"{len(infos)} segments")


def mix(
    store: Store = Path("out/demo/store"),
    ratio: Annotated[
        str, typer.Option(help="Shares, as real=0.6,synthetic=0.4.")
    ] = "real=0.6,synthetic=0.3,augmented=0.1",
    samples: Annotated[int, typer.Option(min=1, help="Length of the stretch that is reported.")] = 1000,
    seed: Annotated[int, typer.Option(help="The seed of the order.")] = 0,
    json: Json = False,
) -> None:
    """Make a dataset version and report what a mixture of its training split holds."""
    from driving_data.store import create_version
    from roadloom.pipeline.dataset import training_mixture
    from roadloom.settings import MixtureConfig

    target = existing_store(store)
    wanted = MixtureConfig(ratio=_shares(ratio))
    version = create_version(target, ratios=wanted.splits, balanced=True)
    mixture, used = training_mixture(target, version, wanted, seed)
    report = mixture.report(samples)
    if json:
        result({"version": version.version_id, "ratio": used, "report": report})
        return
    print(f"dataset version {version.version_id}")
    for part in report.components:
        print(
            f"  {part.name:<10} {part.draws:>6} of {samples} samples, {part.unique} different, {part.repeated} repeated"
        )


def export(
    out: Annotated[Path, typer.Argument(help="Folder for the data set; must not exist or be empty.")],
    form: Annotated[str, typer.Option("--format", help="nuscenes or coco.")] = "nuscenes",
    store: Store = Path("out/demo/store"),
    json: Json = False,
) -> None:
    """Write every admitted segment of a store in a public format."""
    from driving_data.exports.registry import EXPORTERS
    from driving_data.store import Query

    target = existing_store(store)
    exporter = EXPORTERS.load(form)()
    ids = target.ids(Query(admitted=True))
    with Stages().stage(f"export {form}", len(ids), "segments") as count:

        def segments() -> Any:
            for segment_id in ids:
                yield target.load_validated(segment_id)
                count()

        root = exporter.export(segments(), out)
    if json:
        result({"root": str(root), "segments": len(ids)})
    else:
        print(root)


def existing_store(root: Path) -> "SegmentStore":
    """The store at a path.

    Raises:
        InputError: there is none.
    """
    if not (root / "catalog.db").is_file():
        raise InputError(
            [Fault(str(root), 0, 0, "store", "missing-file", "there is no store", "the folder of a store")]
        )
    from driving_data.store import SegmentStore

    return SegmentStore(root)


def one_of(what: str, value: str, known: tuple[str, ...]) -> str:
    """The value, if it is known.

    Raises:
        InputError: it is not; the fault names the nearest.
    """
    if value not in known:
        expected = f"one of {', '.join(known)}"
        raise InputError([Fault("", 0, 0, what, "unknown-name", repr(value), expected, nearest_name(value, known))])
    return value


def _shares(text: str) -> dict[str, float]:
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        try:
            shares[one_of("ratio", name.strip(), SOURCES)] = float(share)
        except ValueError as error:
            raise InputError([Fault("", 0, 0, "ratio", "wrong-form", repr(part), "name=share, as real=0.6")]) from error
    if abs(sum(shares.values()) - 1) > 1e-9 or min(shares.values()) < 0:
        raise InputError([Fault("", 0, 0, "ratio", "wrong-value", repr(text), "shares from 0 to 1 that add up to 1")])
    return shares


def _plain(info: "SegmentInfo") -> dict[str, Any]:
    from driving_data.plain import to_plain

    return {key: value for key, value in to_plain(info).items() if key != "type"}
