"""The sealed challenge: can another analysis tell what was planted in organisms that it has not seen?"""
