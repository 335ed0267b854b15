"""Pressures of the probe race: an undecided start, and a probe over the act."""
