"""Options of triggers and steps that name other things of the app, or where something goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from croniter import croniter

from dougong.expr.to_sql import not_in_filter
from dougong.expr.tree import Expr, Template
from dougong.expr.types import TEXT, record
from dougong.lang.site import Site
from dougong.lang.source import Place
from dougong.problems import suggest

TRAVEL = frozenset({"host", "connection", "content-length", "content-type", "transfer-encoding", "idempotency-key", "te", "upgrade"})
_PATH = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


def _automation(place: Place, beside: Place, site: Site) -> str:
    """Another automation of the app, whose runs are counted."""
    word, known = str(place.value), site.links.automations
    if word not in known:
        names = {str(p.get("name", "")): id for id, p in known.items()}
        site.report.link("unknown-automation", place.mark, suggest(word, known, names), word=word)
    elif "repeated" in site.links.counted(known[word]["on"]):
        site.report.check("automation-counts-itself", place.mark, word=word)
    return word


def _level(place: Place, beside: Place, site: Site) -> str:
    """A level of the automation that stands beside it."""
    automation = str(beside.get("of", ""))
    found = site.links.automations.get(automation)
    levels = [str(level.get("id", "")) for level in found["levels"].each()] if found else []
    if found and place.value not in levels:
        site.report.link("unknown-level-of", place.mark, suggest(str(place.value), levels), word=str(place.value), of=automation)
    return str(place.value)


def _target(place: Place, beside: Place, site: Site) -> Expr | Template | None:
    """Where something is sent: the name of a connection; a path such as `team.group_robot`; a text with formulas."""
    if _PATH.fullmatch(str(place.value)):
        return site.formula(place, TEXT)
    return site.template(place)


def _headers(place: Place, beside: Place, site: Site) -> dict[str, Template | None]:
    """What goes along with a call; those that say how it travels are the caller's own."""
    for name, item in place.items():
        if name.lower() in TRAVEL:
            site.report.check("header-not-yours", item.key_mark, word=name)
    return {name: replace(site, headers=True).template(item) for name, item in place.items()}


def _rows(place: Place, beside: Place, site: Site) -> dict[str, Any]:
    """Records of a form or a view, few enough for a message. `this` is the record at hand; `if` is asked of the database."""
    if ("view" in place) == ("form" in place):
        site.report.check("view-or-form", place.mark)
    view, form_at = str(place.get("view", "")), place["form"]
    if view:
        if view not in site.links.views:
            site.report.link("unknown-view", place["view"].mark, suggest(view, site.links.views), word=view)
            return {}
        form_at = site.links.views[view]["form"]
    form = site.links.form(form_at, site.report) if form_at.value is not None else ""
    names = {**site.names, **({"this": record(site.form)} if site.form else {})}
    there = replace(site.on(form), names=names, me=False)
    condition = there.condition(place["if"])
    if condition and (problem := not_in_filter(condition)):
        site.report.take([problem])
    return {"view": view, "form": form, "if": condition, "columns": there.fields(place["columns"]), "top": int(place.get("top", 10))}


def _channel(place: Place, beside: Place, site: Site) -> str:
    word, known = str(place.value), ("inbox", *site.vocabulary.channels)
    if word not in known:
        site.report.link("unknown-channel", place.mark, suggest(word, known), word=word, known="、".join(known))
    return word


def _cron(place: Place, beside: Place, site: Site) -> Any:
    if not croniter.is_valid(str(place.value)):
        site.report.check("bad-cron", place.mark, word=str(place.value))
    return place.value


BY_FORMAT: Mapping[str, Callable[[Place, Place, Site], Any]] = {
    "automation": _automation, "channel": _channel, "cron": _cron, "headers": _headers, "level": _level, "rows": _rows, "target": _target,
}
"""(the option, the mapping it stands in, where) → the option compiled."""
