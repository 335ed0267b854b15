"""The probe race: what gives way first where an organism is trained against a probe, what it does or what is read?"""
