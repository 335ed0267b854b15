"""An ensemble: what decides it, what is remembered of a member between two steps, and how members are laid out on
devices."""
