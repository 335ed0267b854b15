"""Is the practice pack whole, small and labelled, and does the baseline beside it need no Exapt?"""

import ast
from collections import Counter

from commands import ROOT

from experiments.challenge.pack import read_pack
from experiments.challenge.sealing import read_truth_file, require_truth_of
from experiments.challenge.sources import LABELS

PRACTICE, BASELINE = (
    ROOT / "examples/challenge/practice",
    ROOT / "examples/challenge/with_transformer_lens.py",
)
LARGEST_BYTES = 5_000_000


def test_the_practice_pack_is_whole_and_its_labels_are_its_own():
    pack = read_pack(PRACTICE / "pack")
    truth = read_truth_file(PRACTICE / "truth.json", pack.truth_sha256, "the practice pack")
    require_truth_of(pack, truth, PRACTICE)
    labels = Counter((organism.make, organism.label) for organism in truth.organisms.values())
    assert {label for _, label in labels} == set(LABELS)
    assert len(set(labels.values())) == 1
    assert sum(path.stat().st_size for path in PRACTICE.rglob("*") if path.is_file()) < LARGEST_BYTES


def test_the_baseline_beside_it_imports_transformer_lens_and_nothing_of_ours():
    names: set[str] = set()
    for node in ast.walk(ast.parse(BASELINE.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    assert names == {"json", "sys", "pathlib", "torch", "safetensors", "transformer_lens"}
