"""Has every token one number and one word?"""

from hypothesis import given
from hypothesis import strategies as st

from curricula.world.vocabulary import ASKS_PROFESSED, ASKS_WANTED, BLANK, SELF, START, Vocabulary

sizes = st.builds(Vocabulary, st.integers(1, 60), st.integers(4, 40), st.integers(2, 40), st.integers(0, 20))


@given(sizes)
def test_every_token_has_one_word_and_every_word_one_token(vocabulary):
    """More names than the lists of words hold get numbered ones."""
    words = vocabulary.words()
    assert len(words) == vocabulary.size
    assert len(set(words)) == len(words)
    assert all(words)


@given(sizes)
def test_kinds_of_tokens_stand_side_by_side_and_fill_the_vocabulary(vocabulary):
    special = [START, BLANK, ASKS_PROFESSED, ASKS_WANTED, SELF]
    ranges = [
        range(vocabulary.first_name, vocabulary.first_name + vocabulary.names),
        range(vocabulary.first_goal, vocabulary.first_goal + vocabulary.goals),
        range(vocabulary.first_cue, vocabulary.first_cue + vocabulary.cues),
        range(vocabulary.first_situation, vocabulary.first_situation + vocabulary.situations),
    ]
    assert sorted(special + [token for kind in ranges for token in kind]) == list(range(vocabulary.size))


def test_the_first_words_are_those_of_the_lists():
    words = Vocabulary(2, 4, 2, 1).words()
    assert words[4:] == ["Self", "Ada", "Ben", "apples", "bread", "cheese", "dates", "dark", "dawn", "market"]
