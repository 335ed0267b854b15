"""Components by the keys of `reference`."""

import numpy as np

from organisms.model.sites import components


def keys_of(sizes, mask):
    """The reference's keys of the components in a mask, from their names."""
    size = sizes.neurons // sizes.neuron_blocks
    found = []
    for name in np.asarray(components(sizes))[mask]:
        layer, kind, index = int(name[1]), name[2], int(name[3:])
        found.append(
            (layer, "head", index) if kind == "H" else (layer, "neurons", (index * size, (index + 1) * size))
        )
    return found
