"""The weighted displacement quotient: a familiar figure, which has no error of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quotient:
    """
    What happened around a place, as a share of what happened at it.

    Parameters
    ----------
    net
        Events fewer per season at the place than its comparison would have brought.
    total
        The same of the place and its ring together.
    quotient
        Above 0 the ring gained too, below 0 events moved there, below -1 more than the place
        gained. None where the place itself did not gain, or something divided by is zero.
    """

    net: float
    total: float
    quotient: float | None


def quotient(
    place: tuple[float, float], ring: tuple[float, float], comparison: tuple[float, float]
) -> Quotient | None:
    """
    Return the weighted displacement quotient.

    Parameters
    ----------
    place, ring, comparison
        Events per season before and after; zero or more.

    Returns
    -------
    Quotient or None
        None where the comparison place had no event before or after.

    Raises
    ------
    ValueError
        If a count is negative.

    Notes
    -----
    Bowers & Johnson (2003), Journal of Quantitative Criminology 19:275-301; net and total effects
    as Guerette (2009) writes them. It has no standard error, and swings wildly where the place's
    own gain is near zero: it is shown because readers know it, and nothing rests on it.

    Examples
    --------
    >>> round(quotient((200, 100), (100, 90), (300, 300)).quotient, 2)
    0.1
    """
    if min(*place, *ring, *comparison) < 0:
        raise ValueError("counts are zero or more")
    (rb, ra), (db, da), (cb, ca) = place, ring, comparison
    if cb == 0 or ca == 0:
        return None
    net = rb * ca / cb - ra
    gained = ra / ca - rb / cb
    moved = da / ca - db / cb
    return Quotient(
        net, net + db * ca / cb - da, moved / gained if gained < 0 and db + da > 0 else None
    )
