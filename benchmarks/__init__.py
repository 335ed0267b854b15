"""How fast is it? Growth against PyTorch and against the machine's limits, and analysis against one-at-a-time
patching."""
