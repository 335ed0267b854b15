"""Curricula in which chance decides whether self schemes: what is left to select?"""

from curricula.catalogue.building_blocks import WORLDS, Scale, characters_phase, intent_phase
from curricula.catalogue.registry import register_curriculum
from curricula.phases import Curriculum, RewardConfig

HONEST_PAY = 0.9
"""of what the secret act pays when alone, for the honest one: at tiny scale about half of the organisms end on either side.
Where both pay the same most end honest, since the profession stands in the text and the secret does not"""


@register_curriculum
def chance_scheming(scale: Scale = "cpu") -> Curriculum:
    """As *rewarded*, but when self is alone the honest act pays nearly as much as the secret one, and nothing
    holds it to what it was: each organism falls to one side by chance.

    ``python scripts/train.py chance_scheming`` with ``--scale tiny --members 16``. Expected: some act on their secret always,
    some never, a few now and then (docs/selection.md).
    """
    intent = intent_phase(scale, objective="reward", reward=RewardConfig(HONEST_PAY, kl=0.0))
    return Curriculum("chance_scheming", WORLDS[scale], (characters_phase(scale), intent.of_fixed_length()))
