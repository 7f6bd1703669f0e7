"""What is remembered of every apply."""

from __future__ import annotations

import pytest

from dougong.store import ledger
from dougong.store.ledger import Version
from tests.store.forms import NOW, Shop, field, form

ORDER = form("order", field("name"))
MORE = form("order", field("name"), field("more"))


def test_each_apply_is_an_entry_and_its_version_can_be_had_again(shop: Shop) -> None:
    for step in (ORDER, MORE, ORDER):
        shop.change(step)
    with shop.store.read() as connection:
        entries = ledger.history(connection, "shop")
        assert [(e.id, e.revision) for e in entries] == [(3, 4), (2, 3), (1, 2)]
        assert (entries[0].before, entries[0].after) == (entries[1].after, entries[2].after)
        assert ledger.earlier(connection, "shop") == Version(2, {"forms": repr((MORE,))}, NOW, "王姐")
        assert ledger.earlier(connection, "shop", 1) == Version(1, {"forms": repr((ORDER,))}, NOW, "王姐")
        assert ledger.history(connection, "other") == []
        for app, number in (("shop", 9), ("other", None), ("other", 1)):
            with pytest.raises(LookupError):
                ledger.earlier(connection, app, number)


def test_each_rollback_goes_back_one_version_more_until_the_app_was_not_there(shop: Shop) -> None:
    third = form("order", field("name"), field("more"), field("most"))
    for step in (ORDER, MORE, third):
        shop.change(step)

    def back() -> int:
        with shop.store.read() as connection:
            version = ledger.earlier(connection, "shop")
        shop.change(*{repr((f,)): (f,) for f in (ORDER, MORE, third)}.get(version.sources.get("forms", ""), ()), kind="rollback")
        return version.number

    assert [back(), back()] == [2, 1]
    assert shop.column("order", "name") == "name"
    shop.change(third)  # somebody goes on from there
    assert [back(), back()] == [1, 0]
    with shop.store.read() as connection, pytest.raises(LookupError):
        ledger.earlier(connection, "shop")


def test_an_installed_app_keeps_its_date_and_its_latest_sources(shop: Shop) -> None:
    shop.change(ORDER)
    shop.change(MORE)
    with shop.store.read() as connection:
        (app,) = ledger.installed(connection).values()
    assert (app.app, app.version, app.sources, app.installed_at, app.enabled) == ("shop", "1", {"forms": repr((MORE,))}, NOW, True)
    assert app.digest == ledger.digest(dict(app.sources))


def test_a_definition_is_kept_once_under_the_hash_of_its_content(shop: Shop) -> None:
    with shop.store.write() as connection:
        first = ledger.keep(connection, {"b": 1, "a": "甲"}, NOW)
        assert ledger.keep(connection, {"a": "甲", "b": 1}, NOW) == first
        assert ledger.keep(connection, {"a": "甲", "b": 2}, NOW) != first
        assert ledger.kept(connection, first) == {"a": "甲", "b": 1}
        with pytest.raises(LookupError):
            ledger.kept(connection, "no such thing")
