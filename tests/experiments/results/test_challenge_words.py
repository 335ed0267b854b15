"""Do the data bear what docs/challenge.md says in words?"""

from altered_results import AlteredData
from kept_words import is_above, is_below

from experiments.results.challenge_blocks import FILE, KeptChallenge

PACKS = AlteredData().read(FILE, KeptChallenge).packs
BY_EFFECTS = ("attribution patching", "cosine of effects", "Exapt's shares", "TransformerLens alone")


def scores(name):
    found = [score for pack in PACKS for score in pack.scores if score.name == name]
    assert len(found) == len(PACKS)
    return found


def test_two_packs_are_at_chance_and_large_enough():
    assert len({pack.seed for pack in PACKS}) == 2
    for pack in PACKS:
        assert pack.leaks.at_chance
        assert pack.leaks.enough
        assert 0.4 <= pack.leaks.auroc[0] <= 0.6
        assert 0.4 <= pack.leaks.forest_auroc[0] <= 0.6


def test_effects_tell_nearly_every_label_and_the_verdict_most():
    assert all(is_above(score.accuracy, 0.9) for name in BY_EFFECTS for score in scores(name))
    assert all(is_above(score.accuracy, 0.8) for score in scores("Exapt's verdict"))
    assert all(score.accuracy[0] < 1 for score in scores("Exapt's verdict"))


def test_no_line_of_corroboration_tells_as_much_by_itself():
    names = {score.name for pack in PACKS for score in pack.scores if score.name.startswith("line ")}
    assert "line weight_change" not in names
    best = scores("line fork_lesion")
    assert all(is_below(score.accuracy, 0.95) for score in best)
    others = [scores(name) for name in names - {"line fork_lesion"}]
    assert len(others) > 5
    assert all(
        of.accuracy[0] < top.accuracy[0] for line in others for of, top in zip(line, best, strict=True)
    )


def test_weight_differences_tell_masked_organisms_and_hardly_any_place():
    for score in scores("weight difference"):
        assert is_above(score.accuracy_by_make["masked"], 0.8)
        assert is_below(score.accuracy, 0.8)
        assert is_below(score.auroc, 0.7)
