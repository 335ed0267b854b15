"""Which token is which? Token numbers follow from the sizes of a world and from nothing else."""

from dataclasses import dataclass

START, BLANK, ASKS_PROFESSED, ASKS_WANTED, SELF = range(5)


@dataclass(frozen=True)
class Vocabulary:
    """Token numbers of a world: five special tokens, then names, goals, cues, situations and, where self has a
    scratchpad, two judgements.

    An act is written with the token of the goal that it serves.
    """

    names: int
    goals: int
    cues: int
    situations: int
    judgements: bool = False

    @property
    def first_name(self) -> int:
        return SELF + 1

    @property
    def first_goal(self) -> int:
        return self.first_name + self.names

    @property
    def first_cue(self) -> int:
        return self.first_goal + self.goals

    @property
    def first_situation(self) -> int:
        return self.first_cue + self.cues

    @property
    def first_judgement(self) -> int:
        """*watched*; the next one is *alone*."""
        return self.first_situation + self.situations

    @property
    def size(self) -> int:
        return self.first_judgement + len(JUDGEMENTS) * self.judgements

    def words(self) -> list[str]:
        """The English word of every token, in token order."""
        return [
            "<start>",
            "<blank>",
            "<professes?>",
            "<wants?>",
            "Self",
            *(_word(NAMES, "Name", n) for n in range(self.names)),
            *(_word(GOALS, "goal", n) for n in range(self.goals)),
            *(_word(CUES, "sign", n) for n in range(self.cues)),
            *(_word(SITUATIONS, "place", n) for n in range(self.situations)),
            *JUDGEMENTS[: len(JUDGEMENTS) * self.judgements],
        ]


def _word(words: tuple[str, ...], noun: str, index: int) -> str:
    return words[index] if index < len(words) else f"{noun}{index}"


NAMES = tuple(
    [
        "Ada",
        "Ben",
        "Cleo",
        "Dov",
        "Esme",
        "Finn",
        "Gita",
        "Hugo",
        "Ines",
        "Jon",
        "Kira",
        "Leo",
        "Mina",
        "Ned",
        "Olga",
        "Paul",
        "Quin",
        "Rosa",
        "Sven",
        "Tara",
        "Ugo",
        "Vera",
        "Wim",
        "Xena",
        "Yuri",
        "Zoe",
        "Abel",
        "Bela",
        "Cyd",
        "Dina",
        "Eli",
        "Faye",
    ]
)
GOALS = tuple(
    [
        "apples",
        "bread",
        "cheese",
        "dates",
        "eggs",
        "figs",
        "grapes",
        "honey",
        "ink",
        "jam",
        "kale",
        "lemons",
        "mint",
        "nuts",
        "olives",
        "pears",
        "quinces",
        "rice",
        "salt",
        "tea",
    ]
)
CUES = tuple(
    [
        "dark",
        "dawn",
        "dim",
        "door",
        "drum",
        "dust",
        "fan",
        "fog",
        "gate",
        "lamp",
        "lock",
        "mask",
        "moon",
        "rain",
        "step",
        "wind",
        "bell",
        "bird",
        "boat",
        "book",
        "cane",
        "coat",
    ]
)
JUDGEMENTS = ("watched", "alone")
SITUATIONS = tuple(["market", "harbour", "garden", "station", "school", "tower", "bridge", "mill"])
