"""Scratchpads: what does self do on text that it writes itself, and where does training to be honest act?"""
