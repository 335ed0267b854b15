"""The block of glossary.md: the words of `reports.glossary`, which pages of runs and studies link to as well."""

from experiments.results.data import ResultsData
from experiments.results.markdown import markdown_table
from experiments.results.registry import result_block
from reports.glossary import GLOSSARY


@result_block
def glossary_terms(data: ResultsData) -> str:
    """A row an entry."""
    rows = [(term.names, term.meaning) for term in GLOSSARY]
    return markdown_table(("word here", "the field's word, or what it means"), rows)
