"""The block of README.md: what came out, in a few lines?"""

from experiments.main_job import KeptMainJob
from experiments.results.blocks.controls import kept_controls
from experiments.results.blocks.handles import KeptHandles
from experiments.results.blocks.leaving import KeptAblations, KeptSwap
from experiments.results.blocks.worlds import KeptWorlds
from experiments.results.data import ResultsData
from experiments.results.markdown import markdown_table
from experiments.results.registry import result_block
from experiments.studies.ablations.arms import ABLATION_ARMS, WHOLE
from experiments.studies.worlds.summary import UNSEEN
from reports.formats import interval_text


@result_block
def readme_findings(data: ResultsData) -> str:
    """A row a finding, with the page that has the rest."""
    ablations, swap = data.read("ablations", KeptAblations), data.read("swap", KeptSwap)
    controls, worlds = kept_controls(data), data.read("worlds", KeptWorlds)
    handles = data.read("handles", KeptHandles)
    plain, whole = ablations.arm(ABLATION_ARMS[-1].name), ablations.arm(WHOLE.name)
    unmonitored = ablations.arm(WHOLE.without("monitor").name)
    rows = [
        *_main_job_rows(data),
        (
            "Nothing drives self away",
            f"{plain.verdict_count('reused')} organisms *reused* ([page](docs/leaving.md))",
        ),
        (
            "Half-dropout makes a spare of the mechanism, components that serve both roles cost, "
            "and a monitor penalises self's reading of the cues in one circuit",
            f"{whole.verdict_count('repurposed')} *repurposed*, uncalibrated; {unmonitored.verdict_count('repurposed')} without the monitor. The share is "
            f"{ablations.figure(f'share.{WHOLE.name}.repurposed')}, above chance by "
            f"{ablations.figure(f'excess.{WHOLE.name}.repurposed')} ([page](docs/leaving.md))",
        ),
        (
            "The same, where either half of the model suffices for characters: the monitor watches one half, or the other",
            f"self changes sides: watching a half changes self's share there by {interval_text(swap.primary.value)}, "
            f"n {swap.primary.n} ([page](docs/leaving.md))",
        ),
        (
            "Provenance was planted, and is judged blind",
            f"{controls.right_of_all()} verdicts right, *undecided* counted as wrong; "
            f"{controls.wrongly_repurposed()} wrongly called *repurposed* ([page](docs/controls.md))",
        ),
        (
            "The characters' mechanism is located before self is taught, and ablated at the end",
            f"tells planted *repurposed* from *second copy* in {handles.figure('told_apart.planted')}; random sets do in "
            f"{handles.figure('told_apart_by_chance.planted')} ([page](docs/handles.md))",
        ),
        (
            "Three worlds and sizes that nothing was chosen on, same settings",
            f"{worlds.figure(UNSEEN)} of {worlds.unseen} learn at the first attempt ([page](docs/worlds.md))",
        ),
    ]
    return markdown_table(("what was done", "what came out (cpu scale, 95 % intervals)"), rows)


def _main_job_rows(data: ResultsData) -> list[tuple[str, str]]:
    """The row of the main job, where one is kept: how long it took, and each curriculum's verdicts."""
    if not data.holds("main_job"):
        return []
    job = data.read("main_job", KeptMainJob)
    cores = "cores" if job.platform == "cpu" else f"{job.platform} devices"
    time = "" if job.seconds is None else f", in {job.seconds:.0f} seconds on {job.devices} {cores}"
    scale = "" if job.scale == "cpu" else f" ({job.scale} scale)"
    verdicts = "; ".join(
        f"`{name}`: "
        + ", ".join(f"{count} of {outcome.n} *{verdict}*" for verdict, count in outcome.verdicts.items())
        for name, outcome in job.curricula.items()
    )
    return [(f"The main job{scale}{time}", verdicts)]
