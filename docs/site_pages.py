"""Pages of the site that stand elsewhere or are generated: README, CONTRIBUTING, every command's flags, the API.

mkdocs calls the functions whose names begin with ``on_``; `make docs` builds the site.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
COMMANDS = ("train", "analyse", "compare", "sweep", "study", "bench")
REFERENCE = "# Python\n\n::: curricula.phases\n"


def moved(text: str) -> str:
    """The text of a page of the project's root, with links as they are from docs/."""
    links = {"docs/": "", "CONTRIBUTING.md": "contributing.md"}
    for target, from_docs in links.items():
        text = re.sub(rf"\]\({re.escape(target)}", f"]({from_docs}", text)
    return text


def help_text(command: str) -> str:
    """What a command prints for ``--help``, without colours and frames."""
    words = [sys.executable, str(ROOT / "scripts" / f"{command}.py"), "--help"]
    environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "100"}
    return subprocess.run(words, capture_output=True, text=True, check=True, env=environment).stdout.strip()


def flags_page() -> str:
    """The flags of every command."""
    parts = [f"## {command}\n\n```text\n{help_text(command)}\n```" for command in COMMANDS]
    return "# Flags\n\nWhat `--help` prints. Made when the site is built.\n\n" + "\n\n".join(parts) + "\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that stand elsewhere or are generated."""
    pages = {
        "index.md": moved((ROOT / "README.md").read_text()),
        "contributing.md": moved((ROOT / "CONTRIBUTING.md").read_text()),
        "flags.md": flags_page(),
        "reference.md": REFERENCE,
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to README and CONTRIBUTING go to their pages of the site."""
    return markdown.replace("](../CONTRIBUTING.md", "](contributing.md").replace(
        "](../README.md", "](index.md"
    )
