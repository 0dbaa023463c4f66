"""Results handed from a run to its chapters, as data: nothing that is read can run code."""

from __future__ import annotations

import base64
import importlib
import json
import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from est_analysis.errors import EstError
from est_analysis.evidence import Share

if TYPE_CHECKING:
    import geopandas as gpd

_OWN = "est_analysis."
"""Only types of this package are ever looked up by name."""


def write(value: object) -> str:
    """
    Return a result as text.

    Parameters
    ----------
    value
        Numbers, texts, dates, tables, arrays, shapes, the package's dataclasses, enumerations and
        errors, and lists, tuples, sets and dictionaries of them.

    Returns
    -------
    str
        JSON; the same text for the same value.

    Raises
    ------
    TypeError
        If the value holds anything else.
    """
    return json.dumps(_told(value), ensure_ascii=False, separators=(",", ":"))


def read(text: str) -> Any:  # noqa: ANN401 - what was written
    """
    Return what `write` told of.

    Parameters
    ----------
    text
        As `write` returns it.

    Raises
    ------
    ValueError
        If the text is not such, or names a type that is not a dataclass, an enumeration or an error
        of this package.
    """
    return _meant(json.loads(text))


def _told(value: Any) -> Any:  # noqa: ANN401
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": str(value)}
    if type(value) is list:
        return [_told(one) for one in value]
    for name, (kind, tell, _) in _KINDS.items():
        if type(value) is kind or (kind in _WITH_HEIRS and isinstance(value, kind)):
            return {name: tell(value)}
    if is_dataclass(value) and type(value).__module__.startswith(_OWN):
        has = {f.name: _told(getattr(value, f.name)) for f in fields(value)}
        return {"is": _name(type(value)), "has": has}
    if type(value).__module__.split(".")[0] == "shapely":
        import shapely

        return {"shape": shapely.to_wkb(value, hex=True)}
    raise TypeError(f"a result cannot hold {type(value).__module__}.{type(value).__qualname__}")


def _meant(told: Any) -> Any:  # noqa: ANN401
    if isinstance(told, list):
        return [_meant(one) for one in told]
    if not isinstance(told, dict):
        return told
    if "is" in told:
        own = _type(told["is"])
        if not is_dataclass(own):
            raise ValueError(f"{told['is']} is no dataclass")
        made = object.__new__(own)
        for name, value in told["has"].items():
            object.__setattr__(made, name, _meant(value))
        return made
    [(name, value)] = told.items()
    if name == "shape":
        import shapely

        return shapely.from_wkb(value)
    if name not in _KINDS:
        raise ValueError(f"“{name}” is no kind of value")
    return _KINDS[name][2](value)


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _type(name: str) -> type:
    """Return a type of this package by its name."""
    module, _, own = name.partition(":")
    if not module.startswith(_OWN) or not own.isidentifier():
        raise ValueError(f"{name} is no type of this package")
    found = getattr(importlib.import_module(module), own)
    if not isinstance(found, type):
        raise ValueError(f"{name} is no type")
    return found


def _enumerated(told: list[str]) -> Any:  # noqa: ANN401
    kind, name = told
    own = _type(kind)
    if not issubclass(own, Enum):
        raise ValueError(f"{kind} is no enumeration")
    return own[name]


def _error(told: list[str]) -> EstError:
    kind, what, where, mend = told
    own = _type(kind)
    if not issubclass(own, EstError):
        raise ValueError(f"{kind} is no error")
    return own(what, where=where, mend=mend)


def _array(values: np.ndarray) -> dict[str, Any]:
    if values.dtype == object:
        return {"of": "object", "shape": values.shape, "values": [_told(v) for v in values.ravel()]}
    whole = np.ascontiguousarray(values)
    text = base64.b64encode(whole.tobytes()).decode("ascii")
    return {"of": values.dtype.str, "shape": values.shape, "values": text}


def _as_array(told: dict[str, Any]) -> np.ndarray:
    if told["of"] == "object":
        flat = np.empty(len(told["values"]), dtype=object)
        for at, value in enumerate(told["values"]):
            flat[at] = _meant(value)
    else:
        dtype = np.dtype(told["of"])
        if dtype.hasobject:
            raise ValueError("an array of objects has no bytes")
        flat = np.frombuffer(base64.b64decode(told["values"]), dtype).copy()
    return flat.reshape(told["shape"])


def _values(own: pd.Series | pd.Index) -> dict[str, Any]:
    """Tell the values of a column or an index, by its type."""
    dtype = own.dtype
    if str(dtype) == "geometry":
        import shapely

        return {"geometry": shapely.to_wkb(own.array, hex=True).tolist(), "crs": _crs(own.array)}
    if isinstance(dtype, pd.CategoricalDtype):
        codes, whole = own.array.codes, own.array.categories
        return {"codes": _array(codes), "of": _values(whole), "ordered": bool(dtype.ordered)}
    if isinstance(dtype, np.dtype):
        return {"array": _array(own.to_numpy())}
    plain = [None if pd.isna(one) else _told(one) for one in own.array]
    return {"values": plain, "dtype": str(dtype)}


