"""Workflows: stages with their conditions and deadlines."""

from __future__ import annotations

from dataclasses import replace

from dougong.expr.units import duration
from dougong.lang.link import WorkflowDraft
from dougong.lang.options import compile_steps, content_id
from dougong.lang.site import Site
from dougong.lang.source import Place
from dougong.lang.units import points
from dougong.spec.app import Deadline, Guard, Stage, Workflow


def build_workflows(site: Site) -> dict[str, Workflow]:
    return {id: _workflow(draft, site.on(draft.form)) for id, draft in site.links.workflows.items()}


def _workflow(draft: WorkflowDraft, site: Site) -> Workflow:
    place, path = draft.place, ("workflow", draft.id)
    stages: list[Stage] = []
    for item in place["stages"].each():
        if any(s.id == item.get("id", "") for s in stages):
            site.report.link("duplicate-item-id", item["id"].mark, word=str(item.get("id", "")))
        stages.append(_stage(item, draft, (*path, "stages", str(item.get("id", ""))), site))
    back = place["moves"]["back"]
    return Workflow(
        id=draft.id,
        app=site.links.app,
        form=draft.form,
        name=site.labels.label(place["name"], *path, default=draft.id),
        stages=tuple(stages),
        back_by=site.people(back["by"]),
        back_comment=back.get("comment", "required") == "required",
        mark=place["workflow"].mark,
    )


def _stage(place: Place, draft: WorkflowDraft, path: tuple[str, ...], site: Site) -> Stage:
    probability, from_any = place["probability"], place.get("from", "") == "any"
    between = [points(str(p.value)) for p in probability["between"].each()]
    default = points(str(probability.get("default", "0%"))) if "default" in probability else None
    if between and default is not None and not between[0] <= default <= between[1]:
        site.report.check("probability-outside", probability["default"].mark)
    return Stage(
        id=str(place.get("id", "")),
        name=site.labels.label(place["name"], *path),
        probability=default,
        between=(between[0], between[1]) if between else None,
        baseline=points(str(place.get("baseline", ""))) if "baseline" in place else None,
        expected=duration(str(place.get("expected", ""))) if "expected" in place else None,
        entry=_guard(place["entry"], (*path, "entry"), site),
        exit=_guard(place["exit"], (*path, "exit"), site),
        deadlines=_deadlines(place["deadlines"], replace(site, path=(*path, "deadlines"))),
        final=place.get("final", False) is True,
        from_any=from_any,
        from_=() if from_any else tuple(id for item in place["from"].each() if (id := site.stage(item, draft.id))),
    )


def _guard(place: Place, path: tuple[str, ...], site: Site) -> Guard | None:
    if place.value is None:
        return None
    guard = Guard(site.condition(place["if"]), site.fields(place["fields"]), site.labels.label(place["message"], *path, "message"))
    if "if" in place and not guard.message:
        site.report.lint("no-message", place.key_mark, warning=False)
    return guard


def _deadlines(place: Place, site: Site) -> tuple[Deadline, ...]:
    out: list[Deadline] = []
    for item in place.each():
        id = str(item.get("id", "")) or content_id(item.value, {d.id for d in out})
        out.append(Deadline(id, duration(str(item.get("after", "0"))), compile_steps(item["do"], site.under(id))))
    return tuple(out)
