"""What of the register waits for somebody: overdue, open, to be followed up, or hanging loose."""

from __future__ import annotations

from datetime import date

import pandas as pd

from est_analysis.measures.register import CLOSED, PROBLEM_STATES, Register

_FOLLOW_UP_BEFORE, _FOLLOW_UP_AFTER = pd.Timedelta(days=31), pd.Timedelta(days=92)
"""A follow-up is listed from a month before its day until a quarter after."""


def due(register: Register, today: date) -> pd.DataFrame:
    """
    List what is overdue, waits for follow-up or hangs loose on the day `today`.

    A follow-up leaves the list when it is written down (in ``effekt``; that something was done is
    no follow-up of what it changed), or a quarter after its day. Where the group writes its
    follow-ups down, one that was never written stays, as not followed up.

    Returns
    -------
    DataFrame
        ``what`` (``measure``, ``decision`` or ``problem``), ``id``, ``text``, ``responsible`` (a
        role), ``due`` (date), ``why`` (``overdue``, ``follow_up``, ``not_followed``, ``open``,
        ``no_follow_up`` of a running measure without a day for it, ``no_measure`` of an open
        problem that nothing is done about), earliest first.
    """
    day = pd.Timestamp(today)
    measures = register.measures
    running = measures[~measures["status"].isin(CLOSED)]
    late = running[running["klart_senast"] < day]
    told = measures["effekt"] != ""
    left = measures["uppfoljningsdatum"] - day
    follow = measures[~told & (left <= _FOLLOW_UP_BEFORE) & (left >= -_FOLLOW_UP_AFTER)]
    forgotten = measures[~told & (left < -_FOLLOW_UP_AFTER) & bool(told.any())]
    problems = register.problems
    idle = problems[
        ~problems["id"].isin(measures["problem"]) & (problems["status"] != PROBLEM_STATES[1])
    ]
    decisions = register.decisions[~register.decisions["status"].isin(CLOSED)]
    parts = [
        _lines(late, "measure", "atgard", "klart_senast").assign(why="overdue"),
        _lines(follow, "measure", "atgard", "uppfoljningsdatum").assign(why="follow_up"),
        _lines(forgotten, "measure", "atgard", "uppfoljningsdatum").assign(why="not_followed"),
        _lines(decisions, "decision", "beslut", "klart_senast").assign(
            why=(decisions["klart_senast"] < day).map({True: "overdue", False: "open"}).to_numpy()
        ),
        _lines(
            running[running["uppfoljningsdatum"].isna()], "measure", "atgard", "uppfoljningsdatum"
        ).assign(why="no_follow_up"),
        _lines(
            idle.assign(ansvarig_funktion="", due=pd.NaT), "problem", "beskrivning", "due"
        ).assign(why="no_measure"),
    ]
    listed = pd.concat(parts, ignore_index=True)
    return listed.sort_values(["due", "id"], ignore_index=True)


def _lines(rows: pd.DataFrame, what: str, text: str, when: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "what": what,
            "id": rows["id"].to_numpy(str),
            "text": rows[text].to_numpy(str),
            "responsible": rows["ansvarig_funktion"].to_numpy(str),
            "due": rows[when].to_numpy("datetime64[s]"),
        }
    )


def left(register: Register) -> pd.DataFrame:
    """
    List the problems that have left the list, with the reason: the newest first.

    Returns
    -------
    DataFrame
        ``id``, ``text``, ``place``, ``day`` (missing where nobody has said), ``reason``.
    """
    gone = register.problems[register.problems["status"] == PROBLEM_STATES[1]]
    listed = pd.DataFrame(
        {
            "id": gone["id"].to_numpy(str),
            "text": gone["beskrivning"].to_numpy(str),
            "place": gone["plats"].where(gone["plats"] != "", gone["omrade"]).to_numpy(str),
            "day": gone["avslutsdatum"].to_numpy("datetime64[s]"),
            "reason": gone["avslutsskal"].to_numpy(str),
        }
    )
    return listed.sort_values(["day", "id"], ascending=[False, True], ignore_index=True)


def late_days(measures: pd.DataFrame) -> pd.Series:
    """Return how many days late each measure was done, 0 if in time; missing if not done or due."""
    days = (measures["slutdatum"] - measures["klart_senast"]).dt.days
    return days.clip(lower=0).astype("Int64")
