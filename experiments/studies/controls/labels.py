"""Labels of the findings of the study *controls*, as its page shows them."""

from collections.abc import Mapping

FINDING_LABELS: Mapping[str, str] = {
    "accuracy.routing": "accuracy of those routed, without divided, spread and part spare",
    "accuracy.routing_without_absent": "accuracy without absent, which planting checks by behaviour alone",
    "accuracy.surgery_and_freezing": "accuracy of those planted by surgery or freezing",
    "accuracy.compiled_without_mixed": "accuracy of those compiled, without mixed",
    "accuracy.masking": "accuracy of those planted by masks",
    "accuracy.of.reused": "accuracy of what was planted as reused, all makes of one world",
    "accuracy.of.repurposed": "the same of repurposed",
    "accuracy.of.second_copy": "the same of second copy",
    "repurposed_where_no_spare": "called repurposed, where what self took was no spare (divided, spread)",
    "pair_accuracy.repurposed_or_second_copy": "repurposed distinguished from second copy, where either is the verdict",
    "error.mixed.goals_in_lane_a": "reused share of mixed against the goals dealt to lane A, mean absolute error",
    "error.mixed.lanes_patched": ("reused share of mixed against lanes patched whole, mean absolute error"),
    "error.part_spare.goals_in_spare": (
        "repurposed share of part spare against the goals dealt to the spare, mean absolute error"
    ),
    "error.part_spare.all_grown": "the same of all that were grown, whether or not the check of planting passed",
    "share_error.part_spare": "share error of part spare, against lanes patched whole",
    "share_error.masking": "share error of all planted by masks, where measured",
    "share_error.mixed": "share error of mixed",
    "share_error.mixed_strict": "share error of mixed, strict shares",
    "share_error.routing": "share error of all planted by routing, where measured",
    "share_error.compiled": "share error of those compiled, where measured",
    "coverage.compiled": "share of compiled organisms whose 95 % intervals hold the planted shares",
    "coverage.share_error": "share error of those organisms",
    "localisation_auroc.character": "localisation AUROC of characters",
    "localisation_auroc.self": "localisation AUROC of self",
    "corroborated.by_its_name": "corroborated, where the verdict is what was planted in one cell",
    "corroborated.by_a_wrong_name": "the same organisms: corroborated under some other verdict",
    "corroborated.where_the_verdict_is_wrong": "corroborated, where the verdict that was given is wrong",
    "excess.planted_repurposed": "repurposed share less its chance, where that was planted: little, where all that is free is a spare",
    "kept.reused": "self's set told to be kept since the fork, of those told either way, where reused was planted",
    "kept.repurposed": "the same, repurposed",
    "kept.second_copy": "the same, second copy: what it is made of was not there (nothing is planted that was there and was rewritten)",
    "direction.reused": "share of the gate that a direction carries into self, reused",
    "direction.parted": "the same, repurposed and second copy",
    "direction.untrained": "the same, untrained organisms: the floor",
    "similarity.alike_where_shared": "found to compute alike, where the same components serve both",
    "similarity.by_another_mechanism_where_rules_differ": (
        "second copy, by another mechanism, where self's lane learned another rule"
    ),
    "similarity.another_where_rules_agree": (
        "found to compute otherwise where verdicts put self apart and its lane learned the same rule"
    ),
    "cmd.circuits": "CMD",
    "cmd.effects_spread": "CMD that the effects' spread leaves",
    "cmd.random_circuits": "CMD of random circuits",
}
"""what each finding is, for the page"""
