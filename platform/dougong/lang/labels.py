"""Words for people with their translations from `texts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dougong.lang.source import Document, Path, Place
from dougong.problems import Mark
from dougong.spec.label import Label


class Labels:
    """A translation stands in `texts` under kind, id, and then the same keys as in the template; items of lists by their id."""

    def __init__(self, texts: Iterable[Document]) -> None:
        self.words: dict[str, dict[Path, str]] = {}
        self.marks: dict[tuple[str, Path], Mark] = {}
        self.used: set[Path] = set()
        self.asked: dict[Path, Mark] = {}
        for document in texts:
            self.words.setdefault(document.id, {})
            for key, section in document.root.items():
                if key != "texts":
                    self._gather(document.id, (key,), section)

    def _gather(self, language: str, path: Path, place: Place) -> None:
        if isinstance(place.value, Mapping):
            for key, inner in place.items():
                self._gather(language, (*path, key), inner)
        elif isinstance(place.value, str):
            path = path[:-1] if path[-1] == "name" else path  # the name of a thing stands under the thing itself
            self.words.setdefault(language, {})[path] = place.value
            self.marks[language, path] = place.mark

    def label(self, place: Place, *path: str, default: str = "") -> Label:
        """The words at `place`, translated under `path`; `default` stands for missing words and is not translated."""
        text = place.value if isinstance(place.value, str) else ""
        if not text:
            return Label(default)
        self.asked[path] = place.mark
        self.used.add(path)
        return Label(text, {language: words[path] for language, words in self.words.items() if path in words})

    def translations(self, path: Path, mark: Mark, *, worded: bool) -> Mapping[str, tuple[str, Mark]]:
        """The words for `path` by language, each with its place, for a text with formulas that stands at `mark`.

        One that is not `worded`, formulas and signs alone, needs none.
        """
        if worded:
            self.asked[path] = mark
        self.used.add(path)
        return {language: (words[path], self.marks[language, path]) for language, words in self.words.items() if path in words}

    def missing(self) -> Iterable[tuple[str, Path, Mark]]:
        """(language, path, place) of each text that a shipped language leaves untranslated."""
        for language, words in self.words.items():
            for path, mark in self.asked.items():
                if path not in words:
                    yield language, path, mark

    def idle(self) -> Iterable[tuple[str, Path, Mark]]:
        """Translations of words that the template doesn't have."""
        for (language, path), mark in self.marks.items():
            if path not in self.used:
                yield language, path, mark
