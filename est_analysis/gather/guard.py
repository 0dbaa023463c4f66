"""Nobody exposed: what in a delivery's text is about a person, and what a message may repeat."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date

import pandas as pd

from est_analysis.gather.spread import same

SORTS = {
    "identity": "personnummer eller samordningsnummer",
    "phone": "telefonnummer",
    "email": "e-postadress",
    "plate": "registreringsnummer",
    "dwelling": "lägenhet",
    "name": "namn",
}
"""What the scanner looks for, in this order, and what it is called in what people read."""

BLOCK = 100_000
"""So many texts are looked through at a time: what is near at hand is quick to reach."""

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


# --- the scanner

_DASH = "\\-\u2010\u2011\u2012\u2013\u2014\u2212"
_DATE_AND_FOUR = (
    rf"\d\d[ /.{_DASH}]?\d\d[ /.{_DASH}]?\d\d {{0,2}}[+/{_DASH}]? {{0,2}}\d{{4}}(?:\D|$)"
)
_LIKE_A_PHONE = rf"(?:\+|0)\d[ .()/{_DASH}\d]{{6,}}"
_IDENTITY = re.compile(
    rf"(?<!\d)(?:(?P<century>18|19|20) ?)?(?P<year>\d\d)(?P<between>[ /.{_DASH}]?)(?P<month>\d\d)"
    rf"(?P=between)(?P<day>\d\d)(?P<joint> {{0,2}}[+/{_DASH}]? {{0,2}})(?P<last>\d{{4}})"
    rf"(?!\d|[{_DASH}/.]\d\d?[{_DASH}/.]\d)"
)
_DEGREES_BEFORE = re.compile(r"(?:^|[^\d.,])(?:5[5-9]|6\d|1\d|2[0-4])[.,]$")
_PHONE = re.compile(
    rf"(?<![\d{_DASH}.,/])07\d(?:[ .{_DASH}]?\d){{7}}(?!\d)"
    rf"|(?<![\d+{_DASH}])(?:\+|00)[1-9]\d(?:[ {_DASH}]?(?:\(0\))?[ {_DASH}]?\d){{7,12}}(?!\d)"
    rf"|(?<![\d{_DASH}.,/])(?:08|0[1-69]\d\d?)(?: ?[{_DASH}/] ?| )"
    rf"(?:\d{{5,8}}|\d\d\d?(?: \d\d\d?){{2,3}}|\d{{3}} \d\d\d?)(?![\d]|[{_DASH}:.]\d)"
    r"|\b(?:tel|telefon|ring|mobil|nås)\w{0,8}[.:]?(?: på)? {0,2}0[1-9]\d{6,9}(?!\d)",
    re.IGNORECASE,
)
_EMAIL = re.compile(
    r"\w ?(?:@|\(at\)|\[at\]) ?[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[a-z]{2,}", re.IGNORECASE
)
_LETTER = "[A-HJ-PR-UW-Z]"  # I, Q and V are not used, nor O in the last place
_NO_PLATE = "(?:SOS|RUM|HUS|BOX|SAL|TEL|DNR|SEK|EUR|USD)"
_PLATE = re.compile(
    rf"(?<![^\W_])(?!{_NO_PLATE} ){_LETTER}{{3}}[ -]?\d\d[A-HJ-NPR-UW-Z\d](?![^\W_])"
    r"|(?<![^\W_])(?i:[a-hj-pr-uw-z]{3}\d\d[a-hj-npr-uw-z\d])(?![^\W_])"
    r"|\b(?i:reg\w{0,15}[ .]{0,2}(?:nr|nummer)?[.:]{0,2} {0,2}[a-z]{3}[ -]?\d\d[a-z\d])(?![^\W_])"
)
_DWELLING = re.compile(
    r"\bl(?:gh|ght|äg)\.? {0,2}(?:nr|nummer)?[.:]? {0,2}\d"
    r"|\blägenhet(?:en|s)?(?:nr|nummer|numret)?[.:]? {0,2}(?:nr|nummer)?[.:]? {0,2}\d"
    r"|\b\d\d? ?tr(?:appor)?\b",
    re.IGNORECASE,
)

_FIRST_NAMES = (
    *("Maria", "Anna", "Margareta", "Elisabeth", "Eva", "Kristina", "Birgitta", "Karin", "Ingrid"),
    *("Christina", "Linnéa", "Linnea", "Sofia", "Kerstin", "Marianne", "Lena", "Helena", "Emma"),
    *("Johanna", "Inger", "Sara", "Cecilia", "Elin", "Anita", "Louise", "Ida", "Gunilla", "Hanna"),
    *("Malin", "Susanne", "Jenny", "Monica", "Ulla", "Katarina", "Åsa", "Fatima", "Alice", "Maja"),
    *("Erik", "Lars", "Karl", "Carl", "Anders", "Johan", "Per", "Nils", "Mikael", "Jan", "Hans"),
    *("Peter", "Olof", "Gunnar", "Lennart", "Fredrik", "Sven", "Daniel", "Bengt", "Alexander"),
    *("Gustav", "Göran", "Åke", "Magnus", "Martin", "Andreas", "Stefan", "Leif", "Björn", "Mats"),
    *("Thomas", "Henrik", "Ulf", "Patrik", "Christer", "Kalle", "Ali", "Ahmed", "Mohammed", "Omar"),
)
_AFTER_SOMEONE = (
    r"(?:\w*(?:gata|gatan|väg|vägen|torg|torget|plats|platsen|park|parken|plan|gränd|gränden|stig"
    r"|stigen|allé|allén|backe|backen|bro|bron|kyrka|kyrkan|skola|skolan|gymnasium|hall|hallen"
    r"|församling|kapell|minne|hus|huset|gård|gården))\b"
)
_CAPITAL = r"[A-ZÅÄÖÉ][\w-]{1,30}(?![\w-])"
_NAME = re.compile(
    rf"\b(?:{'|'.join(_FIRST_NAMES)})(?:[ -](?:{'|'.join(_FIRST_NAMES)}))?"
    rf" (?!(?i:{_AFTER_SOMEONE}))(?:av |von |de )?{_CAPITAL}"
    rf"(?! (?i:{_AFTER_SOMEONE}))(?! {_CAPITAL} (?i:{_AFTER_SOMEONE}))"
    rf"|\b(?i:{'|'.join(_FIRST_NAMES)}) (?i:[a-zåäöé]{{2,20}}sson)s?\b(?! (?i:{_AFTER_SOMEONE}))"
    rf"|\b{_CAPITAL} [A-ZÅÄÖ][a-zåäöé]{{1,20}}sson\b(?! (?i:{_AFTER_SOMEONE}))"
)


_FUNCTION = re.compile(
    r"chef|ansvar|samordn|kommun|förvaltning|enhet|nämnd|bolag|bostäd|bostad|fastighet|polis|rektor"
    r"|lärare|skol|gatu|park|fritid|kultur|teknisk|kontor|grupp|råd|tjänst|räddning|brand|bygg|miljö"
    r"|social|vakt|värd|väktar|förman|förening|säkerhet|trygghet|butik|handel|företag|ägare|förvalt"
    r"|ledar|ledning|handlägg|strateg|inspekt|ingenjör|arbet|personal|polis|drift|service|stab"
    r"|direkt|sekret|assist|adm|region|länsst|verk|stift|krets|\bab\b|\bhb\b",
    re.IGNORECASE,
)
_INITIAL = re.compile(rf"(?:^|\s)[A-ZÅÄÖ]\.? {_CAPITAL}$|^[A-ZÅÄÖ][a-zåäöé]{{1,20}}sson$")
_TITLED = re.compile(rf"^{_CAPITAL}(?: {_CAPITAL}){{1,2}}$")
DOUBTFUL = "doubtful"
"""What `not_a_role` says of words that could as well be a person's name as a function's."""


def not_a_role(texts: pd.Series) -> pd.Series:
    """
    Tell which texts are no function (a role) but about a person.

    Parameters
    ----------
    texts
        Who answers for something, as people wrote it; empty where nobody has said.

    Returns
    -------
    Series of str
        One of `SORTS` where a text holds such a thing, or is a name; `DOUBTFUL` where two or three
        words with capitals hold no word of a function; empty otherwise.
    """
    distinct = pd.Series(texts.unique(), dtype=str)
    found = personal(distinct, SORTS).astype(str)
    firsts = {name.casefold() for name in _FIRST_NAMES}
    for at, text in distinct.items():
        if found[at] or not text:
            continue
        named = text.casefold() in firsts or _INITIAL.search(text)
        if named and not _FUNCTION.search(text):
            found[at] = "name"
        elif _TITLED.match(text) and not _FUNCTION.search(text):
            found[at] = DOUBTFUL
    return texts.map(dict(zip(distinct, found, strict=True))).astype(str)


def has_identity_number(text: str) -> bool:
    """
    Tell whether a text holds a Swedish personal identity number or coordination number.

    Ten or twelve digits with a date (the day plus 60 for coordination numbers) and a right check
    digit, written together or with hyphen, plus, dash, stroke or spaces, that are no part of a
    longer run of digits and no decimals of a coordinate in degrees.
    """
    found = _IDENTITY.search(text)
    while found is not None:
        joined = found["between"] + found["joint"] == ""
        decimals = joined and _DEGREES_BEFORE.search(
            text[max(0, found.start() - 4) : found.start()]
        )
        digits = found["year"] + found["month"] + found["day"] + found["last"]
        if not decimals and _is_date(found["century"], digits[:6]) and _luhn(digits):
            return True
        found = _IDENTITY.search(text, found.start() + 1)  # the next may begin inside this one
    return False


def _is_date(century: str | None, digits: str) -> bool:
    year, month, day = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    for hundreds in (century,) if century else ("19", "20"):
        try:
            date(int(hundreds) * 100 + year, month, day - 60 if day > 60 else day)
        except ValueError:
            continue
        return True
    return False


def _luhn(digits: str) -> bool:
    """Tell whether the last of ten digits is the check digit of the others."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


