"""The figures of pages on training against a probe: one file a page."""
