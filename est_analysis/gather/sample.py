"""The synthetic municipality Exempelsjö: five years of deliveries from a seed."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import openpyxl
import pandas as pd
import shapely
from openpyxl.styles import Font
from pyproj import Transformer
from shapely.geometry import LineString, Point, Polygon
from shapely.ops import substring

Floats = npt.NDArray[np.float64]
Moments = npt.NDArray[np.datetime64]

SEED = 2042
GEOGRAPHY_SEED = 9999  # one map for every seed: seeds vary what happens, not where one can be
CRS = "EPSG:3006"
FIRST = date(2021, 10, 1)
AFTER = date(2026, 10, 1)  # the first day that no delivery covers
YEARS = 5
NAME = "Exempelsjö"

POLICE_COLUMNS = [
    "ID", "BROTTSKOD", "LATITUDE", "LONGITUDE", "GATA", "GATUNR", "KOMMUN",
    "BROTTSDATUMTID_START", "BROTTSDATUMTID_SLUT",
]  # fmt: skip
EST_COLUMNS = [
    "id", "typ", "kategori", "datum_fran", "tid_fran", "datum_till", "tid_till", "plats_namn",
    "platstyp", "omrade", "x_sweref99tm", "y_sweref99tm", "allvar", "miljofaktorer", "antal",
    "rapporterad_datum", "kalla",
]  # fmt: skip
CITIZEN_COLUMNS = ["arende", "typ", "varfor", "datum", "lat", "lon"]


@dataclass(frozen=True)
class Sample:
    """
    A synthetic municipality in memory, its deliveries as the partners would have sent them.

    Parameters
    ----------
    police, est, citizens
        The rows of every delivery, mistakes included, in the columns of the files, and
        ``delivery``, the quarter (``2021Q4``) of the file that holds the row.
    boundary, areas, streets, places
        The map, in EPSG:3006.
    crime_codes
        Which group a crime code belongs to.
    problems, measures, decisions
        The group's register.
    mistakes
        Every planted mistake: source, delivery, id of the row, and which mistake. Never written.
    """

    police: pd.DataFrame
    est: pd.DataFrame
    citizens: pd.DataFrame
    boundary: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    crime_codes: pd.DataFrame
    problems: pd.DataFrame
    measures: pd.DataFrame
    decisions: pd.DataFrame
    mistakes: pd.DataFrame


# --- what happens, where and when -------------------------------------------------------------


class Group(NamedTuple):
    """One group of crimes: background volume, season, rhythm, how it is dated, and its codes."""

    name: str
    yearly: float  # outside the named places
    rhythm: str
    season: tuple[float, int]  # amplitude, month of the peak
    span: str
    zones: tuple[float, float, float]  # town, village, country
    codes: dict[str, float]


def _even(*codes: str) -> dict[str, float]:
    return dict.fromkeys(codes, 1.0)


def _codes(first: int, last: int) -> list[str]:
    return [f"{code:04d}" for code in range(first, last + 1)]


BURGLARY = "Bostadsinbrott"  # delivered by the police, dropped by rule on arrival
GROUPS = (
    Group("Fordonstillgrepp", 29, "overnight", (0.45, 7), "overnight", (0.5, 0.2, 0.3),
          {"9830": 6, "9829": 1, "0802": 2, "0801": 1, "0804": 1.5, "0803": 0.5, "9833": 0.3}),
    Group("Stöld ur fordon", 40, "overnight", (0.2, 10), "overnight", (0.4, 0.15, 0.45),
          {"9827": 3, "9828": 3, "9823": 0.7, "9824": 0.7, "9825": 0.7, "9826": 0.7}),
    Group("Inbrott i lokal och förråd", 95, "overnight", (0.25, 10), "absence", (0.35, 0.15, 0.5),
          {"0825": 3, "0826": 2, "0830": 3, **dict.fromkeys(_codes(811, 823), 0.4)}),
    Group("Stöld och snatteri", 36, "day", (0.15, 12), "hours", (0.5, 0.2, 0.3),
          {"0880": 6, "9817": 1, "9818": 1, "0846": 1}),
    Group("Rån i offentlig miljö", 1.5, "night", (0.1, 11), "minutes", (0.9, 0.1, 0),
          _even(*_codes(9806, 9813))),
    Group("Skadegörelse", 38, "evening", (0.25, 5), "hours", (0.5, 0.2, 0.3),
          {"1201": 4, "1203": 2, "1212": 2, "1205": 1}),
    Group("Klotter", 8, "evening", (0.2, 4), "overnight", (0.85, 0.15, 0), _even("1208", "1209")),
    Group("Brand", 5, "evening", (0.4, 5), "hours", (0.4, 0.2, 0.4),
          _even("1210", "1211", "1301", "1302")),
    Group("Våld utomhus", 17, "night", (0.25, 7), "minutes", (0.7, 0.2, 0.1),
          _even(*_codes(9317, 9320), *_codes(9357, 9364), *_codes(9373, 9380))),
    Group("Hot och ofredande", 40, "evening", (0.1, 5), "minutes", (0.42, 0.23, 0.35),
          _even(*_codes(9440, 9447), *_codes(9456, 9463))),
    Group("Olaga intrång", 8, "evening", (0.1, 9), "hours", (0.6, 0.1, 0.3), {"9472": 1}),
    Group("Narkotika och alkohol", 80, "control", (0.15, 6), "minutes", (0.75, 0.15, 0.1),
          {"5010": 4, "5011": 4, "5005": 2, "5043": 0.5, "5047": 0.5}),
    Group("Trafik", 170, "control", (0.2, 6), "minutes", (0.35, 0.15, 0.5),
          {"3001": 2, "3002": 2, "3005": 3, "3070": 3}),
    Group(BURGLARY, 120, "day", (0.4, 12), "absence", (0.45, 0.2, 0.35),
          {"9801": 4, "9802": 4, "9831": 1, "9832": 1}),
)  # fmt: skip
ACTIVITY = ("Narkotika och alkohol", "Trafik")

# Groups of brottskoder.csv: the codes and ranges of the domain notes, ended codes included.
CODE_LIST: dict[str, list[str]] = {
    "Fordonstillgrepp": [*_codes(801, 804), "0807", "9829", "9830", "9833"],
    "Stöld ur fordon": ["0840", *_codes(9823, 9828)],
    "Inbrott i lokal och förråd": [*_codes(811, 823), "0825", "0826", "0830"],
    "Stöld och snatteri": [
        *(code for code in _codes(846, 860) if code != "0857"), "0880", *_codes(9817, 9820),
    ],
    "Rån i offentlig miljö": ["0864", "0870", *_codes(9806, 9813)],
    "Skadegörelse": ["1201", "1203", "1205", "1212"],
    "Klotter": ["1207", "1208", "1209"],
    "Brand": ["1202", "1210", "1211", "1301", "1302"],
    "Våld utomhus": [
        "0355", "0357", *_codes(9317, 9320), *_codes(9357, 9364), *_codes(9373, 9380),
    ],
    "Hot och ofredande": ["0407", "0408", *_codes(9440, 9447), *_codes(9456, 9463)],
    "Olaga intrång": ["0401", "9472"],
    "Narkotika och alkohol": ["5005", "5010", "5011", "5043", "5047"],
    "Trafik": ["3001", "3002", "3005", "3070"],
}  # fmt: skip
UNLISTED = ("5084", "5085", "8008", "4023", "1602", "4145", "1701", "1312")

# What a named place draws: shares of each group, and the rhythm there where it is its own.
MIXES: dict[str, dict[str, float]] = {
    "station": {"Våld utomhus": 14, "Hot och ofredande": 9, "Skadegörelse": 14, "Klotter": 4,
                "Fordonstillgrepp": 6, "Stöld och snatteri": 5, "Rån i offentlig miljö": 1},
    "skola": {"Skadegörelse": 20, "Klotter": 5, "Fordonstillgrepp": 4, "Brand": 1.5,
              "Hot och ofredande": 3, "Våld utomhus": 2, "Stöld och snatteri": 2},
    "park": {"Skadegörelse": 9, "Våld utomhus": 5, "Hot och ofredande": 5, "Klotter": 3,
             "Stöld och snatteri": 3, "Brand": 1.5},
    "torg": {"Skadegörelse": 5, "Våld utomhus": 4, "Hot och ofredande": 4, "Fordonstillgrepp": 3,
             "Stöld och snatteri": 4, "Klotter": 2},
    "butik": {"Stöld och snatteri": 17, "Hot och ofredande": 1.5, "Skadegörelse": 2,
              "Fordonstillgrepp": 1.5, "Rån i offentlig miljö": 0.2},
    "parkering": {"Stöld ur fordon": 6, "Fordonstillgrepp": 3, "Skadegörelse": 1},
    "fritid": {"Stöld och snatteri": 4, "Fordonstillgrepp": 3, "Skadegörelse": 3,
               "Olaga intrång": 1, "Våld utomhus": 1},
    "gc": {"Hot och ofredande": 1, "Skadegörelse": 1, "Klotter": 1},
}  # fmt: skip
MIX_RHYTHM = {
    ("station", "Våld utomhus"): "night", ("station", "Hot och ofredande"): "night",
    ("station", "Skadegörelse"): "night", ("station", "Klotter"): "night",
    ("skola", "Skadegörelse"): "school", ("skola", "Klotter"): "school",
    ("skola", "Hot och ofredande"): "school", ("skola", "Våld utomhus"): "school",
    ("skola", "Brand"): "school", ("butik", "Stöld och snatteri"): "shop",
    ("park", "Skadegörelse"): "night",
}  # fmt: skip
PLACE_CODES: dict[tuple[str, str], dict[str, float]] = {
    ("butik", "Stöld och snatteri"): {"0853": 1},
    ("parkering", "Fordonstillgrepp"): {"0802": 4, "0801": 2, "0803": 0.5},
    ("skola", "Skadegörelse"): {"1205": 4, "1203": 1, "1212": 1},
    ("station", "Stöld och snatteri"): {"9817": 1, "9818": 1, "9819": 1, "9820": 1},
}

EST_KIND = {
    "Skadegörelse": "händelse", "Klotter": "händelse", "Anlagd brand/eldning": "händelse",
    "Störande folksamling": "händelse", "Störande körning/buskörning": "händelse",
    "Störande berusning": "händelse", "Tillhåll": "händelse",
    "Bristande/trasig belysning": "fysisk brist", "Skymmande växtlighet": "fysisk brist",
    "Nedskräpning": "fysisk brist", "Otrygg plats": "otrygg plats",
    "Få människor": "otrygg plats", "Trygg plats": "trygg plats",
    "Arrangemang/evenemang": "kommande", "Inget att rapportera": "nollrapport",
}  # fmt: skip
EST_MIXES: dict[str, dict[str, float]] = {
    "station": {"Störande folksamling": 8, "Störande berusning": 7, "Skadegörelse": 6,
                "Klotter": 2, "Nedskräpning": 3, "Otrygg plats": 4, "Få människor": 1},
    "skola": {"Skadegörelse": 10, "Klotter": 3, "Störande folksamling": 4, "Nedskräpning": 2,
              "Anlagd brand/eldning": 1, "Störande körning/buskörning": 2},
    "park": {"Störande folksamling": 4, "Skadegörelse": 3, "Störande berusning": 3,
             "Nedskräpning": 3, "Tillhåll": 2, "Klotter": 1, "Skymmande växtlighet": 1,
             "Bristande/trasig belysning": 1, "Otrygg plats": 1},
    "torg": {"Störande berusning": 3, "Störande folksamling": 2, "Nedskräpning": 2,
             "Skadegörelse": 2, "Trygg plats": 3, "Arrangemang/evenemang": 3},
    "butik": {"Nedskräpning": 2, "Störande folksamling": 2, "Trygg plats": 1, "Klotter": 1},
    "parkering": {"Störande körning/buskörning": 6, "Nedskräpning": 2, "Skadegörelse": 1,
                  "Bristande/trasig belysning": 1},
    "fritid": {"Störande folksamling": 2, "Skadegörelse": 2, "Nedskräpning": 1, "Trygg plats": 2,
               "Arrangemang/evenemang": 2, "Störande körning/buskörning": 1},
    "gc": {"Bristande/trasig belysning": 6, "Otrygg plats": 5, "Få människor": 3,
           "Skymmande växtlighet": 2, "Klotter": 1},
}  # fmt: skip
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


class Spot(NamedTuple):
    """A named public place: where it lies in its settlement's frame and what it draws a year."""

    name: str
    place_type: str
    settlement: str
    u: float
    v: float
    mix: str
    police: float
    est: float
    citizens: float = 0.0


