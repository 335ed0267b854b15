"""What the pressures of the probe race do to a training step."""
