//! A row for each region.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use abi::memory::{MEM_FREE, PAGE_GUARD, PAGE_NOCACHE, PAGE_WRITECOMBINE};

use crate::protection::Protection;
use crate::space::{Region, Space};

/// All regions: address, KB, what the allocation is for, protection, KB of the working set, and whose it is. The address of a part
/// that is not an allocation's first stands one column further right.
pub fn rows(space: &Space) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(out, "{:<10}{:>8} {:<9} {:<16}{:>8}", "address", "KB", "kind", "protection", "working");
    for region in &space.regions {
        let information = &region.information;
        let is_part = information.state != MEM_FREE && information.base_address != information.allocation_base;
        let address = format!("{}{:08X}", if is_part { " " } else { "" }, information.base_address);
        let resident = if space.knows_working_set { format!("{}", region.resident * 4) } else { "-".into() };
        let (kind, size) = (region.owner.look().name, region.pages() * 4);
        let row = format!("{address:<10}{size:>8} {kind:<9} {:<16}{resident:>8} {}", protection(region), region.note);
        let _ = writeln!(out, "{}", row.trim_end());
    }
    out
}

/// The protection with its modifiers.
fn protection(region: &Region) -> String {
    let protect = region.information.protect;
    let name = Protection::of(region.information.state, protect & !PAGE_GUARD).look().name;
    let mut text: String = if name == "no access" { "---".into() } else { name.into() };
    if region.is_committed() {
        for (flag, word) in [(PAGE_GUARD, " guard"), (PAGE_NOCACHE, " uncached"), (PAGE_WRITECOMBINE, " combined")] {
            text.push_str(if protect & flag != 0 { word } else { "" });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::tests::space;

    #[test]
    fn a_region_a_row() {
        let text = rows(&space());
        let expected = "\
address         KB kind      protection       working
00010000         4 Private   rw-                    4
00011000        60 Free      free                   0
00020000      1012 Stack     reserved               0
 0011D000        4 Stack     rw- guard              0
 0011E000        8 Stack     rw-                    8
00120000        12 Heap      rw-                    8
 00123000     1012 Heap      reserved               0
00220000        16 File      r--                    4
00224000      1904 Free      free                   0
00400000         4 Image     r--                    4 \\Device\\a.exe
 00401000        8 Image     r-x                    8
 00403000        4 Image     rc- copy               0
";
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(text.lines().count(), 21);
    }

    #[test]
    fn what_is_not_known_is_not_told_and_modifiers_are() {
        let mut space = space();
        space.knows_working_set = false;
        space.regions.truncate(1);
        space.regions[0].information.protect = 0x241;
        space.regions[0].information.protect &= !0x40;
        let text = rows(&space);
        assert!(text.ends_with("\n00010000         4 Private   --- uncached           -\n"), "{text}");
    }
}
