"""What of a delivery a message may repeat: codes and near misses of them, never a person."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

HIDDEN = "(visas inte)"
_CODE = re.compile(r"[^\W\d_]{0,2}[ -]?\d{1,4}[^\W\d_]?")
_NAME_OF_COLUMN = re.compile(r"[\w .:/()%#-]{1,40}")
_NUMBER_OF_SOMEONE = re.compile(r"\d{5}|\d[\d /.-]{5,}\d|\b[^\W\d_]{3} ?\d{2}[^\W_]\b")


def shown_code(value: str, known: Iterable[str]) -> str:
    """
    Return an unknown code as delivered where no person can hide in it, else `HIDDEN`.

    A code of at most four digits (with one or two letters before, one after) is shown, and a
    slip of the pen: a text much like one of the `known`, with no more words and no digits that
    the known one lacks. Anything else may be a name, a number or a sentence, whatever it looks
    like; the row number leads the analyst to it.
    """
    if value == "" or _CODE.fullmatch(value):
        return value
    plain = value.casefold()
    for code in known:
        alike = difflib.SequenceMatcher(None, plain, code.casefold()).ratio() >= 0.8
        longer = len(value.split()) > len(code.split()) or len(value) > len(code) + 2
        if alike and not longer and _digits(value) <= _digits(code):
            return value
    return HIDDEN


def shown_columns(names: Iterable[object], most: int = 30) -> str:
    """Return a header for a message; what may be data in a file without a header is `HIDDEN`."""
    texts = [str(name) for name in names]
    safe = [
        text if _NAME_OF_COLUMN.fullmatch(text) and not _NUMBER_OF_SOMEONE.search(text) else HIDDEN
        for text in texts[:most]
    ]
    return ", ".join(safe) + (", …" if len(texts) > most else "")


def _digits(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))
