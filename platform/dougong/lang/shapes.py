"""The forms as formulas see them; the types of formulas are inferred here, each after those it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dougong.expr.compile import compile_expr
from dougong.expr.scope import Member, Scope, Shape
from dougong.expr.types import TEXT, Type
from dougong.lang.emptiness import may_be_empty
from dougong.lang.link import FieldDraft, FormDraft, Links
from dougong.lang.report import Report
from dougong.lang.source import Place
from dougong.problems import Problem
from dougong.spec.system import SYSTEM_FIELDS

Where = tuple[str, str]
"""(form key, field id)"""
NEVER_EMPTY = ("created_at", "modified_at", "touched_at")


@dataclass(frozen=True)
class Shapes:
    """`by_key` are all forms a formula may reach; `unknown` the (form, field) whose formula has no type because it is wrong."""

    by_key: Mapping[str, Shape]
    unknown: frozenset[Where]


def build_shapes(links: Links, report: Report) -> Shapes:
    """The shapes of the app's forms, with those of the workspace around it."""
    members: dict[str, dict[str, Member]] = {key: _known_members(draft, links) for key, draft in links.forms.items()}
    shapes = {key: form.shape for key, form in links.others.items()}
    shapes |= {key: Shape(key, draft.name, members[key]) for key, draft in links.forms.items()}
    waiting = {(key, item.id): item for key, draft in links.forms.items() for item in draft.fields.values() if item.inferred}
    found: dict[Where, tuple[Problem, ...]] = {}
    progress = True
    while waiting and progress:
        progress = False
        for where, item in list(waiting.items()):
            place = item.formula
            assert place is not None  # the schema demands it
            expr, found[where] = compile_expr(
                str(place.value), place.mark, Scope(links.app, shapes, shapes[where[0]], settings=links.settings)
            )
            if expr:
                item.value = expr.type
                members[where[0]][item.id] = _member(item, empty=may_be_empty(expr.root, shapes))
                del waiting[where]
                progress = True
    _report_cycles(waiting, found, report)
    for key, id in waiting:
        members[key][id] = Member(TEXT, id, column=False)
    return Shapes(shapes, frozenset(waiting))


def _known_members(draft: FormDraft, links: Links) -> dict[str, Member]:
    out: dict[str, Member] = {}
    workflow = links.workflow_of(draft.key)
    for system in SYSTEM_FIELDS:
        if system.id not in ("stage", "stage_since") or workflow:
            out[system.id] = Member(system.value, str(system.name), system.id not in NEVER_EMPTY, indexed=system.index)
    if workflow:
        names = {str(s.get("name", "")): str(s.get("id", "")) for s in workflow.place["stages"].each()}
        out["stage"] = Member(Type("choice", options=workflow.stages), str(out["stage"].name), may_be_empty=False, labels=names)
        out["stage_since"] = replace(out["stage_since"], may_be_empty=False)
    if draft.lines_of:
        parent = draft.lines_of[0]
        out["parent"] = Member(Type("record", form=parent), links.forms[parent].name, may_be_empty=False, indexed=True)
    for item in draft.fields.values():
        if not item.inferred:
            out[item.id] = _member(item, empty=not _always_filled(item))
    return out


def _always_filled(item: FieldDraft) -> bool:
    if item.value.kind in ("yes_no", "list", "records"):
        return True
    if item.computed:
        return any("else" in case for case in item.place["cases"].each())
    return item.place.get("required", False) is True and "visible_when" not in item.place


def _member(item: FieldDraft, *, empty: bool) -> Member:
    options = item.place.get("options", {})
    labels = {(v if isinstance(v, str) else str(v.get("name", ""))): k for k, v in options.items()} if isinstance(options, Mapping) else {}
    many = item.value.kind == "records"
    return Member(
        type=item.value,
        name=str(item.place.get("name", item.id)),
        may_be_empty=empty,
        column=item.stored and not item.type.virtual and not many,
        indexed=bool(item.place.get("index", False) or item.place.get("unique", False) or item.value.kind == "record"),
        via=item.via,
        through=item.id if many and not item.via else "",
        labels=labels,
    )


def _report_cycles(waiting: Mapping[Where, FieldDraft], found: Mapping[Where, tuple[Problem, ...]], report: Report) -> None:
    """Formulas that only wait for each other; one whose formula is wrong in itself is reported as that."""
    edges: dict[Where, set[Where]] = {}
    for where, item in waiting.items():
        place = item.formula
        assert place is not None
        names = {_word(place, problem) for problem in found[where]}
        edges[where] = {other for other in waiting if other[1] in names}
        if not edges[where]:
            report.take(found[where])
    told: set[Where] = set()
    for start in waiting:
        path = _way_back(start, edges)
        if path and not told & set(path):
            told |= set(path)
            place = waiting[start].place
            report.check("formula-cycle", place.key_mark, path=" → ".join(id for _, id in [*path, start]))


def _word(place: Place, problem: Problem) -> str:
    offset = problem.mark.column - place.mark.column
    return str(place.value)[offset : offset + problem.mark.length]


def _way_back(start: Where, edges: Mapping[Where, set[Where]]) -> list[Where]:
    """The shortest path from `start` back to it."""
    paths = [[start]]
    seen = {start}
    while paths:
        path = paths.pop(0)
        for following in sorted(edges.get(path[-1], ())):
            if following == start:
                return path
            if following not in seen:
                seen.add(following)
                paths.append([*path, following])
    return []
