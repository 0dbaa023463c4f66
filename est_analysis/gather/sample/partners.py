"""The partners: how each sees what happens, registers it and writes it down."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Transformer

from est_analysis.gather.sample.clock import AFTER, FIRST, YEARS, Moments, clock, quarter, wall
from est_analysis.gather.sample.happenings import (
    CALLED_OUT,
    EST_CRIMES,
    EST_KIND,
    SEEN_BY_HOUSING,
    choose,
)
from est_analysis.gather.sample.plants import LATE_DAYS, LATE_SHARE, Silence, find
from est_analysis.gather.sample.town import CRS, SPOTS, Floats, stream, the_map

LAYOUT_B_FROM = date(2023, 10, 1)
"""Before this day of registration the police deliver layout A, from it layout B."""

POLICE_A_COLUMNS = [
    "Inskrivningsdatum", "Näpo", "Basområde", "Gata", "Brottskod", "Antal", "Brottsdag start",
    "Brottsdag slut", "Brottstid start", "Brottstid slut",
]  # fmt: skip
POLICE_B_COLUMNS = [
    "ID", "BROTTSKOD", "LATITUDE", "LONGITUDE", "GATA", "GATUNR", "KOMMUN",
    "BROTTSDATUMTID_START", "BROTTSDATUMTID_SLUT", "INSKRIVNINGSDATUM",
]  # fmt: skip
EST_COLUMNS = [
    "id", "typ", "kategori", "datum_fran", "tid_fran", "datum_till", "tid_till", "plats_namn",
    "platstyp", "omrade", "x_sweref99tm", "y_sweref99tm", "allvar", "miljofaktorer", "antal",
    "rapporterad_datum", "kalla",
]  # fmt: skip
CITIZEN_COLUMNS = ["arende", "typ", "varfor", "datum", "lat", "lon"]
HOUSING_COLUMNS = [
    "arendenr", "skapad", "kategori", "plats", "gemensamt_utrymme", "atgardad_datum", "kostnad",
]  # fmt: skip
RESCUE_COLUMNS = [
    "arendenr", "larmtid", "handelsetyp", "objekttyp", "trolig_orsak", "x", "y",
]  # fmt: skip
SCHOOL_COLUMNS = ["skola", "period", "antal"]
CALENDAR_COLUMNS = ["id", "namn", "slag", "datum_fran", "datum_till", "plats"]

FACTORS = {
    "station": ("samlingsplats", "skräp", "klotter"), "skola": ("insyn", "klotter", "övergivet"),
    "park": ("växtlighet", "belysning", "samlingsplats"), "torg": ("samlingsplats", "skräp"),
    "butik": ("skräp", "samlingsplats"), "parkering": ("belysning", "insyn", "övergivet"),
    "fritid": ("samlingsplats", "övergivet"), "gc": ("belysning", "växtlighet", "insyn"),
}  # fmt: skip
REPORTERS = (
    "Barn- och utbildningsförvaltningen", "Socialförvaltningen", "Kultur- och fritidsförvaltningen",
    "Samhällsbyggnadsförvaltningen", "Kommunledningsförvaltningen", "Bostadsbolaget",
    "Servicebolaget", "Räddningstjänsten", "Fastighetsägarna", "Näringslivet",
)  # fmt: skip
NEAREST = {  # who reports half of what is seen at each sort of place; the rest is anyone's
    "station": 6, "skola": 0, "park": 3, "torg": 4, "butik": 9, "parkering": 6, "fritid": 2,
    "gc": 3,
}  # fmt: skip

REASONS = {
    "gc": ("mörkt/dålig sikt", "mörkt/dålig sikt", "mörkt/dålig sikt", "få människor vistas"),
    "station": ("dåligt rykte", "annat", "klotter/skadegörelse", "få människor vistas"),
    "park": ("mörkt/dålig sikt", "få människor vistas", "dåligt rykte", "annat"),
    "": ("mörkt/dålig sikt", "få människor vistas", "klotter/skadegörelse", "annat"),
}
NIL_REPORTS = 20.0  # a year


# --- the police -------------------------------------------------------------------------------


def registered(events: pd.DataFrame, seed: int, strength: float) -> pd.DataFrame:
    """Return ``registered`` (the day) and ``late`` of every crime that the police were told of."""
    rng, n = stream(seed, "registered"), len(events)
    late = rng.random(n) < min(1.0, LATE_SHARE * strength)
    soon, weeks = rng.geometric(0.35, n) - 1, LATE_DAYS + rng.geometric(1 / 25, n)
    lag = pd.to_timedelta(np.where(late, weeks, np.minimum(soon, LATE_DAYS)), unit="D")
    told = events["polis"]
    day = (events["end"].dt.normalize() + lag).where(told)
    return pd.DataFrame({"registered": day, "late": late & told})


def police(events: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of layout A and of layout B, in the order in which they were registered."""
    rng = stream(seed, "police")
    rows = events[events["registered"] < pd.Timestamp(AFTER)].copy()
    rows = rows.sort_values(["registered", "end"], kind="stable")
    rows["open"] = rng.random(len(rows)) < 0.15
    rows["several"] = rng.random(len(rows)) < 0.04
    rows["blank"] = rng.random(len(rows)) < 0.02
    rows["event"] = rows.index
    rows["delivery"] = quarter(rows["registered"])
    first = rows["registered"] < pd.Timestamp(LAYOUT_B_FROM)
    return _layout_a(rows[first]), _layout_b(rows[~first])


