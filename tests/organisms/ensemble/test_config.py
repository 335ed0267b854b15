"""Does a config read back as it was written, and is everything wrong with one named?"""

import json
from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.catalogue.registry import CURRICULA, curriculum
from curricula.config_json import default_of, may_be_omitted, to_plain
from curricula.errors import UserError
from curricula.phases import Curriculum, Phase
from curricula.pressures.registry import PRESSURES, Pressures
from curricula.world.world import World
from organisms.ensemble.config import (
    CHUNK_LIMIT,
    TRAININGS,
    RunConfig,
    TrainingConfig,
    named_config,
    read_config,
)
from organisms.ensemble.variation import Variation
from organisms.model.config import COMPILED, ORGANISMS, OrganismConfig
from organisms.planted.lanes import is_parted
from organisms.training.validation import check_config


def plain(kind: Any) -> st.SearchStrategy:
    """Anything that JSON may hold where this type is wanted: every field of every config, those that are yet
    to come as well; those that came later, and pressures, are there where they hold another value than their default.
    Plug-ins are left out: they have to be loaded (see `tests/curricula/test_plugins.py`).
    """
    if kind is Pressures:
        return st.fixed_dictionaries(
            {}, optional={name: unlike(one, one()) for name, one in PRESSURES.items()}
        )
    if is_dataclass(kind):
        hints, settings = get_type_hints(kind), [field for field in fields(kind) if field.name != "plugins"]
        unset = {field.name: default_of(field) for field in settings if may_be_omitted(field)}
        return st.fixed_dictionaries(
            {field.name: plain(hints[field.name]) for field in settings if field.name not in unset},
            optional={name: unlike(hints[name], default) for name, default in unset.items()},
        )
    if get_origin(kind) is tuple:
        return st.lists(plain(get_args(kind)[0]), max_size=2)
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    return {bool: st.booleans(), int: st.integers(), float: st.floats(allow_nan=False), str: st.text()}[kind]


def unlike(kind: Any, default: Any) -> st.SearchStrategy:
    """Anything that JSON may hold for this type but what it holds for a default."""
    omitted = json.loads(json.dumps(to_plain(default)))
    return plain(kind).filter(lambda value: value != omitted)


SHARED = named_config("shared", "tiny")


@settings(max_examples=30)
@given(plain(RunConfig))
def test_written_as_json_and_read_back_is_the_identity(written):
    """Both ways round: what is read is written as it was, and what is written reads as the same config."""
    config = read_config(written)
    rewritten = json.loads(json.dumps(config.plain()))
    assert rewritten == written
    assert read_config(rewritten) == config
    assert isinstance(config.curriculum.phases, tuple)


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["tiny", "cpu", "gpu"])
@pytest.mark.parametrize("name", CURRICULA)
def test_every_named_config_is_sound_and_reads_back(name, scale):
    config = named_config(name, scale, members=3, seed=7)
    if is_parted(config.curriculum) and scale == "tiny":
        with pytest.raises(UserError, match="expected a multiple of 4 where lane B is parted"):
            check_config(config)
    else:
        check_config(config)
    assert read_config(json.loads(json.dumps(config.plain()))) == config
    assert (config.members, config.seed, config.curriculum) == (3, 7, curriculum(name, scale))
    sizes = ORGANISMS[scale] if config.curriculum.compiled == "nothing" else COMPILED
    assert (config.organism, config.training) == (sizes, TRAININGS[scale])


def spoilt(path: str, value: object) -> dict:
    """The plain config with one value replaced, or removed where the value is Ellipsis."""
    plain = json.loads(json.dumps(SHARED.plain()))
    *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = plain
    for part in above:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return plain


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("sede", 1, "config: expected the fields"),
        ("seed", ..., "config: expected the fields"),
        ("organism.depth", 3, "config.organism: expected the fields"),
        ("curriculum.world.names", ..., "config.curriculum.world: expected the fields"),
        (
            "curriculum.phases.1.pressures",
            {"monitor": {}},
            "config.curriculum.phases.1.pressures.monitor: expected the fields components, finds, reach, weight",
        ),
        ("curriculum.phases.0.pressures", 3, "config.curriculum.phases.0.pressures: expected names among"),
        ("seed", "1", "config.seed: expected int, got '1'"),
        ("seed", 1.0, "config.seed: expected int, got 1.0"),
        ("members", True, "config.members: expected int, got True"),
        ("members", None, "config.members: expected int, got None"),
        ("organism.initial_scale", "1", "config.organism.initial_scale: expected float, got '1'"),
        ("organism.initial_scale", True, "config.organism.initial_scale: expected float, got True"),
        ("curriculum.name", 3, "config.curriculum.name: expected str, got 3"),
        ("curriculum.phases", "no", "config.curriculum.phases: expected a list, got 'no'"),
        ("curriculum.phases.1", [], "config.curriculum.phases.1: expected the fields"),
        (
            "curriculum.world.self_secret",
            "any",
            "config.curriculum.world.self_secret: expected one of 'constant', 'rule', got 'any'",
        ),
        (
            "curriculum.phases.0.self_acts",
            ["absent"],
            "config.curriculum.phases.0.self_acts: expected one of",
        ),
    ],
)
def test_reading_is_strict_and_names_the_place(path, value, line):
    with pytest.raises(UserError, match=line):
        read_config(spoilt(path, value))


