"""Import mappings as YAML files: `import: <id>` with form, columns (title → field), key and automations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.lang.load import load
from dougong.lang.source import Document
from dougong.problems import NOWHERE, Problem, Problems, suggest
from dougong.records.importing import ColumnMapping, importable
from dougong.spec.form import Form

KINDS: Mapping[str, type] = {"import": str, "form": str, "columns": dict, "key": str, "automations": bool}
REQUIRED = ("import", "form", "columns")


def read(name: str, text: str, forms: Mapping[str, Form]) -> ColumnMapping:
    """Raises Problems with every fault of the file in its place."""
    documents, problems = load({name if name.endswith((".yaml", ".yml")) else f"{name}.yaml": text})
    if not problems and (len(documents) != 1 or documents[0].kind != "import"):
        problems = [Problem("mapping-not-one", mark=documents[0].root.mark if documents else NOWHERE)]
    problems = problems or list(_faults(documents[0], forms))
    if problems:
        raise Problems(problems)
    content = documents[0].content
    columns = {title: str(id) for title, id in content["columns"].items()}
    return ColumnMapping(content["form"], columns, content.get("key", ""), content.get("automations", False))


def _faults(document: Document, forms: Mapping[str, Form]) -> Iterator[Problem]:
    root, content = document.root, document.content
    for key in content:
        if key not in KINDS:
            yield Problem(
                "mapping-unknown-key", {"key": key, "known": ", ".join(KINDS)}, root[key].key_mark, suggestion=suggest(key, KINDS)
            )
        elif not isinstance(content[key], KINDS[key]):
            yield Problem("mapping-wrong-type", {"key": key, "wanted": _wanted(KINDS[key])}, root[key].mark)
    for key in REQUIRED:
        if key not in content:
            yield Problem("mapping-missing", {"key": key}, root["import"].mark)
    name, columns = content.get("form"), content.get("columns")
    form = forms.get(name) if isinstance(name, str) else None
    if form is None:
        if isinstance(name, str):
            yield Problem(
                "mapping-no-form", {"form": name}, root["form"].mark, suggestion=suggest(name, [key for key in forms if "." in key])
            )
        return
    fields = [f.id for f in importable(form, stage=True)]
    named: list[tuple[Any, Any]] = [(id, root["columns"][title].mark) for title, id in columns.items()] if isinstance(columns, dict) else []
    named += [(content["key"], root["key"].mark)] if isinstance(content.get("key"), str) else []
    for id, mark in named:
        if id not in fields:
            yield Problem("import-no-field", {"field": id}, mark, suggestion=suggest(str(id), fields))


def _wanted(kind: type) -> Mapping[str, str]:
    words = {str: ("文字", "text"), dict: ("“标题: 字段”的组合", "a group of `title: field`"), bool: ("true 或 false", "true or false")}
    return dict(zip(("zh", "en"), words[kind], strict=True))
