"""Random streams of the analysis: which numbers does each measurement draw its scenes and orders from?

A measurement at one checkpoint draws from its seed, a stream and, for minimal pairs, the number of a draw.
Two measurements with the same numbers see the same pairs, so each has numbers of its own. The values are part
of what a run's findings are: another value draws other pairs.
"""

from enum import IntEnum, unique

SHAPLEY_CALLS = 50
"""Shapley values take one draw of pairs a call, from 0 on: there are fewer calls than this."""


@unique
class AnalysisStream(IntEnum):
    """First number that is folded into the key of an analysis's seed."""

    PAIRS = 1
    PATCHING_ORDERS = 2
    INTERCHANGE = 3
    CROSS_CHECKPOINT = 4
    DIRECTION = 5
    CUE_READING = 6
    SET_COURSE = 7
    PROBE_SCENES = 41
    """of a run's seed, since a probe is fitted while the run trains"""
    HANDLE_SCENES = 42
    HANDLE_READINGS = 43
    ACT_PROBE_SCENES = 44
    """of a run's seed"""
    RACE_SCENES = 45
    """those on which probes are read at checkpoints"""
    RACE_ROLLOUTS = 46
    SELECTION_CHARACTERS = 47
    SELECTION_SELF = 48
    SELF_GATE = 70
    CIRCUIT_INTACT = 71


@unique
class PairDraw(IntEnum):
    """Number of a draw of minimal pairs. Shapley values have 0 to `SHAPLEY_CALLS` - 1."""

    SINGLE_PATCHES = 50
    FAITHFULNESS_CURVES = 60
    LESIONS = 70
    FINGERPRINTS = 80
    REPRESENTATIONAL_SIMILARITY = 90
    PRUNING = 100
    SILENCING = 110
    HANDLE_LESIONS = 120
    HANDLE_STEERING = 121
    HANDLE_DIRECTIONS = 130
    """this one and the next two"""
    AUDITS = 140
