"""Makers of handles: what is a handle made from?

A *handle* is something that an auditor makes from text about characters alone and then tries on self: a place to ablate,
a linear probe, a steering direction. Each is made from characters at the fork and from characters at the end. The
third maker is self at the end: what a handle could do at best, to stand beside the other two.
"""

from typing import Literal, get_args

HandleMaker = Literal["fork", "end", "self"]
"""characters just before self was taught, characters at the end, self at the end"""
HANDLE_MAKERS: tuple[HandleMaker, ...] = get_args(HandleMaker)
CharacterMaker = Literal["fork", "end"]
CHARACTER_MAKERS: tuple[CharacterMaker, ...] = get_args(CharacterMaker)
