"""Do other programs find in an export what Exapt finds in the organism? Logits, every single patch, the recipes of the page.

Each test says what is missing where its libraries are not installed; `.ci/oracles` installs them. TransformerLens 4 and SAELens
need environments of their own.
"""

import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from commands import ROOT
from exports import SIZES, biased_ensemble, untrained_run
from pyarrow import parquet

from analysis.patching.interventions import effects_of_sets
from curricula.catalogue.building_blocks import WORLDS
from curricula.world.contrasts import Pair
from experiments.export import data_pack
from experiments.export.data_pack import PackSizes
from experiments.export.exporting import ExportOptions, export_run
from organisms.model.surgery import pick
from organisms.model.transformer import Organism

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
MEMBER, PAIRS = 1, 3
CLOSE, SAME, FOLDED = 1e-5, 1e-9, 1e-7
"""nats between two programs in single precision, for logits of this size; in double precision; and there where a bias that was
folded into another one is rounded"""
COMPONENTS = SIZES.layers * (SIZES.heads + SIZES.neuron_blocks)
os.environ["HF_HUB_OFFLINE"] = "1"


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips with the names that are missing. A name may end in the major version that it takes, as ``transformer_lens>=4``."""
    missing = []
    for name in names:
        module, _, least = name.partition(">=")
        if importlib.util.find_spec(module) is None or (
            least and int(importlib.metadata.version(module.replace("_", "-")).split(".")[0]) < int(least)
        ):
            missing.append(name)
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed; see .ci/oracles")


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> SimpleNamespace:
    """The export of an organism whose biases are not zero, and what Exapt finds in it: logits of the scenes, and the nats
    [pair, way, component] that each single patch moves, denoising and noising."""
    folder, ensemble = tmp_path_factory.mktemp("oracles"), biased_ensemble(SIZES)
    run = untrained_run(folder / "run", SIZES, ensemble)
    options = ExportOptions((MEMBER,), sizes=PackSizes(4, PAIRS), out=folder / "export")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(data_pack, "VARIABLES", ("watched",))
        export_run(run.folder, options, lambda line: None)
    export = folder / "export" / f"member{MEMBER}-end"
    organism = jax.tree.map(jnp.asarray, pick(jax.device_get(ensemble), MEMBER))
    scenes = parquet.read_table(export / "data/scenes.parquet").to_pylist()
    tokens = np.array([row["tokens"] for row in scenes])
    rows = parquet.read_table(export / "data/pairs.parquet").to_pylist()
    pairs = Pair(*(jnp.asarray([row[name] for row in rows], jnp.int32) for name in Pair._fields))
    masks = np.broadcast_to(np.eye(COMPONENTS, dtype=bool), (len(rows), 2, COMPONENTS, COMPONENTS))
    ways = np.broadcast_to([False, True], (len(rows), 2))
    moved, _ = jax.jit(partial(effects_of_sets, organism, SIZES))(pairs, masks, ways)
    record = json.loads((export / "export.json").read_text())
    return SimpleNamespace(
        folder=export,
        scenes=scenes,
        tokens=tokens,
        logits=np.asarray(organism(jnp.asarray(tokens))),
        double_logits=double_logits(organism, tokens),
        pairs=rows,
        moved=np.asarray(moved),
        components=record["components"],
    )


def double_logits(organism: Organism, tokens: np.ndarray) -> np.ndarray:
    """The organism's logits in double precision, in which no rounding of either program is seen."""
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf), jnp.float64), organism)
        return np.asarray(wide(jnp.asarray(tokens)))


Patch = Callable[[list[int], list[int], dict], np.ndarray]
"""the logits [position, vocabulary] of a scene with one component's output of another scene"""


def single_patches(
    exported: SimpleNamespace, plain: Callable[[list[int]], np.ndarray], patch: Patch
) -> np.ndarray:
    """Nats [pair, way, component] that each single patch moves towards the other scene's act, in another program."""
    moved = np.zeros_like(exported.moved)
    for number, row in enumerate(exported.pairs):

        def difference(logits: np.ndarray, row: dict = row) -> float:
            at_decision = logits[row["decision"]]
            return float(at_decision[row["second_answer"]] - at_decision[row["first_answer"]])

        for way, (side, other) in enumerate((("first", "second"), ("second", "first"))):
            before = difference(plain(row[side]))
            for index, component in enumerate(exported.components):
                after = difference(patch(row[side], row[other], component))
                moved[number, way, index] = (after - before) * (1 - 2 * way)
    return moved


