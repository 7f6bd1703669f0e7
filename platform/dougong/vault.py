"""Secrets at rest: sealed with a key that lies in DOUGONG_HOME, so that neither the database nor a backup of it gives them away."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dougong.problems import Problem, Problems

FILE = "secret.key"


@dataclass(eq=False)
class Vault:
    """`home` is the folder of the key, which is made when the first secret is sealed; without one it lives as long as the process."""

    home: Path | None = None
    _box: Any = field(default=None, repr=False)

    def seal(self, text: str) -> str:
        return str(self._fernet().encrypt(text.encode()).decode("ascii"))

    def open(self, sealed: str) -> str:
        """Raises Problems `secret-unreadable` where it was sealed with another key: that of the machine a backup came from."""
        from cryptography.fernet import InvalidToken

        try:
            return str(self._fernet().decrypt(sealed.encode()).decode())
        except InvalidToken:
            raise Problems([Problem("secret-unreadable", {"file": FILE})]) from None

    def _fernet(self) -> Any:
        if self._box is None:
            from cryptography.fernet import Fernet  # only where there is a secret: it is large

            self._box = Fernet(_key(self.home / FILE, Fernet.generate_key) if self.home else Fernet.generate_key())
        return self._box


def _key(file: Path, generate: Any) -> bytes:
    """The key in the file, made by whoever comes first; nobody else on the machine may read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{FILE}.{os.getpid()}")
    if not file.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(generate())
        with suppress(FileExistsError):
            os.link(fresh, file)
        fresh.unlink()
    return file.read_bytes().strip()
