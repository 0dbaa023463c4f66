"""Every Swedish text that readers may see, gathered from code, chapters and templates."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import TYPE_CHECKING

from est_analysis.reports.language import LOCALES, NAMES, SOURCE_LANGUAGE
from est_analysis.shipped import shipped

if TYPE_CHECKING:
    from babel.messages import Catalog

PACKAGE = Path(__file__).parents[1]
_READ = ("reports", "patterns", "measures", "release")
_GATHER = ("quality", "fates", "stacks", "rulings", "surveys", "comparison", "retention", "codes")
_UNREAD = (
    *("reports/check", "reports/facts", "reports/scan_release", "reports/leaflet"),
    *("reports/msgids", "reports/published/make", "reports/published/doors"),
    *("reports/published/render", "reports/build", "reports/versions", "reports/results"),
)
"""Modules whose texts are messages to the one who runs the program, or none."""
_SAYS = {"Text", "translate"}
_NOT_READ = {"told", "compile", "sub", "match", "fullmatch", "search", "findall", "progress"}
_CODE = re.compile(r"[\\^$<>_#\[\]]|=\"|^\W*$|^[A-Z][a-z]+[A-Z]|^[A-Z]{2,}$|^\.")
_WORDS = re.compile(r"[åäöÅÄÖ]|[a-zé,.:;] [a-zé{(]|^[A-ZÅÄÖ][a-zåäöé]+\b")
_ALSO = ("Polisen", "Ruta", "gata", "handel", "bad", "fritidsgård", "övrigt")
_NOT_WORDS = frozenset(
    {
        *("axes fraction", "offset points", "DejaVu Sans", "round,pad=0.2", "str | None"),
        *("Polygon", "MultiPolygon", "Date", "Creator", "Results", "Evaluation", "Displacement"),
        *("Point", "Z", "M", "(function () {", "note nothing", "data:image/png;base64,"),
    }
)
_GETTEXT = re.compile(r"""\b_\((?:"([^"]+)"|'([^']+)')\)""")


def msgids() -> dict[tuple[str | None, str], list[str]]:
    """
    Return every text that a reader may see in Swedish, and in which files it stands.

    Returns
    -------
    dict
        By context (None, or `NAMES`) and text: paths from the root of the package, in order.
    """
    found: dict[tuple[str | None, str], list[str]] = {}
    for context, text, where in _all():
        places = found.setdefault((context, text), [])
        if where not in places:
            places.append(where)
    return found


def _all() -> Iterator[tuple[str | None, str, str]]:
    files = sorted(PACKAGE.rglob("*.py"))
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    lent = set().union(*(_lent(tree) for tree in trees.values()))
    for file, tree in trees.items():
        inside = file.relative_to(PACKAGE).as_posix()
        module = ".".join([PACKAGE.name, *file.relative_to(PACKAGE).with_suffix("").parts])
        own = {name for lender, name in lent if lender == module.removesuffix(".__init__")}
        every = _is_read(inside.removesuffix(".py"))
        yield from ((None, text, inside) for text in in_code(tree, every=every, lent=own))
    for file in sorted((PACKAGE / "reports" / "templates").glob("*.j2")):
        for double, single in _GETTEXT.findall(file.read_text(encoding="utf-8")):
            yield None, double or single, f"reports/templates/{file.name}"
    for file in sorted(shipped("notebooks").glob("*.ipynb")):
        for text in in_chapter(json.loads(file.read_text(encoding="utf-8"))):
            yield None, text, f"notebooks/{file.name}"
    yield from ((NAMES, text, where) for text, where in names())


def names() -> Iterator[tuple[str, str]]:
    """
    Yield the names that the package carries and a municipality's lists use, and where they stand.

    They are looked up among names only, so that a place called as a word of a heading stays.
    """
    from est_analysis.gather import codes, form
    from est_analysis.measures import catalogue as measures
    from est_analysis.measures import register
    from est_analysis.patterns import beside, emerging, rhythms, traits, tried
    from est_analysis.release import atoms

    groups = codes.read_table(codes.SHIPPED, codes.SHIPPED.name)["grupp"]
    own: dict[str, Iterable[str]] = {
        "gather/form.py": (
            *(*form.KINDS, *form.CATEGORIES, *form.REPORTERS),
            *(*form.PLACE_TYPES, *form.FACTORS, *_ALSO),
        ),
        "gather/brottskoder.csv": sorted(set(groups)),
        "patterns/rhythms.py": rhythms.DAYPARTS,
        "patterns/traits.py": (
            *("helg", "vardag", *traits.SEASONS.values(), *traits.SEVERITIES.values()),
        ),
        "patterns/beside.py": beside.WORDS.values(),
        "patterns/emerging.py": emerging.WORDS.values(),
        "patterns/tried.py": tried.NAMES.values(),
        "measures/register.py": (
            *(*register.CAUSES, *register.MEASURE_TYPES, *register.TERMS, *register.MEASURE_STATES),
            *(*register.DELIVERED, *register.PROBLEM_STATES, *register.DECISION_STATES),
        ),
        "measures/catalogue.py": (*measures.FAMILIES, *measures._SAME.values()),
        "release/atoms.py": (atoms.UNKNOWN_AREA, *atoms.PARTS, atoms.UNKNOWN_PART),
    }
    with measures.SHIPPED.open(encoding="utf-8-sig", newline="") as stream:
        shown = ("namn", "vad", "ansvarig", "villkor", "risk", "fynd")
        own["measures/catalogue.csv"] = [
            row[column] for row in csv.DictReader(stream, delimiter=";") for column in shown
        ]
    for where, texts in own.items():
        yield from ((text, where) for text in texts if text)


