"""Whether crime moved: rings around places, none of which shares ground with another or a place."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

WIDTH_M = 200.0


def ring_of(
    points: ArrayLike, centres: ArrayLike, radii: ArrayLike, *, width: float = WIDTH_M
) -> NDArray[np.int64]:
    """
    Tell which place's ring each point lies in.

    A ring begins where its place ends and is `width` wide. Ground within any place belongs to no
    ring; ground within several rings belongs to that of the nearest centre.

    Parameters
    ----------
    points
        Shape (n, 2), metres.
    centres
        Shape (n_places, 2), metres; treated places and comparison places alike.
    radii
        Shape (n_places,), metres.
    width
        Metres.

    Returns
    -------
    array of int, shape (n,)
        Position in `centres`; -1 where the point lies in no ring.

    Raises
    ------
    ValueError
        If a radius or the width is not above zero.
    """
    at = np.asarray(points, dtype=float).reshape(-1, 2)
    middle, reach = np.asarray(centres, dtype=float).reshape(-1, 2), np.asarray(radii, dtype=float)
    if width <= 0 or (reach <= 0).any():
        raise ValueError("radii and width are above zero")
    nearest = np.full(len(at), np.inf)
    found = np.full(len(at), -1, dtype=np.int64)
    inside = np.zeros(len(at), dtype=bool)
    for place, (centre, radius) in enumerate(zip(middle, reach, strict=True)):
        far = np.hypot(*(at - centre).T)
        inside |= far <= radius
        here = (far > radius) & (far <= radius + width) & (far < nearest)
        found[here], nearest[here] = place, far[here]
    found[inside] = -1
    return found
