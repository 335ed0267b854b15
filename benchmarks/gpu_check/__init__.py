"""A check of a GPU: does everything run there as on a CPU, and how fast?

`scripts/gpu_check.py` runs its parts.
"""