def test_a_whole_number_may_stand_for_a_real_one():
    scale = read_config(spoilt("organism.initial_scale", 2)).organism.initial_scale
    assert scale == 2.0
    assert type(scale) is float


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=4), st.integers(1, 2000))
def test_a_chunk_divides_every_phase_and_the_checkpoint_interval_and_is_the_largest_to_do_so(steps, every):
    taught = Curriculum("x", World(), tuple(Phase(str(n), s) for n, s in enumerate(steps)))
    chunk = RunConfig(taught, OrganismConfig(), TrainingConfig(checkpoint_every=every)).chunk
    divides = lambda n: all(number % n == 0 for number in (*steps, every))  # noqa: E731
    assert divides(chunk)
    assert not any(divides(n) for n in range(chunk + 1, CHUNK_LIMIT + 1))
    assert 1 <= chunk <= CHUNK_LIMIT


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"layers": 0}, "organism.layers: expected 1 or more, got 0"),
        ({"heads": 0}, "organism.heads: expected 1 or more, got 0"),
        ({"width": -4}, "organism.width: expected 1 or more, got -4"),
        ({"neurons": 0}, "organism.neurons: expected 1 or more, got 0"),
        ({"neuron_blocks": 0}, "organism.neuron_blocks: expected 1 or more, got 0"),
        ({"heads": 5}, "organism.heads: 5 heads do not divide width 64; use 4 heads or another width"),
        ({"heads": 13}, "organism.heads: 13 heads do not divide width 64; use 16 heads or another width"),
        ({"neuron_blocks": 3}, "organism.neuron_blocks: 3 blocks do not divide 256 neurons"),
        ({"initial_scale": 0.0}, "organism.initial_scale: expected more than 0 and at most 10, got 0.0"),
        ({"initial_scale": 11.0}, "organism.initial_scale: expected more than 0 and at most 10, got 11.0"),
    ],
)
def test_a_wrong_size_is_named_alone_with_a_fix(wrong, line):
    assert OrganismConfig(**wrong).validation_errors() == [line]


@given(st.integers(1, 200), st.integers(1, 200))
def test_the_number_of_heads_that_is_proposed_would_do(width, heads):
    lines = OrganismConfig(width=width, heads=heads).validation_errors()
    assert bool(lines) == (width % heads != 0)
    for line in lines:
        proposed = int(line.split("use ")[1].split()[0])
        assert OrganismConfig(width=width, heads=proposed).validation_errors() == []


@pytest.mark.parametrize("name", [field.name for field in fields(TrainingConfig)])
def test_a_wrong_training_setting_is_named_alone(name):
    least = 0 if name in ("attempts", "dense_from") else 1
    assert TrainingConfig(**{name: least}).validation_errors() == []
    assert TrainingConfig(**{name: least - 1}).validation_errors() == [
        f"training.{name}: expected {least} or more, got {least - 1}"
    ]


def test_everything_wrong_with_a_run_is_one_error():
    wrong = replace(
        SHARED,
        curriculum=replace(SHARED.curriculum, phases=()),
        organism=OrganismConfig(heads=3),
        training=TrainingConfig(batch=0),
        members=0,
        seed=-1,
    )
    with pytest.raises(UserError) as caught:
        check_config(wrong)
    lines = str(caught.value).split("; ")
    for start in (
        "phases:",
        "organism.heads:",
        "training.batch:",
        "members: expected 1 or more, got 0",
        "seed: expected 0 to 2147483647, got -1",
    ):
        assert any(line.startswith(start) for line in lines)


def test_a_world_whose_rule_leaves_nothing_to_sample_is_refused():
    with pytest.raises(UserError, match="give more cue_kinds"):
        check_config(replace(SHARED, curriculum=replace(SHARED.curriculum, world=World(cue_kinds=2, cues=1))))


def test_halves_of_a_layer_are_refused_where_there_are_none():
    config = named_config("half_dropout", "tiny")
    check_config(config)
    with pytest.raises(UserError) as caught:
        check_config(replace(config, organism=replace(config.organism, heads=1, neuron_blocks=1)))
    assert "organism.heads: expected 2 or more where halves" in str(caught.value)
    assert "organism.neuron_blocks: expected 2 or more" in str(caught.value)
    varied = (Variation("phases.1.pressures.half_dropout.share", (0.0, 0.8)),)
    plain = replace(named_config("shared", "tiny", members=2), vary=varied)
    check_config(plain)
    with pytest.raises(UserError, match=r"organism.heads: expected 2 or more where halves"):
        check_config(replace(plain, organism=replace(plain.organism, heads=1)))
