"""The folders that stand beside the package in a checkout and inside it in a wheel: schemas, app_templates, examples."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """`name` is e.g. 'schemas' or 'examples/first'."""
    checkout = _PACKAGE.parent.parent
    return (checkout if (checkout / ".build").is_dir() else _PACKAGE / "shipped") / name
