"""Pages of the site that stand elsewhere or are generated: README, CONTRIBUTING, the changelog, every command's flags, the
public names of `exapt`.

mkdocs calls the functions whose names begin with ``on_``; `make docs` builds the site.
"""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
FROM_ROOT = {"index.md": "README.md", "contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}
"""pages of the site that are files of the project's root"""


def moved(text: str) -> str:
    """The text of a page of the project's root, with links as they are from docs/."""
    text = text.replace("](docs/", "](")
    for page, name in FROM_ROOT.items():
        text = text.replace(f"]({name}", f"]({page}")
    return text


def help_text(command: str) -> str:
    """What a command prints for ``--help``, without colours and frames."""
    words = [sys.executable, f"scripts/{command}.py", "--help"]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "90", "PYTHONPATH": path}
    printed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    return without_frames(printed.stdout)


def without_frames(text: str) -> str:
    """Help without the frames that a terminal shows: their titles stay, with what they frame below them."""
    lines = (re.sub(r"^│ ?(.*?) *│?$", r"  \1", line).rstrip() for line in text.splitlines())
    titled = (re.sub(r"^╭─ (.*?) ─*╮$", r"\1:", line) for line in lines)
    return "\n".join("" if re.fullmatch("╰─*╯", line) else line for line in titled).strip()


def listed_commands() -> tuple[str, ...]:
    """Names of the commands that ``exapt --help`` lists, in that order."""
    return tuple(from_project("exapt.command").COMMANDS)


def from_project(module: str) -> ModuleType:
    """A module of the checkout, installed or not."""
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    return import_module(module)


def flags_page() -> str:
    """The flags of every command."""
    parts = [f"## {command}\n\n```text\n{help_text(command)}\n```" for command in listed_commands()]
    return "# Flags\n\nWhat `--help` prints. Made when the site is built.\n\n" + "\n\n".join(parts) + "\n"


def reference_page() -> str:
    """The public names of `exapt`, by what they are for, as the package's docstring lists them.

    A name is imported when it is first used, so each is documented from the module that holds it.
    """
    exapt = from_project("exapt")
    parts = ["# Python", "What `import exapt` gives. Made of the docstrings when the site is built."]
    for line in (exapt.__doc__ or "").splitlines():
        if match := re.match(r"- ([\w ]+): ", line):
            parts.append(f"## {match[1].capitalize()}")
            parts += [directive(name, exapt._MODULE_OF[name]) for name in re.findall(r"`(\w+)`", line)]
    return "\n\n".join(parts) + "\n"


def directive(name: str, module: str) -> str:
    """What mkdocstrings replaces by the documentation of one name."""
    return f"::: {module}.{name}\n    options: {{heading: exapt.{name}, toc_label: {name}}}"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that stand elsewhere or are generated."""
    pages = {page: moved((ROOT / name).read_text()) for page, name in FROM_ROOT.items()}
    pages |= {"flags.md": flags_page(), "reference.md": reference_page()}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links of docs/ to files of the project's root go to their pages of the site."""
    for name, of_root in FROM_ROOT.items():
        markdown = markdown.replace(f"](../{of_root}", f"]({name}")
    return markdown
