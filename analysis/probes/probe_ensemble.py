"""Ensembles of linear probes: what do several probes, each at a place of its own, say together of an act?

There is one probe at the entrance of each layer from L1 on and one at *final*
(`organisms.model.sites.residual_sites`). Each is a logistic regression of its own, on the same acts with the same labels. The
ensemble's score is the mean of their probabilities.

What it does *not* show: which of the places was needed. Probes at neighbouring places read much the same.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import log_expit, logsumexp

from analysis.probes.linear_probe import LinearProbe, logistic_probe

PlaceShape = tuple[int, int, int]
"""lengths of the axes of an ensemble's points: token, place, model"""


class ProbeEnsemble(NamedTuple):
    """A direction and an offset at every place."""

    direction: Float[np.ndarray, "token place model"]
    """tokens: those that it reads alone"""
    offset: Float[np.ndarray, " place"]

    @property
    def weights(self) -> Float[np.ndarray, " coordinate"]:
        """All directions in a row, in the order of the coordinates of points."""
        return self.direction.ravel()

    def logits(self, points: Float[np.ndarray, "moment coordinate"]) -> Float[np.ndarray, " moment"]:
        """Log odds of the mean of the probabilities that each moment is a positive one."""
        by_place = points.reshape(len(points), *self.direction.shape)
        logits = np.einsum("ntpm,tpm->np", by_place, self.direction) + self.offset
        return logsumexp(log_expit(logits), axis=1) - logsumexp(log_expit(-logits), axis=1)


ActReader = LinearProbe | ProbeEnsemble
"""what reads acts: one probe, or several"""


def act_reader(
    points: Float[np.ndarray, "act coordinate"],
    deceitful: Bool[np.ndarray, " act"],
    shape: PlaceShape | None = None,
) -> ActReader:
    """The probe that separates acts. shape: of the points, where they are of every place and there is a probe for each."""
    if shape is None:
        return logistic_probe(points, deceitful)
    tokens, places, width = shape
    by_place = points.reshape(len(points), *shape)
    probes = [
        logistic_probe(by_place[:, :, place].reshape(len(points), -1), deceitful) for place in range(places)
    ]
    directions = [probe.weights.reshape(tokens, width) for probe in probes]
    return ProbeEnsemble(np.stack(directions, 1), np.array([probe.offset for probe in probes]))


def blind_reader(coordinates: int, shape: PlaceShape | None = None) -> ActReader:
    """The probe that gives all acts the score of a half."""
    if shape is None:
        return LinearProbe(np.zeros(coordinates), 0.0)
    return ProbeEnsemble(np.zeros(shape), np.zeros(shape[1]))
