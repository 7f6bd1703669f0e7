"""The steps of a scenario, each done as a person would do it: through the save steps, with that person's rights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dougong.context import Actor
from dougong.events.images import encode_row
from dougong.events.outbox import Event, append
from dougong.expr.units import duration
from dougong.problems import Problem, Problems
from dougong.records import importing, public, save
from dougong.records.query import get
from dougong.records.source import RecordSource
from dougong.registry import Registry
from dougong.scenario.expect import expect
from dougong.scenario.world import World
from dougong.workflow import service as workflow

Step = Callable[[World, Any], None]
steps: Registry[Step] = Registry("step")


def perform(world: World, step: Mapping[str, Any]) -> None:
    """One step as written. Raises Problems: those of a refusal, or what an expectation did not find."""
    word = next((w for w in step if w in steps), None)
    if word is None:
        raise Problems([Problem("scenario-no-step", {"step": ", ".join(map(str, step))})])
    steps[word](world, step[word])


@steps.register("create")
def _create(world: World, given: Mapping[str, Any]) -> None:
    """`create: {form: {field: value}, call_it: name}`."""
    for id, raw in given.items():
        if id != "call_it":
            form = world.form(id)
            with world.machine.transaction(world.actor, "person") as ctx:
                saved = save.create(ctx, form.key, world.values(ctx, form, raw))
            world.warned = saved.warnings
            if "call_it" in given:
                world.named[given["call_it"]] = (form.key, saved.id)
    world.machine.work()


@steps.register("edit")
def _edit(world: World, given: Mapping[str, Any]) -> None:
    """`edit: {name: {field: value}}`."""
    for name, raw in given.items():
        form_key, id = world.record(name)
        with world.machine.transaction(world.actor, "person") as ctx:
            world.warned = save.edit(ctx, form_key, id, world.values(ctx, world.form(form_key), raw)).warnings
    world.machine.work()


@steps.register("delete")
def _delete(world: World, name: str) -> None:
    form_key, id = world.record(name)
    with world.machine.transaction(world.actor, "person") as ctx:
        save.delete(ctx, form_key, id)
    world.machine.work()


@steps.register("restore")
def _restore(world: World, name: str) -> None:
    form_key, id = world.record(name)
    with world.machine.transaction(world.actor, "restore") as ctx:
        save.restore(ctx, form_key, id)
    world.machine.work()


@steps.register("move")
def _move(world: World, given: Mapping[str, Any]) -> None:
    """`move: {name: stage, comment: why}`."""
    for name, stage in given.items():
        if name != "comment":
            form_key, id = world.record(name)
            with world.machine.transaction(world.actor, "person") as ctx:
                workflow.move(ctx, form_key, id, str(stage), comment=str(given.get("comment", "")))
    world.machine.work()


@steps.register("wait")
def _wait(world: World, span: str) -> None:
    world.wait(duration(str(span)))


@steps.register("as")
def _as(world: World, name: str) -> None:
    world.user(name)
    world.who = name


@steps.register("press")
def _press(world: World, given: Mapping[str, Any]) -> None:
    """`press: {automation: name}`: the button of an automation on a record."""
    for button, name in given.items():
        form_key, id = world.record(name)
        with world.machine.transaction(world.actor, "person") as ctx:
            get(ctx, form_key, id=id)  # who can't see it can't press
            row = RecordSource(ctx).record(form_key, id) or {}
            append(ctx, Event("pressed", form_key, id, new=encode_row(ctx.workspace.forms[form_key], row), name=button))
    world.machine.work()


@steps.register("submit")
def _submit(world: World, given: Mapping[str, Any]) -> None:
    """`submit: {form: {…}}`: a public form, sent by somebody outside."""
    for id, raw in given.items():
        if id != "call_it":
            form = world.form(id)
            with world.machine.transaction(public.visitor(form), "public") as ctx:
                saved = public.submit(ctx, form, world.values(ctx, form, raw))
            if "call_it" in given:
                world.named[given["call_it"]] = (form.key, saved.id)
    world.machine.work()


@steps.register("import")
def _import(world: World, given: Mapping[str, Any]) -> None:
    """`import: {form: [{column title: cell}, …], key: field, automations: true}`: titles find their fields as they do on the page."""
    for id, rows in given.items():
        if id not in ("key", "automations"):
            form, titles = world.form(id), tuple(dict.fromkeys(title for row in rows for title in row))
            columns = importing.guess(form, titles)
            mapping = importing.ColumnMapping(form.key, columns, str(given.get("key", "")), given.get("automations") is True)
            world.imported = importing.Report()
            with world.machine.transaction(world.actor, "import") as ctx:
                importing.check(ctx, mapping, titles)
                importing.run(ctx, mapping, list(enumerate(rows, 2)), world.imported)
    world.machine.work()


@steps.register("receive")
def _receive(world: World, given: Mapping[str, Any]) -> None:
    """`receive: {webhook: {body}}`: as if a signed delivery had come in."""
    for webhook, body in given.items():
        with world.machine.transaction(Actor(), "api") as ctx:
            append(ctx, Event("received", new=dict(body), name=f"{world.app.id}.{webhook}"))
    world.machine.work()


@steps.register("try")
def _try(world: World, given: Mapping[str, Any]) -> None:
    """`try: {edit: …, refused: words or code}`: the step must be refused, for that reason."""
    inner = {k: v for k, v in given.items() if k != "refused"}
    wanted = str(given.get("refused", ""))
    try:
        perform(world, inner)
    except Problems as refused:
        found = [f"{p.code} {p.sentence('zh')} {p.sentence('en')}" for p in refused]
        if not any(wanted in told for told in found):
            given_reason = "; ".join(p.sentence("zh") for p in refused)
            raise Problems([Problem("scenario-other-refusal", {"wanted": wanted, "found": given_reason})]) from None
        return
    raise Problems([Problem("scenario-not-refused", {"wanted": wanted})])


@steps.register("expect")
def _expect(world: World, given: Mapping[str, Any]) -> None:
    world.machine.work()
    expect(world, given)
