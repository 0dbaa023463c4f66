"""What can be said of one measure, and why it can or cannot."""

from __future__ import annotations

from dataclasses import dataclass

from est_analysis.counts import Interval
from est_analysis.measures.comparisons import Alternative
from est_analysis.measures.course import Step
from est_analysis.measures.design import Design
from est_analysis.measures.displacement import Displacement
from est_analysis.measures.elsewhere import Elsewhere
from est_analysis.measures.frozen import Held
from est_analysis.measures.judgement import Pair
from est_analysis.measures.placebo import Placebo
from est_analysis.measures.regression import Fall
from est_analysis.measures.since_start import SinceStart
from est_analysis.periods import Period


@dataclass(frozen=True)
class Evaluation:
    """
    What can be said of one measure.

    Parameters
    ----------
    measure, problem
        Their ids in the register.
    place
        Where it acts, as a public name.
    group
        The indicator's group of events; empty means all reported crimes.
    before, after
        Treated place: events in the earlier seasons together, and since the effect was expected.
    comparison_before, comparison_after
        The same at the comparison; -1 where there is none.
    comparison
        Name of the comparison place as the register writes it; empty where it names none.
    rule
        What chose the comparison, one of `comparisons.RULES`; empty where there is none.
    compared
        Names of the places compared with; empty where it is everywhere else.
    years
        How many earlier seasons the baseline holds.
    window
        The time since the effect was expected, up to the end of the reported period.
    baseline, choosing
        The seasons of the baseline, nearest first, and those that it leaves out because the place
        was chosen on them.
    difference
        Weighted displacement difference in events per window, the comparison brought to the
        place's own level; None where a count is below ``thresholds.minimum_evaluation``.
    ratio, interval
        Ratio of rates after to before, relative to the comparison; None where the four counts'
        sums could not carry a claim.
    p
        Of the ratio; the exact test's where a count is below ``thresholds.minimum_evaluation``.
        With 39 untreated places or more, the placebo's where that is above ``thresholds.clear``
        and larger. Of a fall where the choice is unknown, the one against the shrunken baseline
        where that is larger.
    chosen
        Whether the register says on which period the place was chosen. If it does not, the
        baseline may hold the peak that chose it, and nothing can be more than an indication.
    sufficient
        Whether a change of ``thresholds.relevant_change``, either way, would have been seen with
        a power of 80 %; if not, "no sign" is not said.
    fall
        How much the place falls by itself if it was chosen by the years before; None where the
        choice is known to have been made on other years, or too few places are alike.
    ring, comparison_ring
        Events before and after in the rings around the two places; see `measures.rings`.
    moved, whole
        Weighted displacement difference of the rings, and of places and rings together; None
        where a count is below ``thresholds.minimum_evaluation``.
    placebo
        The change among those of untreated places; None without a gazetteer.
    design
        What there was to see an effect by; None without a baseline or a comparison.
    alternatives
        The answer under every choice of comparison, the main one first.
    dependent
        Whether the answer hangs on the choice; nothing is more than an indication then.
    close, treated_too
        Whether the register's comparison place lies in the ring where crime may have moved, and
        whether something is done there too; nothing is more than an indication then.
    elsewhere
        Ring, other hours and other kinds of crime, each with its comparison.
    course
        The cumulative difference since the start.
    since
        The whole years since the start, each and together; None without one, or without a
        comparison.
    held
        The frozen baseline that the counts before are taken from; see `measures.frozen`.
    why_not
        Empty, or why nothing can be judged: ``not_started``, ``no_place``, ``no_baseline``,
        ``no_comparison``, ``unknown_comparison`` (the register names a place that nobody knows),
        ``too_few``, ``missing_file``, ``silent``, ``row_fault`` (what the register says of it does
        not hold).
    """

    measure: str
    problem: str
    place: str
    group: str
    before: int = 0
    after: int = 0
    comparison_before: int = -1
    comparison_after: int = -1
    comparison: str = ""
    rule: str = ""
    compared: tuple[str, ...] = ()
    years: int = 0
    window: Period | None = None
    baseline: tuple[Period, ...] = ()
    choosing: tuple[Period, ...] = ()
    difference: Displacement | None = None
    ratio: float | None = None
    interval: Interval | None = None
    p: float | None = None
    why_not: str = ""
    chosen: bool = True
    sufficient: bool = False
    fall: Fall | None = None
    ring: Pair = (0, 0)
    comparison_ring: Pair = (0, 0)
    moved: Displacement | None = None
    whole: Displacement | None = None
    placebo: Placebo | None = None
    design: Design | None = None
    alternatives: tuple[Alternative, ...] = ()
    dependent: bool = False
    close: bool = False
    treated_too: bool = False
    elsewhere: tuple[Elsewhere, ...] = ()
    course: tuple[Step, ...] = ()
    since: SinceStart | None = None
    held: Held | None = None

    @property
    def capped(self) -> bool:
        """Whether nothing can be more than an indication, whatever the numbers."""
        return not self.chosen or self.dependent or self.close or self.treated_too
