"""Finding the changes between the forms as they are stored and as they shall be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import Column, Connection, Table, column, func, inspect, select, table, text, true

from dougong.expr.tree import Expr
from dougong.fields.base import FieldType, Locale
from dougong.spec.form import Field, Form
from dougong.sqltypes import Id
from dougong.store import names, search
from dougong.store.changes.add_field import AddField
from dougong.store.changes.add_form import AddForm
from dougong.store.changes.base import Change
from dougong.store.changes.index import AddIndex, DropIndex, clashes
from dougong.store.changes.remove_field import RemoveField
from dougong.store.changes.remove_form import RemoveForm
from dougong.store.changes.rename_field import RenameField
from dougong.store.changes.rename_form import RenameForm
from dougong.store.changes.restore_field import RestoreField
from dougong.store.changes.restore_form import RestoreForm
from dougong.store.changes.retype_field import RetypeField
from dougong.store.moves import Outcome, Retype, moves, outcome
from dougong.store.physical import Bound, Key, description, is_system
from dougong.store.tables import all_fields, stored_columns
