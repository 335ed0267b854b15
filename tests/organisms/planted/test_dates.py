"""Does a planted history follow from who owns what, and is a lane's date when it was half way?"""

import numpy as np
import pytest

from curricula.catalogue.registry import curriculum
from organisms.ensemble.config import named_config
from organisms.planted import dates
from organisms.planted.dates import PlantedChange, planted_changes
from organisms.storage.manifest import Entry


def planted(name):
    found = curriculum(name, "cpu")
    return [
        (found.phases[of.phase].name, of.lane, of.role, of.comes, of.abrupt)
        for of in planted_changes(found.phases)
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("planted_reused", [("intent", "a", "self", True, False)]),
        ("planted_second_copy", [("intent", "b", "self", True, False)]),
        (
            "planted_repurposed",
            [("intent", "b", "character", False, False), ("intent", "b", "self", True, False)],
        ),
        (
            "grafted_repurposed",
            [
                ("spares", "b", "character", True, True),
                ("intent", "b", "character", False, False),
                ("intent", "b", "self", True, False),
            ],
        ),
        (
            "planted_exchanged",
            [
                ("intent", "b", "self", True, False),
                ("exchanged", "a", "character", False, True),
                ("exchanged", "b", "character", True, True),
                ("exchanged", "a", "self", True, True),
                ("exchanged", "b", "self", False, True),
            ],
        ),
        ("planted_absent", []),
        ("settled", []),
    ],
)
def test_what_changes_follows_from_who_owns_which_scenes(name, expected):
    assert planted(name) == expected


@pytest.fixture(scope="module")
def course():
    """Two members of *planted_exchanged*: checkpoints at the end of each phase, and three within *intent*, in
    which lane B comes to self."""
    config = named_config("planted_exchanged", "tiny", members=2)
    phases = [
        "characters",
        "spread",
        "intent",
        "intent",
        "intent",
        "apart",
        "settled",
        "exchanged",
        "exchanged",
    ]
    entries = [Entry(100 * n, phase, 0, "", "", {}) for n, phase in enumerate(phases)]
    of_b = np.array([[0, 0, 1, 6, 9, 10, 10, 0, 0], [0, 0, 7, 8, 9, 10, 10, 0, 0]], float).T
    nats = {("self", "b"): of_b, ("self", "a"): 10.0 * (np.arange(9) > 6)[:, None] * np.ones(2)}
    return config, entries, nats


def test_a_learned_change_is_dated_when_the_lane_is_half_way(course):
    config, entries, nats = course
    planted = planted_changes(config.curriculum.phases)
    found = dates._dated(config, planted[0], planted, entries, nats)
    assert (found["after"], found["until"], found["date"]) == (100, 600, [300, 200])
    assert (found["nats_before"], found["nats_after"]) == ([0, 0], [10, 10])


def test_surgery_is_dated_at_the_first_checkpoint_after_it(course):
    """Whatever the lanes do: half way is not looked for."""
    config, entries, nats = course
    planted = planted_changes(config.curriculum.phases)
    for change in (of for of in planted if of.role == "self" and of.abrupt):
        found = dates._dated(config, change, planted, entries, nats)
        assert (found["after"], found["until"], found["date"]) == (600, 800, [700, 700])


def test_what_lane_a_leaves_is_half_done_when_it_has_lost_half():
    config = named_config("planted_repurposed", "tiny", members=1)
    entries = [
        Entry(10 * n, phase, 0, "", "", {}) for n, phase in enumerate(["spread", *["intent"] * 4, "apart"])
    ]
    nats = {("character", "b"): np.array([[8.0], [7.0], [5.0], [3.9], [1.0], [0.0]])}
    leaves = PlantedChange(2, "b", "character", False, False)
    assert dates._dated(config, leaves, [leaves], entries, nats)["date"] == [30]
