"""What a phase rewards: one file an objective. Importing this package registers those that come with the project."""
# ruff: noqa: F401

from organisms.objectives import imitation, policy_gradient
