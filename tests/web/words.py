"""The English keys that pages and views use, found by reading them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

WEB = Path(__file__).parents[2] / "platform" / "dougong" / "web"
ONE, MANY = {"_", "say"}, {"ngettext", "say_many", "many"}


def keys() -> set[str]:
    pages = {key for page in WEB.rglob("templates/**/*.html") for key in in_page(page)}
    return pages | {key for module in WEB.rglob("*.py") for key in in_module(module)}


def in_page(path: Path) -> Iterator[str]:
    for call in Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]).parse(path.read_text("utf-8")).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in ONE | MANY:
            texts = [arg.value for arg in call.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)]
            yield from texts[: 2 if call.node.name in MANY else 1]


def in_module(path: Path) -> Iterator[str]:
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and (name := ast.unparse(call.func).split(".")[-1]) in ONE | MANY:
            texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            yield from texts[: 2 if name in MANY else 1]