def _layout_a(rows: pd.DataFrame) -> pd.DataFrame:
    several = rows["several"] & rows["place"].eq("")
    out = pd.DataFrame(
        {
            "Inskrivningsdatum": rows["registered"].dt.date,
            "Näpo": "Exempelsjö",
            "Basområde": _areas(rows["x"].to_numpy(float), rows["y"].to_numpy(float)),
            "Gata": rows["street"] + np.where(rows["blank"], " ", ""),
            "Brottskod": rows["code"],
            "Antal": np.where(several, 2, 1),
            "Brottsdag start": rows["start"].dt.date,
            "Brottsdag slut": rows["end"].dt.date,
            "Brottstid start": rows["start"].dt.strftime("%H%M"),
            "Brottstid slut": rows["end"].dt.strftime("%H%M"),
            "delivery": rows["delivery"],
            "event": rows["event"],
        }
    ).astype(object)
    out.loc[rows["open"], ["Brottsdag slut", "Brottstid slut"]] = None
    return out.reset_index(drop=True)


def _layout_b(rows: pd.DataFrame) -> pd.DataFrame:
    stacked = rows["stack_x"].notna()
    lon, lat = _to_degrees(
        rows["stack_x"].where(stacked, rows["x"]), rows["stack_y"].where(stacked, rows["y"])
    )
    year = rows["registered"].dt.year
    number = rows.groupby(year).cumcount() + 1
    out = pd.DataFrame(
        {
            "ID": [f"9999-K{n:05d}-{y % 100:02d}" for n, y in zip(number, year, strict=True)],
            "BROTTSKOD": rows["code"],
            "LATITUDE": _decimals(lat, 6),
            "LONGITUDE": _decimals(lon, 6),
            "GATA": rows["street"].mask(stacked, ""),
            "GATUNR": rows["number"].astype(str).mask(stacked, ""),
            "KOMMUN": "Exempelsjö",
            "BROTTSDATUMTID_START": rows["start"].dt.strftime("%Y-%m-%d %H:%M"),
            "BROTTSDATUMTID_SLUT": rows["end"].dt.strftime("%Y-%m-%d %H:%M").mask(rows["open"], ""),
            "INSKRIVNINGSDATUM": rows["registered"].dt.strftime("%Y-%m-%d"),
            "delivery": rows["delivery"],
            "event": rows["event"],
        }
    )
    return out.astype(object).reset_index(drop=True)


def _areas(x: Floats, y: Floats) -> npt.NDArray[np.object_]:
    names = np.full(x.size, "", dtype=object)
    for name, shape in the_map().areas[["namn", "geometry"]].itertuples(index=False):
        shapely.prepare(shape)
        names[shapely.contains_xy(shape, x, y)] = name
    return names


def _to_degrees(x: pd.Series, y: pd.Series) -> tuple[Floats, Floats]:
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(
        x.to_numpy(float), y.to_numpy(float)
    )
    return lon, lat


def _decimals(values: Any, digits: int) -> list[str]:
    return [f"{value:.{digits}f}" for value in np.asarray(values)]


# --- the EST sheet ----------------------------------------------------------------------------


