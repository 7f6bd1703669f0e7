"""What a scenario expects: counted in the same tables that people's pages read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, select

from dougong.automation.decide import plan
from dougong.automation.tables import run_table
from dougong.context import SYSTEM
from dougong.notify.message import notification_table
from dougong.problems import Problem, Problems, suggest
from dougong.records import query
from dougong.records.compute import live_values
from dougong.records.source import RecordSource, environment
from dougong.records.titles import display
from dougong.registry import Registry
from dougong.scenario.world import World

Check = Callable[[World, Any, Mapping[str, Any]], Iterable[Problem]]
checks: Registry[Check] = Registry("expectation")


def expect(world: World, given: Mapping[str, Any]) -> None:
    """All parts of one `expect`; what differs is raised together, as expected and found."""
    problems: list[Problem] = []
    for word, wanted in given.items():
        if word in checks:
            problems += checks[word](world, wanted, given)
        elif word in world.named:
            problems += _record(world, word, wanted)
        elif word not in ("containing", "where"):
            problems.append(Problem("scenario-no-expectation", {"word": word}))
    if problems:
        raise Problems(problems)


@checks.register("popups")
def _popups(world: World, wanted: Mapping[str, Any], given: Mapping[str, Any]) -> Iterable[Problem]:
    return _messages(world, notification_table.c.kind == "popup", "popups", wanted)


@checks.register("notified")
def _notified(world: World, wanted: Mapping[str, Any], given: Mapping[str, Any]) -> Iterable[Problem]:
    return _messages(world, notification_table.c.kind != "popup", "notified", wanted)


@checks.register("ran")
def _ran(world: World, wanted: Mapping[str, int], given: Mapping[str, Any]) -> Iterable[Problem]:
    """How often an automation, or one level of it (`rule.level`), ran to its end."""
    known = {a.key.removeprefix(f"{world.app.id}."): a for a in plan(world.machine.workspace()).all.values() if a.app == world.app.id}
    levels = {f"{id}.{level.id}": (id, level.id) for id, rule in known.items() for level in rule.levels if level.id}
    for name, number in wanted.items():
        if name not in known and name not in levels:
            yield Problem("scenario-no-rule", {"name": name}, suggestion=suggest(name, [*known, *levels]))
            continue
        rule, level = (name, "") if name in known else levels[name]
        r = run_table.c
        query_ = select(func.count()).where(r.automation == f"{world.app.id}.{rule}", r.outcome == "finished")
        if level:
            query_ = query_.where(r.level == level)
        with world.machine.read(SYSTEM) as ctx:
            found = ctx.connection.execute(query_).scalar_one()
        yield from _differs(f"ran {name}", number, found)


@checks.register("records")
def _records(world: World, wanted: Mapping[str, Any], given: Mapping[str, Any]) -> Iterable[Problem]:
    """`records: {form: 2}` or `{form: {count: 2, where: formula}}`, of all records there are."""
    for id, told in wanted.items():
        yield from _differs(f"records {id}", *_counted(world, id, told, SYSTEM))


@checks.register("warned")
def _warned(world: World, wanted: Any, given: Mapping[str, Any]) -> Iterable[Problem]:
    """`warned: words`, or `warned: 0`: what the last save said though it went through."""
    found = [f"{p.code} {p.sentence('zh')} {p.sentence('en')}" for p in world.warned]
    fits = not found if wanted == 0 else any(str(wanted) in told for told in found)
    if not fits:
        yield from _differs("warned", wanted, "; ".join(p.sentence("zh") for p in world.warned) or 0)


@checks.register("imported")
def _imported(world: World, wanted: Mapping[str, Any], given: Mapping[str, Any]) -> Iterable[Problem]:
    """`imported: {created: 2, updated: 1, failed: 1, containing: words}` of the last import; `containing` is what a failed row was told."""
    report, told = world.imported, {k: v for k, v in wanted.items() if k != "containing"}
    faults = "; ".join(problem.sentence("zh") for _, problems in report.faults for problem in problems)
    found = {word: number for word, number in report.count().items() if word in told}
    if told != found:
        yield from _differs("imported", told, f"{found} {faults}")
    elif (words := str(wanted.get("containing", ""))) not in faults:
        yield from _differs("imported containing", words, faults)


@checks.register("sees")
def _sees(world: World, wanted: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> Iterable[Problem]:
    """`sees: {li: {form: 3}}`: what another person finds in that list."""
    for person, forms in wanted.items():
        actor = world.machine.actor(world.user(person))
        for id, told in forms.items():
            try:
                number, found = _counted(world, id, told, actor)
            except Problems:
                number, found = (told if isinstance(told, int) else told.get("count", 0)), 0
            yield from _differs(f"{person} sees {id}", number, found)


def _messages(world: World, of_kind: ColumnElement[bool], word: str, wanted: Mapping[str, Any]) -> Iterable[Problem]:
    """`{li: 1, containing: text}`; only messages with that text count then."""
    containing = str(wanted.get("containing", ""))
    n = notification_table
    for person, number in wanted.items():
        if person == "containing":
            continue
        where = [n.c.user == world.user(person), of_kind]
        if containing:
            where.append((n.c.title + n.c.body).contains(containing, autoescape=True))
        with world.machine.read(SYSTEM) as ctx:
            found = ctx.connection.execute(select(func.count()).where(*where)).scalar_one()
        yield from _differs(f"{word} {person}" + (f" containing {containing}" if containing else ""), number, found)


def _counted(world: World, id: str, told: Any, actor: Any) -> tuple[int, int]:
    form = world.form(id)
    number = told if isinstance(told, int) else int(told.get("count", 0))
    condition = "" if isinstance(told, int) else str(told.get("where", ""))
    with world.machine.read(actor) as ctx:
        rows = query.page(ctx, query.Query(form.key, limit=query.MOST_ROWS)).rows
        return number, sum(1 for row in rows if not condition or world.holds(ctx, form, row, condition))


def _record(world: World, name: str, wanted: Mapping[str, Any]) -> Iterable[Problem]:
    """`c: {field: value}`: the values as a person would write them, or `{{ … }}`."""
    form_key, id = world.record(name)
    form = world.form(form_key)
    with world.machine.read(SYSTEM) as ctx:
        row = RecordSource(ctx).record(form_key, id)
        if row is None:
            yield from _differs(name, "a record", None)
            return
        row = {**row, **live_values(form, row, environment(ctx, form_key, row))}
        for field_id, told in wanted.items():
            if field_id not in form.fields:
                yield Problem("no-such-field", {"field": field_id}, form=form_key, field=field_id)
                continue
            expected = world.expected(ctx, form, field_id, told)
            if row.get(field_id) != expected:
                shown = display(ctx, form.fields[field_id], row.get(field_id)) or str(row.get(field_id))
                yield from _differs(f"{name}.{field_id}", told, shown)


def _differs(what: str, wanted: Any, found: Any) -> Iterable[Problem]:
    if wanted != found:
        yield Problem("scenario-differs", {"what": what, "wanted": wanted, "found": found})
