"""What a page says of a form for the moment: that it can only be read, or that search doesn't find all of it yet."""

from __future__ import annotations

from dougong.records import searching
from dougong.spec.form import Form
from dougong.store import staged
from dougong.web import here


def notices(form: Form) -> list[str]:
    """Sentences for the top of the form's pages (SEMANTICS 10 and 15)."""
    ctx, out = here.ctx(), []
    if form.key in ctx.workspace.read_only:
        reach = now.forms.get(form.key) if (now := staged.read(ctx.connection)) else None
        part = f"{reach.done * 100 // reach.of}%" if reach and reach.of else "…"
        words = "%(form)s is being upgraded (%(part)s) and can only be read until that is done."
        out.append(here.say(words, form=form.name.in_(ctx.locale), part=part))
    if rows := searching.waiting(ctx, form.key):
        out.append(here.say("Search does not find %(n)s imported records yet; that takes a little while.", n=rows))
    return out