_T = NAME
SPOTS = (
    Spot("Resecentrum", "station", _T, 20, 48, "station", 52, 38, 6),
    Spot("Centralskolan", "skola", _T, -240, 520, "skola", 38, 28, 2),
    Spot("Stationsparken", "park", _T, -365, 125, "park", 30, 20, 5),
    Spot("Kvarnparken", "park", _T, 640, 480, "park", 25, 16, 4),
    Spot("Gångtunneln vid stationen", "gc-väg", _T, 440, 0, "gc", 1.2, 16, 15),
    Spot("Badhusparkeringen", "parkering", _T, 880, 130, "parkering", 3.5, 3),
    Spot("Badhuset", "bad", _T, 930, 215, "fritid", 4, 2),
    Spot("Torget", "torg", _T, 50, 235, "torg", 19, 14, 2.5),
    Spot("Järnvägstorget", "torg", _T, -130, 110, "torg", 4, 2.5, 1),
    Spot("Norrängsskolan", "skola", _T, -720, 660, "skola", 17, 12, 1),
    Spot("Sörbyskolan", "skola", _T, -180, -300, "skola", 6, 4),
    Spot("Lindängens förskola", "skola", _T, 480, 700, "skola", 1.5, 1.5),
    Spot("Tallbackens förskola", "skola", _T, -530, -400, "skola", 1, 1),
    Spot("Folkets park", "park", _T, -900, 320, "park", 6, 8, 2),
    Spot("Hembygdsparken", "park", _T, 250, 640, "park", 2, 2, 1),
    Spot("Kyrkparken", "park", _T, -110, 360, "park", 3, 2.5, 1),
    Spot("Livsmedelshallen", "butik", _T, 180, 330, "butik", 20, 4),
    Spot("Sjögallerian", "butik", _T, 310, 225, "butik", 10, 6, 1),
    Spot("Byggvaruhuset", "butik", _T, -460, -130, "butik", 5, 1.5),
    Spot("Bensinstationen vid Riksvägen", "butik", _T, -860, 20, "butik", 6, 2),
    Spot("Torgparkeringen", "parkering", _T, 110, 160, "parkering", 4, 2),
    Spot("Pendlarparkeringen", "parkering", _T, -170, -35, "parkering", 7, 3, 2),
    Spot("Sjövallens parkering", "parkering", _T, 760, -320, "parkering", 2.2, 1.5),
    Spot("Sjövallen", "idrottsplats", _T, 650, -410, "fritid", 3, 3),
    Spot("Ishallen", "idrottsplats", _T, 540, -290, "fritid", 4, 3),
    Spot("Fritidsgården Kvarnen", "fritidsgård", _T, 500, 330, "fritid", 7, 9),
    Spot("Exempelsjöbadet", "bad", _T, 1010, -170, "fritid", 3, 4, 0.5),
    Spot("Åpromenaden", "gc-väg", _T, 330, -240, "gc", 1, 4, 4),
    Spot("Skolstigen", "gc-väg", _T, -420, 590, "gc", 1, 2.5, 2),
    Spot("Ljungaholms torg", "torg", "Ljungaholm", 20, 20, "torg", 3, 2.5, 1),
    Spot("Ljungaholms skola", "skola", "Ljungaholm", -190, 140, "skola", 4, 3),
    Spot("Ljungaholms lanthandel", "butik", "Ljungaholm", 90, -30, "butik", 3, 1.5),
    Spot("Ljungavallen", "idrottsplats", "Ljungaholm", 260, 190, "fritid", 1.5, 1.5),
    Spot("Fritidsgården Ljungan", "fritidsgård", "Ljungaholm", -60, -110, "fritid", 1, 2),
    Spot("Stensåkra hållplats", "station", "Stensåkra", 30, 40, "station", 3, 2.5, 1),
    Spot("Stensåkra skola", "skola", "Stensåkra", -140, -90, "skola", 2, 2),
    Spot("Stensåkra bygdepark", "park", "Stensåkra", 150, 120, "park", 1, 1.5),
    Spot("Björnarps skola", "skola", "Björnarp", 100, 70, "skola", 1, 1.5),
    Spot("Björnarps bollplan", "idrottsplats", "Björnarp", -120, 80, "fritid", 0.6, 1),
    Spot("Hökasjö badplats", "bad", "Hökasjö", 180, -120, "fritid", 1.5, 2.5, 0.5),
    Spot("Hökasjö handelsbod", "butik", "Hökasjö", -20, 25, "butik", 1.5, 1),
)  # fmt: skip


class Plant(NamedTuple):
    """From one day to another, a place draws this many times its ordinary events."""

    place: str
    start: date
    end: date
    factor: float


PLANTS = (
    Plant("Stationsparken", date(2025, 4, 1), AFTER, 0.2),  # lighting and pruning that worked
    Plant("Badhusparkeringen", date(2026, 7, 1), AFTER, 17.0),  # an emerging hot spot
)

