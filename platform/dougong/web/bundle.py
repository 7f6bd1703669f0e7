"""Addresses of the bundled scripts, styles and icons, with a digest so that browsers keep them until they change."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, url_for

DIST = Path(__file__).parent / "static" / "dist"


@cache
def digest(name: str) -> str:
    return hashlib.sha256((DIST / name).read_bytes()).hexdigest()[:12]


def address(name: str) -> str:
    return url_for("static", filename=f"dist/{name}", v=digest(name))


@cache
def icons() -> frozenset[str]:
    """The names that the sprite holds."""
    return frozenset(part.split('"')[0] for part in (DIST / "icons.svg").read_text("utf-8").split('<symbol id="')[1:])


def install(app: Flask) -> None:
    """Gives the templates `asset(name)` and `known_icon(name)`, the name itself or the plain circle."""
    app.jinja_env.globals.update(asset=address, known_icon=lambda name: name if name in icons() else "circle")
