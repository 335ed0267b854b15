"""The study *scratchpads*."""
