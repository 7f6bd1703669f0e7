"""What small apps taught that nobody here had written before: each part as a builder would meet it, on both databases."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dougong.cli.test import run
from dougong.context import SYSTEM
from dougong.installed import compile_sources
from dougong.lifecycle import carry_out, install, prepare
from dougong.people import users
from dougong.people.users import Person
from dougong.records import comments, history, recount, save
from dougong.records.references import uid_of
from dougong.runtime import Runtime
from dougong.settings import Settings
from dougong.store.plan import accepted

STOCK = """
app: stock
version: "1"
name: Stock
language: en
---
form: site
name: Site
fields:
  name: {name: Name, type: text}
  zones: {name: Zones, type: related, of: zone.site}
  worth: {name: Worth, type: formula, formula: "sum(zones, worth)", stored: true}
---
form: zone
name: Zone
fields:
  name: {name: Name, type: text}
  site: {name: Site, type: link, to: site}
  bins: {name: Bins, type: related, of: bin.zone}
  worth: {name: Worth, type: formula, formula: "sum(bins, worth)", stored: true}
---
form: bin
name: Bin
fields:
  name: {name: Name, type: text}
  zone: {name: Zone, type: link, to: zone}
  items: {name: Items, type: related, of: item.bin}
  worth: {name: Worth, type: formula, formula: "sum(items, worth)", stored: true}
  size: {name: Size, type: formula, formula: "count(items)"}
---
form: goods
name: Goods
fields:
  name: {name: Name, type: text, unique: true}
  price: {name: Price, type: money}
---
form: item
name: Item
title: "{{ number }}"
fields:
  number: {name: Number, type: serial, value: "I{{ text(n, '000') }}", once: true}
  bin: {name: Bin, type: link, to: bin}
  goods: {name: Goods, type: link, to: goods}
  qty: {name: Quantity, type: integer, default: 0}
  price: {name: Price, type: lookup, of: goods.price, copy: true}
  worth: {name: Worth, type: formula, formula: "qty * price", stored: true}
---
role: keeper
name: Keeper
fallback: true
can:
  site: {may: [see, add]}
  zone: {may: [see, add]}
  bin: {may: [see, add]}
  goods: {may: [see, add, edit]}
  item: {may: [see, add, edit]}
---
automation: hourly
name: Every hour
on: {every: hour, for_each: goods}
do: [{notify: role.keeper, text: "{{ name }}"}]
"""
SCENARIOS = """
---
scenario: A price is copied once, and worth goes up three levels
people: {ku: {role: keeper}}
at: 2026-03-02T09:10+08:00
steps:
  - create: {site: {name: North}, call_it: s}
  - create: {zone: {name: A, site: "{{ s }}"}, call_it: z}
  - create: {bin: {name: A1, zone: "{{ z }}"}, call_it: b}
  - create: {goods: {name: Bolt, price: 1.25}, call_it: g}
  - create: {goods: {name: Nut, price: 3}, call_it: h}
  - create: {item: {bin: "{{ b }}", goods: "{{ g }}", qty: 4}, call_it: i}
  - edit: {g: {price: 9}}
  - edit: {i: {qty: 8}}
  - expect: {i: {price: 1.25, worth: 10}, s: {worth: 10}, b: {size: 1}}
  - edit: {i: {goods: "{{ h }}"}}
  - expect: {i: {price: 3, worth: 24}, s: {worth: 24}}
---
scenario: A schedule begins with the scenario
people: {ku: {role: keeper}}
at: 2026-03-02T09:10+08:00
steps:
  - create: {goods: {name: Bolt}}
  - wait: 49m
  - expect: {notified: {ku: 0}}
  - wait: 1m
  - expect: {notified: {ku: 1}}
"""


@pytest.fixture
def runtime(database_url: str, tmp_path: Path) -> Runtime:
    return Runtime(replace(Settings.read({}), home=tmp_path, database_url=database_url))


def test_copied_lookups_three_levels_live_values_and_schedules_play(database_url: str) -> None:
    sources = {"app.yaml": STOCK + SCENARIOS}
    compiled = compile_sources(sources, tolerant=False)
    assert compiled.app is not None, compiled.problems
    outcomes, _ = run(compiled.app, sources, (), "", database_url)
    assert [[p.sentence("en") for p in o.problems] for o in outcomes] == [[], []]



def _fill(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as ctx:
        ids: dict[str, int] = {}
        for form, raw in (("site", {}), ("zone", {"site": "site"}), ("bin", {"zone": "zone"}), ("goods", {})):
            values = {k: ids[v] for k, v in raw.items()}
            ids[form] = save.create(ctx, f"stock.{form}", {"name": form, **values}).id
        save.create(ctx, "stock.item", {"bin": ids["bin"], "goods": ids["goods"], "qty": 2})


def test_a_renamed_form_keeps_its_numbers_history_and_comments(runtime: Runtime) -> None:
    with closing(runtime):
        install(runtime, {"app.yaml": STOCK}, who="test")
        _fill(runtime)
        with runtime.transaction(SYSTEM) as ctx:
            writer = users.create(ctx.connection, Person(name="Ku", login="ku"))
        with runtime.transaction(replace(SYSTEM, user=writer)) as ctx:
            uid = uid_of(ctx, "stock.item", 1)
            comments.add(ctx, "stock.item", uid, "keep me")
        renamed = STOCK.replace("form: item", "form: piece\nwas: item").replace("of: item.bin", "of: piece.bin")
        renamed = renamed.replace("  item: {may", "  piece: {may").replace("  number: {", "  code: {was: number, ")
        prepared = prepare(runtime, {"app.yaml": renamed.replace("{{ number }}", "{{ code }}")})
        carry_out(runtime, prepared, who="test", accept=accepted(prepared.plan))
        with runtime.transaction(SYSTEM) as ctx:
            second = save.create(ctx, "stock.piece", {"qty": 1}).id
            rows = [dict(r) for r in ctx.connection.execute(ctx.workspace.tables["stock.piece"].select()).mappings()]
            assert [next(v for k, v in row.items() if k in ("number", "code")) for row in rows] == ["I001", "I002"]
            assert len(history.entries(ctx, "stock.piece", 1)) >= 1 and second == 2
            assert history.broken_at(ctx, "stock.piece", 1) is None
            assert [c["body"] for c in comments.of(ctx, "stock.piece", uid)] == ["keep me"]


def test_a_retyped_field_is_carried_to_the_top(runtime: Runtime) -> None:
    with closing(runtime):
        install(runtime, {"app.yaml": STOCK}, who="test")
        _fill(runtime)
        with runtime.transaction(SYSTEM) as ctx:
            save.edit(ctx, "stock.goods", 1, {"price": 3})
            save.edit(ctx, "stock.item", 1, {"goods": None})
            save.edit(ctx, "stock.item", 1, {"goods": 1})
        changed = STOCK.replace('"qty * price"', '"qty * price * 10"')
        install(runtime, {"app.yaml": changed}, who="test")
        with runtime.read(SYSTEM) as ctx:
            assert [d for form in ctx.workspace.forms for d in recount.differences(ctx, form)] == []
            site = ctx.workspace.tables["stock.site"]
            assert ctx.connection.execute(site.select()).mappings().one()["worth"] == 60
