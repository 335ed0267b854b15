"""Benchmarks: how fast is it? Training against PyTorch and against the machine's limits, and analysis against
patching one at a time."""
