"""A point on the map (WGS-84): {lat, lng}, with accuracy in metres and the place's name where the device knows them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from dougong.expr.types import JSON, Type
from dougong.fields import read
from dougong.fields.base import PRESENT, FieldType, Locale, Refused, field_types
from dougong.spec.form import Field

_POINT = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)[, ]+(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)(?: ±([0-9]{1,6}(?:\.[0-9]{1,6})?))?(?: (.+))?")
_BOUNDS = {"lat": 90.0, "lng": 180.0, "accuracy": 100_000.0}


class Location(FieldType):
    operators = PRESENT
    widget = "location"

    def value_type(self, options: Mapping[str, Any]) -> Type:
        return JSON

    def parse(self, field: Field, raw: Any, locale: Locale) -> dict[str, Any] | None:
        raw = read.one(raw)
        if raw is None:
            return None
        given = raw if isinstance(raw, Mapping) else _written(raw)
        if not {"lat", "lng"} <= set(given) <= {"lat", "lng", "accuracy", "place"}:
            raise Refused("not-a-location")
        out: dict[str, Any] = {key: _number(given[key], bound) for key, bound in _BOUNDS.items() if given.get(key) is not None}
        if "lat" not in out or "lng" not in out or out.get("accuracy", 0) < 0:
            raise Refused("not-a-location")
        if place := read.text(given.get("place"), 200):
            out["place"] = place
        return out

    def display(self, field: Field, value: Mapping[str, Any] | None, locale: Locale) -> str:
        return str(value.get("place") or f"{value['lat']:.6f}, {value['lng']:.6f}") if value else ""

    def entry(self, field: Field, value: Mapping[str, Any] | None, locale: Locale) -> str | None:
        """Latitude, longitude, ±metres and place in one line; what the island writes has the same form."""
        if value is None:
            return None
        accuracy = f" ±{_short(value['accuracy'])}" if "accuracy" in value else ""
        return f"{_short(value['lat'])}, {_short(value['lng'])}{accuracy} {value.get('place', '')}".rstrip()


def _short(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _written(raw: Any) -> Mapping[str, Any]:
    """'29.868, 121.544', '29.868, 121.544 ±12 骨科医院' as `entry` writes it, or JSON."""
    if point := _POINT.fullmatch(read.text(raw, 500) or "") or _POINT.fullmatch(read.plain(raw, 500) or ""):
        accuracy = float(point[3]) if point[3] else None
        return {"lat": float(point[1]), "lng": float(point[2]), "accuracy": accuracy, "place": point[4]}
    try:
        given = json.loads(read.text(raw, 500) or "")
    except (ValueError, RecursionError):
        raise Refused("not-a-location") from None
    if not isinstance(given, dict):
        raise Refused("not-a-location")
    return given


def _number(raw: Any, bound: float) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw) or abs(raw) > bound:
        raise Refused("not-a-location")
    return round(float(raw), 6) + 0.0  # + 0.0 makes -0.0 plain


field_types.register("location")(Location())
