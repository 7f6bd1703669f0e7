"""`dougong user`: people from the command line."""

from __future__ import annotations

import secrets

import click

from dougong.cli.opened import opened
from dougong.cli.say import say
from dougong.people import passwords, roles, users
from dougong.people.users import Person


@click.group()
def user() -> None:
    """加人、给角色、设密码。 |
    Add people, give roles, set passwords."""


@user.command()
@click.argument("login")
@click.option("--name", required=True, help="姓名 | The person's name.")
@click.option("--manager", help="上级的登录名 | Login name of the manager.")
@click.option("--role", "given", multiple=True, metavar="APP.ROLE", help="给这个角色；可以写几次 | Give this role; may be given again.")
@click.option("--administrator", is_flag=True, help="让这个人管理工作区 | Let this person administer the workspace.")
def add(login: str, name: str, manager: str | None, given: tuple[str, ...], administrator: bool) -> None:
    """加一个人，打印随机密码。 |
    Add a person and print a random password.

    Example: dougong user add wang --name 王强 --manager li --role sales.salesperson
    """
    password = secrets.token_urlsafe(9)
    hashed = passwords.hashed(password)
    with opened() as runtime, runtime.store.write() as connection:
        boss = users.by_key(connection, manager) if manager else None
        id = users.create(connection, Person(name=name, login=login, manager=boss.id if boss else None))
        for each in given:
            app, _, role = each.partition(".")
            roles.give(connection, id, app, role)
        if administrator:
            roles.give(connection, id, roles.WORKSPACE, roles.ADMINISTRATOR)
        passwords.store(connection, id, hashed)
    click.echo(say(f"{login} 的密码：{password}", f"password of {login}: {password}"))


@user.command("password")
@click.argument("login")
def set_password(login: str) -> None:
    """换一个随机密码，并让这个人的所有登录失效。 |
    Set a new random password and end every session of that person.

    Example: dougong user password wang
    """
    password = secrets.token_urlsafe(9)
    hashed = passwords.hashed(password)
    with opened() as runtime, runtime.store.write() as connection:
        found = users.by_key(connection, login)
        if found is None:
            raise click.ClickException(say(f"没有叫 {login} 的人", f"nobody is called {login}"))
        passwords.store(connection, found.id, hashed)
        users.end_access(connection, found.id)
    click.echo(say(f"{login} 的新密码：{password}", f"new password of {login}: {password}"))
