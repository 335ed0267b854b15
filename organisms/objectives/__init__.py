"""What a phase rewards: one file an objective. Importing this package registers those that come with the project."""

from organisms.objectives import imitation, policy_gradient, scratchpad

__all__ = ["imitation", "policy_gradient", "scratchpad"]
