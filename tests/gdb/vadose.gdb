# Run by `make debug` when gdb has connected: loads the project's commands, goes on to the kernel's entry in the higher half and stops
# there. A hardware breakpoint, because the page it lies on is not mapped yet.
set disassembly-flavor intel
set print pretty on
set pagination off
python
import os, sys
sys.path.insert(0, os.path.abspath("tests/gdb"))
sys.dont_write_bytecode = True
import vadose_gdb
end
hbreak vadose_start
continue
