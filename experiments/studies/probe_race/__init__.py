"""The study *probe_race*: what gives way where an organism is trained against a probe, what it does or what is read?"""