def _crs(array: Any) -> str | None:  # noqa: ANN401
    return None if array.crs is None else array.crs.to_wkt()


def _as_values(told: dict[str, Any]) -> Any:  # noqa: ANN401
    if "geometry" in told:
        import geopandas as gpd
        import shapely

        shapes = shapely.from_wkb(np.array(told["geometry"], dtype=object))
        return gpd.array.GeometryArray(shapes, crs=told["crs"])
    if "codes" in told:
        kind = pd.CategoricalDtype(_as_index(told["of"]), ordered=told["ordered"])
        return pd.Categorical.from_codes(_as_array(told["codes"]), dtype=kind)
    if "array" in told:
        return _as_array(told["array"])
    return pd.array([_meant(one) for one in told["values"]], dtype=told["dtype"])


def _index(index: pd.Index) -> dict[str, Any]:
    if isinstance(index, pd.RangeIndex):
        return {"range": [index.start, index.stop, index.step], "name": _told(index.name)}
    if isinstance(index, pd.MultiIndex):
        levels = [_index(index.get_level_values(n)) for n in range(index.nlevels)]
        return {"levels": levels}
    return {**_values(index), "name": _told(index.name)}


def _as_index(told: dict[str, Any]) -> pd.Index:
    if "levels" in told:
        return pd.MultiIndex.from_arrays([_as_index(level) for level in told["levels"]])
    name = _meant(told.get("name"))
    if "range" in told:
        return pd.RangeIndex(*told["range"], name=name)
    values = _as_values(told)
    return pd.Index(values, name=name, dtype=values.dtype)


def _series(series: pd.Series) -> dict[str, Any]:
    return {"index": _index(series.index), "name": _told(series.name), "values": _values(series)}


def _as_series(told: dict[str, Any]) -> pd.Series:
    index, values = _as_index(told["index"]), _as_values(told["values"])
    return pd.Series(values, index=index, name=_meant(told["name"]), dtype=values.dtype)


def _table(table: pd.DataFrame) -> dict[str, Any]:
    columns = [_values(table.iloc[:, at]) for at in range(table.shape[1])]
    return {
        "columns": _index(table.columns),
        "index": _index(table.index),
        "values": columns,
        "geometry": getattr(table, "_geometry_column_name", None),
    }


def _as_table(told: dict[str, Any]) -> pd.DataFrame | gpd.GeoDataFrame:
    index = _as_index(told["index"])
    values = [_as_values(column) for column in told["values"]]
    columns = {at: pd.Series(v, index=index, dtype=v.dtype) for at, v in enumerate(values)}
    table = pd.DataFrame(columns, index=index)
    table.columns = _as_index(told["columns"])
    if told["geometry"] is None:
        return table
    import geopandas as gpd

    return gpd.GeoDataFrame(table, geometry=told["geometry"])


def _ordered(values: set[Any] | frozenset[Any]) -> list[Any]:
    return sorted((_told(one) for one in values), key=json.dumps)


def _several(told: list[Any]) -> list[Any]:
    return [_meant(one) for one in told]


_KINDS: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "float": (float, str, float),
    "share": (Share, float, Share),
    "enum": (Enum, lambda v: [_name(type(v)), v.name], _enumerated),
    "error": (EstError, lambda v: [_name(type(v)), v.what, v.where, v.mend], _error),
    "nat": (type(pd.NaT), lambda _: None, lambda _: pd.NaT),
    "na": (type(pd.NA), lambda _: None, lambda _: pd.NA),
    "moment": (pd.Timestamp, pd.Timestamp.isoformat, pd.Timestamp),
    "span": (pd.Timedelta, pd.Timedelta.isoformat, pd.Timedelta),
    "time": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "path": (Path, str, Path),
    "tuple": (tuple, lambda v: [_told(one) for one in v], lambda t: tuple(_several(t))),
    "frozenset": (frozenset, _ordered, lambda t: frozenset(_several(t))),
    "set": (set, _ordered, lambda t: set(_several(t))),
    "dict": (
        dict,
        lambda v: [[_told(key), _told(one)] for key, one in v.items()],
        lambda t: {_meant(key): _meant(one) for key, one in t},
    ),
    "scalar": (np.generic, lambda v: _array(np.asarray(v)), lambda t: _as_array(t)[()]),
    "array": (np.ndarray, _array, _as_array),
    "table": (pd.DataFrame, _table, _as_table),
    "series": (pd.Series, _series, _as_series),
}
"""Name of a kind of value: its type, how it is told, and what the telling means."""
_WITH_HEIRS = {Enum, EstError, Path, np.generic, pd.DataFrame, pd.Series}
"""Of these also the heirs; an heir of another kind would come back as something else."""
