#!/usr/bin/env python3
"""Runs the guest suite's programs under Wine and compares what they find with the record; see docs/oracle.md."""

import argparse
import re
import shlex
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import record
from drive import Drive
from heads import read_programs
from record import Entry

TREE = Path(__file__).resolve().parents[2]

# What Wine calls the exceptions it ends programs for; others it gives by their numbers.
EXCEPTIONS = {
    "page fault": 0xC0000005,
    "division by zero": 0xC0000094,
    "overflow": 0xC0000095,
    "array bounds": 0xC000008C,
    "illegal instruction": 0xC000001D,
    "stack overflow": 0xC00000FD,
    "privileged instruction": 0xC0000096,
    "breakpoint": 0x80000003,
    "single step": 0x80000004,
}
CRASH = r"^wine: Unhandled (?:exception )?(.+?)(?: on \w+ access to \w+)?(?: in thread \w+)? at address (?:0x)?(\w+)"
# Statuses of a loader that does not start a program: not an image, DLL, ordinal or entry not found, initialisation failed.
REFUSALS = [0xC000007B, 0xC0000135, 0xC0000138, 0xC0000139, 0xC0000142]


def main():
    options = parse_options()
    wine = shlex.split(options.wine)
    if not wine or shutil.which(wine[0]) is None:
        sys.exit(f"oracle: there is no {options.wine!r}: install Wine 8.0 for 32-bit programs (Debian: wine and wine32:i386), or name its command with WINE=")
    if not (TREE / "out/guest").is_dir():
        sys.exit("oracle: out/guest is not built: make guest")
    programs = [program for program in read_programs(TREE) if options.name in program.name]
    head, recorded = record.read(options.file)
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        lanes = [Drive(wine, Path(folder) / str(lane), TREE, options.seconds) for lane in range(options.lanes)]
        seen = observe_all(lanes, programs, options.record)
    if options.record:
        return write_record(options, head, recorded, seen)
    return compare(recorded, seen, whole=not options.name)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wine", default="wine", help="the command that runs a Windows program; with `server` behind it, the one of its server")
    parser.add_argument("--name", default="", help="only programs whose name contains this")
    parser.add_argument("--file", type=Path, default=TREE / "tests/oracle/wine-8.0.txt", help="the record")
    parser.add_argument("--seconds", type=float, default=30, help="the time a program has")
    parser.add_argument("--lanes", type=int, default=2, help="how many programs run at once, each on a drive of its own")
    parser.add_argument("--record", action="store_true", help="write the record anew; reasons stay with their programs")
    return parser.parse_args()


def observe_all(lanes, programs, twice):
    """What each program does, by name. A program mostly waits for Wine to start and to end."""
    seen, left = {}, list(reversed(programs))

    def work(drive):
        drive.create()
        while True:
            try:
                program = left.pop()
            except IndexError:
                return
            seen[program.name] = observe(drive, program, twice)

    with ThreadPoolExecutor(len(lanes)) as threads:
        for lane in [threads.submit(work, drive) for drive in lanes]:
            lane.result()
    return dict(sorted(seen.items()))


def observe(drive, program, twice):
    """What a program does that the test does not expect. Twice, because what changes from run to run is not recorded."""
    entry = judge(program, drive.run(program))
    if twice and entry.ending:
        again = judge(program, drive.run(program))
        entry.lines = record.merge(entry.lines, again.lines)
        if entry.ending != again.ending:
            entry.ending = record.merge([entry.ending], [again.ending])[0]
    return entry


def judge(program, ending):
    """Compares an ending with what the test promises."""
    status = None if ending.status is None else ending.status & 0xFF
    exception, address = find_crash(ending)
    # How far it came until the time was up is chance.
    lines = [record.REST] if status is None else record.stable_lines(ending.output)
    kind, _, rest = program.expected.partition(" ")
    if kind == "exit":
        agrees = exception is None and status == int(rest, 0) & 0xFF
    elif kind == "exception":
        wanted, _, place = rest.partition(" at ")
        # Where nobody asks the filter of unhandled exceptions, Wine says nothing: then eight bits of the status have to do.
        agrees = status == int(wanted, 16) & 0xFF if exception is None else exception == int(wanted, 16)
        agrees = agrees and (not place or address == int(place, 16))
    else:
        agrees = not ending.output and status in [refusal & 0xFF for refusal in REFUSALS]
    text = describe(ending.status, exception)
    if not agrees:
        return Entry(f"{text}, not {program.expected}", lines)
    if program.output is None or ending.output == "".join(line + "\n" for line in program.output):
        return Entry()
    return Entry(f"{text}, but another output", lines)


def find_crash(ending):
    """The exception that ended the program and its address: Wine tells of those of its children too."""
    found = None, None
    for what, address in re.findall(CRASH, ending.errors, re.M):
        code = EXCEPTIONS.get(what) or (int(what, 16) if what.startswith("0x") else 0)
        if ending.status is not None and ending.status & 0xFF == code & 0xFF:
            found = code, int(address, 16)
    return found


def describe(status, exception):
    if status is None:
        return "the time was up"
    if exception is not None:
        return f"exception {exception:08X}"
    return f"signal {-status}" if status < 0 else f"exit {status}"


def write_record(options, head, recorded, seen):
    for name, entry in seen.items():
        old = recorded.get(name, Entry())
        # What still holds stays as it is: somebody may have opened a line that is not always the same.
        entry.reasons = old.reasons
        if record.same(old, entry):
            entry.lines = old.lines
    kept = {name: entry for name, entry in recorded.items() if options.name and name not in seen}
    record.write(options.file, head, {**kept, **seen})
    unexplained = [name for name, entry in seen.items() if entry.ending and not entry.reasons]
    for name in unexplained:
        print(f"{name}: differs, and the record has no reason yet")
    return 1 if unexplained else 0


def compare(recorded, seen, whole):
    """Prints what has changed, and how many programs there are of each kind."""
    count = {"agree": 0, "differ as recorded": 0, "changed": 0}
    gone = sorted(recorded.keys() - seen.keys()) if whole else []
    for name in gone:
        print(f"{name}: recorded, but no longer a test")
    for name, entry in seen.items():
        old = recorded.get(name)
        if old is None or not record.same(old, entry):
            count["changed"] += 1
            show_change(name, old, entry)
        else:
            count["differ as recorded" if entry.ending else "agree"] += 1
    count["changed"] += len(gone)
    print(", ".join(f"{number} {kind}" for kind, number in count.items()))
    return 1 if count["changed"] else 0


def show_change(name, old, entry):
    print(f"{name}: {entry.ending or 'agrees'}; recorded: {'nothing' if old is None else old.ending or 'agrees'}")
    expected = old.lines if old else []
    for line in entry.lines:
        if not any(record.matches(pattern, line) for pattern in expected):
            print(f"  now      {line}")
    for pattern in expected:
        if pattern != record.REST and not any(record.matches(pattern, line) for line in entry.lines):
            print(f"  recorded {pattern}")


if __name__ == "__main__":
    sys.exit(main())
