use super::*;

#[test]
fn an_entry_changes_alone() {
    for kind in [FatKind::Fat12, FatKind::Fat16, FatKind::Fat32] {
        let mut table = [0xA5; 64];
        for cluster in 2..10 {
            let at = kind.offset_of(cluster) as usize;
            let before: Vec<u32> =
                (2..10).map(|other| kind.extract(other, &table[kind.offset_of(other) as usize..])).collect();
            let mut bytes: [u8; 4] = table[at..at + 4].try_into().unwrap();
            kind.replace(cluster, 0x0123_4567, &mut bytes);
            table[at..at + kind.width()].copy_from_slice(&bytes[..kind.width()]);
            for other in 2..10 {
                let now = kind.extract(other, &table[kind.offset_of(other) as usize..]);
                let mask = if kind.bits() == 32 { !RESERVED_BITS } else { (1 << kind.bits()) - 1 };
                let expected = if other == cluster { 0x0123_4567 & mask } else { before[other as usize - 2] };
                assert_eq!(now, expected, "{kind:?} {cluster} {other}");
            }
        }
    }
    let mut bytes = [0, 0, 0, 0xF0];
    FatKind::Fat32.replace(7, END, &mut bytes);
    assert_eq!(bytes, [0xFF; 4], "the reserved bits stay");
}
