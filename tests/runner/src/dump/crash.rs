//! The crash dump that the kernel leaves in its paging file.

/// What a dump begins with.
const SIGNATURE: &[u8] = b"PAGEDUMP";
/// Where its length stands.
const SPACE: usize = 0xFA0;

/// Bytes of the crash dump in a paging file, if there is one and it is whole.
#[must_use]
pub fn length(paging_file: &[u8]) -> Option<usize> {
    if !paging_file.starts_with(SIGNATURE) {
        return None;
    }
    let space = paging_file.get(SPACE..SPACE + 8)?.try_into().ok()?;
    usize::try_from(u64::from_le_bytes(space)).ok().filter(|length| (SPACE + 8..=paging_file.len()).contains(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_is_as_long_as_it_says() {
        let mut file = vec![0; 0x3000];
        assert_eq!(length(&file), None);
        file[..8].copy_from_slice(SIGNATURE);
        file[SPACE..SPACE + 8].copy_from_slice(&0x2000_u64.to_le_bytes());
        assert_eq!(length(&file), Some(0x2000));
        file[SPACE..SPACE + 8].copy_from_slice(&0x4000_u64.to_le_bytes());
        assert_eq!(length(&file), None, "cut off");
        assert_eq!(length(SIGNATURE), None);
    }
}
