"""Goes on until the breakpoint instruction at `$stop` is next: other processes have other code there, or nothing yet."""

import gdb

stop = int(gdb.parse_and_eval("$stop"))
gdb.execute(f"hbreak *{stop:#x}")
while True:
    gdb.execute("continue")
    try:
        if bytes(gdb.selected_inferior().read_memory(stop, 1)) == b"\xcc":
            break
    except gdb.MemoryError:
        pass
gdb.execute("delete")
