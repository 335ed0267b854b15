"""Is a place or a config that can not be a run refused in one line, and what is not there yet named?"""

from pathlib import Path

import numpy as np
import pytest

from curricula.errors import UserError
from organisms.storage.run import open_run, read_run

CONFIG = {"seed": 1}


@pytest.mark.parametrize("place", ["/dev/null", "/dev/null/run", "/proc/run", "/tmp/" + "x" * 300])
def test_a_place_where_no_folder_can_be_is_a_fault(place):
    with pytest.raises(UserError, match="give another --out") as fault:
        open_run(Path(place), CONFIG)
    assert "\n" not in str(fault.value)
    with pytest.raises(UserError, match="expected a run's folder, found none"):
        read_run(Path(place))


@pytest.mark.parametrize("wild", [float("nan"), np.float32("inf")])
def test_a_config_with_a_number_that_is_not_finite_is_a_fault(wild, tmp_path):
    with pytest.raises(UserError, match=r"found others: phases\.0\.rate; make those finite"):
        open_run(tmp_path / "run", {"phases": ({"rate": wild},)})
    assert not (tmp_path / "run").exists()


def test_a_run_without_a_summary_or_checkpoint_says_so(tmp_path):
    open_run(tmp_path, CONFIG).close()
    run = read_run(tmp_path)
    assert run.entries() == run.metrics() == []
    with pytest.raises(UserError, match=r"expected summary.json .*; give the train command again"):
        run.summary()
    with pytest.raises(UserError, match="none so far"):
        run.parameters(0)
