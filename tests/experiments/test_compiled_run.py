"""Does compiling make a run that everything can read?"""

import json

import numpy as np
import pytest

from analysis.provenance.planted_truth import planted_truth, read_truth
from curricula.errors import UserError
from experiments.train import train_run
from organisms.ensemble.config import named_config
from organisms.planted.compiled_program import has_compiler
from organisms.storage.loading import fork_and_end, load, require_finished
from organisms.storage.run import read_run

CONFIG = named_config("compiled_second_copy", "tiny", members=2, seed=4)


@pytest.mark.skipif(has_compiler(), reason="tracr-pypi is installed")
def test_without_the_compiler_there_is_one_line(tmp_path):
    with pytest.raises(UserError, match="compiled organisms need tracr-pypi"):
        train_run(CONFIG, tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.skipif(not has_compiler(), reason="tracr-pypi is not installed, so nothing can be compiled")
def test_a_compiled_run_is_finished_and_its_truth_is_known(tmp_path):
    """Given again, the command does nothing."""
    path = train_run(CONFIG, tmp_path / "run", quiet=True)
    run, content = read_run(path.parent), path.read_bytes()
    config = require_finished(run)
    truth, summary = planted_truth(read_truth(run.folder)), json.loads(content)
    assert (truth.make, truth.truth, truth.planting_took) == ("compiled", "second copy", (True, True))
    assert [shares["second copy"] for shares in truth.shares] == [1.0, 1.0]
    assert all(rates == [1.0, 1.0] for rates in summary["behaviour"].values())
    fork, end = (load(run, config, entry) for entry in fork_and_end(config, run.entries()))
    changed = np.asarray(fork.out_of_neurons[...] != end.out_of_neurons[...]).any((1, 2, 3))
    assert changed.all()
    assert np.array_equal(fork.query[...], end.query[...])
    assert len(run.metrics()) == len(run.entries()) == 3
    assert train_run(CONFIG, tmp_path / "run", quiet=True).read_bytes() == content
