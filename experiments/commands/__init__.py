"""The commands: parse the words, wire the parts, print. Imported once a process has its guard, since that takes long."""
