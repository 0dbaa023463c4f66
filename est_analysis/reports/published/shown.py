"""What the published chapter shows: tables, bars and a map of areas, from released numbers."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from est_analysis.evidence import Finding, Text
from est_analysis.reports import cards
from est_analysis.reports.language import CAVEATS, KINDS, WORDS
from est_analysis.reports.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from est_analysis.reports.charts import Chart
    from est_analysis.reports.published.released import Released

HIDDEN = "visas inte"
_CLASSES = 4
_SMALL, _NEAR = 0.2, 0.5
"""Areas narrower than the first share of the map are enlarged, if they fill less than the other."""
_WIDTH_IN = 4.4


def protection(released: Released) -> cards.Findings:
    """Return how the numbers were protected, with the group's own thresholds."""
    shown, of = released.shown
    k = released.minimum
    texts = [
        Text(
            "Antal under {k} visas inte. Gränsen är gruppens eget val, ingen lag. Noll visas: det "
            "pekar inte ut någon.",
            {"k": k},
        ),
        Text(
            "Ytterligare antal är utelämnade så att de små inte går att räkna fram ur summor, "
            "andra tabeller eller tidigare publiceringar. Varje utelämnat antal under {k}, också "
            "för enskilda kvartal, kan vara minst {k} olika tal enligt allt som är publicerat.",
            {"k": k},
        ),
        Text(
            "Antal som färre än {reporters} rapportörer står bakom visas inte heller, utom där "
            "ett slag av uppgift bara har en källa. Också det är gruppens eget val.",
            {"reporters": Text(_ORDINARY.get(released.content["reporters"], "tillräckligt många"))},
        ),
        Text(
            "{share} procent av siffrorna visas. Inga platser, inga enskilda händelser och ingen "
            "fritext finns med.",
            {"share": round(100 * shown / of)},
        ),
        Text(
            "En siffra som en gång har publicerats ändras inte. Uppgifter som kommer in sent för "
            "ett redan publicerat kvartal räknas därför inte in här."
        ),
    ]
    named = enumerate(texts)
    return cards.Findings(
        tuple(Finding(f"protection/{i}", {None: text}, 0) for i, text in named), released.language
    )


_ORDINARY = {1: "en", 2: "två", 3: "tre", 4: "fyra", 5: "fem"}


def finding(released: Released, identity: str) -> cards.Findings:
    """Return one finding by its id; nothing where there is none."""
    found = tuple(one for one in released.findings if one.id == identity)
    return cards.Findings(found, released.language)


def changes(released: Released) -> cards.Findings:
    """Return what is claimed of change, strongest first, kinds as a whole always."""
    return cards.claims(released, "change/", gated=True)  # type: ignore[arg-type]


def caveats(released: Released) -> cards.Findings:
    """Return the four standing caveats."""
    told = tuple(Finding(f"caveat/{i}", {None: Text(text)}, 0) for i, text in enumerate(CAVEATS))
    return cards.Findings(told, released.language)


def silence(released: Released) -> cards.Findings:
    """Return what cannot be said, and why."""
    say = released.language
    absent = [kind for kind in _asked() if kind not in released.kinds]
    coarser = [
        kind for kind in released.kinds if released.content["kinds"][kind]["tier"] not in {0, None}
    ]
    texts = [
        Text(
            "Var en enskild händelse har skett, när just den skedde och vilka som var där står "
            "inte här och går inte att räkna fram."
        ),
        Text("Ett område utan siffra är inte ett område utan händelser: antalet visas bara inte."),
    ]
    if absent:
        told = [Text(KINDS[kind]) for kind in absent]
        texts.append(Text("Det här slaget visas inte alls: {told}.", {"told": told}))
    if coarser:
        told = [Text(KINDS[kind]) for kind in coarser]
        texts.append(
            Text("Det här visas i grövre tabeller för att vara tryggt: {told}.", {"told": told})
        )
    listed = tuple(Finding(f"silence/{i}", {None: text}, 0) for i, text in enumerate(texts))
    return cards.Findings(listed, say)


