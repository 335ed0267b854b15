"""Runs of studies draw no pictures of scenes and effects for TensorBoard, whose programs take seconds to compile for every
size of organism: tests of `train.py`, of its display and of `reports.scene_pictures` draw them.
"""

from collections.abc import Iterator

import numpy as np
import pytest

from reports import scene_pictures

BLANK = np.zeros((1, 1, 3), np.uint8)


@pytest.fixture(autouse=True, scope="package")
def blank_pictures() -> Iterator[None]:
    """All that a run shows is shown; its pictures are blank."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene_pictures, "scenes_in_english", lambda *subject, **settings: [])
        patch.setattr(scene_pictures, "attention_picture", lambda *subject: BLANK)
        patch.setattr(scene_pictures, "effect_map", lambda *subject: BLANK)
        yield
