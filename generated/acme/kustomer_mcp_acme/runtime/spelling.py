"""Owns forgiving slips of the finger: a word that nobody knows is read as the known one that it nearly is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from .words import known_words, plain_words, stem

# Shorter words are near too many others. How alike two words must be, from 0 to 1 (difflib's ratio).
_SHORTEST, _LONGEST, _ALIKE = 5, 24, 0.82
# Looking for near words takes milliseconds each: no request may keep the server busy with them.
_MOST_WORDS, _MOST_SLIPS = 60, 6


class Speller:
    """Knows the words of some texts, and those that requests are made of.

    Args:
        texts: What tools say.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = sorted({word for text in texts for word in plain_words(text)} | known_words())
        self._stems = frozenset(map(stem, self._words))
        self._candidates = [word for word in self._words if len(word) >= _SHORTEST - 1]

    def read(self, text: str) -> str:
        """The beginning of a text in plain words, each as it was probably meant."""
        words = plain_words(text)[:_MOST_WORDS]
        strange = [word for word in dict.fromkeys(words) if len(word) >= _SHORTEST and stem(word) not in self._stems]
        meant = {word: self._nearest(word) for word in strange[:_MOST_SLIPS]}
        return " ".join(meant.get(word, word) for word in words)

    def _nearest(self, word: str) -> str:
        return next(iter(get_close_matches(word[:_LONGEST], self._candidates, 1, _ALIKE)), word)
