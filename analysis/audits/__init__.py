"""How much of an organism is in on the scheming, and would an audit of random parts of it notice?"""
