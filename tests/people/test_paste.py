"""People pasted from a sheet."""

from __future__ import annotations

import pytest

from dougong.people import hierarchy, paste, teams, users
from dougong.people.teams import Team
from dougong.problems import Problems
from dougong.store.engine import Store
from tests.people.conftest import hire

PLAIN = "王强 13800138001 李敏\n李敏 13800138000\n\n赵六 13800138002 李敏\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace(" ", "\t"),
        PLAIN.replace(" ", ","),
        PLAIN.replace(" ", "，").replace("\n", "\r\n"),
        "姓名 手机 主管\n" + PLAIN,
        "\ufeff主管,手机号,姓名\n李敏,138 0013 8001,王强\n,13800138000,李敏\n李敏,13800138002,赵六",
        "Name\tMobile\tManager\n王强\t13800138001\t13800138000\n\"李敏\"\t13800138000\t\n赵六\t13800138002\t李敏",
    ],
)
def test_every_usual_way_to_paste_gives_the_same_people(store: Store, text: str) -> None:
    with store.write() as connection:
        paste.create(connection, text)
    with store.read() as connection:
        found = {u.person.name: u for u in users.everyone(connection)}
        below = hierarchy.subordinates(connection, found["李敏"].id)
    assert {name: u.person.phone for name, u in found.items()} == {"王强": "13800138001", "李敏": "13800138000", "赵六": "13800138002"}
    assert set(below) == {found["王强"].id, found["赵六"].id}


def test_a_manager_may_be_here_already_and_teams_are_found_by_name(store: Store) -> None:
    boss = hire(store, "李敏")
    with store.write() as connection:
        east = teams.save(connection, Team("华东"))
        paste.create(connection, "序号\t姓名\t邮箱\t主管\t部门\n1\t王强\twang@example.com\t李敏\t华东")
        found = users.by_key(connection, "wang@example.com")
    assert found is not None and (found.person.manager, found.person.team) == (boss, east)


def test_all_problems_are_listed_by_row_and_nobody_is_kept(store: Store) -> None:
    hire(store, "张伟", login="zw1")
    hire(store, "张伟", login="zw2", phone="13800138009")
    text = "王强 13800138001 张三丰\n李敏 12 李四\n赵六 13800138009 李敏\n钱七 13800138003 张伟\n孙八 13800138004 周九"
    text += "\n周九 13800138005 孙八"
    with pytest.raises(Problems) as found, store.write() as connection:
        paste.create(connection, text)
    assert [(p.row, p.code) for p in found.value] == [
        (1, "manager-unknown"), (2, "phone-not-valid"), (2, "manager-unknown"),
        (3, "sign-in-name-taken"), (4, "manager-ambiguous"), (6, "manager-circle"),
    ]
    assert all("{" not in p.sentence(locale) + p.hint(locale) for p in found.value for locale in ("zh", "en"))
    with store.read() as connection:
        assert {u.person.name for u in users.everyone(connection)} == {"张伟"}


def test_odd_pastes_are_answered_in_words(store: Store) -> None:
    for text, code in (
        ("", "paste-empty"), (" \n\t\n", "paste-empty"), ("a b c d", "paste-too-many-cells"), ("x\n" * 2001, "paste-too-long"),
        ("\x00", "person-name-missing"),
    ):
        with pytest.raises(Problems) as found, store.write() as connection:
            paste.create(connection, text)
        assert found.value.problems[0].code == code
