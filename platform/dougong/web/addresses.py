"""Where things stand: the addresses of forms and records, by uid only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from dougong.spec.form import Form


def of_form(key: str, **args: Any) -> str:
    """'sales.customer' → /a/sales/customer; people and teams have pages of their own."""
    app, _, id = key.rpartition(".")
    path = f"/a/{app}/{id}" if app else {"user": "/people", "team": "/people/teams"}[id]
    return with_args(path, args)


def of_new(key: str, **args: Any) -> str:
    return with_args(of_form(key) + "/new", args)


def of_record(key: str, uid: str, part: str = "") -> str:
    """'' for what has no page: people, teams, lines."""
    if "." not in key or not uid:
        return ""
    return f"{of_form(key)}/{uid}" + (f"/{part}" if part else "")


def of_picker(key: str) -> str:
    return "/pick/" + key.replace(".", "/")


def of_file(uid: str, thumb: bool = False) -> str:
    return f"/files/{uid}" + ("?thumb=1" if thumb else "")


def has_page(form: Form) -> bool:
    return bool(form.app) and not form.lines_of


def with_args(path: str, args: Mapping[str, Any]) -> str:
    given = {name: value for name, value in args.items() if value not in (None, "", (), [])}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path
