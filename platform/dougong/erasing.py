"""A person's data erased for good, with every copy that the parts of the workspace keep of it (SEMANTICS 12, THREATS S57)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Text, and_, cast, delete, null, or_, select, update

from dougong.automation.decide import plan
from dougong.automation.runs import as_json
from dougong.automation.tables import run_table, step_table, tally_table, unfinished
from dougong.context import Actor, Ctx
from dougong.events.outbox import event_table
from dougong.files import attachments
from dougong.jobs.timers import timer_table
from dougong.notify.delivery import delivery_table
from dougong.notify.message import notification_table
from dougong.problems import Problem, Problems
from dougong.records import erase as records
from dougong.runtime import Runtime
from dougong.workflow.service import stage_table


def erase(runtime: Runtime, actor: Actor, form: str, uid: str) -> None:
    """The record, deleted or not, with its lines. What was sent outside can't be called back.

    Raises Problems `no-such-record`, `may-not-erase`.
    """
    with runtime.transaction(actor, "person") as ctx:
        table = ctx.workspace.tables.get(form)
        id = ctx.connection.execute(select(table.c.id).where(table.c.uid == uid)).scalar() if table is not None else None
        if id is None:
            raise Problems([Problem("no-such-record", form=form)])
        keys = [key for erased, record in records.erase(ctx, form, id) for key in _erase_copies(ctx, erased, record)]
    for key in keys:  # after the commit: a row never names bytes that are gone
        runtime.storage.delete(key)


def _erase_copies(ctx: Ctx, form: str, record: int) -> list[str]:
    """Takes them away; the storage keys of the files that are nobody's now."""
    files = attachments.of_record(ctx.connection, form, record)
    attachments.forget(ctx.connection, form, record)
    s = stage_table.c
    ctx.connection.execute(update(stage_table).where(s.form == form, s.record == record).values(comment=null()))
    _timers(ctx, form, record)
    _runs(ctx, form, record)
    return [key for file in files for key in (file.key, file.thumb) if key]


def _timers(ctx: Ctx, form: str, record: int) -> None:
    """Their keys hold the value from which they count."""
    t = timer_table.c
    for rule in plan(ctx.workspace).by_form.get(form, ()):
        ctx.connection.execute(delete(timer_table).where(t.owner == rule.key, t.key.startswith(f"{rule.key}@{record}@", autoescape=True)))


def _runs(ctx: Ctx, form: str, record: int) -> None:
    """Runs of the record stay as having been, without what they saw; those under way end. So do the messages that they wrote."""
    r, e, c = run_table.c, event_table.c, ctx.connection
    own = and_(r.form == form, r.record == record)
    told = select(e.id).where(e.form == form, e.record == record)
    touched = c.execute(select(r.id, r.uid, r.key, r.event, own.label("own")).where(or_(own, r.event.in_(told)))).all()
    for start in range(0, len(touched), 500):
        part = touched[start : start + 500]
        ids = [run.id for run in part]
        c.execute(update(step_table).where(step_table.c.run.in_(ids)).values(result=null()))
        c.execute(update(run_table).where(r.id.in_(ids)).values(trace=[], problem=null()))
        received = [run.event for run in part if run.own and run.event is not None]
        c.execute(update(event_table).where(e.id.in_(received), e.kind == "received").values(old=null(), new=null()))
    ending = {"state": "done", "outcome": "withdrawn", "problem": as_json(Problem("run-record-gone")), "finished_at": ctx.now}
    c.execute(update(run_table).where(own, unfinished).values({**ending, "lease_until": None, "lease_token": None}))
    _messages(ctx, form, record, [run.uid for run in touched])
    for run in touched:
        if run.own:
            _forget_key(ctx, run.key, f"erased:{run.uid}")


def _forget_key(ctx: Ctx, key: str, name: str) -> None:
    """A time rule's key holds the value from which it counted. It can't come again: the record has none any more."""
    t = tally_table.c
    ctx.connection.execute(update(run_table).where(run_table.c.key == key).values(key=name, subject={}))
    ctx.connection.execute(update(tally_table).where(t.subject == key).values(subject=name, per="", open=False))


def _messages(ctx: Ctx, form: str, record: int, runs: Sequence[str]) -> None:
    n, d = notification_table, delivery_table
    for start in range(0, max(len(runs), 1), 500):
        part = list(runs[start : start + 500])
        ctx.connection.execute(delete(d).where(or_(and_(d.c.form == form, d.c.record == record), d.c.run.in_(part))))
        ctx.connection.execute(delete(n).where(or_(and_(n.c.form == form, n.c.record == record), n.c.run.in_(part))))
    for digest in ctx.connection.execute(select(n.c.id, n.c.folded, n.c.body).where(n.c.kind == "digest", _mentions(form, record))):
        kept = [item for item in digest.folded if (item["form"], item["record"]) != (form, record)]
        body = "\n".join(f"· {item['title']}" for item in kept)
        ctx.connection.execute(update(n).where(n.c.id == digest.id).values(folded=kept, body=body))
        ctx.connection.execute(update(d).where(d.c.notification == digest.id).values(body=body))


def _mentions(form: str, record: int) -> ColumnElement[bool]:
    """Digests that may have a message about the record in them: narrowed here, decided by reading."""
    folded = cast(notification_table.c.folded, Text)
    return and_(folded.contains(form, autoescape=True), folded.contains(str(record), autoescape=True))
