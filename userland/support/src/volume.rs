//! Drives and lists of names, as kernel32 tells them.

use alloc::vec::Vec;

/// What `GetLogicalDriveStrings` answers for a bit for each letter: the root of each drive, with a zero behind it. Another zero
/// ends the list.
pub fn drive_strings(drives: u32) -> Vec<u16> {
    let letters = (0u8..26).filter(|drive| drives >> drive & 1 != 0);
    letters.flat_map(|drive| [b'A' + drive, b':', b'\\', 0].map(u16::from)).collect()
}

/// `names` one behind the other, each with a zero behind it, and another at the end.
#[doc(alias = "REG_MULTI_SZ")]
pub fn multi_string<'n>(names: impl IntoIterator<Item = &'n [u16]>) -> Vec<u16> {
    let mut list = Vec::new();
    for name in names {
        list.extend_from_slice(name);
        list.push(0);
    }
    list.push(0);
    list
}

/// The names of the entries of type `kind` in what `NtQueryDirectoryObject` stored at address `at`: pairs of counted strings up
/// to an empty one, with their texts behind them.
pub fn names_of_kind<'a>(answer: &'a [u16], at: u32, kind: &'a [u16]) -> impl Iterator<Item = &'a [u16]> {
    let text = move |string: &[u16]| {
        let start = (u32::from(string[2]) | u32::from(string[3]) << 16).wrapping_sub(at) as usize / 2;
        answer.get(start..start + usize::from(string[0]) / 2)
    };
    let entries = answer.chunks_exact(8).take_while(|entry| entry[2] != 0 || entry[3] != 0);
    entries.filter(move |entry| text(&entry[4..]) == Some(kind)).filter_map(move |entry| text(&entry[..4]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::wide;

    #[test]
    fn drives_are_told_by_their_roots() {
        assert_eq!(drive_strings(0b1001), wide(b"A:\\\0D:\\\0"));
        assert_eq!(drive_strings(0), []);
        assert_eq!(drive_strings(1 << 25 | 1 << 26), wide(b"Z:\\\0"));
    }

    #[test]
    fn a_list_of_names_ends_with_two_zeros() {
        assert_eq!(multi_string([wide(b"a").as_slice(), &wide(b"bc")]), wide(b"a\0bc\0\0"));
        assert_eq!(multi_string([]), [0]);
    }

    #[test]
    fn entries_of_a_directory_are_told_by_type() {
        let string = |length: u16, at: u32| [length, length + 2, at as u16, (at >> 16) as u16];
        let mut answer = [string(4, 0x8030), string(10, 0x8036), string(2, 0x8036), string(4, 0x8030)].concat();
        answer.extend([0; 8]);
        answer.extend(wide(b"C:\0Event\0"));
        let names = |kind: &[u8]| names_of_kind(&answer, 0x8000, &wide(kind)).map(<[u16]>::to_vec).collect::<Vec<_>>();
        assert_eq!(names(b"Event"), [wide(b"C:")]);
        assert_eq!(names(b"C:"), [wide(b"E")]);
        assert!(names(b"Link").is_empty());
    }
}
