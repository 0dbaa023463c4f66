"""How much more than chance places differ between years, where nothing was done."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from est_analysis.gather.gazetteer import normal
from est_analysis.municipality import Municipality
from est_analysis.patterns.change import unrest
from est_analysis.patterns.coverage import in_period
from est_analysis.periods import Period

_ONE_YEAR = timedelta(weeks=52)


def of_places(
    crimes: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    first: date | None,
    treated: Collection[str] = (),
) -> float:
    """
    Return variance over mean of a place's count between whole years, up to the end of `period`.

    A follow-up holds up to a year against earlier ones. A restless year is often so all through,
    and then a quarter shows a quarter of the unrest: it is measured over the year too, and the
    larger is taken.

    Parameters
    ----------
    crimes
        Located reported crimes of all periods, with ``place``.
    period
        The reported period. The year that ends with it takes part: nothing was done there.
    municipality
        Says how many earlier years count.
    first
        The first day covered by place; None where there is none. Before it places have other names
        or none, and that would look like unrest.
    treated
        Names of places where something was done; they are left out.

    Returns
    -------
    float
        At least 1.
    """
    year = Period(period.end - _ONE_YEAR, period.end, "interval")
    windows = [year, *year.same_season(municipality.thresholds.history_years)]
    names = crimes["place"].drop_duplicates()
    own = names[normal(names).isin(normal(pd.Series(list(treated), dtype=str)))]
    left = crimes[~crimes["place"].isin(own)]
    table = {
        str(one): in_period(left, one).groupby("place")["count"].sum()
        for one in windows
        if first is not None and one.start >= first
    }
    by_quarter = unrest(left, period, municipality, by="place", first=first)
    return max(by_quarter, dispersion(pd.DataFrame(table).fillna(0).to_numpy(float)))


def dispersion(table: ArrayLike) -> float:
    """
    Variance over mean, apart from what all places share in a year; never below 1.

    Parameters
    ----------
    table
        Counts of shape (n_places, n_years); rows and columns without events are left out.

    Returns
    -------
    float
        Pearson's chi-square of places against years over its degrees of freedom; 1.0 when there
        is nothing to judge by.

    Notes
    -----
    McCullagh & Nelder (1989), section 6.2.3. What a year brings to all places, the comparison
    takes away.

    Examples
    --------
    >>> dispersion([[10, 20], [30, 60]])
    1.0
    """
    counts = np.asarray(table, dtype=float)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    degrees = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if degrees < 1:
        return 1.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    return max(1.0, float(((counts - expected) ** 2 / expected).sum()) / degrees)
