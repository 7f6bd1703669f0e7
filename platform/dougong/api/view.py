"""A request's one view of the database: who asks is read in it, and then what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from flask import g, request

from dougong.context import Actor, Ctx
from dougong.people import tokens
from dougong.problems import language
from dougong.runtime import Runtime

NOBODY = Actor()


def open_(runtime: Runtime, secret: str, keep: bool) -> bool:
    """Whether an active person stands behind the token: `g.actor` from now on, and with `keep` what `view` gives stands open."""
    with ExitStack() as stack:
        ctx = stack.enter_context(runtime.read(NOBODY))
        g.locale = language(request.accept_languages.best or ctx.workspace.locale)
        actor = tokens.find(ctx.connection, secret, ctx.now) if secret else None
        if actor is None:
            return False
        g.actor = actor
        if keep:
            g.view, g.opened = replace(ctx, actor=actor, locale=g.locale), stack.pop_all()
    return True


@contextmanager
def view() -> Iterator[Ctx]:
    """What a GET reads from, once."""
    try:
        yield g.view
    finally:
        close()


def close(_error: BaseException | None = None) -> None:
    """Harmless when repeated."""
    g.pop("opened", ExitStack()).close()
