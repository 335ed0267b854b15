"""What is taught: worlds, scenes, phases and pressures. Knows nothing about models."""
