"""What a guest test promises, from the comment lines at the head of its source (tests/runner/src/suite/expectation.rs)."""

import re
from dataclasses import dataclass, field
from pathlib import Path

# Where the sources are, and in which folder of `out` their programs.
FOLDERS = [("tests/guest", "guest"), ("tests/crt", "crt")]


@dataclass
class Program:
    """A program that the suite runs."""

    name: str
    expected: str
    output: list = field(default_factory=list)
    input: str = ""
    arguments: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    beside: str = ""


def read_programs(tree):
    """The programs that are tests themselves, by name; those for a processor without no-execute pages are left out."""
    found = [read_head(path) for folder, _ in FOLDERS for path in (tree / folder).iterdir() if path.suffix in (".c", ".cpp")]
    return sorted((program for program in found if program), key=lambda program: program.name)


def read_head(path: Path):
    """One program, or nothing for a helper."""
    lines = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("//"):
            break
        if directive := re.match(r"// ([a-z]+):(?: (.*))?$", line):
            lines.setdefault(directive[1], []).append(directive[2] or "")
    if "expect" not in lines or lines.get("cpu") == ["no-nx"]:
        return None
    return Program(
        name=path.stem,
        expected=lines["expect"][0],
        output=lines.get("stdout"),
        input="".join(line + "\n" for line in lines.get("stdin", [])),
        arguments=split_arguments(lines.get("args", [""])[0]),
        environment=dict(setting.split("=", 1) for setting in lines.get("env", [])),
        beside=lines.get("beside", [""])[0].removesuffix(".exe"),
    )


def split_arguments(text):
    """A command line's words, as a C library of Windows splits them: Wine puts them together again."""
    words, word, quoted = [], None, False
    for backslashes, character in re.findall(r'(\\*)([^\\]|$)', text):
        if character == '"':
            word = (word or "") + "\\" * (len(backslashes) // 2)
            if len(backslashes) % 2:
                word += '"'
            else:
                quoted = not quoted
            continue
        if backslashes:
            word = (word or "") + backslashes
        if character in (" ", "") and not quoted:
            words += [word] if word is not None else []
            word = None
        elif character:
            word = (word or "") + character
    return words + ([word] if word is not None else [])