_SCANS: dict[str, tuple[str, Callable[[str], object]]] = {
    "identity": (_DATE_AND_FOUR, has_identity_number),
    "phone": (_LIKE_A_PHONE, _PHONE.search),
    "email": (r"@|[(\[](?:at|AT|At)[)\]]", _EMAIL.search),
    "plate": (r"\b[A-Za-z]{3}(?:\d\d|[ -]\d\d[A-Za-z0-9](?:[^A-Za-z0-9]|$))", _PLATE.search),
    "dwelling": ("[lL][gG][hH]|[lL][äÄ][gG]|[0-9] ?[tT][rR]", _DWELLING.search),
    "name": (rf"(?i:(?:{'|'.join(_FIRST_NAMES)})[ -]|sson)", _NAME.search),
}
"""For each of `SORTS`: what a text must hold at least (cheap), and what it then holds (exact)."""


def personal(texts: pd.Series, sorts: Iterable[str]) -> pd.Series:
    """
    Tell what in each text is about a person.

    Parameters
    ----------
    texts
        Text, empty where nothing is given. Each distinct text is read once a `BLOCK`.
    sorts
        Which of `SORTS` to look for. Names are a rule of thumb (a common first name and a second
        word with a capital, or a surname in -sson), meant for free text: as place names are
        capitalised too, they are not looked for there.

    Returns
    -------
    Series of categories
        The first of the sorts that a text holds; empty where it holds none.
    """
    sorts = tuple(sorts)
    if sorts == ("identity",) and not _may_hold_ten_digits(texts).any():
        return same("", texts.index, SORTS)
    blocks = [texts.iloc[at : at + BLOCK] for at in range(0, max(len(texts), 1), BLOCK)]
    return pd.concat([_scanned(block, sorts) for block in blocks])


