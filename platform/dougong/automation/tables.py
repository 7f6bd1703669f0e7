"""What automations keep: runs and their steps, the marks of time rules, switches, tallies."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, UniqueConstraint, literal_column

from dougong.sqltypes import Id, Instant, Json
from dougong.store.system import metadata

Outcome = Literal[
    "finished", "stopped", "condition_false", "no_longer_due", "withdrawn", "skipped", "restarted", "loop", "definition_outdated",
    "switched_off", "failed", "unknown", "missed", "overtaken",
]
"""How a run ended. Closed: pages, `why` and scenarios know each."""

run_table = Table(
    "dg_run",
    metadata,
    Column("id", Id, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("key", Text, nullable=False, unique=True),  # (rule, event) or (rule, record, since value): once (SEMANTICS 4)
    Column("automation", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("record", Id),
    Column("subject", Json, nullable=False),  # time rules: {since, due}; schedules: {at}; repeated: {of}
    Column("event", Id),
    Column("depth", Integer, nullable=False),
    Column("chain", Json, nullable=False),
    Column("actor", Id),  # who set it off; `me` in its formulas
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False),  # open: not started; queued: behind another of its rule; running; waiting; done
    Column("outcome", Text),
    Column("problem", Json),
    Column("trace", Json, nullable=False),
    Column("due", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("lease_token", Text),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    sqlite_autoincrement=True,
)
unfinished = run_table.c.state != literal_column("'done'")
Index("dg_run_due", run_table.c.due, sqlite_where=unfinished, postgresql_where=unfinished)
_leased = run_table.c.lease_until.is_not(None)
Index("dg_run_lease", run_table.c.lease_until, sqlite_where=_leased, postgresql_where=_leased)
Index("dg_run_record", run_table.c.form, run_table.c.record, run_table.c.automation)
Index("dg_run_automation", run_table.c.automation, run_table.c.id)

step_table = Table(
    "dg_step",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run", Id, nullable=False),
    Column("step", Text, nullable=False),  # place in the definition: '0', '2.else.1'
    Column("item", Text, nullable=False),  # for_each: ids from the outside in, '12/34'
    Column("action", Text, nullable=False),
    Column("uid", Text, nullable=False),  # delivery id of an outside call
    Column("state", Text, nullable=False),  # done, skipped, failed, waiting, sending, unknown
    Column("result", Json),
    Column("at", Instant, nullable=False),
    UniqueConstraint("run", "step", "item"),
)

mark_table = Table(
    "dg_mark",
    metadata,
    Column("rule", Text, primary_key=True),  # automation key / level
    Column("axis", Text, nullable=False),  # table and since column; another axis is another count
    Column("at", Text, nullable=False),  # the since value, as text that sorts as time does; '' before all
    Column("record", Id, nullable=False),
    Column("offset", Text, nullable=False),  # duration and calendar with which its timers were set
    Column("active", Boolean, nullable=False),
)

switch_table = Table(
    "dg_switch",
    metadata,
    Column("automation", Text, primary_key=True),
    Column("on", Boolean, nullable=False),
    Column("reason", Json),  # a problem: code and arguments
    Column("failures", Integer, nullable=False),  # in a row
    Column("at", Instant, nullable=False),
)

tally_table = Table(
    "dg_tally",
    metadata,
    Column("id", Id, primary_key=True),
    Column("counter", Text, nullable=False),  # the rule that counts
    Column("per", Text, nullable=False),  # the key's value as it was in the run
    Column("subject", Text, nullable=False),  # the run's key: a re-run doesn't count twice
    Column("at", Instant, nullable=False),
    Column("open", Boolean, nullable=False),  # False: a row was broken, or it has fired
    UniqueConstraint("counter", "subject"),
)
Index("dg_tally_open", tally_table.c.counter, tally_table.c.per)
