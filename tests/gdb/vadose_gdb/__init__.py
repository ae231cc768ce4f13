"""gdb commands that show a Windows XP machine's memory as the kernel's own debugger does, from outside and by their own lights.

`memory` reads frames of a machine or of a dump, `paging` translates, `layout` knows where fields stand, `system` where all begins; the other
modules are the commands. None of it is the kernel's code.
"""

from . import address, environment, frames, handle, pool, printers, process, section, select  # noqa: F401
from . import structure, symbols, translation, vad, verify, working_set  # noqa: F401
