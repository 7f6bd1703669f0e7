"""A template's text as values that know where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong.problems import NOWHERE, Mark

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """One YAML document. `kind` is its first key; `values` and `keys` give the place of each value and of each key by path."""

    file: str
    kind: str
    content: Mapping[str, Any]
    values: Mapping[Path, Mark]
    keys: Mapping[Path, Mark]

    @property
    def id(self) -> str:
        return str(self.content[self.kind])

    @property
    def root(self) -> Place:
        return Place(self, (), self.content)


@dataclass(frozen=True)
class Place:
    """One value of a document, with its path. `value` is None where the key is missing."""

    document: Document
    path: Path
    value: Any
    is_key: bool = False

    @property
    def mark(self) -> Mark:
        """Where the value stands; for a missing one, where its owner does."""
        path = self.path
        if self.is_key:
            return self.document.keys[path]
        while path not in self.document.values and path:
            path = path[:-1]
        return self.document.values.get(path, NOWHERE)

    @property
    def key_mark(self) -> Mark:
        """Where the key stands; for an item of a list, where the item does."""
        return self.document.keys.get(self.path) or self.mark

    def __getitem__(self, key: str | int) -> Place:
        value = self.value.get(key) if isinstance(self.value, Mapping) else self.value[key] if isinstance(key, int) else None
        return Place(self.document, (*self.path, key), value)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, Mapping) and key in self.value

    @property
    def as_key(self) -> Place:
        """The key of this entry, where a key is a name to be looked up."""
        return Place(self.document, self.path, self.path[-1], is_key=True)

    def get(self, key: str, default: Any) -> Any:
        """The plain value under `key`."""
        return self.value.get(key, default) if isinstance(self.value, Mapping) else default

    def items(self) -> Iterator[tuple[str, Place]]:
        """The entries of a mapping; nothing where there is none."""
        for key in self.value if isinstance(self.value, Mapping) else ():
            yield key, self[key]

    def each(self) -> Iterator[Place]:
        """The items of a list; a single value counts as a list of one, a missing one as none."""
        if isinstance(self.value, list):
            yield from (self[i] for i in range(len(self.value)))
        elif self.value is not None:
            yield self
