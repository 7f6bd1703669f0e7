"""Time rules that other declarations mean: a stage's deadlines count how long it has been held; what is asked for later counts too."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.automation.ask_later import ask_later_rules
from dougong.spec.app import App, Automation, Level, Stage, Trigger, Workflow
from dougong.spec.label import Label


def deadlines(app: App) -> Iterator[Automation]:
    """One automation for each stage that has deadlines, its levels being the deadlines, and one for each `ask_later`."""
    yield from ask_later_rules(app)
    for workflow in app.workflows.values():
        for stage in workflow.stages:
            if stage.deadlines:
                yield _of_stage(app, workflow, stage)


def _of_stage(app: App, workflow: Workflow, stage: Stage) -> Automation:
    form = app.forms[workflow.form].key if workflow.form in app.forms else workflow.form
    others = {locale: f"{workflow.name.in_(locale)} · {stage.name.in_(locale)}" for locale in stage.name.others}
    return Automation(
        id=f"{workflow.id}.{stage.id}", app=app.id, name=Label(f"{workflow.name} · {stage.name}", others),
        on=Trigger("held", form, {"held": stage.id, "of": workflow.id}),
        levels=tuple(Level(id=d.id, do=d.do, after=d.after) for d in stage.deadlines),
        digest=app.digest, mark=workflow.mark,
    )
