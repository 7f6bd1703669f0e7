"""`dougong demo`: the main job in one command: the sales app with sample data, open in a browser."""

from __future__ import annotations

import secrets
import socket
import tempfile
from dataclasses import replace
from pathlib import Path

import click
import segno
from sqlalchemy import select

from dougong.cli.say import say
from dougong.cli.serve import run
from dougong.context import SYSTEM
from dougong.expr.types import Calendar
from dougong.lang.load import read_folder
from dougong.lifecycle import install
from dougong.people import passwords, setup, tables
from dougong.people.company import Company
from dougong.people.users import Person
from dougong.resources import folder
from dougong.runtime import Runtime
from dougong.seeding import load
from dougong.settings import Settings


@click.command()
@click.argument("template", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--port", default=8686, show_default=True, help="端口 | The port.")
@click.option(
    "--phone",
    is_flag=True,
    help="让同一网络里的手机也能打开，并显示二维码 | Let phones on the same network in, and show a QR code of the address.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="把演示数据留在这个文件夹里 | Keep the demo's data in this folder.",
)
def demo(template: Path | None, port: int, phone: bool, keep: Path | None) -> None:
    """装好一个模板（默认销售管理）和示例数据，打开服务。密码是随机的，会打印出来。 |
    Install a template (the sales app) with sample data and serve it. Passwords are random and printed.

    Example: dougong demo examples/first --port 8000
    """
    with tempfile.TemporaryDirectory(prefix="dougong-demo-") as scratch:
        home = keep or Path(scratch)
        address = f"http://{_own_address() if phone else '127.0.0.1'}:{port}"
        settings = replace(Settings.read(), home=home, database_url=f"sqlite:///{home / 'dougong.db'}", redis_url="", base_url=address)
        runtime = Runtime(settings)
        try:
            fill(runtime, template or folder("app_templates") / "sales")
            run(runtime, "0.0.0.0" if phone else "127.0.0.1", port, lambda: _announce(runtime, phone))
        finally:
            runtime.close()


def fill(runtime: Runtime, template: Path) -> None:
    """The company, its administrator, the app and its sample data; what is there already stays."""
    with runtime.store.read() as connection:
        fresh = connection.execute(select(tables.user.c.id)).first() is None
    if fresh:
        admin = Person(name=say("管理员", "Administrator"), login="admin", language="")
        setup.begin(runtime.store, Company(say("示例公司", "Example Ltd"), Calendar(), "zh"), admin, secrets.token_urlsafe(12))
    click.echo(say("安装应用…", "Installing the app…"))
    install(runtime, read_folder(template), who="demo")
    with runtime.transaction(SYSTEM, "demo") as ctx:
        for app in ctx.workspace.apps.values():
            with click.progressbar(length=100, label=say("装入演示数据", "Loading sample data")) as bar:
                load(ctx, app, sample=True, told=lambda done, of: bar.update(done * 100 // max(of, 1) - bar.pos))


def _announce(runtime: Runtime, phone: bool) -> None:
    address = runtime.settings.base_url + "/"
    click.echo(f"\n  {say('打开', 'Open')}  {address}\n")
    with runtime.store.read() as connection:
        u, login_name = tables.user.c, tables.login.c.name
        rows = connection.execute(select(u.id, u.name, login_name).join(tables.login).order_by(u.id)).all()
        roles = {key: value for key, value in connection.execute(select(tables.user_role.c.user, tables.user_role.c.role))}
    chosen = {id: secrets.token_urlsafe(6) for id, _, login in rows if login}
    hashed = {id: passwords.hashed(password) for id, password in chosen.items()}
    with runtime.store.write() as connection:
        for id, hash in hashed.items():
            passwords.store(connection, id, hash)
    for id, name, login in rows:
        if login:
            click.echo(f"  {login:<12} {chosen[id]:<12} {name}  {roles.get(id, '')}")
    click.echo(say("\n  Ctrl+C 结束", "\n  Ctrl+C ends it"))
    if phone:
        segno.make(address).terminal(compact=True)


def _own_address() -> str:
    """This machine's address in the local network; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
