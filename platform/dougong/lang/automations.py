"""Automations: trigger, condition, levels of steps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dougong.expr.types import JSON, Type, record
from dougong.expr.units import duration
from dougong.lang.options import canonical, compile_options, compile_steps
from dougong.lang.report import Report
from dougong.lang.site import Site
from dougong.lang.source import Document, Place
from dougong.problems import Problem, suggest
from dougong.spec.app import Automation, Level, Trigger
from dougong.spec.label import Label

RESPONSE: Mapping[str, Type] = {"response": JSON}  # what the last call to the outside answered


def build_automation(document: Document, site: Site) -> Automation:
    """Its problems go to the report of `site`."""
    place, path = document.root, ("automation", document.id)
    on = place["on"]
    kind = site.schemas.dispatches["trigger"].case(on.value) or ""
    trigger, site = _trigger(kind, on, replace(site, path=path))
    if ("do" in place) == ("levels" in place):
        site.report.check("do-or-levels", place["automation"].mark)
    _check_span(site.vocabulary.triggers.get(kind), on, place, site)
    do = place["do"]
    levels = (Level("", compile_steps(do, site.under("do"))),) if "do" in place else _levels(place["levels"], site)
    return Automation(
        id=document.id,
        app=site.links.app,
        name=site.labels.label(place["name"], *path, default=document.id),
        on=trigger,
        if_=site.condition(place["if"]),
        levels=levels,
        if_running=str(place.get("if_running", "skip")),
        overdue=str(place.get("overdue", "now")),
        catch_up=str(place.get("catch_up", "each")),
        enabled=place.get("enabled", True) is not False,
        digest=digest(document),
        mark=place["automation"].mark,
    )


def _check_span(word: Any, on: Place, place: Place, site: Site) -> None:
    """A time trigger says how long once: in itself, or in each of its levels."""
    span, leveled = getattr(word, "span", ""), getattr(word, "leveled", True)
    if "levels" in place and not leveled:
        site.report.check("levels-need-time", place["levels"].key_mark)
    elif span and leveled and ("levels" in place) == (span in on):
        site.report.check("how-long-once", place["on"].key_mark, word=span)


def broken_automation(document: Document, app: str, problems: tuple[Problem, ...]) -> Automation:
    """One that can't run: shown with what is wrong, while the others do their work."""
    name = document.content.get("name")
    mark = document.root[document.kind].mark
    label = Label(name if isinstance(name, str) else document.id)
    return Automation(document.id, app, label, Trigger(""), enabled=False, digest=digest(document), broken=problems, mark=mark)


def digest(document: Document) -> str:
    return hashlib.sha256(canonical(document.content).encode()).hexdigest()


def _trigger(kind: str, on: Place, site: Site) -> tuple[Trigger, Site]:
    """The trigger, and where the condition and the steps stand."""
    word = site.vocabulary.triggers[kind]
    schema = site.schemas.dispatches["trigger"].cases[kind]
    names: dict[str, Type] = dict(RESPONSE)
    root = site.links.counted(on)
    root_kind = site.schemas.dispatches["trigger"].case(root.value) or ""
    form = _form_of_trigger(root_kind, site.vocabulary.triggers[root_kind], root, site) if root_kind else ""
    options = compile_options(on, schema, replace(site, form=form))
    by_event = hasattr(word, "events")
    if word.schema[kind].get("format") == "id":
        names[kind] = JSON  # what came in from outside, by the trigger's own word
    elif form and "for_each" in word.schema:
        names[form.rpartition(".")[2]] = record(form)
    here = replace(site, form=form, names={**site.names, **names}, old=bool(getattr(word, "old", False)), me=by_event)
    return Trigger(kind, form, options), here


def _form_of_trigger(kind: str, word: Any, on: Place, site: Site) -> str:
    """The form that the trigger names, else the one of the workflow that it names."""
    quiet = Report()
    option = getattr(word, "form_in", "")
    places = [on[o] for o in (option, kind) if o and isinstance(on[o].value, str) and word.schema.get(o, {}).get("format") == "form"]
    if places:
        return site.links.form(places[0], quiet)
    workflow = next((str(on[o].value) for o, s in word.schema.items() if s.get("format") == "workflow" and o in on), "")
    found = site.links.workflows.get(workflow)
    return found.form if found else ""


def _levels(place: Place, site: Site) -> tuple[Level, ...]:
    out: list[Level] = []
    for item in place.each():
        id = str(item.get("id", ""))
        ids = [level.id for level in out]
        if id in ids:
            site.report.link("duplicate-item-id", item["id"].mark, word=id)
        if "of" in item and item["of"].value not in ids:
            site.report.link("unknown-level", item["of"].mark, suggest(str(item["of"].value), ids), word=str(item["of"].value))
        if ("after" in item) == ("repeated" in item):
            site.report.check("after-or-repeated", item["id"].mark)
        per = item["in_a_row_per"]
        out.append(
            Level(
                id=id,
                do=compile_steps(item["do"], site.under("levels", id)),
                after=duration(str(item.get("after", "0"))) if "after" in item else None,
                repeated=int(item.get("repeated", 0)),
                of=str(item.get("of", "")),
                in_a_row_per=site.field(per) if per.value else "",
                within=duration(str(item.get("within", "0"))) if "within" in item else None,
            )
        )
    return tuple(out)
