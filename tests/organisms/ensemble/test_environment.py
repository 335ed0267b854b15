"""Is every switch of JAX fixed, free, or refused where it is on?"""

import jax
import pytest

from curricula.errors import UserError
from organisms.ensemble.environment import FIXED, FREE, ChangedSwitch, fix_switches, switches_in_words

SWITCHES = sorted(name for name, value in jax.config.values.items() if value is False or value is True)
OTHERS = [name for name in SWITCHES if name not in FIXED and not FREE.fullmatch(name)]


def test_every_fixed_switch_is_one_of_jax_in_some_version():
    assert set(FIXED) & set(jax.config.values) >= {
        "jax_default_prng_impl",
        "jax_enable_x64",
        "jax_threefry_partitionable",
    }


@pytest.mark.parametrize("name", OTHERS)
def test_a_switch_that_is_on_is_refused_and_one_that_is_off_is_not(name, monkeypatch):
    monkeypatch.setenv(name.upper(), "0")
    fix_switches()
    monkeypatch.setenv(name.upper(), "1")
    with pytest.raises(UserError, match=rf"^{name.upper()}=1: expected it unset.*; unset it$"):
        fix_switches()


def test_what_decides_results_is_set_whatever_it_was(monkeypatch):
    monkeypatch.setenv("JAX_ENABLE_X64", "1")
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_random_seed_offset", 5)
    try:
        changed = fix_switches()
        assert (jax.config.jax_enable_x64, jax.config.jax_random_seed_offset) == (False, 0)
    finally:
        jax.config.update("jax_enable_x64", False)
        jax.config.update("jax_random_seed_offset", 0)
    assert set(changed) == {
        ChangedSwitch("jax_enable_x64", True, False),
        ChangedSwitch("jax_random_seed_offset", 5, 0),
    }
    assert "jax_random_seed_offset was 5 and is now 0" in switches_in_words(changed)
    assert fix_switches() == ()


def test_a_switch_that_a_block_holds_is_told_to_stay():
    """No other part of a program changes what a with block of its thread has set."""
    with jax.default_matmul_precision("highest"):
        (changed,) = fix_switches()
    assert changed == ChangedSwitch("jax_default_matmul_precision", "highest", "highest")
    assert "jax_default_matmul_precision stays 'highest', since a with block holds it" in str(changed)


@pytest.mark.parametrize(
    "name", ["JAX_PLATFORMS", "JAX_NUM_CPU_DEVICES", "JAX_LOG_COMPILES", "JAX_COMPILATION_CACHE_DIR"]
)
def test_switches_of_place_and_print_are_free(name, monkeypatch):
    monkeypatch.setenv(name, "1")
    fix_switches()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XLA_FLAGS", "--xla_force_host_platform_device_count=2 --xla_cpu_enable_fast_math=true"),
        ("XLA_FLAGS", "--xla_allow_excess_precision=true"),
        ("NVIDIA_TF32_OVERRIDE", "1"),
    ],
)
def test_flags_that_change_rounding_are_refused(name, value, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
    fix_switches()
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=f"^{name}: expected no .*; leave it out$"):
        fix_switches()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            "--xla_nonsense=1 --xla_force_host_platform_device_count=2",
            "Unknown flag in XLA_FLAGS: --xla_nonsense=1",
        ),
        ("--xla_gpu_autotune_level=high", "Couldn't interpret value high for flag xla_gpu_autotune_level"),
        ("--xla_backend_optimization_level=x", "Couldn't interpret value x"),
        ("no-such-file", "Could not open file"),
    ],
)
def test_flags_that_xla_does_not_understand_are_refused_in_one_line(flags, said, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", flags)
    with pytest.raises(UserError, match=said) as error:
        fix_switches()
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_flags_that_xla_understands_are_free(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_hlo_as_text=false --xla_gpu_autotune_level=3")
    fix_switches()
