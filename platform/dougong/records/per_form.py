"""What follows from a form's declaration alone is worked out once per form, not once per row."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from dougong.spec.form import Form

T = TypeVar("T")


def per_form(work: Callable[[Form], T]) -> Callable[[Form], T]:
    """Decorator: `work` asks of nothing but the form; another revision of the workspace has other forms."""
    known: WeakKeyDictionary[Form, T] = WeakKeyDictionary()

    @wraps(work)
    def once(form: Form) -> T:
        found = known.get(form)
        if found is None:
            found = known[form] = work(form)
        return found

    return once
