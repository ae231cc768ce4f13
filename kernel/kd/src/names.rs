//! What WinDbg calls protections.

use mm::protection::Protection;

const IN_VADS: [&str; 32] = [
    "NO_ACCESS",
    "READONLY",
    "EXECUTE",
    "EXECUTE_READ",
    "READWRITE",
    "WRITECOPY",
    "EXECUTE_READWRITE",
    "EXECUTE_WRITECOPY",
    "NO_ACCESS",
    "READONLY NOCACHE",
    "EXECUTE NOCACHE",
    "EXECUTE_READ NOCACHE",
    "READWRITE NOCACHE",
    "WRITECOPY NOCACHE",
    "EXECUTE_READWRITE NOCACHE",
    "EXECUTE_WRITECOPY NOCACHE",
    "DECOMMITTED",
    "READONLY GUARD",
    "EXECUTE GUARD",
    "EXECUTE_READ GUARD",
    "READWRITE GUARD",
    "WRITECOPY GUARD",
    "EXECUTE_READWRITE GUARD",
    "EXECUTE_WRITECOPY GUARD",
    "NO_ACCESS",
    "READONLY WRITECOMBINE",
    "EXECUTE WRITECOMBINE",
    "EXECUTE_READ WRITECOMBINE",
    "READWRITE WRITECOMBINE",
    "WRITECOPY WRITECOMBINE",
    "EXECUTE_READWRITE WRITECOMBINE",
    "EXECUTE_WRITECOPY WRITECOMBINE",
];

const IN_ENTRIES: [&str; 8] = [
    "NoAccess",
    "ReadOnly",
    "Execute",
    "ExecuteRead",
    "ReadWrite",
    "WriteCopy",
    "ExecuteReadWrite",
    "ExecuteWriteCopy",
];

const KINDS: [&str; 4] = ["", " NoCache", " Guard", " WriteCombine"];

/// The protection of a VAD, as `!vad` prints it.
pub fn in_vad(protection: Protection) -> &'static str {
    IN_VADS[protection.code() as usize]
}

/// The protection in a not-valid entry, as `!pte` prints it: what may be done, and the kind.
pub fn in_entry(protection: Protection) -> (&'static str, &'static str) {
    let code = protection.code() as usize;
    match code {
        0x10 => ("Decommitted", ""),
        0x18 => ("NoAccess", ""),
        _ => (IN_ENTRIES[code & 7], KINDS[code >> 3]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_follow_the_codes() {
        for code in 0..32 {
            let protection = Protection::from_code(code);
            let (name, kind) = in_entry(protection);
            let flat = |text: &str| text.to_uppercase().replace(['_', ' '], "");
            assert_eq!(flat(in_vad(protection)), flat(&format!("{name}{}", if code & 7 == 0 { "" } else { kind })));
        }
        assert_eq!(in_vad(Protection::READWRITE), "READWRITE");
        assert_eq!(in_vad(Protection::NOACCESS), "NO_ACCESS");
        assert_eq!(in_entry(Protection::from_code(0x14)), ("ReadWrite", " Guard"));
    }
}
