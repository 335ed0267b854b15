"""Does the compiler take the options that programs name, and does a measurement stay what it was under them?"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from emitters import AS_USERS_DO

from organisms.ensemble.compiler_options import TO_DRAW, TO_MEASURE, on_a_cpu
from organisms.model.transformer import Organism


@pytest.mark.parametrize("options", [TO_DRAW, TO_MEASURE])
def test_this_compiler_knows_every_option(options):
    doubled = jax.jit(lambda number: 2 * number, compiler_options=dict(options))
    assert doubled(jnp.float32(1.5)) == 3.0


def test_an_organism_says_the_same_to_the_last_bits(organism, tokens):
    def answers(organism: Organism, tokens: jax.Array) -> jax.Array:
        return jax.vmap(organism)(tokens)

    well = jax.jit(answers, compiler_options=dict(AS_USERS_DO))(organism, tokens)
    quickly = jax.jit(answers, compiler_options=dict(TO_MEASURE))(organism, tokens)
    np.testing.assert_allclose(quickly, well, rtol=1e-5, atol=1e-5)


def test_options_of_a_cpu_are_for_a_cpu_alone(monkeypatch):
    assert on_a_cpu(TO_MEASURE) == dict(TO_MEASURE)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert on_a_cpu(TO_MEASURE) is None
