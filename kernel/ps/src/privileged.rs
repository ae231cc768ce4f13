//! Which instruction a general-protection fault stopped: what only ring 0 may do is told apart from a bad access.
//!
//! Source: Intel SDM volume 2 for the opcodes; that XP answers STATUS_PRIVILEGED_INSTRUCTION for these, and
//! STATUS_ACCESS_VIOLATION for all other general-protection faults.

/// Most bytes an instruction has.
pub const LONGEST_INSTRUCTION: usize = 15;

/// Whether `code` begins with an instruction that ring 3 may not use.
pub fn is_privileged(code: &[u8]) -> bool {
    let rest = code.iter().position(|byte| !is_prefix(*byte)).map_or(&[][..], |at| &code[at..]);
    match rest {
        // HLT, CLI, STI; IN and OUT, with their string forms.
        [0xF4 | 0xFA | 0xFB | 0x6C..=0x6F | 0xE4..=0xE7 | 0xEC..=0xEF, ..] => true,
        [0x0F, second, more @ ..] => is_privileged_extended(*second, more.first().copied()),
        _ => false,
    }
}

fn is_prefix(byte: u8) -> bool {
    matches!(byte, 0x26 | 0x2E | 0x36 | 0x3E | 0x64..=0x67 | 0xF0 | 0xF2 | 0xF3)
}

fn is_privileged_extended(second: u8, modifier: Option<u8>) -> bool {
    let operation = modifier.map(|byte| byte >> 3 & 7);
    match second {
        // LLDT, LTR.
        0x00 => matches!(operation, Some(2 | 3)),
        // LGDT, LIDT, LMSW, INVLPG.
        0x01 => matches!(operation, Some(2 | 3 | 6 | 7)),
        // CLTS, INVD, WBINVD, MOV to and from control, debug and test registers, WRMSR, RDMSR, RDPMC, SYSEXIT.
        0x06 | 0x08 | 0x09 | 0x20..=0x24 | 0x26 | 0x30 | 0x32 | 0x33 | 0x35 => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_ring_0_may_do() {
        let rows: [&[u8]; 20] = [
            &[0xF4],
            &[0xFA],
            &[0xFB],
            &[0xE4, 0x60],
            &[0xEE],
            &[0xF3, 0x6C],
            &[0x66, 0xED],
            &[0x0F, 0x00, 0xD0],
            &[0x0F, 0x00, 0xD8],
            &[0x0F, 0x01, 0x10],
            &[0x0F, 0x01, 0x18],
            &[0x0F, 0x01, 0xF0],
            &[0x0F, 0x01, 0x38],
            &[0x0F, 0x06],
            &[0x0F, 0x09],
            &[0x0F, 0x20, 0xC0],
            &[0x0F, 0x23, 0xC0],
            &[0x0F, 0x30],
            &[0x0F, 0x32],
            &[0x0F, 0x35],
        ];
        for code in rows {
            assert!(is_privileged(code), "{code:x?}");
        }
    }

    #[test]
    fn what_anybody_may_try() {
        let rows: [&[u8]; 8] = [
            &[],
            &[0x90],
            &[0xCD, 0x80],
            &[0x0F],
            &[0x0F, 0x00, 0xC0],
            &[0x0F, 0x01, 0x00],
            &[0x8E, 0xD8],
            &[0x66; 15],
        ];
        for code in rows {
            assert!(!is_privileged(code), "{code:x?}");
        }
    }
}
