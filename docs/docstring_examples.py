"""Examples of docstrings on the site: griffe, which reads the docstrings for mkdocstrings, would take ``>>>`` for a quotation."""

import re

from griffe import Extension, Object

EXAMPLE = re.compile(r"^>>> .*?(?=\n\n|\Z)", re.M | re.S)


class FencedExamples(Extension):
    """Puts the examples of each docstring in a fence."""

    def on_object(self, *, obj: Object, **kwargs: object) -> None:
        """An object with its docstring, as it was read."""
        if obj.docstring:
            obj.docstring.value = EXAMPLE.sub(lambda match: f"```pycon\n{match[0]}\n```", obj.docstring.value)
