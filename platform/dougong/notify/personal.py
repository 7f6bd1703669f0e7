"""Addresses that somebody has to enter for each person, because what is connected asks for them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from dougong.notify.channels import channels
from dougong.notify.connections import address_of, connected, set_address
from dougong.people.identity import clean
from dougong.spec.label import Label


def asked(connection: Connection) -> dict[str, Label]:
    """Kind of address → what people call it, of the channels that are connected."""
    there = {c.kind for c in connected(connection).values()}
    return {c.address_kind: c.address_name for _, c in channels.items() if c.address_kind and c.connection_kind in there}


def kept(connection: Connection, user: int) -> dict[str, str]:
    """Of one person, by the kinds that are asked for."""
    return {kind: address_of(connection, user, kind) for kind in asked(connection)}


def keep(connection: Connection, user: int, entered: Mapping[str, str]) -> None:
    """What is entered for a kind that is asked for; other kinds stay, '' takes one away."""
    for kind in asked(connection):
        if kind in entered:
            set_address(connection, user, kind, clean(entered[kind]))
