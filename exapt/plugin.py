"""Plug-ins: how does Python load a person's file of curricula, pressures and measurements?"""

from pathlib import Path

from curricula.plugins import Plugin, load_plugins


def load_plugin(file: str | Path) -> Plugin:
    """Runs a plug-in, as ``--plugin FILE`` does: what it registers has a name from then on, in this process.

    Load it before you grow or open a run that needs it. The file's sha256 becomes a part of every run that is grown
    afterwards, so load what you use and no more. A file that is loaded already is left alone.

    Raises UserError where the file is no Python, raises, takes a name that is taken, or is another one of the same name.

    >>> plugin = exapt.load_plugin("reformed.py")
    >>> plugin.name
    'reformed.py'
    """
    (plugin,) = load_plugins((Path(file),))
    return plugin
