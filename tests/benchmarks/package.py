"""What installing the package costs whoever has Python: the wheel into a fresh virtual environment."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.server import ROOT


def install() -> tuple[float, float]:
    """Seconds of `pip install` with all that the package needs, nothing of it cached, and the MiB that it adds."""
    with tempfile.TemporaryDirectory(prefix="dougong-package-") as folder:
        wheels, fresh = Path(folder, "wheels"), Path(folder, "fresh")
        _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(ROOT))
        _run(sys.executable, "-m", "venv", str(fresh))
        before, begun = _size(fresh), time.perf_counter()
        _run(str(fresh / "bin" / "pip"), "install", "--quiet", "--no-cache-dir", *map(str, wheels.glob("*.whl")))
        seconds = time.perf_counter() - begun
        _run(str(fresh / "bin" / "dougong"), "--version")
        return seconds, (_size(fresh) - before) / 2**20


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")


def _size(folder: Path) -> int:
    """Bytes of its files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
