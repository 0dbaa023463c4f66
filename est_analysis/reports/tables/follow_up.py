"""The table of what was claimed, what the group decided since, and what happened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Text
from est_analysis.reports import cards
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from est_analysis.measures.follow_up import Followed, Said
    from est_analysis.reports.language import Language
    from est_analysis.reports.results import Results

_FIRST = re.compile(r".*?[.!?](?=\s+[A-ZÅÄÖ\d]|\s*$)", re.DOTALL)
_STAYS = {
    "still": "kvar: påstås igen",
    "turned": "kvar: åt andra hållet nu",
    "untried": "kvar: gick inte att pröva nu",
}
_LEAVES = {
    "gone": "lämnar: prövades och är ingen slutsats längre",
    "closed": "lämnar: gruppen har avslutat problemet",
    "removed": "lämnar: insatsen finns inte längre i registret",
}


def short(sentence: str) -> str:
    """
    Return the first sentence of several.

    Examples
    --------
    >>> short("Belysning (Torget): kanske färre. 3 mot 9,5 i snitt.")
    'Belysning (Torget): kanske färre.'
    """
    found = _FIRST.match(sentence)
    return sentence if found is None else found[0]


def claims_followed(results: Results) -> Table:
    """Return each open claim of earlier reports, what was decided since, and what happened."""
    say = results.language
    rows = [
        [
            Text(
                "[{word}] {sentence} ({since})",
                {
                    "word": str(one.claim.said["word"]),
                    "sentence": short(str(one.claim.said["sentence"])),
                    "since": _since(one),
                },
            ),
            _decided(one),
            _happened(one, say),
            _list(one),
        ]
        for one in results.followed
    ]
    return Table(
        "pastatt_beslutat_hant",
        Text("Påstått, beslutat och hänt, till och med {day}", {"day": results.period.last}),
        ["Påstått", "Beslutat sedan dess", "Hänt", "På listan"],
        rows,
        say,
        Text(
            "Slutsatser ur tidigare rapporter står kvar tills en rapport prövar dem och inte "
            "påstår samma sak, eller gruppen avslutar problemet. Ett beslut räknas hit när "
            "registret säger vilket problem eller vilken insats det gäller, och problemet har "
            "samma grupp, område eller plats som slutsatsen. Att något hände efter ett beslut "
            "säger inte att beslutet gav det."
        ),
        empty=Text("ingen tidigare rapport har en slutsats som står kvar att följa upp"),
    )


def _since(one: Followed) -> Text:
    claim = one.claim
    if claim.since == claim.period:
        return Text("{period}", {"period": claim.period})
    return Text("{period}, först {since}", {"period": claim.period, "since": claim.since})


def _decided(one: Followed) -> list[Text] | Text:
    told = [
        *(_line("beslut {day}: {text}", said) for said in one.decisions),
        *(_line("började {day}: {text}", said) for said in one.begun),
    ]
    if told:
        return told
    if one.going_on:
        named = [_line("{text}", said) for said in one.going_on]
        return Text("inget nytt beslut; sedan förr: {going_on}", {"going_on": named})
    if not one.known:
        return Text("inget problem i registret gäller detta")
    return Text("inget beslut i registret")


def _line(template: str, said: Said) -> Text:
    text, day = said
    return Text(template, {"text": text, "day": day})


def _happened(one: Followed, say: Language) -> Any:  # noqa: ANN401 - a text, or words
    if one.answer is not None:
        return short(cards.line(one.answer, say))
    if one.asked:
        return Text("hör inte till platserna som skiljer ut sig")
    return Text("rapporten säger inget om det")


def _list(one: Followed) -> Text:
    if not one.leaves:
        return Text(_STAYS[one.outcome])
    if one.reasons:
        return Text(
            "{what} ({reasons})",
            {"what": Text(_LEAVES[one.outcome]), "reasons": list(one.reasons)},
        )
    return Text(_LEAVES[one.outcome])