def _is_read(inside: str) -> bool:
    room, _, rest = inside.partition("/")
    read = room in _READ or (room == "gather" and rest in _GATHER)
    return read and inside not in _UNREAD


def in_chapter(notebook: dict) -> Iterator[str]:
    """Yield the prose of a chapter, cell by cell, and the titles that its code gives."""
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield source
        elif "parameters" not in cell["metadata"].get("tags", []):
            yield from in_code(ast.parse(source), every=True)


def in_code(tree: ast.Module, *, every: bool, lent: Set[str] = frozenset()) -> Iterator[str]:
    """
    Yield the texts of a module that readers may see, in order.

    What is given to ``Text`` or ``translate`` always is; a constant elsewhere if `every` is set and
    it looks like words; so do tables that texts are looked up among, here or, if their names are in
    `lent`, in another module. Sentences put together with ``+`` are yielded whole, in every form.
    """
    quiet = set(_quiet(tree))
    said: dict[int, list[str]] = {}
    looked_up = set(lent)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in _SAYS:
            for given in _given(node):
                for leaf in _leaves(given):
                    said[id(leaf)] = _forms(leaf)
    looked_up |= _looked_up(tree)
    yield from (text for name in sorted(looked_up) for text in _held(tree, name))
    for node in _in_order(tree, quiet):
        if id(node) in said:
            yield from (text for text in said[id(node)] if re.search(r"[^\W\d_]", _bare(text)))
        elif every and isinstance(node, ast.Constant):
            yield from (text for text in _forms(node) if _like_words(text))


def _name(node: ast.expr) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def _given(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments of a call that hold texts."""
    of_text = _name(call.func) == "Text"
    yield from call.args[:1]
    if of_text:
        yield from call.args[2:3]
    yield from (k.value for k in call.keywords if k.arg in {"template", "singular", "text"})


def _leaves(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the branches of a choice, and what a name or a table is looked up among."""
    if isinstance(node, ast.IfExp):
        yield from _leaves(node.body)
        yield from _leaves(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for one in node.values:
            yield from _leaves(one)
    else:
        yield node


def _looked_up(tree: ast.Module) -> set[str]:
    """Return the names of the tables and constants that a module takes its texts from."""
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and _name(n.func) in _SAYS)
    leaves = (leaf for call in calls for given in _given(call) for leaf in _leaves(given))
    return {name for leaf in leaves for name in _names_in(leaf)}


def _lent(tree: ast.Module) -> set[tuple[str, str]]:
    """Return the modules and names of such tables that a module has from others."""
    wanted = _looked_up(tree)
    return {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if alias.name in wanted
    }


def _names_in(node: ast.expr) -> set[str]:
    """Return the tables and constants of a module that a text is looked up among."""
    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return {name for name in found if name.lstrip("_").isupper()}


def _held(tree: ast.Module, name: str) -> Iterator[str]:
    """Yield the texts that a constant of the module holds; of a table, its values."""
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        value = getattr(node, "value", None)
        if value is None or name not in {getattr(one, "id", "") for one in names}:
            continue
        keys = {
            id(key) for part in ast.walk(value) if isinstance(part, ast.Dict) for key in part.keys
        }
        for part in ast.walk(value):
            text = part.value if isinstance(part, ast.Constant) and id(part) not in keys else None
            if isinstance(text, str) and re.search(r"[^\W\d_]", _bare(text)):
                yield text


def _forms(node: ast.expr) -> list[str]:
    """Return every text that an expression of constants may give; none for any other."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=other):
            return _forms(body) + _forms(other)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [a + b for a in _forms(left) for b in _forms(right)]
    return []


def _bare(template: str) -> str:
    return re.sub(r"\{\w*\}", "", template)


def _like_words(text: str) -> bool:
    bare = _bare(text)
    return text not in _NOT_WORDS and not _CODE.search(bare) and bool(_WORDS.search(text))


def _quiet(tree: ast.Module) -> Iterator[int]:
    """Yield the nodes whose texts nobody reads: docstrings, errors, patterns, keys of a table."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)
        heard = isinstance(node, ast.Call) and (
            _name(node.func) in _NOT_READ or _name(node.func).endswith("Error")
        )
        if heard or isinstance(node, (ast.Raise, ast.JoinedStr, ast.Subscript)):
            inner = node.slice if isinstance(node, ast.Subscript) else node
            yield from (id(part) for part in ast.walk(inner))
        if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
            yield from (id(part) for part in ast.walk(node.annotation))
        if isinstance(node, ast.Assign) and any(_name(t) == "__all__" for t in node.targets):
            yield from (id(part) for part in ast.walk(node.value))


def _in_order(node: ast.AST, quiet: set[int]) -> Iterator[ast.AST]:
    if id(node) not in quiet:
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child, quiet)


