"""The named curricula, by what they are for. Importing this package registers them."""
# ruff: noqa: F401, I001

from curricula.catalogue import reuse
from curricula.catalogue import incentives
from curricula.catalogue import planted
from curricula.catalogue import disuse
