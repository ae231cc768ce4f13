"""The record: what Wine says where it does not say what the tests expect of XP, and why."""

import itertools
import re
from dataclasses import dataclass, field

# The longest list of lines that is kept of a program.
MOST_LINES = 60
REST = "..."


@dataclass
class Entry:
    """A program: how it ends under Wine, and what it then prints; both empty where it agrees."""

    ending: str = ""
    lines: list = field(default_factory=list)
    reasons: list = field(default_factory=list)


def stable_lines(text):
    """The lines of an output without the numbers of source lines, which move; what is repeated stands once."""
    lines = [re.sub(r"\bline \d+: ", "", line.rstrip()) for line in text.splitlines() if line.strip()]
    lines = ["".join(c if c.isprintable() else "?" for c in line) for line in lines]
    counted = [(line, len(list(same))) for line, same in itertools.groupby(lines)]
    lines = [line if count == 1 else f"{line} ({count} times)" for line, count in counted]
    return lines[:MOST_LINES] + ([REST] if len(lines) > MOST_LINES else [])


def merge(first, second):
    """What two runs have in common: a word that differs is `*`, and where the lines are others the rest is left open."""
    merged = []
    for one, other in zip(first, second):
        words, others = re.split(r"(\W)", one), re.split(r"(\W)", other)
        if len(words) != len(others):
            return merged + [REST]
        merged.append("".join(a if a == b else "*" for a, b in zip(words, others)))
    return merged if len(first) == len(second) else merged + [REST]


def same(recorded: Entry, seen: Entry):
    """Whether a run is what the record says."""
    open_end = REST in recorded.lines
    expected = recorded.lines[: recorded.lines.index(REST)] if open_end else recorded.lines
    if not matches(recorded.ending, seen.ending) or len(seen.lines) < len(expected) or len(seen.lines) > len(expected) and not open_end:
        return False
    return all(map(matches, expected, seen.lines))


def matches(pattern, text):
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


def read(path):
    """The head of the record, which is kept as it stands, and its entries by name."""
    head, entries, reasons, entry = [], {}, [], None
    in_head = True
    for line in path.read_text().splitlines() if path.exists() else []:
        if line == "---":
            in_head = False
        elif in_head:
            head.append(line)
        elif line.startswith("    "):
            entry.lines.append(line[4:])
        elif line.startswith("# "):
            reasons.append(line[2:])
        elif line:
            name, ending = line.split(": ", 1)
            entry = entries[name] = Entry("" if ending == "agrees" else ending, [], reasons)
            reasons = []
    return head, entries


def write(path, head, entries):
    """Writes the record: the reasons stand above what they explain."""
    lines = head + ["---"]
    for name, entry in sorted(entries.items()):
        lines += [f"# {reason}" for reason in entry.reasons if entry.ending]
        lines.append(f"{name}: {entry.ending or 'agrees'}")
        lines += [f"    {line}" for line in entry.lines]
    path.write_text("\n".join(lines) + "\n")