def fields(template: str) -> set[str]:
    """Return the names of the places for values in a template."""
    return set(re.findall(r"\{(\w+)", template))


def catalogue(code: str) -> Catalog:
    """Return the committed catalogue of a language; an empty one where there is none."""
    from babel.messages import Catalog
    from babel.messages.pofile import read_po

    file = file_of(code)
    if not file.is_file():
        return Catalog(locale=code)
    with file.open("rb") as stream:
        return read_po(stream, locale=code)


def file_of(code: str) -> Path:
    """Return where the catalogue of a language lies."""
    return LOCALES / code / "LC_MESSAGES" / "est.po"


def faults(known: Catalog, wanted: Iterable[tuple[str | None, str]]) -> list[str]:
    """
    Return what is wrong with a catalogue, a line each.

    Parameters
    ----------
    known
        The catalogue.
    wanted
        Contexts and texts that it should hold, and nothing else.
    """
    wanted, told = set(wanted), []
    for context, text in sorted(wanted, key=lambda one: (one[0] or "", one[1])):
        message = known.get(text, context)
        if message is None or not message.string:
            told.append(f"saknas: {text!r}")
        elif "fuzzy" in message.flags:
            told.append(f"osäker: {text!r}")
        elif fields(str(message.string)) != fields(text):
            told.append(f"andra namn inom klamrar: {text!r}")
    held = {(one.context, str(one.id)) for one in known if one.id}
    told += [f"finns inte längre: {text!r}" for _, text in sorted(held - wanted, key=str)]
    told += [f"överspelad: {one.id!r}" for one in known.obsolete.values()]
    return told


def renew(code: str) -> list[str]:
    """
    Bring a catalogue up to the code: new texts are added without words, those that are gone go.

    Returns
    -------
    list of str
        What is then left to mend, as `faults` says it.
    """
    from babel.messages import Catalog
    from babel.messages.pofile import write_po

    wanted, known = msgids(), catalogue(code)
    fresh = Catalog(
        locale=code,
        fuzzy=False,
        header_comment=f"# The Swedish texts in {_english_name(code)}: see docs/language.md",
    )
    for (context, text), places in wanted.items():
        own = known.get(text, context)
        fresh.add(
            text,
            own.string if own else "",
            locations=[(place, 0) for place in places],
            context=context,
        )
    file = file_of(code)
    file.parent.mkdir(parents=True, exist_ok=True)
    with io.BytesIO() as stream:
        write_po(stream, fresh, width=100)
        lines = stream.getvalue().splitlines(keepends=True)
    # the day it was made would change the file where no text has changed
    file.write_bytes(b"".join(one for one in lines if b"-Date: " not in one))
    return faults(catalogue(code), wanted)


def _english_name(code: str) -> str:
    from babel import Locale

    return str(Locale.parse(code).english_name)


def main(codes: list[str]) -> int:
    """Renew catalogues, say what they lack, and return 1 if anything is left to mend."""
    codes = codes or sorted({file.parts[-3] for file in LOCALES.glob("*/*/est.po")} or {"en"})
    left = 0
    for code in codes:
        told = renew(code)
        left += len(told)
        for line in told:
            print(f"{code}: {line}")
        print(f"{code}: {len(msgids())} texter, {len(told)} att rätta i {file_of(code)}")
    return 1 if left else 0


if __name__ == "__main__":
    if SOURCE_LANGUAGE in sys.argv[1:]:
        sys.exit("Svenska är källan: den har ingen katalog.")
    sys.exit(main(sys.argv[1:]))
