"""The paths of a whole batch in one table, each kept once."""

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np

from sim_bridge.embedded.layout import Pool
from sim_bridge.embedded.paths import PathTable, steady_columns


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """A stretch of a path that another path crosses.

    Attributes:
        other: id of the other path.
        wait_m: where who drives this path waits before it.
        start_m: where the stretch begins on this path.
        end_m: where it ends.
        other_start_m: where the crossing stretch of the other path begins.
        other_end_m: where that one ends.
        yields: whether who drives this path must give way there.
    """

    other: int
    wait_m: float
    start_m: float
    end_m: float
    other_start_m: float
    other_end_m: float
    yields: bool


@dataclass(frozen=True, slots=True)
class PoolBuilder:
    """Collects paths under keys; equal keys share one path."""

    ids: dict[Hashable, int] = field(default_factory=lambda: {})
    tables: list[PathTable] = field(default_factory=lambda: [])
    conflicts: dict[tuple[int, int], tuple[ConflictRow, ...]] = field(default_factory=lambda: {})
    nets: dict[str, np.ndarray] = field(default_factory=lambda: {})

    def net_offset(self, name: str, numbers: np.ndarray) -> int:
        """Where the numbers of a network begin in `Pool.net`; equal names share one."""
        self.nets.setdefault(name, numbers)
        names = list(self.nets)
        return sum(len(self.nets[other]) for other in names[: names.index(name)])

    def find(self, key: Hashable) -> int | None:
        """Id of the path under that key, if it is there."""
        return self.ids.get(key)

    def add(self, key: Hashable, table: PathTable) -> int:
        """Adds a path; returns its id."""
        self.ids[key] = len(self.tables)
        self.tables.append(table)
        return self.ids[key]

    def build(self) -> Pool:
        """The arrays that the kernels take."""
        counts = np.array([len(table.rows) for table in self.tables], dtype=np.int64)
        sizes = np.array([len(table.cells) for table in self.tables], dtype=np.int64)
        offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        grid = [(*table.grid, offset) for table, offset in zip(self.tables, offsets, strict=True)]
        stops = [sorted(table.stops) for table in self.tables]
        flat = [stop for of_path in stops for stop in of_path]
        by_path: list[list[ConflictRow]] = [[] for _ in self.tables]
        for (path, _), rows in sorted(self.conflicts.items()):
            by_path[path].extend(rows)
        conflict = [
            (r.other, r.wait_m, r.end_m, r.other_start_m, r.other_end_m, float(r.yields), r.start_m)
            for rows in by_path
            for r in rows
        ]
        steady = [steady_columns(table) for table in self.tables]
        return Pool(
            table=np.ascontiguousarray(np.concatenate([table.rows for table in self.tables])),
            first=np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64),
            count=counts,
            spacing=np.array([table.spacing_m for table in self.tables]),
            ends=np.array([int(table.leaves_world) for table in self.tables], dtype=np.int64),
            grid=np.array(grid, dtype=np.float64),
            cells=np.concatenate([table.cells for table in self.tables]),
            stop_first=np.concatenate([[0], np.cumsum([len(s) for s in stops])]).astype(np.int64),
            stop_s=np.array([s for s, _ in flat], dtype=np.float64),
            stop_signal=np.array([signal for _, signal in flat], dtype=np.int64),
            conflict_first=np.concatenate([[0], np.cumsum([len(p) for p in by_path])]).astype(np.int64),
            conflict=np.array(conflict, dtype=np.float64).reshape(-1, 7),
            fixed=np.array([fixed for fixed, _ in steady], dtype=np.int64),
            steady=np.array([values for _, values in steady]),
            net=np.concatenate([np.zeros(0), *self.nets.values()]),
            half_lane=np.array([table.half_lane_m for table in self.tables], dtype=np.float64),
        )
