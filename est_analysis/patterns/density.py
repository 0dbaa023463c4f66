"""How dense events lie around every cell: kernel density, edges allowed for, never significant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from est_analysis.errors import SettingsError
from est_analysis.patterns.grid import Grid

Values = NDArray[np.float64]

FEWEST = 30
"""Below so many events a surface is a picture of single events: show the points instead."""
FEWEST_CONTROLS = 0.05
"""A ratio is left out where the denominator lies below this share of its own median."""
_SQUARE_KM = 1e6


@dataclass(frozen=True, eq=False)
class Kernel:
    """
    A quartic (biweight) kernel laid over a grid, the same for every period that is compared.

    Parameters
    ----------
    grid
        The cells; what lies outside `Grid.inside` is not the town.
    bandwidth
        Radius in metres: nothing further away counts. At least one side of a cell; a fifth of the
        bandwidth is a good side.
    stamp
        The kernel's share of each cell around; sums to 1.
    edge
        Shape of the grid: how much of the kernel about each cell lies within the town.
    """

    grid: Grid
    bandwidth: float
    stamp: Values
    edge: Values

    def density(self, counts: ArrayLike) -> Values:
        """
        Return events per square kilometre about the middle of every cell.

        Parameters
        ----------
        counts
            Shape of the grid: events in its cells, each taken to lie in the middle of its cell.

        Returns
        -------
        array of float
            Shape of the grid, NaN outside. Cost follows cells, not events.

        Notes
        -----
        Diggle (1985), Applied Statistics 34:138-147: divided by the kernel's mass inside, so that
        the town's edge does not look calm.
        """
        inside = self.grid.inside
        near = _stamped(np.where(inside, np.asarray(counts, dtype=float), 0.0), self.stamp)
        near[near < 1e-9 * max(1.0, near.max(initial=0.0))] = 0.0  # the noise of the transform
        area = self.grid.side**2 / _SQUARE_KM
        return np.where(inside, near / np.where(inside, self.edge, 1.0) / area, np.nan)


def kernel(grid: Grid, bandwidth: float) -> Kernel:
    """
    Prepare a kernel for a grid.

    Raises
    ------
    SettingsError
        If the bandwidth is smaller than a cell's side: every cell would then see itself alone.
    """
    if not bandwidth >= grid.side:
        raise SettingsError(
            f"Bandbredden {bandwidth:g} m är mindre än rutans sida, {grid.side:g} m.",
            mend="Välj en bandbredd som är minst en ruta, helst fem, eller mindre rutor.",
        )
    reach = int(np.ceil(bandwidth / grid.side))
    steps = np.arange(-reach, reach + 1) * grid.side
    away = (steps[:, None] ** 2 + steps**2) / bandwidth**2
    stamp = np.where(away < 1, (1 - away) ** 2, 0.0)
    stamp /= stamp.sum()
    return Kernel(grid, bandwidth, stamp, _stamped(grid.inside.astype(float), stamp))


def breaks(*surfaces: ArrayLike, classes: int = 5) -> Values:
    """
    Return one set of class limits for all surfaces that are shown side by side.

    Parameters
    ----------
    surfaces
        As `Kernel.density` gives them, any number of periods.
    classes
        How many.

    Returns
    -------
    array of float, shape (classes + 1,)
        Equal steps from zero to the highest of all; all zero where there is nothing.
    """
    highest = max((float(np.nanmax(s, initial=0.0)) for s in surfaces), default=0.0)
    return np.linspace(0.0, highest, classes + 1)


def relative_risk(cases: ArrayLike, controls: ArrayLike, *, kernel: Kernel) -> Values:
    """
    Return the log of the ratio of two densities, each scaled to 1 over the town.

    Parameters
    ----------
    cases, controls
        Shape of the grid: counts of what is asked about, and of what it is held against.
    kernel
        The same for both.

    Returns
    -------
    array of float
        Shape of the grid: 0 where both are as dense. NaN outside, where the denominator lies below
        `FEWEST_CONTROLS` of its median (a ratio to nearly nothing runs away), and where there are
        no cases. It shows; it tests nothing.

    Notes
    -----
    Kelsall & Diggle (1995), Bernoulli 1:3-16.
    """
    above, under = kernel.density(cases), kernel.density(controls)
    some = under > 0
    if not some.any() or not np.nansum(above):
        return np.full(under.shape, np.nan)
    shown = (under >= FEWEST_CONTROLS * np.median(under[some])) & (above > 0)
    scale = np.nansum(under) / np.nansum(above)
    out = np.full(under.shape, np.nan)
    out[shown] = np.log(above[shown] / under[shown] * scale)
    return out


def _stamped(table: Values, stamp: Values) -> Values:
    full = scipy.signal.oaconvolve(table, stamp, mode="full")
    reach, (rows, columns) = len(stamp) // 2, table.shape
    return np.asarray(full[reach : reach + rows, reach : reach + columns])