def _asked() -> tuple[str, ...]:
    return ("reported_crime", "event", "unsafe_place", "physical_defect")


def _cell(n: int | None) -> int | Text:
    return Text(HIDDEN) if n is None else n


def _heading(released: Released, until: str) -> str:
    from est_analysis import periods

    last = periods.parse(until).last
    say = released.language
    return say.say(Text("tolv månader till {month}", {"month": f"{say.month(last)} {last.year}"}))


def totals(released: Released) -> Table:
    """Return every kind of record, each twelve months."""
    windows = released.windows
    return Table(
        "helheten",
        Text("Antal per tolv månader"),
        ["Slag", *(_heading(released, until) for until in windows)],
        [
            [released.language.kind(kind)]
            + [
                _cell(released.number(kind, "total", until))
                if until in released.windows_of(kind, "total")
                else None
                for until in windows
            ]
            for kind in released.kinds
        ],
        released.language,
    )


def _over_time(released: Released, kind: str, table: str, name: str, head: str, what: str) -> Table:
    windows = released.windows_of(kind, table)
    rows = [
        [row, *(_cell(released.number(kind, table, until, **{table: row})) for until in windows)]
        for row in released.names(kind, table)
    ]
    return Table(
        name,
        Text("{kind} {what}", {"kind": _capital(released.language.kind(kind)), "what": Text(what)}),
        [head, *(_heading(released, until) for until in windows)],
        rows,
        released.language,
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def crimes_by_area(released: Released) -> Table:
    """Return reported crimes area by area."""
    return _over_time(released, "reported_crime", "area", "brott_omraden", "Område", "per område")


def unsafe_by_area(released: Released) -> Table:
    """Return reports of unsafe places area by area."""
    return _over_time(released, "unsafe_place", "area", "otrygga_omraden", "Område", "per område")


def events_by_area(released: Released) -> Table:
    """Return events area by area."""
    return _over_time(released, "event", "area", "handelser_omraden", "Område", "per område")


def defects_by_area(released: Released) -> Table:
    """Return physical defects area by area."""
    return _over_time(
        released, "physical_defect", "area", "brister_omraden", "Område", "per område"
    )


def crimes_by_group(released: Released) -> Table:
    """Return reported crimes group by group."""
    return _over_time(released, "reported_crime", "group", "brott_grupper", "Grupp", "per grupp")


def events_by_group(released: Released) -> Table:
    """Return events group by group."""
    return _over_time(released, "event", "group", "handelser_grupper", "Grupp", "per grupp")


def defects_by_group(released: Released) -> Table:
    """Return physical defects group by group."""
    return _over_time(released, "physical_defect", "group", "brister_grupper", "Grupp", "per grupp")


def parts(released: Released, kind: str = "reported_crime") -> Table:
    """Return how a kind falls over the parts of the week."""
    name = {"reported_crime": "brott_tider", "event": "handelser_tider"}[kind]
    table = _over_time(released, kind, "part", name, "Del av veckan", "per del av veckan")
    note = Text(
        "Dag är klockan 06–18, kväll 18–24 och natt 00–06. Helg är lördag och söndag. Det som inte "
        "har någon säker tid räknas för sig."
    )
    return Table(table.name, table.caption, table.headings, table.rows, table.language, note)


def events_by_part(released: Released) -> Table:
    """Return how events fall over the parts of the week."""
    return parts(released, "event")


def crossed(released: Released) -> Table:
    """Return reported crimes by area and group, the last twelve months."""
    kind, until = "reported_crime", released.windows[0]
    groups = released.names(kind, "group")
    told = bool(released.windows_of(kind, "area_group"))
    return Table(
        "brott_omraden_grupper",
        Text("Anmälda brott per område och grupp, {period}", {"period": released.period}),
        ["Område", *groups],
        [
            [area]
            + [
                _cell(released.number(kind, "area_group", until, area=area, group=group))
                for group in groups
            ]
            for area in released.areas
        ]
        if told
        else [],
        released.language,
        empty=Text("tabellen går inte att visa utan att små antal går att räkna fram"),
    )


def measures(released: Released) -> Table:
    """Return each measure's sort, area and word; no numbers."""
    words = {word.value: text for word, text in WORDS.items()}
    return Table(
        "insatser",
        Text("Insatser och vad som går att säga om dem"),
        ["Slag av insats", "Område", "Läge", "Bedömning"],
        [
            [
                one["sort"],
                one["area"] or None,
                one["state"],
                Text(words.get(one["word"], "Ännu inte bedömd")),
            ]
            for one in released.content["measures"]
        ],
        released.language,
        note=Text(
            "Situationell: platsen eller miljön ändras. Social: människor och verksamheter. "
            "Kontroll: tillsyn och närvaro."
        ),
        empty=Text("inga insatser i registret"),
    )


TABLES: dict[str, Callable[[Released], Table]] = {
    function.__name__: function
    for function in (
        *(totals, crimes_by_area, crimes_by_group, crossed, parts),
        *(events_by_area, events_by_group, events_by_part),
        *(unsafe_by_area, defects_by_area, defects_by_group, measures),
    )
}
"""The tables of the published edition, also written as CSV."""


def bars(released: Released, table: Table, title: str) -> Chart:
    """
    Return a table's newest numbers as bars; what is left out has no bar, but its name.

    Parameters
    ----------
    table
        One of `TABLES`: rows named first, the newest number next.
    title
        The finding that the chart shows.
    """
    from est_analysis.reports.charts import BLUE, Chart

    rows = [(str(row[0]), row[1]) for row in table.rows]
    say = released.language
    with _style():
        figure = _figure(0.6 + 0.32 * max(1, len(rows)))
        axes = figure.add_subplot()
        for at, (_, n) in enumerate(rows):
            if isinstance(n, int):
                axes.barh(at, n, color=BLUE, height=0.6)
            axes.annotate(
                say.write(n), (n if isinstance(n, int) else 0, at), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=8,
            )  # fmt: skip
        names = [textwrap.fill(say.name(name), 24) for name, _ in rows]
        axes.set_yticks(range(len(rows)), names, fontsize=9)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.margins(x=0.18)
        svg = _plain(figure)
    return Chart(
        title=say.translate(title),
        subtitle=say.say(
            Text("{caption}, {period}", {"caption": table.caption, "period": released.period})
        ),
        alt=_alt(table, say.translate("Stapeldiagram."), released),
        svg=svg if rows else b"",
        table=table,
        language=say,
    )


def map_of_areas(released: Released, table: Table, title: str) -> Chart:
    """
    Return areas shaded by a table's newest numbers, in at most four classes; no points.

    Parameters
    ----------
    table
        One of the tables by area.
    title
        The finding that the map shows.
    """
    from est_analysis.reports.charts import Chart

    numbers = {str(row[0]): row[1] for row in table.rows}
    told = [n for n in numbers.values() if isinstance(n, int)]
    shapes = [shape for shape in released.content["shapes"] if shape["rings"]]
    small = _small(shapes)
    with _style():
        figure = _figure(4.2 + (3.0 if small else 0))
        views = figure.subplots(
            2 if small else 1, squeeze=False, height_ratios=[4.2, 3.0] if small else None
        )[:, 0]
        for axes, whole in zip(views, (True, False), strict=False):
            named = [one for one in shapes if (one in small) != whole] if small else shapes
            _areas(axes, shapes if whole else small, named, numbers, max(told, default=0))
        if small:
            _frame(views[0], small)
            views[1].set_title(
                released.language.translate("Rutan, förstorad"), fontsize=9, loc="left"
            )
        svg = _plain(figure)
    say = released.language
    return Chart(
        title=say.translate(title),
        subtitle=say.say(
            Text(
                "{caption}, {period}. Mörkare är fler; streckat visas inte. Kartan visar områden, "
                "aldrig platser.",
                {"caption": table.caption, "period": released.period},
            )
        ),
        alt=_alt(table, say.translate("Karta över områden."), released),
        svg=svg if shapes and told else b"",
        table=table,
        language=say,
    )


def _areas(
    axes: Axes,
    shapes: Sequence[dict[str, Any]],
    named: Sequence[dict[str, Any]],
    numbers: dict[str, Any],
    top: int,
) -> None:
    """Shade areas by their numbers, and write the names of some."""
    from matplotlib.patches import Polygon

    from est_analysis.reports.charts import INK, SEQUENCE

    for shape in shapes:
        n = numbers.get(shape["area"])
        shade, hatch, edge = "#ffffff", "//", INK
        if isinstance(n, int):
            rank = _class(n, top)
            shade, hatch = SEQUENCE[rank], ""
            edge = "#ffffff" if rank > _CLASSES // 2 else INK
        for ring in shape["rings"]:
            style: dict[str, Any] = {"edgecolor": edge, "linewidth": 0.8, "hatch": hatch or None}
            axes.add_patch(Polygon(ring, facecolor=shade, **style))
    for shape in named:
        axes.annotate(
            textwrap.fill(shape["area"], 14), _middle(max(shape["rings"], key=len)),
            ha="center", va="center", fontsize=9,
            bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.axis("off")


def _small(shapes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the areas that are too small for their names, if they lie close enough to enlarge."""
    if not shapes:
        return []
    sizes = [_box([shape]) for shape in shapes]
    whole = _box(shapes)
    small = [
        shape
        for shape, (west, south, east, north) in zip(shapes, sizes, strict=True)
        if max(east - west, north - south) < _SMALL * max(whole[2] - whole[0], whole[3] - whole[1])
    ]
    if not small:
        return []
    west, south, east, north = _box(small)
    near = max(east - west, north - south) < _NEAR * max(whole[2] - whole[0], whole[3] - whole[1])
    return small if near else []


def _box(shapes: Sequence[dict[str, Any]]) -> tuple[float, float, float, float]:
    corners = [corner for shape in shapes for ring in shape["rings"] for corner in ring]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _frame(axes: Axes, small: Sequence[dict[str, Any]]) -> None:
    """Draw a frame around what is enlarged."""
    from matplotlib.patches import Rectangle

    from est_analysis.reports.charts import ORANGE

    west, south, east, north = _box(small)
    wide = 0.15 * max(east - west, north - south)
    corner, size = (west - wide, south - wide), (east - west + 2 * wide, north - south + 2 * wide)
    axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=ORANGE, linewidth=2))


def _class(n: int, top: int) -> int:
    return 0 if n <= 0 else min(_CLASSES, 1 + int(_CLASSES * n / (top + 1)))


def _middle(ring: Sequence[Sequence[int]]) -> tuple[float, float]:
    import shapely

    at = shapely.point_on_surface(shapely.Polygon(ring).buffer(0))
    return float(at.x), float(at.y)


def _alt(table: Table, what: str, released: Released) -> str:
    say = released.language
    told = "; ".join(f"{say.write(row[0])}: {say.write(row[1])}" for row in table.rows)
    return f"{what} {say.say(table.caption)}. {told}."


def _style() -> Any:  # noqa: ANN401 - matplotlib's context
    import matplotlib as mpl

    return mpl.rc_context(
        {
            "svg.hashsalt": "est",
            "svg.fonttype": "path",
            "font.family": "DejaVu Sans",
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )


def _figure(height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(_WIDTH_IN, height), layout="constrained")


def _plain(figure: Figure) -> bytes:
    """Return a picture without metadata, comments or names of its parts."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    from est_analysis.reports.charts import as_written

    out = io.BytesIO()
    FigureCanvasSVG(as_written(figure)).print_svg(out, metadata={"Date": None, "Creator": None})
    text = out.getvalue().decode("utf-8")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    return text.encode("utf-8")


def facts(released: Released) -> str:
    """Return the released numbers in outline, to be compared when the notebook is tested."""
    shown, of = released.shown
    newest = released.windows[0]
    lines = [f"shown: {shown} of {of}"]
    lines += [f"{kind}: {released.number(kind, 'total', newest)}" for kind in released.kinds]
    return "\n".join(lines)
