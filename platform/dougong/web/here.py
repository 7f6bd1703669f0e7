"""What a page stands on: the running workspace, one unchanging view of its data per request, and who reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

from flask import Response as FlaskResponse
from flask import abort, current_app, flash, g, redirect, request
from werkzeug.wrappers import Response

from dougong.context import Actor, Ctx
from dougong.expr.types import Calendar
from dougong.fields.base import Locale
from dougong.problems import Problem
from dougong.records import rights
from dougong.runtime import Runtime
from dougong.spec.form import Form
from dougong.web import formats, language, session
from dougong.web.cells import Cell
from dougong.web.formats import Reader

T = TypeVar("T")
EXTENSION = "dougong"


def runtime() -> Runtime:
    return cast(Runtime, current_app.extensions[EXTENSION])


def ctx() -> Ctx:
    """The request's reading view, opened when it is first asked for, with the rights of whoever is signed in."""
    return cast(Ctx, g.ctx) if "ctx" in g else enter(session.actor())


def enter(actor: Actor) -> Ctx:
    """Opens the request's reading view for this actor: who is signed in, or somebody outside (web/public.py)."""
    close()
    reading: AbstractContextManager[Ctx] = runtime().read(actor, g.locale)
    g.reading, g.ctx = reading, reading.__enter__()
    return cast(Ctx, g.ctx)


def close(_error: BaseException | None = None) -> None:
    """Ends the reading view; what is read next sees what was written."""
    if reading := g.pop("reading", None):
        g.pop("ctx", None)
        reading.__exit__(None, None, None)


def write(work: Callable[[Ctx], T]) -> T:
    """`work` in a transaction of its own, as the person who is signed in. Raises Problems."""
    close()
    return runtime().write(session.actor(), work, locale=g.locale)


def tell(text: str, *, saved: str = "", undo: str = "") -> None:
    """A toast on the next page: `saved` ends the draft of that form, `undo` is the address that takes it back."""
    flash({"text": text, "saved": saved, "undo": undo})  # type: ignore[arg-type]


def say(key: str, /, **values: Any) -> str:
    """The page's own words, for messages that don't stand in a template."""
    return language.say(g.locale, key, **values)


def name_in(form: Form) -> str:
    """The form's name as it stands inside a sentence."""
    return language.inside(form.name.in_(g.locale), g.locale)


def listed(names: Iterable[str]) -> str:
    """Names one after the other, as the language sets them."""
    return ("、" if reader().chinese else ", ").join(names)


def problem(code: str, **args: Any) -> str:
    """The sentence of a code of the parts below."""
    return Problem(code, args).sentence(g.locale)


def reader() -> Reader:
    """Works for guests, too: error pages have dates and words."""
    workspace = runtime().workspace() if "now" in g else None
    calendar = workspace.calendar if workspace else Calendar()
    return Reader(g.get("locale", "zh-CN"), calendar, g.now if "now" in g else runtime().clock.now())


def locale() -> Locale:
    """How values are written and read on this page."""
    workspace = ctx().workspace
    return Locale(g.locale, workspace.calendar, workspace.currency)


def form(app: str, id: str, verb: str = "see") -> Form:
    """The form of an address; 404 where there is none or the person may not `verb` on it at all."""
    found = ctx().workspace.forms.get(f"{app}.{id}")
    if found is None or found.lines_of or not rights.access(ctx(), found.key).may(verb):
        abort(404)
    return found


def go(address: str) -> Response:
    """On to another page after something was done: a redirect, or for a part of a page a word to htmx."""
    if request.headers.get("HX-Request"):
        return FlaskResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def partial(target: str) -> bool:
    """Whether htmx wants only the part with this id; going back in the browser wants the whole page."""
    return request.headers.get("HX-Target") == target and "HX-History-Restore-Request" not in request.headers


def clock(at: datetime) -> str:
    return formats.clock(at, reader())


def due_words(at: datetime) -> str:
    return language.due(at, reader())


def span(since: datetime) -> str:
    """How long something has stood still, in whole days or hours."""
    seconds = int((reader().now - since).total_seconds())
    if days := seconds // 86_400:
        return language.say_many(g.locale, "%(n)s day", "%(n)s days", days)
    return language.say_many(g.locale, "%(n)s hour", "%(n)s hours", max(1, seconds // 3600))


def still(since: datetime) -> str:
    return say("not touched for %(time)s", time=span(since))


def plain(cell: Cell) -> str:
    """A value in a line of facts: amounts short, times as one says them."""
    if isinstance(cell.value, datetime):
        return language.ago(cell.value, reader()) if cell.kind == "ago" else formats.moment(cell.value, reader())
    if isinstance(cell.value, date):
        return formats.day(cell.value, reader())
    return (
        formats.short_money(cell.value, reader(), ctx().workspace.currency)
        if isinstance(cell.value, Decimal) and cell.kind == "money"
        else cell.text
    )
