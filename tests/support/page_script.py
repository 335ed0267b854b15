"""What a page says without what leads elsewhere, and what it may run: its own script, once, and nothing else."""

import re

from reports.page import page_script


def without_own_script(html: str) -> str:
    """The page without the one script that is this project's; whatever begins a script in the rest is not."""
    own = f"<script>{page_script()}</script>"
    assert html.count(own) == 1
    return html.replace(own, "")


def without_links(html: str) -> str:
    """The page with the words of its links alone, as sentences are read."""
    return re.sub(r"</?a\b[^>]*>", "", html)
