"""Owns ranking tools for a request in a person's words: by the words that a tool shares with it, by the one phrase of
people who want the tool that is most like it, and by what its verb asks for.

The words count by BM25F (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009): by how rare a word is among
the tools, and by how often and in which field of the tool it stands. Nothing is learnt and nothing is random.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import log, sqrt

from .spelling import Speller
from .words import Request, document_words, importance, name_words, said_words

# Field -> what one occurrence of a word in it counts, and how much a long field is held against it (0: not at all).
_FIELDS = {
    "name": (3.5, 0.3),
    "about": (1.0, 0.6),
    "arguments": (0.4, 0.8),
    "asked": (2.0, 0.5),
}
_SATURATION = 1.2
# What a phrase counts that is the whole request, beside every word of it found in the fields. How much of a tool's score
# depends on how much of the request it has a word for.
_PHRASE, _COVERED = 0.4, 0.5
# What the request's verb is worth: the very kind of tool that it asks for, another kind of the same effect, the other effect.
_SAME_KIND, _SAME_EFFECT, _OTHER_EFFECT = 1.2, 1.0, 0.8
# What a tool gets whose name the request says in full, beside one of which it says nothing.
_NAME_SAID = 1.5


@dataclass(frozen=True, slots=True)
class Described:
    """What ranking reads of a tool.

    Attributes:
        methods: `read`, `write` or `custom`, and the exact kind.
        klasses: The Klasses that it takes by name.
        asked: What people say who want it.
    """

    name: str
    title: str
    description: str
    tags: tuple[str, ...]
    arguments: tuple[str, ...]
    methods: tuple[str, ...]
    klasses: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.methods[0] == "read"

    def fields(self) -> dict[str, str]:
        """Field -> its text."""
        return {
            "name": f"{self.name} {self.title}",
            "about": f"{self.description} {' '.join(self.tags)} {name_words(self.klasses)}",
            "arguments": name_words(self.arguments),
            "asked": " ".join(self.asked),
        }


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What people say who want a tool: the share of each of its stems."""

    tool: str
    shares: Mapping[str, float]


class Ranking:
    """An index over the tools of a package; made once.

    Args:
        tools: The tools to rank.
    """

    def __init__(self, tools: Iterable[Described]) -> None:
        self._tools = {tool.name: tool for tool in sorted(tools, key=lambda tool: tool.name)}
        texts = {name: tool.fields() for name, tool in self._tools.items()}
        counts = {
            name: {field: Counter(document_words(text)) for field, text in row.items()} for name, row in texts.items()
        }
        self._names = {name: set(document_words(name)) for name in self._tools}
        # Word -> tool -> its weighted occurrences.
        self._weights: dict[str, dict[str, float]] = defaultdict(dict)
        for name, word, weight in _weighted(counts):
            self._weights[word][name] = weight
        self._rarities = {
            word: importance(word) * _rarity(len(found), len(self._tools)) for word, found in self._weights.items()
        }
        self._phrases = [_Phrase(name, said_words(said)) for name, tool in self._tools.items() for said in tool.asked]
        self._sizes = [self._worth(phrase.shares) for phrase in self._phrases]
        # Word -> the phrases that have it, by their places above.
        self._said_in: dict[str, list[int]] = defaultdict(list)
        for place, phrase in enumerate(self._phrases):
            for word in phrase.shares:
                self._said_in[word].append(place)
        self._speller = Speller(text for row in texts.values() for text in row.values())

    def best(self, request: str, among: Collection[str], limit: int) -> list[Described]:
        """The tools that fit a request best, best first; equal ones by name. Those without any word of it are left out.

        Args:
            request: What is asked for, in plain words.
            among: Names of the tools to choose from.
            limit: How many at most.
        """
        asked = Request(self._speller.read(request))
        words = asked.words if self._worth(asked.words) else asked.kinds
        phrases = self._by_phrase(words)
        scores = {
            name: (score + phrases.get(name, 0.0)) * _fit(self._tools[name], asked) * self._named(name, words)
            for name, score in self._by_words(words).items()
            if name in among
        }
        return [self._tools[name] for name in sorted(scores, key=lambda name: (-scores[name], len(name), name))[:limit]]

    def _by_words(self, words: Mapping[str, float]) -> dict[str, float]:
        """Of each tool with a word of the request: what its words are worth, less where it has few of them."""
        scores: dict[str, float] = defaultdict(float)
        covered: dict[str, float] = defaultdict(float)
        for word, share in words.items():
            worth = share * self._rarities.get(word, 0.0)
            for name, weight in self._weights.get(word, {}).items():
                scores[name] += worth * weight / (_SATURATION + weight)
                covered[name] += worth
        whole = self._worth(words)
        return {name: score * (1 - _COVERED + _COVERED * covered[name] / whole) for name, score in scores.items()}

    def _by_phrase(self, words: Mapping[str, float]) -> dict[str, float]:
        """Of each tool the phrase that is most like the request: what both say, less where the phrase says much besides."""
        both: dict[int, float] = defaultdict(float)
        for word, share in words.items():
            for place in self._said_in.get(word, ()):
                both[place] += min(share, self._phrases[place].shares[word]) * self._rarities.get(word, 0.0)
        best: dict[str, float] = defaultdict(float)
        for place, shared in both.items():
            tool = self._phrases[place].tool
            best[tool] = max(best[tool], _PHRASE * shared * sqrt(shared / max(self._sizes[place], shared, 1e-9)))
        return best

    def _worth(self, words: Mapping[str, float]) -> float:
        """How much words say in all; rare ones more."""
        return sum(share * self._rarities.get(word, 0.0) for word, share in words.items())

    def _named(self, name: str, words: Mapping[str, float]) -> float:
        """1 where a request says nothing of a tool's name, and more the more it says of it."""
        own = dict.fromkeys(self._names[name], 1.0)
        said = self._worth({word: words.get(word, 0.0) for word in own})
        return 1 + (_NAME_SAID - 1) * said / self._worth(own)


def _rarity(found: int, tools: int) -> float:
    return log(1 + (tools - found + 0.5) / (found + 0.5))


def _weighted(counts: Mapping[str, Mapping[str, Counter[str]]]) -> Iterator[tuple[str, str, float]]:
    """Tool, word and the word's occurrences in all fields of the tool, by what each field counts."""
    means = {
        field: sum(row[field].total() for row in counts.values()) / max(1, len(counts)) or 1.0 for field in _FIELDS
    }
    for name, row in counts.items():
        weights: dict[str, float] = defaultdict(float)
        for field, (worth, by_length) in _FIELDS.items():
            length = 1 - by_length + by_length * row[field].total() / means[field]
            for word, times in row[field].items():
                weights[word] += worth * times / length
        yield from ((name, word, weight) for word, weight in weights.items())


def _fit(tool: Described, asked: Request) -> float:
    """How much a tool's kind is what the request's verb asks for."""
    if not asked.kind:
        return 1.0
    if asked.kind in tool.methods:
        return _SAME_KIND
    return _SAME_EFFECT if asked.reads == tool.reads else _OTHER_EFFECT
