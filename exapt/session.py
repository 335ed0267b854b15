"""The session of a notebook: does a run come out of it as it does out of a command?"""

import contextlib
from functools import cache

from organisms.ensemble import devices, environment


@cache
def set_up_session() -> None:
    """Sets up JAX once, as commands do: what decides results is fixed, each core is a device, compiled programs are kept.

    Where JAX was used before, its devices stay as they are; then the last bits of what is grown may be others. Raises
    UserError on switches in the environment that programs do not support, or where there is no device.
    """
    environment.fix_switches()
    with contextlib.suppress(RuntimeError):  # JAX was used before
        devices.claim_cores()
    devices.keep_programs()
    devices.require_devices()
