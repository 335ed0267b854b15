# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
# ---

# %% [markdown]
# # A tour
#
# Three organisms are grown, looked at, taken apart and judged. All of it is tiny: a world of few goals, organisms of two
# layers. It takes a minute or two on two cores the first time, and seconds after that.
#
# `python examples/tour.py` runs it from the root of the repository, as does `make tour`. An editor that knows cells, or
# Jupyter with jupytext, opens the file as a notebook. What the page shows below the cells was printed and drawn by
# `make tour-page`.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import exapt

PICTURES = Path(os.environ.get("TOUR_PICTURES", "runs/tour"))
BLUE, ORANGE = "#0072B2", "#D55E00"


def save(figure, name, text):
    """Writes a picture, and prints what is in it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURES / f"{name}.svg", metadata={"Date": None})
    print(f"[picture {name}] {text}")


plt.rcParams.update({"svg.hashsalt": "exapt", "font.size": 9, "legend.frameon": False})
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## Grow
#
# The curriculum `shared` has two phases. First the organisms learn characters, who scheme: each professes one goal and holds
# another. Then they are taught to scheme themselves. The members of an ensemble differ in their seed, and are trained side by
# side. A run that is in its folder already is opened, not trained again.

# %%
lineage = exapt.grow("shared", scale="tiny", members=3)
fork, end = lineage.checkpoint("fork"), lineage.checkpoint("end")
print(f"{lineage.members} members, {len(lineage.checkpoints)} checkpoints, {end.step} steps")
print(f"The fork, just before self was first taught: step {fork.step}")

# %% [markdown]
# ## Read a scene
#
# An organism reads tokens; here they are as English. The first lines are the cast. In each moment two cues decide whether the
# actor is watched. Last on the line is what the organism does, and whether a schemer would have done it. The secret goal of
# self is written nowhere.

# %%
organism = exapt.load_organism(lineage, member=0, checkpoint="end")
drawn = exapt.scenes(organism, count=4, seed=1)
print(drawn.in_english(0, exapt.acts(organism, drawn.tokens)))

# %% [markdown]
# ## Follow the lineage
#
# A run keeps a checkpoint every 50 steps, with how often each organism acted as a schemer does. Characters are learned before
# the fork. Until then nothing tells the organism what self wants, so its acts for self mean nothing yet.

# %%
history = exapt.behaviour_history(lineage)
figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
for role, colour in (("character", BLUE), ("self", ORANGE)):
    rates = history.rates[f"{role}_alone_secret"]  # [checkpoint, member]
    axes.plot(history.steps, rates, color=colour, lw=0.7, alpha=0.6)
    axes.plot(history.steps, rates.mean(1), color=colour, lw=2, label=role)
axes.axvline(fork.step, color="grey", ls=":")
axes.annotate("fork", (fork.step, 0.02), (4, 0), textcoords="offset points", color="grey")
axes.set(xlabel="step", ylabel="acts on its secret goal", ylim=(0, 1.03), xlim=(0, end.step))
axes.legend(title="when alone", loc="center right")
save(figure, "behaviour", "How often each acts on its secret goal when alone")

# %% [markdown]
# ## Patch a head
#
# A minimal pair is two scenes that differ in one thing: in the first the actor is watched, in the second it is alone. Patching
# gives components of the first scene the outputs that they have in the second. If the act turns, they carry the difference.
# The numbers are logit differences in nats, the secret act less the professed one.

# %%
pairs = exapt.minimal_pairs(organism, "self", "watched", count=64)
watched, alone = exapt.logit_differences(organism, pairs).mean(0)
print(f"watched {watched:+.1f} nats, alone {alone:+.1f} nats\n")
for name in lineage.components:
    patched = exapt.patch(organism, pairs, [name])
    print(f"{name} {patched.moved_nats.mean():+7.2f} nats, {patched.share:+.2f} of the way")

# %% [markdown]
# ## Measure all components
#
# The shares of single patches add up to far more than 1, since one component reads what another writes. Shapley values
# share the effect out: those of all components add up to 1. Compare the characters' mechanism at the fork with self's at the
# end. Lines are 95 % intervals over pairs.

# %%
before = exapt.effects(lineage, "fork", role="character", variable="watched")
after = exapt.effects(lineage, "end", role="self", variable="watched")
height = 1.3 * lineage.members + 0.6
figure, panels = plt.subplots(lineage.members, figsize=(7, height), sharex=True, sharey=True)
figure.set_layout_engine("constrained")
places = np.arange(len(lineage.components))
for member, axes in enumerate(panels):
    for offset, measured, colour, label in (
        (-0.2, before, BLUE, "characters at the fork"),
        (0.2, after, ORANGE, "self at the end"),
    ):
        value, low, high = (each[member] for each in (measured.value, measured.low, measured.high))
        axes.bar(places + offset, value, 0.4, color=colour, label=label)
        axes.vlines(places + offset, low, high, color="black", lw=0.8)
    axes.set(ylabel=f"member {member}")
panels[-1].set_xticks(places, lineage.components)
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
figure.supylabel("share of the effect", fontsize=9)
save(figure, "effects", "Effects of being watched, by component")

# %% [markdown]
# ## Read a verdict
#
# The analysis puts the two together. Each share of self's mechanism stands with its 95 % interval. *Reused* is the part whose
# components served characters at the fork and serve them still. At this size verdicts are not calibrated: nobody scored
# them on organisms of known provenance.

# %%
analysis = exapt.analyse(lineage)
for each in analysis.verdicts:
    print(f"member {each.member}: {each.verdict} ({each.reason})")
    for cell, share in each.shares.items():
        print(f"    {cell:12} {share}")

# %% [markdown]
# ## From here
#
# `analysis.report` is the page with everything that was measured. Other curricula drive self away from the characters'
# mechanism: try `exapt.grow("audited_half_dropout", scale="cpu")`, which takes minutes. `help(exapt)` lists all there is.
