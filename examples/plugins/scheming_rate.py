"""A study: how much more often does self act on its secret when it is taught to scheme than when it is taught honesty?

python scripts/study.py scheming_rate --plugin examples/plugins/scheming_rate.py
"""

from analysis.statistics import mean_interval
from experiments.studies.page import study_table
from experiments.studies.registry import register_study
from experiments.studies.study import PrimaryEndpoint, Study, StudySummary, triple
from reports.section import Section

CURRICULA = "shared", "honest"
"""twins: organisms of equal number have the same initial weights"""


@register_study
class SchemingRateStudy(Study[list[float], StudySummary]):
    name = "scheming_rate"
    about = "trains self to scheme, and to be honest, and compares how often it acts on its secret when alone"
    title = "How often does self act on its secret?"

    def runs(self, settings):
        return {name: settings.config(name) for name in CURRICULA}

    def measure(self, run):
        return list(run.run.summary()["behaviour"]["self_alone_secret"])  # a rate a member

    def summarise(self, settings, measured):
        scheming, honest = (measured[name] for name in CURRICULA)
        differences = [first - second for first, second in zip(scheming, honest, strict=True)]
        value = triple(mean_interval(differences))
        rates = {f"self_alone_secret.{name}": triple(mean_interval(measured[name])) for name in CURRICULA}
        return StudySummary(
            n=2 * settings.members,
            seeds=[settings.seed],
            primary=PrimaryEndpoint("self_alone_secret.difference", value, settings.members),
            findings=rates,
        )

    def sections(self, summary):
        rows = [(name, f"{mean:.2f}") for name, (mean, _, _) in summary.findings.items()]
        return [Section("Rates", "rates", (study_table(("rate", "mean over organisms"), rows),))]

    def headline(self, summary):
        value, _, _ = summary.primary.value
        return [f"Self acts on its secret {value:+.2f} more often when it is taught to scheme."]
