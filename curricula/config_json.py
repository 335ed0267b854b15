"""How is a config written down, so that a setting that came later leaves the runs that do without it as they
were?"""

from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Protocol, runtime_checkable

OMIT_IF_DEFAULT = {"later": True}
"""metadata of a field that came when there were runs without it: it is not written while it holds its
default, so that the hash that names those runs stays, and what they wrote is read as it was meant"""


def may_be_omitted(setting: Field[Any]) -> bool:
    """May this field be missing from what was written?"""
    return "later" in setting.metadata


@runtime_checkable
class NamedSettings(Protocol):
    """A record of settings by name, of which only those that are set are written."""

    def settings_by_name(self) -> dict[str, Any]:
        """The settings that are not defaults."""
        ...

    @classmethod
    def settings_kinds(cls) -> dict[str, Any]:
        """The class of every setting, by name: the record is made of instances of some of them."""
        ...


def to_plain(config: Any) -> Any:
    """A dataclass, and whatever it holds, as JSON can hold it."""
    if isinstance(config, NamedSettings):
        return {name: to_plain(value) for name, value in config.settings_by_name().items()}
    if is_dataclass(config):
        values = [(setting, getattr(config, setting.name)) for setting in fields(config)]
        return {
            setting.name: to_plain(value)
            for setting, value in values
            if not (may_be_omitted(setting) and value == default_of(setting))
        }
    if isinstance(config, list | tuple):
        return type(config)(to_plain(part) for part in config)
    return config


def default_of(setting: Field[Any]) -> Any:
    """What a field holds where nothing is given."""
    return setting.default if setting.default_factory is MISSING else setting.default_factory()
