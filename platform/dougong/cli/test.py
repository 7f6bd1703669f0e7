"""`dougong test`: plays the scenarios of a template."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from dougong.cli.say import end_with_faults, locale, say
from dougong.clock import VirtualClock
from dougong.installed import compile_sources
from dougong.lang.load import read_folder
from dougong.lifecycle import install
from dougong.runtime import Runtime
from dougong.scenario.run import Outcome, play
from dougong.scenario.switch import without
from dougong.settings import Settings
from dougong.spec.app import App, Workspace


class Sources:
    """The app under test, set up on throw-away databases (scenario/run.Setup). `off` are the ids switched off."""

    def __init__(self, sources: Mapping[str, str], off: tuple[str, ...] = ()) -> None:
        self._sources = sources
        self._off = off

    def set_up(self, url: str, clock: VirtualClock) -> Workspace:
        with closing(Runtime(_settings(url), clock)) as runtime:
            install(runtime, self._sources, who="test")
            workspace = runtime.workspace()
        apps = {id: without(app, self._off) for id, app in workspace.apps.items()}
        forms = {**workspace.forms, **{f.key: f for app in apps.values() for f in app.forms.values()}}
        return replace(workspace, apps=apps, forms=forms)

    def open(self, url: str, clock: VirtualClock, workspace: Workspace) -> Runtime:
        return Runtime(_settings(url), clock, prepared=workspace)


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--without",
    "off",
    multiple=True,
    metavar="ID",
    help="关掉一处声明：一条规则、一个校验、一个关卡 | Switch one declared part off: an automation, a rule, a guard.",
)
@click.option("--only", metavar="WORDS", help="只演名字里有这些字的场景 | Only scenarios whose name holds these words.")
@click.option(
    "--database",
    metavar="URL",
    help="在这种数据库上演（默认是临时文件夹里的 SQLite） | Play on this kind of database (default: SQLite in a temporary folder).",
)
def test(path: Path, off: tuple[str, ...], only: str | None, database: str | None) -> None:
    """在用完即弃的数据库上，用虚拟时钟演 PATH 处模板的场景。 |
    Play the scenarios of the template at PATH on a throw-away database with a virtual clock.

    Example: dougong test app_templates/sales --without stalled_customer
    """
    sources = read_folder(path)
    compiled = compile_sources(sources, tolerant=False)
    errors = [p for p in compiled.problems if not p.warning]
    if compiled.app is None or errors:
        end_with_faults(compiled.problems, sources, path)
    outcomes, seconds = run(compiled.app, sources, off, only or "", database or "sqlite:///")
    failed = sum(not o.passed for o in outcomes)
    passed = len(outcomes) - failed
    click.echo(say(f"{passed} 个场景通过，{failed} 个失败，{seconds:.1f} 秒", f"{passed} passed, {failed} failed in {seconds:.1f} s"))
    sys.exit(1 if failed or not outcomes else 0)


def run(app: App, sources: Mapping[str, str], off: tuple[str, ...], only: str, url: str) -> tuple[list[Outcome], float]:
    """The outcomes, each told as it ends, and the seconds they took in all."""
    chosen = [s for s in app.scenarios if only in s.name]
    began = time.monotonic()
    return play(app, chosen, Sources(sources, off), url, _tell), time.monotonic() - began


def _tell(outcome: Outcome) -> None:
    if outcome.passed:
        click.echo(f"  ✓ {outcome.scenario.name}")
        return
    click.echo(f"  ✗ {outcome.scenario.name}")
    for problem in outcome.problems:
        click.echo(f"      {outcome.mark}: {problem.sentence(locale())}")
    for ran in outcome.trace:
        saw = ", ".join(f"{path} = {value}" for path, value in ran.saw.items())
        why = f": {ran.why.sentence(locale())}" if ran.why else ""
        click.echo(f"      {ran.what} · {ran.end.sentence(locale())}{why}{f' ({saw})' if saw else ''}")


def _settings(url: str) -> Settings:
    return Settings.read({"DATABASE_URL": url, "DOUGONG_BASE_URL": "https://dougong.example"})
