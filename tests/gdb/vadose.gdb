# Run by `make debug` when gdb has connected: loads the project's commands, goes on to the kernel's entry in the higher half and stops
# there. A hardware breakpoint, because the page it lies on is not mapped yet.
set disassembly-flavor intel
set print pretty on
set pagination off
source tests/gdb/vadose.py
hbreak vadose_start
continue
