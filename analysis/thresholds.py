"""From which values on do verdicts, corroboration and similarity say what they say?

One table, chosen on planted controls of known provenance, with what each value was chosen on.
"""

from types import MappingProxyType

SCORED_AT = "cpu"
"""scale whose world and sizes of organisms the verdicts were scored in, on seeds that nothing was chosen on;
elsewhere they are marked uncalibrated"""
SERVES = 0.02
"""a component serves a role from this share of its gate on: half of what each of the 24 components of a cpu-scale organism
would have if all did the same. Where either of two halves suffices each component has about half of its effect, and a bar
of 0.05 missed planted spares"""
ENOUGH = 0.5
"""a component belongs wholly to a mechanism in which it does this share of what is typical there, or of what
it does for self; chosen on planted controls (seed 1 of the study), where 1 left 0.02 to 0.16 of reuse planted
by routing outside, and 0.5 at most 0.01"""
SPARE_LEFT = 0.2
"""what self took was a spare where more than this share of the characters' gate at the fork is left with it silent, and
more than this share with what characters keep silent. Planted spares left 0.31 or more and needed halves 0.14 or less"""
SPARE_NEEDED = 0.5
"""and where less than this share of what is left with either set silent is left with both silent"""
FLOOR_QUANTILE = 0.95
"""of the absolute effects of components where the cue that changed means nothing: effects below it count as
none"""
CARRIES = 0.5
"""components that hand over less of the gate within their own role tell nothing where they fail to hand it to
the other"""
OF_HOME = 0.5
"""a line of corroboration says *yes* where a set of components does more than this share of what it does in
its own role, *no* where less"""
NEAR_NULL = 0.1
"""and agrees that two *parted* only where its value is at most this share of the gate above its null's highest draw: what is
below half of home and far above chance speaks against one mechanism, and not for two. Not chosen on data"""
BEHAVES = 0.9
"""self must act on its secret when alone, and on its profession when watched, at this rate or more"""
ALIKE = 0.8
"""two circuits compute alike where what they write over the same cues is laid out alike in every layer that
is compared, at a correlation above this"""
LEAST_WORK = 0.1
"""a layer is compared where each of two circuits does this share of its role's gate in it"""
LEAST_SHARE = MappingProxyType({"reused": 0.85, "repurposed": 0.5, "migrated": 0.75, "second copy": 0.75})
"""a cell gives the verdict when the lower bound of its share is above this. It differs by cell since on the
seeds that it was chosen on reuse came back as 0.99 to 1 and the larger part of mixed organisms, none of which
hold a spare, as 0.54 to 0.80, while planted spares came back as 0.55 to 0.93 (with what stands in counted, on run seeds
31000 to 31690, as 0.67 or more)"""
CHOSEN_ON = frozenset([500, *range(1000, 3000), *range(3080, 3100), 5000, *range(31000, 32000)])
"""seeds of runs that thresholds or the planting were chosen on, or that were seen before the last change: a
score on them is no test"""
ALIKE_CHOSEN_ON = frozenset({12, 700, 24000, 24010, 24080})
"""the same for what tells whether circuits compute alike"""
MIXED_WIDTH = 0.2
"""without such a cell: *mixed* if the largest cell's interval is at most this wide, else *undecided*"""
THRESHOLDS = MappingProxyType(
    {
        "behaviour.least": BEHAVES,
        **{f"share.low.{cell.replace(' ', '_')}.least": share for cell, share in LEAST_SHARE.items()},
        "mixed.interval_width.most": MIXED_WIDTH,
        "membership.whole_from": ENOUGH,
        "serves.share_of_gate": SERVES,
        "spare.gate_left.least": SPARE_LEFT,
        "spare.both_left.most": SPARE_NEEDED,
        "null_effects.quantile": FLOOR_QUANTILE,
    }
)
"""of verdicts"""
CORROBORATION_THRESHOLDS = MappingProxyType(
    {"bar.share_of_home": OF_HOME, "home.least": CARRIES, "apart.above_null.most": NEAR_NULL}
)
SIMILARITY_THRESHOLDS = MappingProxyType({"alike.above": ALIKE, "layer.least_work": LEAST_WORK})
TABLE = MappingProxyType({**THRESHOLDS, **CORROBORATION_THRESHOLDS, **SIMILARITY_THRESHOLDS})
"""thresholds of verdicts, of corroboration and of similarity, by dotted names; those of other measurements stand in their
own settings"""
THRESHOLD_NOTES = (
    "Thresholds of verdicts were chosen on study.py controls --seed 1 --members 4 (run seeds 1000 to 1090) and on "
    "train.py planted_repurposed --seed 5000 --members 8; cpu scale, 2026-11-21.",
    "The bars of what serves and of a spare, and the effects of what stands in, were chosen on study.py controls --seed 31 "
    "--members 4 (run seeds 31000 to 31690), cpu scale, 2026-11-28; the other thresholds were chosen before there were such.",
    "Planting itself was made cleaner on seed 5000 by the verdicts, AUROC and CMD there, after seed 1 was read; that by "
    "grafts on seed 3.",
    "No mixture with a spare in it was tried when the threshold of repurposed was chosen.",
    "Thresholds of similarity were chosen on run seeds 24000, 24010, 24080 and 12, where correlations were 0.87 or "
    "more, or 0.78 or less; nothing was planted that computes one rule in two ways.",
)
"""what thresholds were chosen on"""
