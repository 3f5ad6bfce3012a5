"""Coverage as a number: which combinations of bins of a logical scenario a set of draws has touched.

cov_t(X) = |t-way combinations of bins that X touches| / |t-way combinations that can be touched|  (Kuhn, Kacker,
Lei, "Combinatorial coverage measurement", NIST IR 7878). `grid` makes the axes and says what can be touched,
`figure` counts; exposure, novelty, unseen mass, differences, gaps and what was realised are modules beside them.
"""

from scenarios.coverage.axes import Axis, Binning, axis_of
from scenarios.coverage.figure import Cell, Coverage, coverage_of_rows, measure
from scenarios.coverage.grid import Grid, grid_of

__all__ = ["Axis", "Binning", "Cell", "Coverage", "Grid", "axis_of", "coverage_of_rows", "grid_of", "measure"]
