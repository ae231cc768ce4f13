"""What page-table entries mean: the forms of a PAE PTE, and the 32 protections.

| form | told by | carries |
|---|---|---|
| valid | bit 0 | frame 12-35 and the processor's bits |
| prototype | 0 clear, 10 set | address of the prototype PTE 32-63, protection 11-15; FFFFFFFF: the VAD knows, protection 5-9 |
| subsection | the same, inside a prototype PTE | address of the subsection 32-63, protection 5-9 |
| transition | 0 and 10 clear, 11 set | frame 12-35, protection 5-9 |
| paging file | 0, 10, 11 clear, something in 1-4 or 32-63 | file 1-4, page 32-63, protection 5-9 |
| demand zero | 0, 10, 11 clear, and that empty | protection 5-9 |

Source: symbol types `_MMPTE_HARDWARE`, `_MMPTE_SOFTWARE`, `_MMPTE_TRANSITION`, `_MMPTE_PROTOTYPE` and `_MMPTE_SUBSECTION` of XP SP3.
"""

from dataclasses import dataclass
from typing import Optional

from .paging import frame_of

LOOK_IN_VAD = 0xFFFFFFFF
PROTOTYPE = 1 << 10

ACCESS = ("NO_ACCESS", "READONLY", "EXECUTE", "EXECUTE_READ", "READWRITE", "WRITECOPY", "EXECUTE_READWRITE", "EXECUTE_WRITECOPY")
KINDS = ("", " NOCACHE", " GUARD", " WRITECOMBINE")
# Letters of a valid entry, from the left: bit, set, clear.
LETTERS = (
    (9, "C", "-"), (8, "G", "-"), (7, "L", "-"), (6, "D", "-"), (5, "A", "-"), (4, "N", "-"), (3, "T", "-"),
    (2, "U", "K"), (1, "W", "R"), (63, "-", "E"), (0, "V", "-"),
)


def protection_name(code):
    """As a VAD's listing has it."""
    if code == 0x10:
        return "DECOMMITTED"
    return ACCESS[code & 7] + (KINDS[code >> 3] if code & 7 else "")


def protection_words(code):
    """As `!pte` has it: `ReadWrite Guard`."""
    if code == 0x10:
        return "Decommitted"
    name, kind = ACCESS[code & 7], KINDS[code >> 3] if code & 7 else ""
    named = "".join(word.capitalize() for word in name.split("_"))
    named = named.replace("Readonly", "ReadOnly").replace("Readwrite", "ReadWrite").replace("Writecopy", "WriteCopy")
    return named + kind.replace("NOCACHE", "NoCache").replace("GUARD", "Guard").replace("WRITECOMBINE", "WriteCombine")


def letters(raw):
    """The bits of a valid entry."""
    return "".join(present if raw >> bit & 1 else absent for bit, present, absent in LETTERS)


@dataclass(frozen=True)
class Form:
    """An entry by its form. `where` is the frame, the page in the paging file, or the address."""

    kind: str
    protection: Optional[int] = None
    where: Optional[int] = None
    file: int = 0


def decode(raw, prototype=False):
    """What an entry of a page table means, or of a prototype PTE."""
    low = raw >> 5 & 0x1F
    high = raw >> 32
    if raw & 1:
        return Form("valid", None, frame_of(raw))
    if raw == 0:
        return Form("empty")
    if raw & PROTOTYPE:
        if prototype:
            return Form("subsection", low, high)
        return Form("vad", low) if high == LOOK_IN_VAD else Form("prototype", raw >> 11 & 0x1F, high)
    if raw >> 11 & 1:
        return Form("transition", low, frame_of(raw))
    file = raw >> 1 & 0xF
    return Form("pagefile", low, high, file) if file or high else Form("zero", low)


def describe(raw, prototype=False):
    """An entry in a line, for the printers."""
    form = decode(raw, prototype)
    protection = "" if form.protection is None else f", {protection_name(form.protection)}"
    words = {
        "empty": "empty", "zero": "demand zero", "vad": "prototype, see the VAD", "valid": f"frame {form.where or 0:x} {letters(raw)}",
        "prototype": f"prototype PTE {form.where or 0:08x}", "subsection": f"subsection {form.where or 0:08x}",
        "transition": f"transition, frame {form.where or 0:x}",
        "pagefile": f"paging file {form.file}, page {form.where or 0:x}",
    }
    return words[form.kind] + protection


def lines_of(raw, indent):
    """What an entry that is not valid says, in lines of which all but the first begin `indent` columns in."""
    form, pad = decode(raw), " " * indent + " "
    lines = ["not valid"]
    if form.kind in ("empty", "valid"):
        return lines
    if form.kind == "zero":
        lines.append(pad + "DemandZero")
    elif form.kind == "pagefile":
        lines += [pad + f"PageFile: {form.file:>2}", pad + f"Offset: {form.where:x}"]
    elif form.kind == "transition":
        lines.append(pad + f"Transition: {form.where:x}")
    elif form.kind == "vad":
        lines.append(pad + "Proto: VAD")
    else:
        lines.append(pad + f"Proto: {form.where:08X}")
        if form.protection == 0:
            return lines
    lines.append(pad + f"Protect: {form.protection:x} - {protection_words(form.protection)}")
    return lines
