"""Where in its workflow a new record begins: at the first stage, or with the right `import_stage` where an import says (SEMANTICS 13).

What the way to that stage would have asked for and is not there keeps nothing out: it is listed, in the rehearsal and in the history.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dougong.expr.to_python import evaluate
from dougong.problems import Problem
from dougong.records.draft import Draft, names
from dougong.records.row import is_empty
from dougong.records.source import environment
from dougong.spec.app import Guard, Stage

NOTE = "$entered"
"""What the history keeps it under, where others have a field's id: {stage, fields (ids), reasons (by language)}."""


def place(draft: Draft) -> None:
    """Stage, since when, and the stage's usual probability, as a move would set it."""
    new, stages = draft.new, _stages(draft)
    if is_empty(new.get("stage")):
        new["stage"] = stages[0].id
    if is_empty(new.get("stage_since")):
        new["stage_since"] = draft.ctx.now
    chance, stage = draft.form.fields.get("probability"), next((s for s in stages if s.id == new["stage"]), None)
    if "stage" in draft.sent and chance and stage and stage.probability is not None and is_empty(new.get("probability")):
        scale = chance.value.scale
        new["probability"] = (Decimal(stage.probability) / 100).quantize(Decimal(1).scaleb(-scale)) if scale else stage.probability


def note(draft: Draft) -> None:
    """Says of a record that an import puts at a stage what it came there without."""
    if draft.kind != "create" or draft.ctx.origin != "import" or "stage" not in draft.sent or not draft.form.workflow:
        return
    fields, reasons = list[str](), list[dict[str, str]]()
    env = environment(draft.ctx, draft.form.key, draft.new, source=draft.source)
    for guard in _on_the_way(draft):
        fields += [name for name in guard.fields if is_empty(draft.new.get(name)) and name not in fields]
        if guard.if_ is not None and not evaluate(guard.if_, env):
            reasons.append({"zh": guard.message.in_("zh"), "en": guard.message.in_("en")})
    draft.notes[NOTE] = {"stage": draft.new["stage"], "fields": fields, "reasons": reasons}
    if fields or reasons:
        lacking = [*(names(draft.form.fields[name]) for name in fields), *reasons]
        stage = next(s for s in _stages(draft) if s.id == draft.new["stage"])
        told = {
            "stage": {"zh": stage.name.in_("zh"), "en": stage.name.in_("en")},
            "missing": {"zh": "、".join(one["zh"] for one in lacking), "en": ", ".join(one["en"] for one in lacking)},
        }
        draft.warnings.append(Problem("import-stage-lacks", told, form=draft.form.key, field="stage", warning=True))


def _on_the_way(draft: Draft) -> Iterator[Guard]:
    """The conditions of an ordinary way there: of each stage before, and of entering this one."""
    stages = _stages(draft)
    aim = next((s for s in stages if s.id == draft.new["stage"]), None)
    if aim is None or aim is stages[0]:
        return
    ordinary = [s for s in stages[: stages.index(aim)] if not (s.final or s.from_any or s.from_)]
    before = [s for s in ordinary if s.id in aim.from_] if aim.from_ else [] if aim.from_any else ordinary
    guards = [guard for s in before for guard in (s.entry if s is not stages[0] else None, s.exit)]
    yield from (guard for guard in (*guards, aim.entry) if guard is not None)


def _stages(draft: Draft) -> tuple[Stage, ...]:
    return draft.ctx.workspace.apps[draft.form.app].workflows[draft.form.workflow].stages
