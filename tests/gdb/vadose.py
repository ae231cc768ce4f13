"""Loads the project's gdb commands; `source` this file, or let `make debug` do it."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import vadose_gdb  # noqa: E402, F401
