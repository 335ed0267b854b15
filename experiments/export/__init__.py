"""Exports: how does an organism leave for other tools?"""
