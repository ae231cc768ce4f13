//! Who may use a file meanwhile: the modes of `_sopen` and `_locking`.

/// `FILE_SHARE_READ` and `FILE_SHARE_WRITE`.
const READ: u32 = 1;
const WRITE: u32 = 2;

/// `_SH_DENYNO`: what `_open` and `fopen` share.
pub const DENY_NONE: u32 = 0x40;

/// The `FILE_SHARE_` of a mode of `_sopen` and `_fsopen`, or `None` for one that there is not.
pub fn share(mode: u32) -> Option<u32> {
    match mode {
        0x10 => Some(0),
        0x20 => Some(READ),
        0x30 => Some(WRITE),
        DENY_NONE => Some(READ | WRITE),
        _ => None,
    }
}

/// What `_locking` is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locking {
    /// Give a range up.
    Unlock,
    /// Lock one, or fail at once.
    Try,
    /// Lock one, and try [`TRIES`] times, a second apart.
    Insist,
}

/// Times that [`Locking::Insist`] tries.
pub const TRIES: u32 = 10;

/// What a mode of `_locking` means. Reading and writing are locked alike.
pub fn locking(mode: i32) -> Option<Locking> {
    match mode {
        0 => Some(Locking::Unlock),
        1 | 3 => Some(Locking::Insist),
        2 | 4 => Some(Locking::Try),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_of_sharing_and_locking() {
        assert_eq!([0x10, 0x20, 0x30, 0x40, 0, 0x50].map(share), [Some(0), Some(1), Some(2), Some(3), None, None]);
        let modes = [Some(Locking::Unlock), Some(Locking::Insist), Some(Locking::Try)];
        assert_eq!([0, 1, 2].map(locking), modes);
        assert_eq!([3, 4, 5, -1].map(locking), [modes[1], modes[2], None, None]);
    }
}
