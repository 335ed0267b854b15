"""Does the tour run, and are its page and pictures those of the script?"""

import ast
import importlib.util
import inspect
import re
import shutil
from types import ModuleType

import matplotlib
import matplotlib.pyplot as plt
import pytest
from commands import ROOT

import exapt
from organisms.ensemble.config import named_config
from organisms.training.validation import check_config

SCRIPT, PAGE, PICTURES = ROOT / "examples/tour.py", ROOT / "docs/tour.md", ROOT / "docs/tour"
ALLOWED = {"exapt", "numpy", "matplotlib", "os", "pathlib"}


@pytest.fixture(scope="module")
def tour_page() -> ModuleType:
    """What makes the page; docs/ is no package."""
    spec = importlib.util.spec_from_file_location("tour_page", ROOT / "docs/tour_page.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def saved() -> list[str]:
    """Names of the pictures that the script saves."""
    calls = [node for node in ast.walk(ast.parse(SCRIPT.read_text())) if isinstance(node, ast.Call)]
    names = [call.args[1] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "save"]
    return [ast.literal_eval(name) for name in names]


def test_cells_are_read_in_the_percent_format(tour_page):
    script = (
        "# ---\n\n# %% [markdown]\n# # Title\n#\n# Words.\n\n# %%\nfirst = 1  # %% no cell\n\n\nsecond = 2\n"
    )
    assert list(tour_page.cells(script)) == [
        (True, "# Title\n\nWords."),
        (False, "first = 1  # %% no cell\n\n\nsecond = 2"),
    ]


def test_the_output_of_a_cell_stands_below_it_and_can_be_taken_out(tour_page):
    script = "# %% [markdown]\n# Words.\n\n# %%\ndraw()\n\n# %%\nquiet()\n"
    printed = {"draw()": "a\n\nb\n[picture waves] Waves.\n", "quiet()": ""}
    shown = "```text\na\n\nb\n```\n\n![Waves.](tour/waves.svg)\n\n"
    expected = f"Words.\n\n```python\ndraw()\n```\n\n{shown}```python\nquiet()\n```\n"
    assert tour_page.page(script, printed.__getitem__) == expected
    assert tour_page.without_output(expected) == expected.replace(shown, "")


def test_the_page_is_the_script(tour_page):
    """`make tour-page` writes it."""
    expected = tour_page.page(SCRIPT.read_text(), lambda code: "")
    assert tour_page.without_output(PAGE.read_text()) == expected


def test_pictures_are_those_that_the_script_saves():
    names = saved()
    assert len(names) > 1
    assert re.findall(r"\]\(tour/(\w+)\.svg\)", PAGE.read_text()) == names
    assert sorted(path.name for path in PICTURES.iterdir()) == sorted(f"{name}.svg" for name in names)


def test_the_tour_needs_the_public_api_numpy_and_matplotlib_alone():
    nodes = list(ast.walk(ast.parse(SCRIPT.read_text())))
    modules = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    assert {module.split(".")[0] for module in modules} <= ALLOWED


@pytest.mark.usefixtures("programs_of_commands")
def test_the_tour_runs_from_end_to_end(tour_page, analysed_run, tmp_path, monkeypatch):
    """On a run that is grown and analysed; that the tour's own can be grown is asked of its config."""
    folder = shutil.copytree(analysed_run, tmp_path / "run")
    signature = inspect.signature(exapt.grow)

    def opened(*arguments: object, **settings: object) -> exapt.Lineage:
        given = signature.bind(*arguments, **settings).arguments
        check_config(named_config(given.pop("curriculum"), **given))
        assert given["scale"] == "tiny"
        return exapt.read_lineage(folder)

    monkeypatch.setattr(exapt, "grow", opened)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOUR_PICTURES", "pictures")
    plt.switch_backend("Agg")
    with matplotlib.rc_context():
        text = tour_page.page(SCRIPT.read_text(), tour_page.runner())
        plt.close("all")
    assert tour_page.without_output(text) == tour_page.without_output(PAGE.read_text())
    assert sorted(path.stem for path in (tmp_path / "pictures").iterdir()) == sorted(saved())
    assert "Self professes " in text
    assert re.search(r"^member 0: reused \(", text, flags=re.M)
    assert re.search(r"^    reused +[01]\.\d\d \[", text, flags=re.M)
    assert len(re.findall(r"^```text$", text, flags=re.M)) == len(
        re.findall(r"^```text$", PAGE.read_text(), flags=re.M)
    )