REASONS = {
    "gc": ("mörkt/dålig sikt", "mörkt/dålig sikt", "mörkt/dålig sikt", "få människor vistas"),
    "station": ("dåligt rykte", "annat", "klotter/skadegörelse", "få människor vistas"),
    "park": ("mörkt/dålig sikt", "få människor vistas", "dåligt rykte", "annat"),
    "": ("mörkt/dålig sikt", "få människor vistas", "klotter/skadegörelse", "annat"),
}
CITIZENS_ELSEWHERE = 12.0  # a year, along the streets
NIL_REPORTS = 20.0  # a year

# A week as bumps: hour of the day, width in hours, weight on each day from Monday to Sunday.
RHYTHMS: dict[str, list[tuple[float, float, tuple[float, ...]]]] = {
    "night": [(23.5, 2.2, (0.1, 0.1, 0.15, 0.25, 1.5, 1.8, 0.15)),
              (18.0, 3.0, (0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.1))],
    "school": [(12.0, 1.5, (0.8, 0.8, 0.8, 0.8, 0.7, 0, 0)),
               (17.0, 1.8, (1, 1, 1, 1, 1.1, 0.25, 0.25))],
    "shop": [(16.5, 2.2, (1, 1, 1, 1.1, 1.4, 1.2, 0.7)), (12.0, 1.8, (0.4,) * 6 + (0.5,))],
    "day": [(13.0, 3.5, (1, 1, 1, 1, 1.1, 0.8, 0.6))],
    "evening": [(20.0, 3.0, (0.8, 0.8, 0.8, 0.9, 1.4, 1.5, 0.8)),
                (14.0, 4.0, (0.3,) * 7)],
    "overnight": [(24.5, 3.5, (1, 1, 1, 1, 1.3, 1.3, 1))],
    "control": [(21.0, 3.5, (0.5, 0.6, 0.8, 1, 1.7, 1.6, 0.5)), (14.0, 3.0, (0.7,) * 7)],
}  # fmt: skip
EST_RHYTHM = {"station": "night", "skola": "school", "park": "evening", "butik": "shop"}


# --- the map ----------------------------------------------------------------------------------


class Grid(NamedTuple):
    """The street plan of a settlement: a frame on the ground and named lines in it."""

    x: float
    y: float
    angle: float
    across: dict[float, str]  # u -> the street that crosses the length
    along: dict[float, str]  # v -> the street along it
    reach: tuple[float, float]
    ragged: float  # how likely a block edge far from the middle lacks its street
    south: Mapping[float, str] = MappingProxyType({})  # names across, south of the railway


SETTLEMENTS: dict[str, Grid] = {
    NAME: Grid(
        495200.0, 6374600.0, 0.47,
        {-1010: "Västergatan", -800: "Folkparksgatan", -610: "Ängsgatan", -440: "Skolgatan",
         -290: "Kyrkogatan", -150: "Trädgårdsgatan", -20: "Stationsgatan", 110: "Torggatan",
         240: "Smedjegatan", 380: "Sjögatan", 560: "Kvarngatan", 770: "Badhusgatan",
         1000: "Östergatan"},
        {-570: "Tallvägen", -380: "Lindvägen", -210: "Industrigatan", -75: "Spårgatan",
         75: "Järnvägsgatan", 190: "Storgatan", 300: "Nygatan", 430: "Prästgatan",
         600: "Norrgatan", 790: "Åsvägen"},
        (1120.0, 860.0), 0.24,
        {-610: "Verkstadsgatan", -440: "Sågverksgatan", -290: "Granvägen", -150: "Rönnvägen",
         -20: "Almvägen", 110: "Oxelvägen", 240: "Åvägen", 380: "Strandgatan",
         560: "Ishallsvägen", 770: "Sjövallsvägen", -800: "Mejerigatan", -1010: "Lokgatan",
         1000: "Badstigen"},
    ),
    "Ljungaholm": Grid(
        501300.0, 6379500.0, 0.9,
        {-250: "Mossvägen", -110: "Kyrkvägen", 20: "Bygatan", 150: "Skolvägen", 290: "Tegelvägen"},
        {-180: "Ljungstigen", -60: "Ljungaholms storgata", 70: "Bruksgatan", 200: "Åkervägen"},
        (360.0, 270.0), 0.25,
    ),
    "Stensåkra": Grid(
        486900.0, 6375700.0, -0.15,
        {-200: "Stenvägen", -60: "Hållplatsvägen", 90: "Mejerivägen", 230: "Hagvägen"},
        {-120: "Skolbacken", 10: "Stensåkra bygata", 130: "Dalvägen"},
        (300.0, 200.0), 0.25,
    ),
    "Björnarp": Grid(
        493900.0, 6368200.0, 1.25,
        {-150: "Lillgatan", -10: "Björnvägen", 130: "Kvarnstigen"},
        {-60: "Björnarps bygata", 70: "Backvägen"},
        (230.0, 150.0), 0.2,
    ),
    "Hökasjö": Grid(
        502400.0, 6368900.0, 0.2,
        {-130: "Sågvägen", 0: "Handelsvägen", 140: "Badvägen"},
        {-70: "Sjövägen", 50: "Hökasjö bygata"},
        (210.0, 140.0), 0.2,
    ),
}  # fmt: skip
CROSSINGS = (-610.0, 770.0)  # where streets pass the railway
CLOSES = (
    "Björkstigen", "Hasselvägen", "Syrenvägen", "Ekorrstigen", "Blåbärsvägen", "Smultronstigen",
    "Liljevägen", "Tussilagovägen", "Bofinksvägen", "Lövsångarvägen", "Kantarellstigen",
    "Videvägen", "Sälgvägen", "Nyponstigen",
)  # fmt: skip
LANES = (
    "Granbacksvägen", "Ängsmovägen", "Torparvägen", "Stenkullavägen", "Rävakullavägen",
    "Klintvägen", "Sjöhagavägen", "Norrkvarnsvägen", "Svedjevägen", "Kolbottenvägen",
    "Lyckebovägen", "Hultavägen", "Myravägen", "Skogaholmsvägen", "Brännevägen", "Ekhagavägen",
)  # fmt: skip
ROADS = (  # name, from, to; a number is a bearing in radians from the place to the boundary
    ("Riksvägen", NAME, "Ljungaholm"), ("Riksvägen", NAME, "Stensåkra"),
    ("Björnarpsvägen", NAME, "Björnarp"), ("Hökasjövägen", NAME, "Hökasjö"),
    ("Norra Häradsvägen", NAME, 2.2), ("Riksvägen", "Ljungaholm", 0.75),
    ("Riksvägen", "Stensåkra", 2.95), ("Södra Häradsvägen", "Björnarp", 4.55),
    ("Östra Häradsvägen", "Hökasjö", 5.85), ("Byavägen", "Björnarp", "Hökasjö"),
    ("Gamla Häradsvägen", "Ljungaholm", 1.6), ("Sjörundan", "Hökasjö", "Ljungaholm"),
    ("Skogsvägen", "Stensåkra", "Björnarp"),
)  # fmt: skip
AREAS = ("Centrum", "Norrängen", "Sörby",
         "Ljungaholm med omnejd", "Stensåkra med omnejd", "Björnarp och Hökasjö")  # fmt: skip


@dataclass(frozen=True)
class _Map:
    boundary: Polygon
    areas: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame  # with zone: town, village, country
    places: gpd.GeoDataFrame
    addresses: pd.DataFrame  # x, y, GATA, GATUNR, zone, weight


def _stream(seed: int, name: str) -> np.random.Generator:
    """Return a stream of its own for each part, so that a change in one leaves the others."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _to_ground(grid: Grid, u: Any, v: Any) -> Floats:  # noqa: ANN401 - number or array
    """Turn a settlement's frame into coordinates, bending it so that no grid looks drawn."""
    scale = max(grid.reach)
    u, v = np.asarray(u, float), np.asarray(v, float)
    bent_u = u + 0.045 * scale * np.sin(2.4 * v / scale + 0.6)
    bent_v = v + 0.06 * scale * np.sin(2.1 * u / scale) + 0.02 * scale * np.sin(5.0 * u / scale + 1)
    c, s = np.cos(grid.angle), np.sin(grid.angle)
    return np.column_stack(
        [np.ravel(grid.x + bent_u * c - bent_v * s), np.ravel(grid.y + bent_u * s + bent_v * c)]
    )


def _line(points: Any) -> LineString:  # noqa: ANN401 - anything LineString takes
    return LineString(np.round(np.asarray(points, float), 1))


def _inside_plan(grid: Grid, u: float, v: float) -> bool:
    a = np.arctan2(v, u)
    edge = 1.04 + 0.06 * np.sin(3 * a + 0.5) + 0.05 * np.sin(5 * a + 2)
    lake = len(grid.across) > 10 and u > 500 and v < -0.9 * u + 380 and v < -420
    return bool(np.hypot(u / grid.reach[0], v / grid.reach[1]) < edge and not lake)