@needs("torch", "transformers")
class TestHuggingFace:
    """``AutoModelForCausalLM`` and ``AutoTokenizer`` of the folder, offline."""

    @pytest.fixture(scope="class")
    def model(self, exported):
        from transformers import AutoModelForCausalLM

        model, report = AutoModelForCausalLM.from_pretrained(
            exported.folder / "hugging_face", output_loading_info=True
        )
        assert not any(report[name] for name in ("missing_keys", "unexpected_keys", "mismatched_keys"))
        return model.eval()

    @pytest.fixture(scope="class")
    def tokenizer(self, exported):
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(exported.folder / "hugging_face")

    def test_logits_are_the_organisms(self, exported, model):
        import torch

        with torch.no_grad():
            logits = model(torch.tensor(exported.tokens)).logits.numpy()
        assert np.abs(logits - exported.logits).max() < CLOSE

    def test_in_double_precision_nothing_is_left_between_them(self, exported, model):
        import torch

        with torch.no_grad():
            logits = deepcopy(model).double()(torch.tensor(exported.tokens)).logits.numpy()
        assert exported.double_logits.dtype == np.float64
        assert np.abs(logits - exported.double_logits).max() < FOLDED

    def test_scenes_in_english_go_in_and_out(self, exported, tokenizer):
        for scene in exported.scenes:
            for text in (scene["english"], scene["words"]):
                assert tokenizer(text).input_ids == scene["tokens"]
            assert tokenizer.decode(scene["tokens"], skip_special_tokens=True) == scene["words"]
        with pytest.raises(Exception, match="UNK"):
            tokenizer("Zorro professes apples")

    def test_a_scene_in_english_gives_the_organisms_act(self, exported, model, tokenizer):
        words = WORLDS["tiny"].vocabulary.words()
        for scene in exported.scenes:
            parts = scene["english"].split(" takes ")
            for moment, act in enumerate(scene["acts"]):
                prompt = " takes ".join(parts[: moment + 1]) + " takes"
                generated = model.generate(**tokenizer(prompt, return_tensors="pt"))
                assert tokenizer.decode(generated[0, -1]) == words[act]

    @needs("nnsight")
    def test_single_patches_by_nnsight_are_ours(self, exported, model):
        import torch
        from nnsight import NNsight

        traced, width = NNsight(model), SIZES.head_width

        def plain(tokens):
            with torch.no_grad():
                return model(torch.tensor([tokens])).logits[0].numpy()

        def patch(tokens, other, component):
            block, scale = (
                traced.transformer.h[component["layer"]],
                width if component["kind"] == "head" else 1,
            )
            module = (block.attn if component["kind"] == "head" else block.mlp).c_proj
            place = slice(component["start"] * scale, component["stop"] * scale)
            with torch.no_grad():
                with traced.trace(torch.tensor([other])):
                    donor = module.input[..., place].save()
                with traced.trace(torch.tensor([tokens])):
                    module.input[..., place] = donor
                    logits = traced.lm_head.output[0].save()
            return logits.numpy()

        assert np.abs(single_patches(exported, plain, patch) - exported.moved).max() < CLOSE


def hooked_patches(exported: SimpleNamespace, model) -> np.ndarray:
    """Single patches by hooks of TransformerLens."""
    import torch

    def plain(tokens):
        with torch.no_grad():
            return model(torch.tensor([tokens]))[0].numpy()

    def patch(tokens, other, component):
        is_head = component["kind"] == "head"
        place = f"blocks.{component['layer']}.{'attn.hook_z' if is_head else 'mlp.hook_post'}"
        where = (slice(None), slice(None), slice(component["start"], component["stop"]))
        with torch.no_grad():
            donor = model.run_with_cache(torch.tensor([other]))[1][place]

            def swap(activation, hook):
                activation[where] = donor[where]
                return activation

            return model.run_with_hooks(torch.tensor([tokens]), fwd_hooks=[(place, swap)])[0].numpy()

    return single_patches(exported, plain, patch)


@needs("torch", "transformer_lens>=4")
def test_transformer_lens_4_loads_strictly_with_our_logits_and_patches(exported):
    import torch
    from safetensors.torch import load_file
    from transformer_lens.model_bridge import TransformerBridge

    folder = exported.folder / "transformer_lens"
    model = TransformerBridge.boot_native(json.loads((folder / "config.json").read_text()))
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    with torch.no_grad():
        logits = model(torch.tensor(exported.tokens)).numpy()
    assert np.abs(logits - exported.logits).max() < CLOSE
    assert np.abs(hooked_patches(exported, model) - exported.moved).max() < CLOSE
    with torch.no_grad():
        doubled = model.double()(torch.tensor(exported.tokens)).numpy()
    assert np.abs(doubled - exported.double_logits).max() < SAME


@needs("torch", "sae_lens")
def test_the_transformer_of_sae_lens_has_our_logits_and_patches(exported):
    import torch
    from sae_lens import HookedSAETransformer
    from safetensors.torch import load_file
    from transformer_lens import HookedTransformerConfig

    folder = exported.folder / "transformer_lens"
    model = HookedSAETransformer(HookedTransformerConfig(**json.loads((folder / "config.json").read_text())))
    keys = model.load_state_dict(load_file(folder / "hooked_transformer.safetensors"), strict=False)
    assert keys.unexpected_keys == []
    assert all(key.endswith((".mask", ".IGNORE")) for key in keys.missing_keys)  # constants
    with torch.no_grad():
        logits = model(torch.tensor(exported.tokens)).numpy()
    assert np.abs(logits - exported.logits).max() < CLOSE
    assert np.abs(hooked_patches(exported, model) - exported.moved).max() < CLOSE


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param("with_transformer_lens", marks=needs("torch", "transformer_lens>=4")),
        pytest.param("with_nnsight", marks=needs("torch", "transformers", "nnsight")),
        pytest.param("with_sae_lens", marks=needs("torch", "sae_lens")),
    ],
)
def test_the_recipes_of_the_page_give_our_number(exported, recipe):
    """All of them patch the head L1H0 in the first pair."""
    script = Path(ROOT / f"examples/interop/{recipe}.py")
    result = subprocess.run(
        [sys.executable, str(script), str(exported.folder)],
        capture_output=True,
        text=True,
        cwd=exported.folder,
    )
    assert result.returncode == 0, result.stderr
    names = [component["component"] for component in exported.components]
    expected = exported.moved[0, 0, names.index("L1H0")]
    assert abs(expected) > 0.01  # else a recipe that patches nothing would pass
    number = re.fullmatch(r"-?\d+\.\d{5}", result.stdout.strip().splitlines()[-1])
    assert number
    assert abs(float(number[0]) - expected) < 2 * CLOSE  # printed to five digits