def _scanned(texts: pd.Series, sorts: Iterable[str]) -> pd.Series:
    """Return what `personal` does, of texts all at once."""
    row_of, distinct = pd.factorize(texts)
    plain = _plain(pd.Series(distinct, dtype=str))
    found = same("", plain.index, SORTS)
    for sort in sorts:
        first, exact = _SCANS[sort]
        likely = plain[(found == "") & _holds(plain, first)]
        held = [bool(exact(text)) for text in likely]
        found[likely.index[held]] = sort
    return found.take(row_of).set_axis(texts.index)


def _may_hold_ten_digits(texts: pd.Series) -> pd.Series:
    """Tell which texts are long enough; no character becomes more digits than it has bytes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_length(pa.array(texts, type=pa.large_string())).to_pandas() >= 10


def _holds(texts: pd.Series, pattern: str) -> pd.Series:
    r"""
    Tell which texts hold a pattern, searched for in all of them at once.

    ``\b`` and ``\d`` know only the letters and digits of ASCII here: texts have no other digits
    when they are `_plain`, and a word has no fewer edges than in Swedish.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    held = pc.match_substring_regex(pa.array(texts, type=pa.large_string()), pattern)
    return pd.Series(held.to_numpy(zero_copy_only=False), index=texts.index)


def _plain(texts: pd.Series) -> pd.Series:
    """Return texts with one kind of digits, dashes' widths and spaces, and nothing invisible."""
    odd = texts[_holds(texts, r"[^\x20-\x7eåäöÅÄÖéÉ]")]
    if odd.empty:
        return texts
    texts = texts.copy()
    texts[odd.index] = odd.map(_visible)
    return texts


def _visible(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    seen = (c for c in text if unicodedata.category(c) != "Cf")
    return re.sub(r"\s", " ", "".join(str(unicodedata.decimal(c, c)) for c in seen))