def _block_edges(grid: Grid, rng: np.random.Generator) -> list[tuple[str, Any, Any]]:
    """Return the block edges that carry a street: name, and the (u, v) of both ends."""
    us, vs = sorted(grid.across), sorted(grid.along)
    edges: list[tuple[str, Any, Any]] = []
    for i, u in enumerate(us):
        for j, v in enumerate(vs):
            if i + 1 < len(us):
                edges.append((grid.along[v], (u, v), (us[i + 1], v)))
            if j + 1 < len(vs):
                south = grid.south and v < 0
                if south and vs[j + 1] > 0 and u not in CROSSINGS:
                    continue
                name = (grid.south if south and vs[j + 1] < 0 else grid.across)[u]
                edges.append((name, (u, v), (u, vs[j + 1])))
    main = {list(grid.along.values())[len(vs) // 2], "Järnvägsgatan", "Stationsgatan"}
    kept = []
    for name, a, b in edges:
        far = np.hypot((a[0] + b[0]) / 2 / grid.reach[0], (a[1] + b[1]) / 2 / grid.reach[1])
        lost = rng.random() < 0.02 + grid.ragged * far**1.5
        crossing = bool(grid.south) and a[1] < 0 < b[1]
        if _inside_plan(grid, *a) and _inside_plan(grid, *b) and (
            not lost or crossing or name in main
        ):  # fmt: skip
            kept.append((name, a, b))
    return _largest_piece(kept)


def _largest_piece(edges: list[tuple[str, Any, Any]]) -> list[tuple[str, Any, Any]]:
    """Keep the streets that hang together."""
    piece: dict[Any, int] = {}
    for label, node in enumerate(dict.fromkeys(n for _, a, b in edges for n in (a, b))):
        piece[node] = label
    changed = True
    while changed:
        changed = False
        for _, a, b in edges:
            if piece[a] != piece[b]:
                piece[a] = piece[b] = min(piece[a], piece[b])
                changed = True
    sizes = pd.Series([piece[a] for _, a, _ in edges]).value_counts()
    return [edge for edge in edges if piece[edge[1]] == sizes.idxmax()]


def _settlement_streets(name: str, rng: np.random.Generator) -> list[tuple[str, LineString]]:
    grid = SETTLEMENTS[name]
    edges = _block_edges(grid, rng)
    nodes = list(dict.fromkeys(n for _, a, b in edges for n in (a, b)))
    shift = {node: rng.normal(0, 0.009 * max(grid.reach) ** 0.98, 2) for node in nodes}
    lines = []
    for street, a, b in edges:
        t = np.linspace(0, 1, 4)[:, None]
        frame = np.asarray(a) * (1 - t) + np.asarray(b) * t
        ground = _to_ground(grid, frame[:, 0], frame[:, 1]) + shift[a] * (1 - t) + shift[b] * t
        lines.append((street, _line(ground)))
    if grid.south:
        lines += _closes(grid, nodes, shift, rng)
        lines.append(("Tunnelgången", _line(_to_ground(grid, [440, 440], [-62, 62]))))
    return lines


def _closes(
    grid: Grid, nodes: list[Any], shift: dict[Any, Floats], rng: np.random.Generator
) -> list[tuple[str, LineString]]:
    """Return the curved dead ends at the rim of the town."""
    rim = sorted(nodes, key=lambda n: -np.hypot(n[0] / grid.reach[0], n[1] / grid.reach[1]))
    lines = []
    for name, node in zip(CLOSES, rim[: 2 * len(CLOSES) : 2], strict=True):
        out = np.arctan2(node[1], node[0]) + rng.normal(0, 0.5)
        turn = rng.choice([-1, 1]) * rng.uniform(0.1, 0.3)
        at, points = np.asarray(node, float), [np.asarray(node, float)]
        for step in range(5):
            heading = out + turn * step
            at = at + rng.uniform(32, 46) * np.array([np.cos(heading), np.sin(heading)])
            points.append(at)
        frame = np.asarray(points)
        lines.append((name, _line(_to_ground(grid, frame[:, 0], frame[:, 1]) + shift[node])))
    return lines


def _winding(
    a: Any,  # noqa: ANN401 - a point
    b: Any,  # noqa: ANN401 - a point
    rng: np.random.Generator,
    bend: float = 0.034,
) -> LineString:
    """Return a country road between two points."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    length = float(np.hypot(*(b - a)))
    t = np.linspace(0, 1, max(6, int(length / 180)))
    normal = np.array([-(b - a)[1], (b - a)[0]]) / length
    side = sum(
        rng.normal(0, bend / k) * np.sin(np.pi * k * t) for k in range(1, 3 + int(length / 900))
    )
    return _line(a + np.outer(t, b - a) + np.outer(side * length, normal))


def _country_roads(
    boundary: Polygon, built: dict[str, list[tuple[str, LineString]]], rng: np.random.Generator
) -> list[tuple[str, LineString]]:
    ends = {
        name: np.vstack([np.asarray(line.coords)[[0, -1]] for _, line in lines])
        for name, lines in built.items()
    }

    def gate(name: str, toward: Floats) -> Floats:
        here: Floats = ends[name][np.argmin(np.hypot(*(ends[name] - toward).T))]
        return here

    lines = []
    for name, start, goal in ROADS:
        grid = SETTLEMENTS[start]
        if isinstance(goal, str):
            target = np.array([SETTLEMENTS[goal].x, SETTLEMENTS[goal].y])
            a = gate(start, target)
            whole = _winding(a, gate(goal, a), rng)
        else:
            target = np.array([grid.x, grid.y]) + 16000 * np.array([np.cos(goal), np.sin(goal)])
            whole = _winding(gate(start, target), target, rng)
            inside = whole.intersection(boundary)
            whole = max(getattr(inside, "geoms", [inside]), key=lambda part: part.length)
        lines.append((name, whole))
    roads = [line for _, line in lines if line.length > 2000]
    for i, name in enumerate(LANES):
        road = roads[i % len(roads)]
        s = rng.uniform(0.1, 0.85)
        at, on = (np.asarray(road.interpolate(f, normalized=True).coords[0]) for f in (s, s + 0.02))
        side = rng.choice([-1, 1]) * np.array([-(on - at)[1], (on - at)[0]]) / np.hypot(*(on - at))
        turn = rng.uniform(-0.8, 0.8)
        side = side @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        lines.append((name, _winding(at, at + rng.uniform(700, 2100) * side, rng, 0.09)))
    return lines


def _pieces(line: LineString, length: float) -> list[LineString]:
    n = max(1, round(line.length / length))
    cuts = np.linspace(0, line.length, n + 1)
    return [_line(substring(line, a, b).coords) for a, b in pairwise(cuts)]


def _outline(rng: np.random.Generator) -> Polygon:
    """Return the municipality's boundary."""
    a = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    r = 11800 + 900 * np.sin(2 * a + 0.8) + 700 * np.sin(3 * a + 2.2) + 420 * np.sin(7 * a)
    r += rng.normal(0, 170, a.size) + 260 * np.sin(13 * a + 1)
    grid = SETTLEMENTS[NAME]
    return Polygon(
        np.round(np.column_stack([grid.x + r * np.cos(a), grid.y - 700 + r * np.sin(a)]), 1)
    )


def _areas(outline: Polygon, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Cut the municipality into areas that share their borders exactly."""
    grid = SETTLEMENTS[NAME]
    a = np.linspace(0, 2 * np.pi, 73)
    edge = 1.2 + 0.05 * np.sin(3 * a + 0.5) + 0.04 * np.sin(5 * a + 2)
    edge -= 0.22 * np.clip(np.sin(a), -1, 0) ** 2  # the town is shallower south of the railway
    t = np.linspace(0, 1, 15)
    u, v = 480.0, 490.0
    ring_u = np.concatenate([-u + 0 * t, -u + 2 * u * t, u + 0 * t])
    ring_v = np.concatenate([-60 + (v + 60) * t, v + 0 * t, v - (v + 60) * t])
    lines = [
        outline.exterior,
        _line(_to_ground(grid, grid.reach[0] * edge * np.cos(a), grid.reach[1] * edge * np.sin(a))),
        _line(_to_ground(grid, ring_u, ring_v)),
        _line(_to_ground(grid, np.linspace(-2000, 2000, 60), np.zeros(60))),
    ]
    for bearing in (1.95, 3.9, 6.2):
        way = np.array([np.cos(bearing), np.sin(bearing)])
        at = np.array([grid.x, grid.y])
        lines.append(_winding(at + 760 * way, at + 16000 * way, rng))
    # a line over the town's rim hangs loose in the country, and polygonize leaves it out
    noded = shapely.set_precision(shapely.unary_union(lines), 0.1)
    cells = [
        g for g in shapely.polygonize([noded]).geoms if outline.covers(g.representative_point())
    ]
    middle = dict(zip(AREAS, ((0, 250), (-700, 600), (0, -300)), strict=False))
    seats = {name: Point(_to_ground(grid, *at)[0]) for name, at in middle.items()} | {
        f"{name} med omnejd": Point(SETTLEMENTS[name].x, SETTLEMENTS[name].y)
        for name in ("Ljungaholm", "Stensåkra")
    }
    seats["Björnarp och Hökasjö"] = Point(SETTLEMENTS["Björnarp"].x, SETTLEMENTS["Björnarp"].y)
    parts = {name: next(c for c in cells if c.covers(seat)) for name, seat in seats.items()}
    left = [c for c in cells if not any(c is part for part in parts.values())]
    for cell in left:  # scraps at the rim join the neighbour with the longest common border
        name = max(parts, key=lambda n: parts[n].intersection(cell).length)
        parts[name] = shapely.unary_union([parts[name], cell])
    return gpd.GeoDataFrame({"namn": list(AREAS)}, geometry=[parts[n] for n in AREAS], crs=CRS)


def _addresses(streets: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the houses along every street; a few of them draw most of what happens."""
    spacing = {"town": 38.0, "village": 45.0, "country": 420.0}
    offset = {"town": 13.0, "village": 16.0, "country": 70.0}
    rows: list[tuple[Any, ...]] = []
    reached: dict[str, int] = {}
    for name, zone, line in streets[["name", "zone", "geometry"]].itertuples(index=False):
        house = reached.get(name, 0)
        for at in np.arange(spacing[zone] / 2, line.length, spacing[zone]):
            p, q = line.interpolate(at), line.interpolate(at + 1)
            along = np.array([q.x - p.x, q.y - p.y])
            along /= max(float(np.hypot(*along)), 1e-9)
            for side in (-1, 1):
                away = offset[zone] * rng.uniform(0.8, 1.6) * side
                rows.append(
                    (p.x - along[1] * away, p.y + along[0] * away, name,
                     2 * house + (1 if side < 0 else 2), zone)
                )  # fmt: skip
            house += 1
        reached[name] = house
    frame = pd.DataFrame(rows, columns=["x", "y", "GATA", "GATUNR", "zone"])
    middle = SETTLEMENTS[NAME]
    far = np.hypot(frame["x"] - middle.x, frame["y"] - middle.y)
    frame["weight"] = rng.gamma(0.45, 1.0, len(frame)) * np.where(
        frame["zone"].eq("town"), np.exp(-far / 900), 1.0
    )
    return frame.round({"x": 1, "y": 1})


def _gazetteer(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    at = np.vstack([_to_ground(SETTLEMENTS[s.settlement], s.u, s.v) for s in SPOTS]).round(0)
    places = gpd.GeoDataFrame(
        {
            "name": [s.name for s in SPOTS],
            "place_type": [s.place_type for s in SPOTS],
            "x": at[:, 0],
            "y": at[:, 1],
        },
        geometry=gpd.points_from_xy(at[:, 0], at[:, 1]),
        crs=CRS,
    )
    places["area"] = [
        areas.loc[areas.geometry.covers(point), "namn"].iloc[0] for point in places.geometry
    ]
    return places


@cache
def _map() -> _Map:
    rng = _stream(GEOGRAPHY_SEED, "map")
    areas = _areas(_outline(rng), rng)
    boundary = shapely.unary_union(areas.geometry.to_numpy())
    built = {name: _settlement_streets(name, rng) for name in SETTLEMENTS}
    rows = [
        (name, "town" if settlement == NAME else "village", line)
        for settlement, lines in built.items()
        for name, line in lines
    ]
    for name, road in _country_roads(boundary, built, rng):
        rows += [(name, "country", piece) for piece in _pieces(road, 1500)]
    streets = gpd.GeoDataFrame(rows, columns=["name", "zone", "geometry"], crs=CRS)
    addresses = _addresses(streets, rng)
    inner = boundary.buffer(-150)
    within = shapely.contains_xy(inner, addresses["x"], addresses["y"])
    return _Map(
        boundary, areas, streets, _gazetteer(areas), addresses[within].reset_index(drop=True)
    )


# --- when -------------------------------------------------------------------------------------


class _Clock(NamedTuple):
    """Every hour of the five years and what a draw needs to know of it."""

    start: Moments
    month: npt.NDArray[np.int64]
    week_hour: npt.NDArray[np.int64]  # 0 is Monday's first hour
    year: npt.NDArray[np.int64]  # 0 is October 2021 to September 2022
    term: Floats


@cache
def _clock() -> _Clock:
    hours = pd.date_range(FIRST, AFTER, freq="h", inclusive="left")
    day = hours.month * 100 + hours.day
    free = ((day >= 612) & (day < 818)) | (day >= 1220) | (day < 109)
    week = hours.isocalendar().week.to_numpy()
    free |= np.isin(week, (8, 44))
    return _Clock(
        hours.to_numpy().astype("datetime64[m]"),
        hours.month.to_numpy(np.int64),
        (hours.day_of_week * 24 + hours.hour).to_numpy(np.int64),
        (hours.year - FIRST.year - (hours.month < FIRST.month)).to_numpy(np.int64),
        np.where(free, 0.12, 1.0),
    )


@cache
def _week(rhythm: str) -> Floats:
    """Return a weight for each of the week's 168 hours."""
    hour = np.arange(168) + 0.5
    week = np.full(168, 0.01)
    for at, width, days in RHYTHMS[rhythm]:
        for day, weight in enumerate(days):
            away = np.abs(hour - (24 * day + at))
            week += weight * np.exp(-0.5 * (np.minimum(away, 168 - away) / width) ** 2)
    return week


@cache
def _intensity(rhythm: str, season: tuple[float, int]) -> Floats:
    """Return a weight for each hour of the five years, before what differs between years."""
    clock, (amplitude, peak) = _clock(), season
    months = 1 + amplitude * np.cos(2 * np.pi * (np.arange(13) - peak) / 12)
    weight: Floats = _week(rhythm)[clock.week_hour] * months[clock.month]
    return weight * clock.term if rhythm == "school" else weight


def _draw(
    rng: np.random.Generator,
    yearly: float,
    rhythm: str,
    season: tuple[float, int],
    years: Floats,
    place: str = "",
) -> Moments:
    """Draw the moments of one kind of event at one kind of site."""
    clock, base = _clock(), _intensity(rhythm, season)
    weight = base * years[clock.year]
    for plant in PLANTS:
        if plant.place == place:
            days = clock.start.astype("datetime64[D]")
            on = (days >= np.datetime64(plant.start)) & (days < np.datetime64(plant.end))
            weight = np.where(on, weight * plant.factor, weight)
    n = rng.poisson(yearly * YEARS * weight.sum() / base.sum())
    at = np.searchsorted(np.cumsum(weight) / weight.sum(), rng.random(n))
    moments: Moments = clock.start[at] + rng.integers(0, 60, n).astype("timedelta64[m]")
    return moments


def _span(rng: np.random.Generator, moments: Moments, span: str) -> tuple[Moments, Moments]:
    """Return from when to when each event is known to have happened."""
    n = moments.size

    def spread(low: float, high: float) -> npt.NDArray[np.timedelta64]:
        return rng.uniform(60 * low, 60 * high, n).astype(np.int64).astype("timedelta64[m]")

    if span == "minutes":
        return moments, moments + rng.integers(1, 25, n).astype("timedelta64[m]")
    night = (moments - np.timedelta64(12, "h")).astype("datetime64[D]")
    evening = night.astype("datetime64[m]") + spread(16, 22.5)
    morning = night.astype("datetime64[m]") + spread(30, 33.5)
    start, end = np.minimum(evening, moments), np.maximum(morning, moments)
    weekday = (night.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    weekend = (weekday >= 4) & (rng.random(n) < 0.35)
    friday = (night - (weekday - 4).astype("timedelta64[D]")).astype("datetime64[m]")
    start = np.where(weekend, np.minimum(friday + spread(15, 18), moments), start)
    end = np.where(weekend, np.maximum(friday + spread(78, 80), moments), end)
    if span == "hours":
        start, end = moments - spread(0.2, 2.5), moments + spread(0.2, 2.5)
    elif span == "absence":
        away = rng.random(n) < 0.4
        start = np.where(away, moments - spread(6, 160), start)
        end = np.where(away, moments + spread(6, 160), end)
    return _to_five(start, 0), _to_five(end, 4)


def _to_five(moments: Moments, add: int) -> Moments:
    minutes = moments.astype("datetime64[m]").astype(np.int64) + add
    rounded: Moments = (minutes - minutes % 5).astype("datetime64[m]")
    return rounded


def _wall(moments: Moments) -> Moments:
    """Move what falls in the hour that summer time skips to the hour after."""
    stamp = pd.DatetimeIndex(moments.astype("datetime64[s]"))
    skipped = (stamp.month == 3) & (stamp.day_of_week == 6) & (stamp.day > 24) & (stamp.hour == 2)
    moved: Moments = moments + np.asarray(skipped, np.int64) * np.timedelta64(60, "m")
    return moved


def _quarter(moments: Any) -> Any:  # noqa: ANN401 - whatever DatetimeIndex takes
    stamp = pd.DatetimeIndex(moments)
    return stamp.year.astype(str) + "Q" + stamp.quarter.astype(str)


def _next_quarter(quarter: str) -> str:
    year, q = int(quarter[:4]), int(quarter[-1])
    return f"{year + q // 4}Q{q % 4 + 1}"


LAST_DELIVERY = "2026Q3"


# --- the police -------------------------------------------------------------------------------


def _site(rng: np.random.Generator, n: int, weights: Floats) -> npt.NDArray[np.int64]:
    return np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(n))


Crimes = dict[str, npt.NDArray[Any]]


def _crimes(
    rng: np.random.Generator,
    group: Group,
    moments: Moments,
    sites: Crimes,
    weights: Floats,
    span: str,
    codes: dict[str, float],
) -> Crimes:
    """Return events at some moments: where among the sites, from when to when, which code."""
    at = _site(rng, moments.size, weights)
    start, end = _span(rng, moments, span or group.span)
    rows = {column: values[at] for column, values in sites.items()}
    return rows | {"BROTTSKOD": _pick(rng, codes, moments.size), "start": start, "end": end}


def _background(rng: np.random.Generator, group: Group, years: Floats) -> Crimes:
    """Return a group's events along streets and roads."""
    addresses = _map().addresses
    moments = _draw(rng, group.yearly, group.rhythm, group.season, years)
    # homes are chosen far more evenly than public places
    pull = addresses["weight"].to_numpy() ** (0.3 if group.name == BURGLARY else 1.0)
    zones = addresses["zone"].to_numpy()
    weights = np.zeros(len(addresses))
    for zone, share in zip(("town", "village", "country"), group.zones, strict=True):
        weights += np.where(zones == zone, pull, 0) / pull[zones == zone].sum() * share
    sites = {column: addresses[column].to_numpy() for column in ("x", "y", "GATA", "GATUNR")}
    return _crimes(rng, group, moments, sites, weights, "", group.codes)


def _pick(rng: np.random.Generator, shares: dict[str, float], n: int) -> npt.NDArray[np.object_]:
    names = np.array(list(shares), dtype=object)
    return names[_site(rng, n, np.array(list(shares.values()), float))]


DOORS = np.array([0.6, 0.25, 0.15])


@cache
def _doors(spot: Spot) -> Crimes:
    """Return the three points where a place's events are recorded, the first most often."""
    row = _map().places.set_index("name").loc[spot.name]
    addresses = _map().addresses
    near = addresses.iloc[np.argmin(np.hypot(addresses["x"] - row["x"], addresses["y"] - row["y"]))]
    rng = _stream(GEOGRAPHY_SEED, spot.name)
    away = np.vstack([[0, 0], rng.normal(0, 24, (2, 2))]).round(0)
    return {
        "x": row["x"] + away[:, 0],
        "y": row["y"] + away[:, 1],
        "GATA": np.array([near["GATA"]] * 3, dtype=object),
        "GATUNR": np.array([near["GATUNR"]] * 3, dtype=object),
    }


def _at_place(rng: np.random.Generator, spot: Spot, years: dict[str, Floats]) -> list[Crimes]:
    """Return a named place's reported crimes."""
    mix, parts = MIXES[spot.mix], []
    for group in GROUPS:
        if group.name not in mix:
            continue
        yearly = spot.police * mix[group.name] / sum(mix.values())
        rhythm = MIX_RHYTHM.get((spot.mix, group.name), group.rhythm)
        moments = _draw(rng, yearly, rhythm, group.season, years[group.name], spot.name)
        codes = PLACE_CODES.get((spot.mix, group.name), group.codes)
        span = "minutes" if rhythm == "shop" else ""
        parts.append(_crimes(rng, group, moments, _doors(spot), DOORS, span, codes))
    return parts


def _police(seed: int) -> pd.DataFrame:
    """Return the police's rows before mistakes, in the order of their numbers."""
    rng = _stream(seed, "police")
    years = {g.name: rng.gamma(1 / 0.09**2, 0.09**2, YEARS) for g in GROUPS}
    parts = [_background(_stream(seed, g.name), g, years[g.name]) for g in GROUPS]
    for spot in SPOTS:
        parts += _at_place(_stream(seed, "police " + spot.name), spot, years)
    rows = pd.DataFrame({k: np.concatenate([part[k] for part in parts]) for k in parts[0]})
    rows["start"], rows["end"] = _wall(rows["start"].to_numpy()), _wall(rows["end"].to_numpy())
    known = (rows["start"] >= pd.Timestamp(FIRST)) & (rows["end"] < pd.Timestamp(AFTER))
    rows = rows[known].sort_values(["end", "start", "x", "y", "BROTTSKOD"], ignore_index=True)
    rows["delivery"] = _quarter(rows["end"])
    year = pd.DatetimeIndex(rows["end"]).year
    number = rows.groupby(year).cumcount() + 1
    rows["ID"] = [f"9999-K{n:05d}-{y % 100:02d}" for n, y in zip(number, year, strict=True)]
    lon, lat = _to_degrees(rows)
    rows["LATITUDE"], rows["LONGITUDE"] = _decimals(lat, 6), _decimals(lon, 6)
    rows["GATUNR"] = rows["GATUNR"].astype(str)
    rows["KOMMUN"] = NAME
    rows["BROTTSDATUMTID_START"] = rows["start"].dt.strftime("%Y-%m-%d %H:%M")
    open_end = rng.random(len(rows)) < 0.15
    rows["BROTTSDATUMTID_SLUT"] = rows["end"].dt.strftime("%Y-%m-%d %H:%M").mask(open_end, "")
    return rows[[*POLICE_COLUMNS, "delivery"]].astype(object)


def _to_degrees(rows: pd.DataFrame) -> tuple[Floats, Floats]:
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(
        rows["x"].to_numpy(), rows["y"].to_numpy()
    )
    return lon, lat


def _decimals(values: Any, digits: int) -> list[str]:  # noqa: ANN401 - array of numbers
    return [f"{value:.{digits}f}" for value in np.asarray(values)]


# --- the EST sheet ----------------------------------------------------------------------------


def _est_at_places(seed: int) -> pd.DataFrame:
    even = np.ones(YEARS)
    starts, names, spots = [], [], []
    for spot in SPOTS:
        rng, mix = _stream(seed, "est " + spot.name), EST_MIXES[spot.mix]
        for category, share in mix.items():
            yearly = spot.est * share / sum(mix.values())
            event = EST_KIND[category] == "händelse"
            season = (0.35, 12) if "belysning" in category else (0.3, 7)
            rhythm = EST_RHYTHM.get(spot.mix, "evening") if event else "day"
            moments = _draw(rng, yearly, rhythm, season, even, spot.name)
            starts.append(moments)
            names += [category] * moments.size
            spots += [spot.name] * moments.size
    return pd.DataFrame({"start": np.concatenate(starts), "kategori": names, "spot": spots})


def _est(seed: int) -> pd.DataFrame:
    """Return the EST sheet's rows before mistakes, in the order they were reported."""
    rng = _stream(seed, "est")
    nil = pd.DataFrame({"start": _nil_reports(rng), "kategori": "Inget att rapportera"})
    rows = pd.concat([_est_at_places(seed), nil], ignore_index=True)
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
    rows["delivery"] = _quarter(rows["reported"])
    rows["id"] = [f"EST-{n:05d}" for n in range(1, len(rows) + 1)]
    return _est_columns(rows, rng)


def _nil_reports(rng: np.random.Generator) -> Moments:
    """Return the first days of fortnights about which a reporter had nothing to tell."""
    fortnights = np.arange(np.datetime64("2021-10-04"), np.datetime64("2026-09-17"), 14)
    n = rng.poisson(NIL_REPORTS * YEARS)
    chosen: Moments = np.sort(rng.choice(fortnights, n)).astype("datetime64[m]")
    return chosen


def _est_columns(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    n = len(rows)
    places = _map().places.set_index("name").reindex(rows["spot"])
    start, nil = pd.DatetimeIndex(_wall(rows["start"].to_numpy())), rows["typ"].eq("nollrapport")
    event = rows["typ"].eq("händelse")
    timed = event & (rng.random(n) < 0.85)
    ended = timed & (rng.random(n) < 0.55)
    lasted = rng.integers(15, 240, n) * np.timedelta64(60, "s")
    end = pd.DatetimeIndex(_wall(start.to_numpy() + lasted))
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
        out[f"{column}_sweref99tm"] = _text([int(a) if a == a else None for a in at], placed)  # noqa: PLR0124
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


def _text(values: Any, given: Any) -> pd.Series:  # noqa: ANN401 - any two columns
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


def _citizens(seed: int) -> pd.DataFrame:
    """Return the form's rows before mistakes."""
    rng = _stream(seed, "citizens")
    addresses, places = _map().addresses, _map().places.set_index("name")
    parts = []
    for spot in SPOTS:
        moments = _draw(rng, spot.citizens, "evening", (0.45, 12), np.ones(YEARS))
        safe = rng.random(moments.size) < (0.6 if spot.mix in {"torg", "butik"} else 0.04)
        reasons = REASONS.get(spot.mix, REASONS[""])
        why = np.array(reasons, dtype=object)[rng.integers(0, 4, moments.size)]
        near = places.loc[spot.name, ["x", "y"]].to_numpy(float)
        at = near + rng.normal(0, 18, (moments.size, 2))
        parts.append(pd.DataFrame({"at": moments, "safe": safe, "varfor": why,
                                   "x": at[:, 0], "y": at[:, 1]}))  # fmt: skip
    moments = _draw(rng, CITIZENS_ELSEWHERE, "evening", (0.45, 12), np.ones(YEARS))
    town = addresses[addresses["zone"].ne("country")]
    chosen = town.iloc[_site(rng, moments.size, town["weight"].to_numpy())]
    why = np.array(REASONS[""], dtype=object)[rng.integers(0, 4, moments.size)]
    parts.append(pd.DataFrame({"at": moments, "safe": rng.random(moments.size) < 0.1,
                               "varfor": why, "x": chosen["x"].to_numpy(),
                               "y": chosen["y"].to_numpy()}))  # fmt: skip
    rows = pd.concat(parts, ignore_index=True).sort_values(["at", "x", "y"], ignore_index=True)
    lon, lat = _to_degrees(rows)
    out = pd.DataFrame(
        {
            "arende": [f"M{n:04d}" for n in range(1, len(rows) + 1)],
            "typ": np.where(rows["safe"], "trygg plats", "otrygg plats"),
            "varfor": rows["varfor"].mask(rows["safe"], "trygg"),
            "datum": rows["at"].dt.strftime("%Y-%m-%d"),
            "lat": _decimals(lat, 6),
            "lon": _decimals(lon, 6),
            "delivery": _quarter(rows["at"]),
        }
    )
    return out.astype(object)


# --- the usual mistakes -----------------------------------------------------------------------


class _Marks:
    """Which rows get which mistake, each row at most one."""

    def __init__(self, source: str, rows: pd.DataFrame, key: str, rng: np.random.Generator) -> None:
        self.source, self.rows, self.key, self.rng = source, rows, key, rng
        self.free = np.ones(len(rows), bool)
        self.log: list[tuple[str, str, str, str]] = []

    def choose(self, mistake: str, n: int, among: Any = True) -> pd.Index:  # noqa: ANN401 - mask
        able = np.flatnonzero(self.free & np.asarray(among, bool))
        chosen = np.sort(self.rng.choice(able, n, replace=False))
        self.free[chosen] = False
        for i in chosen:
            self.log.append(
                (self.source, self.rows["delivery"].iloc[i], self.rows[self.key].iloc[i], mistake)
            )
        return self.rows.index[chosen]

    def again(self, mistake: str, n: int, among: Any = True) -> pd.DataFrame:  # noqa: ANN401 - mask
        """Return copies of rows, delivered the quarter after."""
        early = self.rows["delivery"].ne(LAST_DELIVERY)
        at = self.choose(mistake, n, early & among)
        return self.rows.loc[at].assign(delivery=self.rows.loc[at, "delivery"].map(_next_quarter))


def _spoil_police(rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, list[Any]]:
    rows = rows.copy()
    marks = _Marks("polis", rows, "ID", _stream(seed, "police mistakes"))
    start, end = "BROTTSDATUMTID_START", "BROTTSDATUMTID_SLUT"
    at = marks.choose("unknown code", 8)
    rows.loc[at, "BROTTSKOD"] = list(UNLISTED)
    at = marks.choose("lost leading zero", 6, rows["BROTTSKOD"].str.startswith("0"))
    rows.loc[at, "BROTTSKOD"] = rows.loc[at, "BROTTSKOD"].str.lstrip("0")
    rows.loc[marks.choose("missing start", 6), start] = ""
    at = marks.choose("end before start", 7, rows[end].ne("") & (rows[end] > rows[start]))
    rows.loc[at, [start, end]] = rows.loc[at, [end, start]].to_numpy()
    at = marks.choose("outside", 6)
    rows.loc[at[:3], ["LATITUDE", "LONGITUDE"]] = [["57.782610", "14.161790"]] * 3
    rows.loc[at[3:], ["LATITUDE", "LONGITUDE"]] = rows.loc[
        at[3:], ["LONGITUDE", "LATITUDE"]
    ].to_numpy()  # fmt: skip
    at = marks.choose("no coordinates", 8)
    rows.loc[at[:4], ["LATITUDE", "LONGITUDE"]] = "0"
    rows.loc[at[4:], ["LATITUDE", "LONGITUDE"]] = ""
    repeated = marks.again("repeated", 8)
    corrected = marks.again("corrected", 8, rows[end].gt(rows[start]))
    minutes = pd.to_timedelta([35, 120, 60, 15, 240, 90, 20, 45], "min")
    corrected[end] = (
        pd.Series(pd.to_datetime(corrected[end]) + minutes).dt.strftime("%Y-%m-%d %H:%M").to_numpy()
    )
    return _in_deliveries([rows, repeated, corrected], "ID"), marks.log


def _spoil_est(rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, list[Any]]:
    rows = rows.copy()
    marks = _Marks("est", rows, "id", _stream(seed, "est mistakes"))
    event = rows["typ"].eq("händelse")
    at = marks.choose("misspelt category", 3, rows["kategori"].eq("Skadegörelse"))
    rows.loc[at, "kategori"] = ["Skadegorelse", "Skadegörlse", "Skadegörelsse"]
    at = marks.choose("misspelt category", 2, rows["kategori"].eq("Störande folksamling"))
    rows.loc[at, "kategori"] = "Störande folksammling"
    rows.loc[marks.choose("unparseable date", 3, event), "datum_fran"] = "31/2"
    rows.loc[marks.choose("missing start", 2, event), ["datum_fran", "tid_fran"]] = None
    ended = event & rows["tid_till"].notna() & rows["datum_till"].map(lambda d: isinstance(d, date))
    at = marks.choose("end before start", 3, ended)
    rows.loc[at, "datum_till"] = rows.loc[at, "datum_till"].map(lambda d: d - timedelta(days=3))
    at = marks.choose("outside", 3, rows["x_sweref99tm"].notna())
    axes = ["x_sweref99tm", "y_sweref99tm"]
    rows.loc[at, axes] = rows.loc[at, axes[::-1]].to_numpy()
    return _in_deliveries([rows, marks.again("repeated", 3)], "id"), marks.log


def _spoil_citizens(rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, list[Any]]:
    rows = rows.copy()
    marks = _Marks("medborgare", rows, "arende", _stream(seed, "citizens' mistakes"))
    rows.loc[marks.choose("misspelt category", 1), "varfor"] = "mörkt/dåligsikt"
    rows.loc[marks.choose("unparseable date", 2), "datum"] = "31/2"
    rows.loc[marks.choose("no coordinates", 1), ["lat", "lon"]] = ""
    rows.loc[marks.choose("outside", 1), ["lat", "lon"]] = ["59.334600", "18.063200"]
    return _in_deliveries([rows], "arende"), marks.log


def _in_deliveries(parts: list[pd.DataFrame], key: str) -> pd.DataFrame:
    rows = pd.concat(parts)
    return rows.sort_values(["delivery", key], kind="stable", ignore_index=True)


# --- the register -----------------------------------------------------------------------------


def _problems() -> pd.DataFrame:
    rows = [
        ("P1", "Skadegörelse, bråk och ordningsstörningar kvällstid", "Stationsparken", 150, "",
         "Mörkt, igenvuxet och utan insyn från gatan", "2024Q4", 3),
        ("P2", "Skadegörelse kring skolan efter skoltid", "Centralskolan", 150, "Skadegörelse",
         "Få vuxna på skolgården mellan skolslut och kväll", "2025Q2", 2),
        ("P3", "Stölder ur bilar under träningar och matcher", "Sjövallens parkering", 100,
         "Stöld ur fordon", "Parkeringen kan nås från två håll och saknar insyn", "2025Q3", 3),
        ("P4", "Många undviker tunneln efter mörkrets inbrott", "Gångtunneln vid stationen", 75, "",
         "Trasig belysning och skymd sikt vid mynningen", "2025Q4", None),
    ]  # fmt: skip
    places = _map().places.set_index("name")
    return pd.DataFrame(
        [
            (key, text, place, int(places.at[place, "x"]), int(places.at[place, "y"]), radius,
             places.at[place, "area"], group, cause, chosen, grade)
            for key, text, place, radius, group, cause, chosen, grade in rows
        ],
        columns=["id", "beskrivning", "plats", "x", "y", "radie_m", "omrade", "grupp", "orsak",
                 "vald_period", "paverkbarhet"],
        dtype=object,
    )  # fmt: skip


def _measures() -> pd.DataFrame:
    columns = [
        "id", "problem", "atgard", "atgardstyp", "sikt", "ansvarig_funktion", "startdatum",
        "klart_senast", "slutdatum", "status", "mal", "indikator", "forvantad_effekt_fran",
        "jamforelseplats", "uppfoljningsdatum", "kostnad_tid",
    ]  # fmt: skip
    rows = [
        ("A1", "P1", "Ny belysning och beskärning av buskar", "situationell", "lång", "Gatuchef",
         "2025-04-01", "2025-04-30", "2025-04-25", "Avslutad",
         "Minst 30 procent färre händelser på ett år", "Händelser inom 150 m från parken",
         "2025-04-01", "Kvarnparken", "2026-04-15", "240 000 kr"),
        ("A2", "P2", "Vuxna på skolgården kl. 15–19", "social", "kort", "Rektor",
         "2025-08-18", "2026-06-12", "", "Pågår", "Högst hälften så mycket skadegörelse på ett år",
         "Skadegörelse inom 150 m från skolan", "2025-09-01", "Norrängsskolan", "2026-10-15",
         "16 timmar i veckan"),
        ("A3", "P3", "Bom vid infarten på kvällar", "situationell", "lång", "Fritidschef",
         "2025-10-01", "2025-10-31", "2025-10-20", "Avslutad", "Inga stölder ur bilar på ett år",
         "Stölder ur fordon inom 100 m", "2025-11-01", "Torgparkeringen", "2026-09-30",
         "85 000 kr"),
        ("A4", "P4", "Byte till slagtålig belysning i tunneln", "situationell", "kort", "Gatuchef",
         "2026-05-04", "2026-08-31", "", "Försenad", "Färre än fem synpunkter om mörker på ett år",
         "Synpunkter om tunneln", "2026-09-15", "", "2027-03-31", "60 000 kr"),
        ("A5", "P4", "Beskärning vid tunnelmynningen", "situationell", "kort", "Parkförman",
         "2026-10-12", "2026-11-15", "", "Planerad", "Fri sikt femton meter från mynningen",
         "Synpunkter om tunneln", "2026-12-01", "", "2027-03-31", "20 timmar"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _decisions() -> pd.DataFrame:
    rows = [
        ("B1", "2025-03-13", "Belysningen i Stationsparken byts och buskarna beskärs",
         "Gatuchef", "2025-04-30", "Klart"),
        ("B2", "2025-06-12", "Skolan bemannar skolgården efter skoltid från höstterminen",
         "Rektor", "2025-08-18", "Klart"),
        ("B3", "2025-09-18", "Bom sätts upp vid Sjövallens parkering", "Fritidschef",
         "2025-10-31", "Klart"),
        ("B4", "2026-04-23", "Belysningen i gångtunneln byts", "Gatuchef", "2026-08-31", "Öppet"),
        ("B5", "2026-06-11", "Trygghetsvandring mellan stationen och Torget i oktober",
         "Säkerhetssamordnare", "2026-10-22", "Öppet"),
        ("B6", "2026-09-03", "Bolaget går igenom låsen i cykelförrådet vid Resecentrum",
         "Förvaltare på bostadsbolaget", "2026-09-15", "Klart"),
        ("B7", "2026-09-03", "Ny tidsplan för belysningen i gångtunneln tas fram", "Gatuchef",
         "2026-09-17", "Öppet"),
        ("B8", "2026-09-17", "Underlag om Badhusparkeringen tas fram till nästa möte",
         "Säkerhetssamordnare", "2026-10-01", "Öppet"),
        ("B9", "2026-09-17", "Vuxennärvaron vid Centralskolan följs upp före höstlovet", "Rektor",
         "2026-10-15", "Öppet"),
    ]  # fmt: skip
    columns = ["id", "motesdatum", "beslut", "ansvarig_funktion", "klart_senast", "status"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


# --- all of it --------------------------------------------------------------------------------


def make(seed: int = SEED) -> Sample:
    """
    Make the synthetic municipality in memory.

    Parameters
    ----------
    seed
        Decides what happens; the map is the same for every seed.

    Returns
    -------
    Sample
        The same for the same seed.
    """
    ground = _map()
    police, police_marks = _spoil_police(_police(seed), seed)
    est, est_marks = _spoil_est(_est(seed), seed)
    citizens, citizen_marks = _spoil_citizens(_citizens(seed), seed)
    codes = [(code, group) for group, listed in CODE_LIST.items() for code in listed]
    return Sample(
        police=police,
        est=est,
        citizens=citizens,
        boundary=gpd.GeoDataFrame({"namn": [NAME]}, geometry=[ground.boundary], crs=CRS),
        areas=ground.areas.copy(),
        streets=ground.streets[["name", "geometry"]].copy(),
        places=ground.places.copy(),
        crime_codes=pd.DataFrame(codes, columns=["kod", "grupp"]),
        problems=_problems(),
        measures=_measures(),
        decisions=_decisions(),
        mistakes=pd.DataFrame(
            police_marks + est_marks + citizen_marks,
            columns=["source", "delivery", "id", "mistake"],
        ),
    )


def write(sample: Sample, folder: Path | str) -> None:
    """
    Write a synthetic municipality's reference, register and deliveries.

    Parameters
    ----------
    sample
        What `make` returned.
    folder
        The municipality's folder; files of the same names are replaced, others left alone.
    """
    folder = Path(folder)
    for name in ("boundary", "areas", "streets"):
        _write(folder / "reference" / f"{name}.geojson", _geojson(getattr(sample, name), name))
    places = sample.places[["name", "place_type", "x", "y", "area"]].astype({"x": int, "y": int})
    _write(folder / "reference" / "places.csv", _csv(places))
    _write(folder / "reference" / "brottskoder.csv", _csv(sample.crime_codes))
    for name, table in (
        ("problem", sample.problems),
        ("atgarder", sample.measures),
        ("beslut", sample.decisions),
    ):
        _write(folder / "register" / f"{name}.csv", _csv(table))
    deliveries = folder / "deliveries"
    for quarter, rows in sample.police.groupby("delivery"):
        _write(deliveries / "polis" / f"polis_{quarter}.csv", _csv(rows[POLICE_COLUMNS]))
    for quarter, rows in sample.est.groupby("delivery"):
        _write(deliveries / "est" / f"est_{quarter}.xlsx", _workbook(rows[EST_COLUMNS]))
    for quarter, rows in sample.citizens.groupby("delivery"):
        form = _csv(rows[CITIZEN_COLUMNS], delimiter=",")
        _write(deliveries / "medborgare" / f"medborgare_{quarter}.csv", form)


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _csv(table: pd.DataFrame, delimiter: str = ";") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.itertuples(index=False))
    return text.getvalue().encode("utf-8-sig")


def _geojson(frame: gpd.GeoDataFrame, name: str) -> bytes:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3006"}}
    head = json.dumps({"type": "FeatureCollection", "name": name, "crs": crs})[:-1]
    properties = frame.drop(columns="geometry").to_dict("records")
    features = [
        json.dumps(
            {
                "type": "Feature",
                "properties": record,
                "geometry": {"type": shape.geom_type, "coordinates": _rounded(shape)},
            },
            ensure_ascii=False,
        )
        for record, shape in zip(properties, frame.geometry, strict=True)
    ]
    return (head + ', "features": [\n' + ",\n".join(features) + "\n]}\n").encode()


def _rounded(shape: Any) -> Any:  # noqa: ANN401 - LineString or Polygon
    def points(ring: Any) -> list[list[float]]:  # noqa: ANN401 - whatever has coords
        return [[round(x, 1), round(y, 1)] for x, y in ring.coords]

    if isinstance(shape, Polygon):
        return [points(ring) for ring in (shape.exterior, *shape.interiors)]
    return points(shape)


def _workbook(rows: pd.DataFrame) -> bytes:
    """Return the reporting sheet as a workbook whose bytes depend on the rows alone."""
    book = openpyxl.Workbook()
    book.properties.creator = NAME
    book.properties.created = datetime(2021, 10, 1)
    sheet = book.active
    sheet.title = "Rapport"
    sheet.append(list(rows.columns))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows.itertuples(index=False):
        sheet.append(list(row))
    sheet.freeze_panes = "A2"
    for column in ("B", "C", "H", "J", "N", "Q"):
        sheet.column_dimensions[column].width = 24
    written = io.BytesIO()
    book.save(written)
    return _timeless(written.getvalue())


def _timeless(archive: bytes) -> bytes:
    """Rewrite a workbook without the time of writing."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2021-10-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, date_time=(2021, 10, 1, 0, 0, 0))
            entry.create_system = 3
            new.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return out.getvalue()


def main(arguments: list[str] | None = None) -> None:
    """Write the synthetic municipality into a folder."""
    parser = argparse.ArgumentParser(prog="python -m est_analysis.gather.sample")
    parser.add_argument("folder", type=Path, help="the municipality's folder")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    write(make(given.seed), given.folder)


if __name__ == "__main__":
    main()
