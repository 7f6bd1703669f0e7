"""The apps one can have: what each would change is shown before, and installing shows how far it is."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request
from werkzeug.wrappers import Response

from dougong.installed import VOCABULARY, compile_sources
from dougong.lang.explain.app import explain
from dougong.lang.load import read_folder
from dougong.lifecycle import Prepared, carry_out, prepare, prepare_removal, prepare_rollback
from dougong.problems import Problem, Problems
from dougong.resources import folder
from dougong.runtime import Runtime
from dougong.spec.app import App, Question
from dougong.store import ledger
from dougong.web import here, session

page = Blueprint("gallery", __name__, url_prefix="/apps")
page.before_request(session.require_administrator)
ASKED = ("text", "number", "yes_no", "choice")


@dataclass
class Job:
    """A change of an app under way in this process; `kind` as in the ledger."""

    app: str
    kind: str = "install"
    what: str = "tables"
    done: int = 0
    of: int = 1
    problems: tuple[Problem, ...] = ()
    finished: bool = False


@dataclass(frozen=True)
class Shelf:
    """One template that could be installed, or is."""

    id: str
    app: App | None
    problems: tuple[Problem, ...]
    installed: App | None
    newer: bool


_jobs: dict[str, Job] = {}


@page.get("")
def show() -> str:
    workspace = here.ctx().workspace
    shelves = [_shelf(path, workspace.apps) for path in _templates()]
    known = {s.id for s in shelves}
    others = [a for a in workspace.apps.values() if a.id not in known]
    history = ledger.history(here.ctx().connection, limit=20)
    names = {a.id: a.name.in_(g.locale) for a in [*workspace.apps.values(), *(s.app for s in shelves if s.app)]}
    return render_template("gallery/gallery.html", shelves=shelves, others=others, history=history, names=names)


@page.get("/<id>")
def about(id: str) -> str:
    """One app: what it does in sentences, its versions, what may be done with it."""
    ctx = here.ctx()
    app = ctx.workspace.apps.get(id) or abort(404)
    colon = "：" if here.reader().chinese else ": "
    told = [(s.kind, s.title.partition(colon)[2], s.lines) for s in explain(app, ctx.workspace.forms, VOCABULARY, g.locale)]
    parts = [(kind, [one[1:] for one in told if one[0] == kind]) for kind in ("form", "workflow", "automation", "role")]
    history = ledger.history(ctx.connection, id, limit=50)
    shelf = next((_shelf(path, ctx.workspace.apps) for path in _templates() if path.name == id), None)
    return render_template(
        "gallery/about.html", app=app, parts=[part for part in parts if part[1]], history=history, newer=bool(shelf and shelf.newer)
    )


@page.get("/<id>/plan")
def plan(id: str) -> str | tuple[str, int]:
    """What installing or updating would change, and what the installer decides."""
    return _plan(id, {})


@page.post("/<id>/install")
def install(id: str) -> Response | str | tuple[str, int]:
    sources, app = _sources(id), None
    try:
        app = compile_sources(sources, tolerant=False).app
        answers = _answers(app.questions if app else {})
        prepared = prepare(here.runtime(), sources, answers)
    except Problems as problems:
        return _plan(id, {}, problems)
    if refused := prepared.plan.refused(request.form.getlist("accept")):
        return _plan(id, {}, Problems([fact for change in refused for fact in change.facts]))
    kind = "change" if id in here.ctx().workspace.apps else "install"
    taken = [rule for rule in prepared.past if rule in request.form.getlist("take_up")]
    return _begun(prepared, kind, request.form.getlist("accept"), taken)


@page.get("/<id>/progress/<job>")
def progress(id: str, job: str) -> str | Response:
    """The part that asks again twice a second until it is done."""
    found = _jobs.get(job) or Job(id, finished=True)
    template = "gallery/progress_part.html" if here.partial("progress") else "gallery/progress.html"
    app = here.ctx().workspace.apps.get(id)
    return render_template(template, job=found, url=f"/apps/{id}/progress/{job}", app=app, id=id)


@page.post("/<id>/rollback")
def roll_back(id: str) -> Response | tuple[str, int]:
    try:
        prepared = prepare_rollback(here.runtime(), id)
    except Problems as problems:
        flash(" ".join(p.sentence(g.locale) for p in problems))
        return redirect("/apps", 303)
    return _confirmed(id, prepared, "rollback")


@page.post("/<id>/remove")
def remove(id: str) -> Response | tuple[str, int]:
    try:
        prepared = prepare_removal(here.runtime(), id)
    except Problems:
        abort(404)
    return _confirmed(id, prepared, "uninstall")


def _confirmed(id: str, prepared: Prepared, kind: str) -> Response | tuple[str, int]:
    """Shown first; done when it comes back with a yes."""
    if not request.form.get("yes"):
        return render_template("gallery/confirm.html", id=id, kind=kind, lines=prepared.lines(g.locale)), 200
    return _begun(prepared, kind, [change.key for change in prepared.plan.changes])


def _begun(prepared: Prepared, kind: str, accept: list[str], take_up: Sequence[str] = ()) -> Response:
    job = _begin(here.runtime(), prepared, session.actor().name, kind, accept, take_up)
    return redirect(f"/apps/{prepared.release.app}/progress/{job}", 303)


def _templates() -> list[Path]:
    shipped = (
        [p for p in sorted(folder("app_templates").glob("*")) if (p / "app.yaml").is_file()] if folder("app_templates").is_dir() else []
    )
    first = folder("examples/first")
    return shipped + ([first] if (first / "app.yaml").is_file() else [])


def _sources(id: str) -> Mapping[str, str]:
    for path in _templates():
        if path.name == id:
            return read_folder(path)
    abort(404)


def _shelf(path: Path, installed: Mapping[str, App]) -> Shelf:
    try:
        compiled = compile_sources(read_folder(path), tolerant=False)
    except Problems as problems:
        return Shelf(path.name, None, tuple(problems), installed.get(path.name), False)
    app = compiled.app
    there = installed.get(app.id if app else path.name)
    return Shelf(path.name, app, () if app else tuple(compiled.problems), there, bool(app and there and there.digest != app.digest))


def _plan(id: str, answers: Mapping[str, Any], wrong: Problems | None = None) -> str | tuple[str, int]:
    sources = _sources(id)
    app = compile_sources(sources, tolerant=False).app
    try:
        prepared: Prepared | None = prepare(here.runtime(), sources, answers)
        problems = tuple(wrong or ())
    except Problems as found:
        prepared, problems = None, tuple(found)
    html = render_template(
        "gallery/plan.html",
        id=id,
        app=app,
        lines=prepared.plan.lines(g.locale) if prepared else [],
        problems=problems,
        questions=[q for q in (app.questions.values() if app else ()) if q.type.kind in ASKED],
        loses=[c for c in prepared.plan.changes if c.loses] if prepared else [],
        past=prepared.past if prepared else {},
        installed=id in here.ctx().workspace.apps,
    )
    return (html, 422) if problems else html


def _answers(questions: Mapping[str, Question]) -> dict[str, Any]:
    """Only what differs from the default; a number that is none stays the default's business."""
    out: dict[str, Any] = {}
    for question in questions.values():
        raw = request.form.get(f"ask.{question.id}", "").strip()
        if not raw or question.type.kind not in ASKED or raw == str(question.default):
            continue
        if question.type.kind == "number" and raw.lstrip("-").isdecimal():
            out[question.id] = int(raw)
        elif question.type.kind == "yes_no":
            out[question.id] = raw == "1"
        elif question.type.kind != "number":
            out[question.id] = raw[:500]
    return out


def _begin(runtime: Runtime, prepared: Prepared, who: str, kind: str, accept: list[str], take_up: Sequence[str]) -> str:
    """The change goes on in a thread of its own; the page asks how far it is."""
    job = Job(prepared.release.app, kind)
    id = secrets.token_urlsafe(8)
    while len(_jobs) > 20:
        _jobs.pop(next(iter(_jobs)))
    _jobs[id] = job

    def told(what: str, done: int, of: int) -> None:
        job.what, job.done, job.of = what, done, of

    def work() -> None:
        try:
            carry_out(runtime, prepared, who=who, kind=kind, accept=accept, told=told, take_up=take_up)
        except Problems as problems:
            job.problems = problems.problems
        except Exception:
            job.problems = (Problem("page-failed", {"at": runtime.clock.now().isoformat(timespec="seconds")}),)
            raise
        finally:
            job.finished = True

    threading.Thread(target=work, name=f"{kind} {job.app}", daemon=True).start()
    return id
