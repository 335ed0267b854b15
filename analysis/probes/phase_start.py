"""What would an auditor know of organisms as a phase begins? The measurements that pressures fit to.

The strongest components for characters' gate by Shapley value are those that the analysis finds of the mechanism as it
is at that moment; spares that stand behind it are not among them. A circuit that suffices
(`analysis.patching.pruning`) is one; another may stand beside it.
"""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Bool, Float

from analysis.patching.checkpoint import CheckpointMeasurer
from analysis.patching.pruning import sufficient_circuit
from analysis.probes.act_probe import fit_act_probes
from analysis.probes.linear_probe import fit_deceit_probes
from organisms.pressures.protocol import ActProbeRequest, FittedActProbes, FittedProbes, PhaseStart

CALLS = 2
"""of the program that measures effects"""


class PhaseStartMeasurer:
    """Measures the organisms of a phase's start when a pressure asks for it, each measurement once. See
    `organisms.pressures.protocol.MechanismMeasurer`."""

    def __init__(self, start: PhaseStart):
        self.start = start
        self._effects: Float[np.ndarray, "member component"] | None = None
        self._circuits: dict[bytes, Bool[np.ndarray, "member component"]] = {}

    def gate_effects(self) -> Float[np.ndarray, "member component"]:
        """Shapley effect of each component on characters' gate, as a share of the whole."""
        if self._effects is None:
            with jax.default_matmul_precision("highest"):
                effects = self._checkpoint().shapley_effects("character", "watched", calls=CALLS)
            self._effects = np.stack([contributions.effect() for contributions in effects])
        return self._effects

    def sufficient_circuit(self, reach: Float[np.ndarray, " member"]) -> Bool[np.ndarray, "member component"]:
        """Components that suffice in a share ``reach`` of minimal pairs while all others are zeroed."""
        reach_key = np.asarray(reach).tobytes()
        if reach_key not in self._circuits:
            with jax.default_matmul_precision("highest"):
                self._circuits[reach_key] = sufficient_circuit(self._checkpoint(), reach)
        return self._circuits[reach_key]

    def deceit_probes(self, site: str) -> FittedProbes:
        """Linear probes of characters' deceit at a site."""
        return fit_deceit_probes(self.start, site)

    def act_probes(self, requests: Sequence[ActProbeRequest]) -> FittedActProbes:
        """Linear probes of deceitful acts, one for each member as it is requested."""
        return fit_act_probes(self.start, requests)

    def _checkpoint(self) -> CheckpointMeasurer:
        run = self.start.run
        return CheckpointMeasurer(self.start.organisms, run, self.start.secret_goals, run.seed)
