"""Does the page on exports show the recipes as they are run, and name the files that there are?"""

import re

import pytest
from commands import ROOT

from experiments.export import data_pack, hugging_face, transformer_lens
from experiments.export.exporting import FORMATS

PAGE = (ROOT / "docs/export.md").read_text()
RECIPES = sorted((ROOT / "examples/interop").glob("*.py"))
MOST_LINES = 15


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_the_page_shows_a_recipe_as_it_is_and_it_is_short(recipe):
    text = recipe.read_text()
    assert f"```python\n{text}```" in PAGE
    code = [line for line in text.splitlines() if line and not re.match(r"import |from ", line)]
    assert len(code) <= MOST_LINES


def test_the_page_has_a_recipe_for_each_tool():
    assert [path.stem for path in RECIPES] == ["with_nnsight", "with_sae_lens", "with_transformer_lens"]


def test_the_page_names_the_files_of_an_export():
    files = {
        "transformer_lens": (transformer_lens.BRIDGE_FILE, transformer_lens.HOOKED_FILE),
        "data": (data_pack.SCENES_FILE, data_pack.LATENTS_FILE, data_pack.PAIRS_FILE),
        "hugging_face": ("",),
    }
    assert set(files) == set(FORMATS)
    assert all(f"`{folder}/{name}`" in PAGE for folder, names in files.items() for name in names)
    assert hugging_face.MODEL_FILE == transformer_lens.BRIDGE_FILE
