"""What the databases must be taught before our SQL runs on them."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection


def install(connection: sqlite3.Connection) -> None:
    """On each new SQLite connection."""


def create(connection: Connection) -> None:
    """Once per PostgreSQL database."""
