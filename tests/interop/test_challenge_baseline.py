"""Does TransformerLens load the organisms of a pack, and is what its baseline hands in whole?"""

import importlib.util
import os
import subprocess
import sys

import pytest
from challenges import made_pack
from commands import ROOT

from experiments.challenge.pack import read_pack
from experiments.challenge.submission import check_submission

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        importlib.util.find_spec("transformer_lens") is None,
        reason="transformer_lens not installed; see .ci/oracles",
    ),
]


def test_the_baseline_answers_a_pack_without_exapt(tmp_path, monkeypatch):
    out = made_pack(tmp_path, monkeypatch)
    script, submission = ROOT / "examples/challenge/with_transformer_lens.py", tmp_path / "submission.json"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "HF_HUB_OFFLINE": "1"
    }
    words = [sys.executable, str(script), str(out / "pack"), str(submission)]
    subprocess.run(words, cwd=tmp_path, env=environment, check=True, capture_output=True)
    checked = check_submission(submission, read_pack(out / "pack"))
    assert checked.has_scores
    assert checked.has_shares