def est(events: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the EST sheet's rows, in the order they were reported."""
    rng = stream(seed, "est")
    category = {group: name for name, group in EST_CRIMES.items()}
    own = events[events["realm"].eq("est")]
    crimes = events[events["seen"] & events["place"].ne("")]
    rows = pd.concat(
        [
            pd.DataFrame(
                {"start": part["at"], "kategori": names, "spot": part["place"], "event": part.index}
            )
            for part, names in ((own, own["what"]), (crimes, crimes["what"].map(category)))
        ]
        + [pd.DataFrame({"start": _nil_reports(rng), "kategori": "Inget att rapportera"})],
        ignore_index=True,
    )
    rows["typ"] = rows["kategori"].map(EST_KIND)
    is_nil = rows["typ"].eq("nollrapport").to_numpy()
    lag = np.where(is_nil, 13, np.minimum(rng.geometric(0.25, len(rows)), 20))
    ahead = np.where(rows["typ"].eq("kommande"), rng.integers(7, 35, len(rows)), 0)
    lag = np.where(ahead > 0, 0, lag)
    rows["reported"] = rows["start"].dt.normalize() + pd.to_timedelta(lag, unit="D")
    rows["start"] += pd.to_timedelta(ahead, unit="D")
    known = (rows["reported"] < pd.Timestamp(AFTER)) & (rows["reported"] >= pd.Timestamp(FIRST))
    rows = rows[known].sort_values(["reported", "start", "kategori"], kind="stable")
    rows = rows.reset_index(drop=True)
    rows["delivery"] = quarter(rows["reported"])
    rows["id"] = [f"EST-{n:05d}" for n in range(1, len(rows) + 1)]
    out = _est_columns(rows, rng)
    out["event"] = rows["event"].astype("Int64").astype(object)
    return out


def _nil_reports(rng: np.random.Generator) -> Moments:
    """Return the first days of fortnights about which a reporter had nothing to tell."""
    fortnights = np.arange(np.datetime64("2021-10-04"), np.datetime64("2026-09-17"), 14)
    n = rng.poisson(NIL_REPORTS * YEARS)
    chosen: Moments = np.sort(rng.choice(fortnights, n)).astype("datetime64[m]")
    return chosen


def _est_columns(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    n = len(rows)
    places = the_map().places.set_index("name").reindex(rows["spot"])
    start, nil = pd.DatetimeIndex(wall(rows["start"].to_numpy())), rows["typ"].eq("nollrapport")
    event = rows["typ"].eq("händelse")
    timed = event & (rng.random(n) < 0.85)
    ended = timed & (rng.random(n) < 0.55)
    lasted = rng.integers(15, 240, n) * np.timedelta64(60, "s")
    end = pd.DatetimeIndex(wall(start.to_numpy() + lasted))
    end = end.where(~nil, start + pd.Timedelta(days=13))
    placed = (rng.random(n) < 0.5) & ~nil
    wobble = rng.normal(0, 12, (n, 2)).round()
    out = pd.DataFrame({"id": rows["id"], "typ": rows["typ"], "kategori": rows["kategori"]})
    out["datum_fran"] = _dates(start, np.ones(n, bool))
    out["tid_fran"] = _text(start.strftime("%H:%M"), timed)
    out["datum_till"] = _dates(end, (ended | nil).to_numpy())
    out["tid_till"] = _text(end.strftime("%H:%M"), ended)
    out["plats_namn"] = _text(rows["spot"], ~nil)
    out["platstyp"] = _text(places["place_type"], ~nil)
    out["omrade"] = _text(places["area"], ~nil)
    for axis, column in enumerate(("x", "y")):
        at = places[column].to_numpy() + wobble[:, axis]
        out[f"{column}_sweref99tm"] = _text([int(a) if a == a else None for a in at], placed)
    grade = 1 + (rng.random(n) < 0.45).astype(int) + (rng.random(n) < 0.12)
    out["allvar"] = _text([int(g) for g in grade], event)
    out["miljofaktorer"] = _factors(rows, rng)
    several = 1 + (rng.random(n) < 0.06).astype(int) + (rng.random(n) < 0.02)
    out["antal"] = _text([int(s) for s in several], event & (rng.random(n) < 0.9))
    mixes = {spot.name: spot.mix for spot in SPOTS}
    anyone, own = rng.integers(0, len(REPORTERS), n), rng.random(n) < 0.5
    source = [
        NEAREST.get(mixes.get(spot, ""), a) if o else a
        for spot, a, o in zip(rows["spot"], anyone, own, strict=True)
    ]
    out["rapporterad_datum"] = _dates(pd.DatetimeIndex(rows["reported"]), np.ones(n, bool))
    out["kalla"] = [REPORTERS[s] for s in source]
    for column in ("datum_fran", "datum_till", "rapporterad_datum"):  # some write dates as text
        out[column] = [
            d.isoformat() if d is not None and s % 3 == 0 else d
            for d, s in zip(out[column], source, strict=True)
        ]
        out[column] = out[column].astype(object)
    out["delivery"] = rows["delivery"]
    return out[[*EST_COLUMNS, "delivery"]].astype(object).where(out.notna(), None)


def _dates(days: pd.DatetimeIndex, given: npt.NDArray[np.bool_]) -> pd.Series:
    dates = [d.date() if g else None for d, g in zip(days, given, strict=True)]
    return pd.Series(dates, dtype=object)


def _text(values: Any, given: Any) -> pd.Series:
    return pd.Series([v if g else None for v, g in zip(values, given, strict=True)], dtype=object)


def _factors(rows: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    mix = {s.name: s.mix for s in SPOTS}
    told = rng.random((len(rows), 3)) < (0.35, 0.25, 0.15)
    named = []
    for spot, category, tell in zip(rows["spot"], rows["kategori"], told, strict=True):
        known = FACTORS.get(mix.get(spot, ""), ())
        found = [f for f, t in zip(known, tell, strict=False) if t]
        if category == "Bristande/trasig belysning" and "belysning" not in found:
            found.insert(0, "belysning")
        named.append(", ".join(found) or None)
    return pd.Series(named, dtype=object)


# --- the citizens' form -----------------------------------------------------------------------


def citizens(events: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the form's rows, in the order they came in."""
    rng = stream(seed, "citizens")
    rows = events[events["realm"].eq("citizens")]
    mixes, n = {spot.name: spot.mix for spot in SPOTS}, len(rows)
    which = rng.integers(0, 4, n)
    why = [
        REASONS.get(mixes.get(place, ""), REASONS[""])[k]
        for place, k in zip(rows["place"], which, strict=True)
    ]
    lon, lat = _to_degrees(rows["x"] + rng.normal(0, 18, n), rows["y"] + rng.normal(0, 18, n))
    safe = rows["what"].eq("trygg plats")
    out = pd.DataFrame(
        {
            "arende": [f"M{n:04d}" for n in range(1, n + 1)],
            "typ": rows["what"].to_numpy(),
            "varfor": pd.Series(why, index=rows.index, dtype=object).mask(safe, "trygg"),
            "datum": rows["at"].dt.strftime("%Y-%m-%d"),
            "lat": _decimals(lat, 6),
            "lon": _decimals(lon, 6),
            "delivery": quarter(rows["at"]),
            "event": rows.index,
        }
    )
    return out.astype(object).reset_index(drop=True)


# --- the housing company, the rescue service, the schools -------------------------------------


def housing(events: pd.DataFrame, seed: int, strength: float) -> pd.DataFrame:
    """Return the fault reports; where it is planted, the company falls silent one day."""
    rng = stream(seed, "bostad")
    crimes = events["seen"] & events["place"].eq("") & events["what"].isin(SEEN_BY_HOUSING)
    rows = events[events["realm"].eq("bostad") | crimes]
    n = len(rows)
    created = rows["at"].dt.normalize() + pd.to_timedelta(rng.integers(0, 4, n), unit="D")
    mended = created + pd.to_timedelta(rng.geometric(0.12, n), unit="D")
    shared = rng.random(n) < 0.5
    cost = (np.round(rng.gamma(1.6, 900, n) / 50) * 50).astype(int)
    silence = find("silent")
    assert isinstance(silence, Silence)
    lost = (rng.random(n) < strength) & (rows["at"] >= pd.Timestamp(silence.start))
    lost &= rows["realm"].eq("crime")  # the company's own kinds are fewer already
    kept = ~lost & (created < pd.Timestamp(AFTER))
    out = pd.DataFrame(
        {
            "skapad": created.dt.strftime("%Y-%m-%d"),
            "kategori": rows["what"].str.lower(),
            "plats": rows["street"],
            "gemensamt_utrymme": np.where(shared, "ja", "nej"),
            "atgardad_datum": mended.dt.strftime("%Y-%m-%d").where(mended < pd.Timestamp(AFTER)),
            "kostnad": pd.Series(cost, index=rows.index).astype(str).where(cost > 0, ""),
            "delivery": quarter(created),
            "event": rows.index,
        }
    )[kept].sort_values("skapad", kind="stable", ignore_index=True)
    out["atgardad_datum"] = out["atgardad_datum"].fillna("")
    out["arendenr"] = [f"F{k:05d}" for k in range(1, len(out) + 1)]
    return out[[*HOUSING_COLUMNS, "delivery", "event"]].astype(object)


def rescue(events: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the rescue service's calls, most fires that are crimes among them."""
    rng = stream(seed, "raddning")
    fire = events["what"].eq("Brand")
    called = fire & (rng.random(len(events)) < CALLED_OUT)
    rows = events[events["realm"].eq("raddning") | called]
    n, fire = len(rows), rows["what"].eq("Brand")
    kind = np.where(rng.random(n) < 0.25, "brand i byggnad", "brand ej i byggnad")
    objects = {"container": 3.0, "skräp": 3.0, "skog och mark": 2.0, "fordon": 1.0}
    delay = pd.to_timedelta(rng.integers(2, 15, n), unit="min")
    out = pd.DataFrame(
        {
            "arendenr": [f"R{k:05d}" for k in range(1, n + 1)],
            "larmtid": (rows["at"] + delay).dt.strftime("%Y-%m-%d %H:%M"),
            "handelsetyp": rows["what"].where(~fire, pd.Series(kind, index=rows.index)),
            "objekttyp": np.where(fire, choose(rng, objects, n), ""),
            "trolig_orsak": np.where(
                fire, choose(rng, {"anlagd med uppsåt": 3.0, "barns lek med eld": 1.0}, n), ""
            ),
            "x": rows["x"].round().astype(int).astype(str),
            "y": rows["y"].round().astype(int).astype(str),
            "delivery": quarter(rows["at"]),
            "event": rows.index,
        }
    )
    return out.astype(object).reset_index(drop=True)


def schools(seed: int) -> pd.DataFrame:
    """Return how many incidents each school counted in each month; a month without is left out."""
    rng, hours = stream(seed, "skola"), clock()
    month = pd.PeriodIndex(pd.DatetimeIndex(hours.start), freq="M")
    term = pd.Series(hours.term, index=month).groupby(level=0).mean()
    rows = []
    for spot in SPOTS:
        if spot.mix != "skola":
            continue
        yearly = 4 + 1.4 * spot.police
        weight = term * np.where(term.index.month.isin([1, 8]), 1.6, 1.0)
        counts = rng.poisson(yearly * YEARS * weight / weight.sum())
        rows += [(spot.name, str(m), k) for m, k in zip(term.index, counts, strict=True) if k]
    out = pd.DataFrame(rows, columns=SCHOOL_COLUMNS).sort_values(["period", "skola"])
    out["delivery"] = quarter(pd.PeriodIndex(out["period"], freq="M").to_timestamp())
    out["antal"] = out["antal"].astype(str)
    return out.assign(event=None).astype(object).reset_index(drop=True)


# --- the calendar -----------------------------------------------------------------------------


def calendar() -> pd.DataFrame:
    """Return the holidays and events that the group keeps in its register."""
    rows: list[tuple[str, str, date, date, str]] = []
    for year in range(FIRST.year, AFTER.year + 1):
        autumn, winter = (date.fromisocalendar(year, week, 1) for week in (44, 8))
        june = date(year, 6, 19)
        midsummer = june + timedelta(days=(4 - june.weekday()) % 7)
        august, september = date(year, 8, 8), date(year, 9, 8)
        fair = august + timedelta(days=(5 - august.weekday()) % 7)
        market = september + timedelta(days=(5 - september.weekday()) % 7)
        rows += [
            ("Sportlov", "Lov", winter, winter + timedelta(days=6), ""),
            ("Valborgsmässoafton", "Helg", date(year, 4, 30), date(year, 4, 30), ""),
            ("Sommarlov", "Lov", date(year, 6, 12), date(year, 8, 17), ""),
            ("Midsommarafton", "Helg", midsummer, midsummer, ""),
            ("Exempelsjödagen", "Evenemang", fair, fair, "Torget"),
            ("Höstmarknad", "Evenemang", market, market, "Torget"),
            ("Höstlov", "Lov", autumn, autumn + timedelta(days=6), ""),
            ("Jullov", "Lov", date(year, 12, 20), date(year + 1, 1, 8), ""),
        ]
    rows = sorted(row for row in rows if row[2] >= FIRST)
    rows.sort(key=lambda row: row[2])
    table = pd.DataFrame(
        [
            (f"K{n:03d}", name, kind, first.isoformat(), last.isoformat(), place)
            for n, (name, kind, first, last, place) in enumerate(rows, 1)
        ],
        columns=CALENDAR_COLUMNS,
        dtype=object,
    )
    return table.assign(delivery="", event=None)
