"""Does a checkpoint come back as it was saved, or not at all?"""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from curricula.errors import SystemFailure, UserError
from organisms.storage import checkpoints

MEMBERS = 3
LAYOUTS = {
    "as it is": lambda array: array,
    "transposed": lambda array: array.T,
    "reversed": lambda array: array[..., ::-1] if array.ndim else array,
    "columns first": np.asfortranarray,
    "big-endian": lambda array: array.astype(">f4"),
}


@pytest.fixture
def parameters() -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(0)
    return {
        name: numbers.normal(size=(MEMBERS, 4, 5)).astype(np.float32) for name in ("embed.W_E", "unembed.W_U")
    }


@st.composite
def parameters_of_any_kind(draw: st.DrawFn) -> dict[str, np.ndarray]:
    shapes = arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(
        lambda name: name != "__metadata__"
    )
    drawn = draw(st.dictionaries(names, arrays_of.arrays(np.float32, shapes), max_size=4))
    return {name: LAYOUTS[draw(st.sampled_from(sorted(LAYOUTS)))](array) for name, array in drawn.items()}


@settings(max_examples=60, deadline=None)
@given(parameters=parameters_of_any_kind())
def test_save_then_read_is_the_identity_to_the_bit(parameters, tmp_path_factory):
    """Also for NaN, empty arrays, single numbers, and views that lie in memory in another order than they are
    read."""
    folder = tmp_path_factory.mktemp("identity")
    sha256 = checkpoints.write_checkpoint(folder / "a", parameters, folder / "aside")
    back = checkpoints.read_checkpoint(folder / "a", sha256)
    assert sorted(back) == sorted(parameters)
    for name, array in parameters.items():
        assert back[name].dtype == np.float32
        assert back[name].shape == array.shape
        assert back[name].tobytes() == array.astype("<f4").tobytes()


def test_same_arrays_same_bytes_whatever_their_order(parameters, tmp_path):
    backwards = dict(reversed(parameters.items()))
    first = checkpoints.write_checkpoint(tmp_path / "a", parameters, tmp_path / "aside")
    second = checkpoints.write_checkpoint(tmp_path / "b", backwards, tmp_path / "aside")
    assert first == second
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    parameters["embed.W_E"][0, 0, 0] += 1
    assert checkpoints.write_checkpoint(tmp_path / "c", parameters, tmp_path / "aside") != first


@pytest.mark.parametrize("member", [None, *range(MEMBERS)])
@pytest.mark.parametrize("names", [None, [], ["unembed.W_U"]])
def test_a_partial_read_is_a_part_of_the_whole(parameters, names, member, tmp_path):
    sha256 = checkpoints.write_checkpoint(tmp_path / "a", parameters, tmp_path / "aside")
    part = checkpoints.read_checkpoint(tmp_path / "a", sha256, names, member)
    assert sorted(part) == sorted(parameters if names is None else names)
    for name, array in part.items():
        np.testing.assert_array_equal(array, parameters[name] if member is None else parameters[name][member])


class Trap:
    """Pickled, this is a file that fails the test where it is unpickled."""

    def __reduce__(self):
        return pytest.fail, ("a checkpoint was unpickled",)


# What became of the file, and what the error says with and without a hash to hold it against.
DAMAGES = {
    "missing": (None, "found no file", "found no file"),
    "empty": (lambda data: b"", "expected sha256", "cut short"),
    "cut in the header": (lambda data: data[:20], "expected sha256", "cut short"),
    "cut by one byte": (lambda data: data[:-1], "expected sha256", "cut short"),
    "longer": (lambda data: data + b"\0", "expected sha256", "cut short"),
    "one bit other": (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "expected sha256", None),
    "a pickle": (lambda data: pickle.dumps(Trap()), "expected sha256", "no safetensors"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_a_fault_that_names_it_and_the_fix(damage, parameters, tmp_path):
    change, with_hash, without = DAMAGES[damage]
    path = tmp_path / "a.safetensors"
    sha256 = checkpoints.write_checkpoint(path, parameters, tmp_path / "aside")
    path.unlink() if change is None else path.write_bytes(change(path.read_bytes()))
    for held_against, words in ((sha256, with_hash), (None, without)):
        if words is None:
            assert set(checkpoints.read_checkpoint(path, held_against)) == set(parameters)
            continue
        with pytest.raises(UserError, match=words) as fault:
            checkpoints.read_checkpoint(path, held_against, member=0)
        assert str(path) in str(fault.value)
        assert "put the file back" in str(fault.value)
        assert str(fault.value).count("\n") <= 1


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"names": ["W_Q", "embed.W_E"]}, "holds no W_Q; it holds embed.W_E, scale, unembed.W_U"),
        ({"names": ["embed.W_E"], "member": MEMBERS}, "no member 3: embed.W_E holds members 0 to 2"),
        ({"names": ["embed.W_E"], "member": -1}, "no member -1"),
        ({"names": ["scale"], "member": 0}, "without a member axis"),
    ],
)
def test_what_a_checkpoint_lacks_is_a_fault(question, words, parameters, tmp_path):
    sha256 = checkpoints.write_checkpoint(
        tmp_path / "a", parameters | {"scale": np.array(2, np.float32)}, tmp_path / "aside"
    )
    with pytest.raises(UserError, match=words):
        checkpoints.read_checkpoint(tmp_path / "a", sha256, **question)


def test_a_folder_in_the_place_of_a_checkpoint_is_a_fault(tmp_path):
    for sha256 in ("0" * 64, None):
        with pytest.raises(UserError, match="could not read"):
            checkpoints.read_checkpoint(tmp_path, sha256)


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from curricula.errors import SystemFailure
from organisms.storage import checkpoints
folder = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    checkpoints.write_checkpoint(folder / "a", {"large": np.ones(4096, np.float32)}, folder / "aside")
except SystemFailure as failure:
    print(failure)
"""


def test_a_refused_write_leaves_what_was_there_and_no_part(parameters, tmp_path):
    """The system itself refuses: a process may not grow a file past RLIMIT_FSIZE."""
    sha256 = checkpoints.write_checkpoint(
        tmp_path / "a", {"small": np.ones(2, np.float32)}, tmp_path / "aside"
    )
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path], capture_output=True, text=True, check=True
    )
    assert "File too large; free some space and give the same command again" in done.stdout
    assert done.stdout.count("\n") == 1
    assert list(checkpoints.read_checkpoint(tmp_path / "a", sha256)) == ["small"]
    assert list((tmp_path / "aside").iterdir()) == []


def test_a_write_into_a_folder_that_is_gone_is_a_failure(parameters):
    with pytest.raises(SystemFailure, match="put that right"):
        checkpoints.write_checkpoint(Path("/proc/none/a"), parameters, Path("/proc/none/aside"))
