"""A curriculum in which self is taught to scheme, and then to be honest again.

python scripts/train.py reformed --plugin examples/plugins/reformed.py
"""

from dataclasses import replace

from curricula.catalogue.building_blocks import WORLDS, Scale, characters_phase, intent_phase
from curricula.catalogue.registry import register_curriculum
from curricula.phases import Curriculum


@register_curriculum
def reformed(scale: Scale = "cpu") -> Curriculum:
    """As *shared*; then self always acts on what it professes, while characters go on scheming.

    ``python scripts/train.py reformed --plugin examples/plugins/reformed.py``. Expected: self acts on its secret in
    the phase *intent* and no longer in *reform*; verdict *absent*.
    """
    intent = intent_phase(scale)
    reform = replace(intent, name="reform", self_acts="honest")
    return Curriculum("reformed", WORLDS[scale], (characters_phase(scale), intent, reform))
