"""A small table in a message, each reader's own; posts to each team's robot."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import insert

from dougong.lang.compile import compile_app
from dougong.notify.channels.base import Letter, channels
from dougong.notify.channels.dingtalk import markdown
from dougong.notify.channels.mail import _compose
from dougong.notify.delivery import Postman, delivery_table, rows_table
from dougong.notify.outgoing import Outgoing
from dougong.notify.rows import Rows
from dougong.people import roles
from dougong.people.tables import team, user
from tests.automation.conftest import Make
from tests.automation.world import APP, VOCABULARY, World, texts
from tests.notify.receiver import Receiver

VIEW = """\
view: red_cases
name: 红色
form: case
columns: [title, colour]
filter: "colour == 'red'"
sort: [-points]
"""
MORNING = """\
automation: morning
name: 晨会
on: {every: workday, at: "08:45", for_each: team}
do:
  - {post: team.group_robot, text: "{{ team.name }} 晨会",
     rows: {view: red_cases, if: "owner.team == team", columns: [title, points, owner], top: 2}}
"""
EAST = "https://oapi.dingtalk.com/robot/send?access_token=east"
TELL = "automation: r\nname: 汇总\non: {changed: note, fields: [done]}\ndo:\n  - {notify: owner, text: 清单, rows: %s}\n"


def teams(world: World) -> dict[str, int]:
    """Two teams with a robot and a third without; one person each."""
    out = {}
    with world.store.write() as connection:
        for name, robot in (("东区", EAST), ("西区", "https://west.example/hook"), ("北区", None)):
            id = connection.execute(insert(team).values(uid=f"t-{name}", name=name, group_robot=robot).returning(team.c.id)).scalar_one()
            person = connection.execute(
                insert(user).values(uid=f"u-{name}", name=f"{name}员", active=True, team=id).returning(user.c.id)
            ).scalar_one()
            out[name] = int(person)
    return out


def posted(world: World) -> dict[str, tuple[str, str, list[list[str]], str]]:
    """By first word of the body: channel, target, lines, rest."""
    with world.store.read() as connection:
        rows = connection.execute(delivery_table.join(rows_table, rows_table.c.delivery == delivery_table.c.id).select()).mappings().all()
    return {row["body"]: (row["channel"], row["target"], row["rows"]["lines"], row["rows"]["rest"]) for row in rows}


def test_each_morning_each_team_gets_its_own_table_by_its_own_robot(make: Make) -> None:
    world = make(MORNING, more={"v.yaml": VIEW})
    people = teams(world)
    for title, points, colour, who in (
        ("甲", 1, "red", "东区"), ("乙", 3, "red", "东区"), ("丙", 2, "red", "东区"), ("丁", 9, "green", "东区"), ("戊", 5, "red", "西区")
    ):
        world.create(title=title, points=points, colour=colour, owner=people[who])
    world.wait(days=1)
    assert posted(world) == {
        "东区 晨会": ("dingtalk_robot", EAST, [["乙", "3", "东区员"], ["丙", "2", "东区员"]], "……另有 1 条"),
        "西区 晨会": ("webhook", "https://west.example/hook", [["戊", "5", "西区员"]], ""),
    }
    assert world.outcomes("morning") == ["finished"] * 3
    traces = [world.steps(run.id)[0].result for run in world.runs("morning")]
    assert sorted(t["to"] for t in traces) == ["", "oapi.dingtalk.com", "west.example"]


def test_each_reader_sees_the_rows_and_columns_that_are_theirs(make: Make) -> None:
    limited = 'role: guest\nname: 访客\ncan: {case: {may: [see], only: "owner == me", hide: [points]}, note: {may: [see]}}\n'
    rule = TELL.replace("notify: owner", "notify: [case.owner, case.helper, owner]")
    world = make(rule % '{form: case, if: "colour == this.case.colour", columns: [title, points]}', more={"g.yaml": limited})
    guest, full, stranger = world.person("访"), world.person("李"), world.person("外")
    with world.store.write() as connection:
        roles.give(connection, guest, "desk", "guest")
        roles.give(connection, full, "desk", "chief")
    case = world.create(title="甲", points=1, colour="red", owner=guest, helper=full)
    world.create(title="乙", points=2, colour="red", owner=full)
    world.create(title="丙", points=3, colour="green", owner=guest)
    note = world.create("note", case=case, owner=stranger)
    world.work()
    world.edit(note, "note", done=True)
    world.work()
    assert world.outcomes() == ["finished"], world.runs()[0].problem
    said = {m.user: m.body for m in world.messages()}
    assert said == {guest: "清单\n· 甲", full: "清单\n· 乙 · 2\n· 甲 · 1", stranger: "清单\n（没有）"}


def test_without_columns_it_is_the_titles(make: Make) -> None:
    world = make(TELL % "{form: case}")
    chief = world.person("李")
    with world.store.write() as connection:
        roles.give(connection, chief, "desk", "chief")
    world.create(title="甲")
    note = world.create("note", owner=chief)
    world.edit(note, "note", done=True)
    world.work()
    assert texts(world.messages()) == ["清单\n· 甲"]


ROWS = Rows(("名称", "负责人"), (("甲<b>[点](http://x)\n{{7*7}}", "李"), ("乙", "")), "……另有 3 条")
LETTER = Letter("key", "标题", "请看", "https://crm.example/a", ROWS)


def test_dingtalk_gets_a_list_in_which_no_cell_is_markup() -> None:
    said = markdown(LETTER)
    assert "- 甲\\<b\\>\\[点\\]\\(http://x\\) \\{\\{7\\*7\\}\\} · 李\n- 乙\n\n……另有 3 条" in said


def test_mail_gets_words_and_an_html_table_in_which_every_value_is_text() -> None:
    mail = message_from_bytes(bytes(_compose(LETTER, "li@example.com", "crm@example.com")), policy=default)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and "· 甲<b>[点](http://x)\n{{7*7}} · 李" in plain.get_content().replace("\r\n", "\n")
    assert html is not None and "<td>甲&lt;b&gt;[点](http://x)\n{{7*7}}</td><td>李</td>" in html.get_content().replace("\r\n", "\n")
    assert "……另有 3 条" in html.get_content()


def test_a_webhook_gets_the_rows_as_data(make: Make, receiver: Receiver) -> None:
    step = f'{{post: "{receiver.url}/hook", text: 清单, rows: {{form: case, columns: [title]}}, urgent: true}}'
    world = make(f"automation: r\nname: 汇总\non: {{created: note}}\ndo: [{step}]\n")
    world.create(title="甲")
    world.create("note")
    world.work()
    postman = Postman(world.as_system, Outgoing(allow_private=frozenset({"127.0.0.1"})), "", lambda ctx, form, record: "")
    assert postman.work() == 1
    (got,) = receiver.got
    assert json.loads(got.body)["rows"] == {"heads": ["标题"], "lines": [["甲"]], "rest": ""}
    assert channels["webhook"].repeat == "safe"


@pytest.mark.parametrize(("rows", "code"), [
    ("{view: red_case}", "unknown-view"),
    ("{form: case, view: red_cases}", "view-or-form"),
    ("{top: 5}", "view-or-form"),
    ("{view: red_cases, columns: [titel]}", "unknown-field"),
    ('{view: red_cases, if: "colour == \'rad\'"}', "expr-unknown-option"),
    ("{form: case, top: 500}", "option-too-large"),
])
def test_slips_are_told(rows: str, code: str) -> None:
    problems = compile_app({**APP, "v.yaml": VIEW, "a.yaml": TELL % rows}, VOCABULARY).problems
    assert [p.code for p in problems if not p.warning] == [code]


def test_a_path_that_leads_nowhere_is_told_at_check() -> None:
    wrong = MORNING.replace("team.group_robot", "team.group_robt")
    problems = compile_app({**APP, "v.yaml": VIEW, "a.yaml": wrong}, VOCABULARY).problems
    assert [p.code for p in problems if not p.warning] == ["expr-unknown-field"]
