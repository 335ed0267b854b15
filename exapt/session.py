"""The session of a notebook: does a run come out of it as it does out of a command?"""

import contextlib
import warnings
from functools import cache

from organisms.ensemble import devices, environment

CALLER = 3
"""levels above the warning at which a public function was called"""


def set_up_session() -> None:
    """Sets up JAX as commands do: what decides results is fixed, each core is a device, compiled programs are kept.

    Warns, in one line for all of them, of switches that the process had set otherwise, also since the last call. Where JAX
    was used before, its devices stay as they are; then the last bits of what is grown may be others. Raises UserError on
    switches in the environment that programs do not support, or where there is no device.
    """
    if changed := environment.fix_switches():
        warnings.warn(environment.switches_in_words(changed), UserWarning, stacklevel=CALLER)
    _set_up_devices()


@cache
def _set_up_devices() -> None:
    with contextlib.suppress(RuntimeError):  # JAX was used before
        devices.claim_cores()
    devices.keep_programs()
    devices.require_devices()
