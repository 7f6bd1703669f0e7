"""Everything that can be set from outside, in one table: environment variables, all optional."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    help: str


SETTINGS = (
    Setting("DATABASE_URL", "", "PostgreSQL: postgresql://user:password@host/name. Empty: SQLite in DOUGONG_HOME."),
    Setting("REDIS_URL", "", "redis://host:6379/0. Empty: the worker runs inside the web process."),
    Setting("DOUGONG_HOME", "~/.dougong", "Folder of the database file, uploads, backups and the secret key."),
    Setting("DOUGONG_BASE_URL", "", "The address people use, for links in messages. Without it no link is sent."),
    Setting("DOUGONG_ALLOW_PRIVATE", "", "Hosts in private networks that webhooks may reach, comma-separated."),
    Setting(
        "DOUGONG_TRUSTED_PROXIES", "0",
        "How many reverse proxies stand before the server, whose X-Forwarded-For and X-Forwarded-Proto are believed. 0: none.",
    ),
    Setting("SMTP_URL", "", "smtp://user:password@host:587?from=crm@example.com. Empty: no mail is sent."),
)


@dataclass(frozen=True)
class Settings:
    database_url: str
    redis_url: str
    home: Path
    base_url: str
    allow_private: frozenset[str]
    smtp_url: str
    trusted_proxies: int = 0

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        value = {s.name: environ.get(s.name, "") or s.default for s in SETTINGS}
        home = Path(value["DOUGONG_HOME"]).expanduser()
        return cls(
            database_url=_driver(value["DATABASE_URL"]) or f"sqlite:///{home / 'dougong.db'}",
            redis_url=value["REDIS_URL"],
            home=home,
            base_url=value["DOUGONG_BASE_URL"].rstrip("/"),
            allow_private=frozenset(h.strip() for h in value["DOUGONG_ALLOW_PRIVATE"].split(",") if h.strip()),
            smtp_url=value["SMTP_URL"],
            trusted_proxies=_count(value["DOUGONG_TRUSTED_PROXIES"]),
        )


def _count(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) < 3):
        raise ValueError(f"DOUGONG_TRUSTED_PROXIES is a number such as 1, not {written!r}")
    return int(written)


def _driver(url: str) -> str:
    """PostgreSQL addresses as people write them, with the driver that is installed."""
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url
