"""Search words and pinyin of rows that came in bulk, made by the worker (SEMANTICS 15); until then pages say how many can't be found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import literal_column, select, update

from dougong.context import Ctx
from dougong.jobs import background
from dougong.jobs.background import Job, Open, job_table
from dougong.spec.form import Form
from dougong.store import search

NAME = "search"
CHUNK = 1_000


def can_wait(form: Form) -> bool:
    """Not where the next row is to be compared with those just written."""
    return not any(rule.similar for rule in form.duplicates)


def promise(ctx: Ctx, form: str, ids: Sequence[int]) -> None:
    """To be found later: widens the work that nobody has begun, or begins one. `ids` ascend."""
    if search.search_index(ctx.workspace.tables[form]) is None:
        return
    j = job_table.c
    waiting = select(j.id, j.args).where(j.name == NAME, j.state == "open").with_for_update(skip_locked=True)
    for row in ctx.connection.execute(waiting):
        if row.args["form"] == form:
            wider = {**row.args, "last": ids[-1], "rows": row.args["rows"] + len(ids)}
            ctx.connection.execute(update(job_table).where(j.id == row.id).values(args=wider))
            return
    background.submit(ctx, NAME, {"form": form, "first": ids[0], "last": ids[-1], "rows": len(ids)})


def handle(open_: Open, job: Job) -> dict[str, Any]:
    """For Runtime.handlers under NAME."""
    after, done = int(job.progress.get("after", job.args["first"] - 1)), int(job.progress.get("done", 0))
    while after < job.args["last"]:
        with open_() as ctx:
            table = ctx.workspace.tables.get(job.args["form"])
            if table is None:
                return {"rows": done}
            found = search.rebuild(ctx.connection, table, after, CHUNK, job.args["last"])
            after, done = found or job.args["last"], min(done + CHUNK, job.args["rows"])
            job.report(ctx, after=after, done=done, total=job.args["rows"])
    return {"rows": job.args["rows"]}


def waiting(ctx: Ctx, form: str) -> int:
    """Rows of the form that search can't find yet."""
    j = job_table.c
    unfinished = j.state.in_([literal_column("'open'"), literal_column("'running'")])  # as in the index
    found = ctx.connection.execute(select(j.args, j.progress).where(unfinished, j.name == NAME))
    return sum(args["rows"] - progress.get("done", 0) for args, progress in found if args["form"] == form)
