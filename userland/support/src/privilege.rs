//! Names of privileges, by their number.
//!
//! Source: `SE_*_NAME` of public headers.

use crate::text::lower;

/// From number 2 on.
const NAMES: [&str; 29] = [
    "SeCreateTokenPrivilege",
    "SeAssignPrimaryTokenPrivilege",
    "SeLockMemoryPrivilege",
    "SeIncreaseQuotaPrivilege",
    "SeMachineAccountPrivilege",
    "SeTcbPrivilege",
    "SeSecurityPrivilege",
    "SeTakeOwnershipPrivilege",
    "SeLoadDriverPrivilege",
    "SeSystemProfilePrivilege",
    "SeSystemtimePrivilege",
    "SeProfileSingleProcessPrivilege",
    "SeIncreaseBasePriorityPrivilege",
    "SeCreatePagefilePrivilege",
    "SeCreatePermanentPrivilege",
    "SeBackupPrivilege",
    "SeRestorePrivilege",
    "SeShutdownPrivilege",
    "SeDebugPrivilege",
    "SeAuditPrivilege",
    "SeSystemEnvironmentPrivilege",
    "SeChangeNotifyPrivilege",
    "SeRemoteShutdownPrivilege",
    "SeUndockPrivilege",
    "SeSyncAgentPrivilege",
    "SeEnableDelegationPrivilege",
    "SeManageVolumePrivilege",
    "SeImpersonatePrivilege",
    "SeCreateGlobalPrivilege",
];
const FIRST: u32 = 2;

/// The number of the privilege called `name`, whatever the case.
pub fn number_of(name: &[u16]) -> Option<u32> {
    let same = |known: &&str| {
        known.len() == name.len() && known.bytes().zip(name).all(|(one, &other)| lower(one.into()) == lower(other))
    };
    NAMES.iter().position(same).map(|index| index as u32 + FIRST)
}

/// The name of a privilege.
pub fn name_of(number: u64) -> Option<&'static str> {
    let index = number.checked_sub(u64::from(FIRST))?;
    NAMES.get(usize::try_from(index).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::wide;

    #[test]
    fn names_and_numbers_belong_together() {
        assert_eq!(number_of(&wide(b"SeDebugPrivilege")), Some(20));
        assert_eq!(number_of(&wide(b"seSHUTDOWNprivilege")), Some(19));
        assert_eq!(number_of(&wide(b"SeCreateGlobalPrivilege")), Some(30));
        assert_eq!(number_of(&wide(b"SeDebug")), None);
        for number in 2..=30 {
            assert_eq!(number_of(&wide(name_of(number).unwrap().as_bytes())), Some(number as u32));
        }
        assert_eq!((name_of(1), name_of(31), name_of(1 << 33)), (None, None, None));
    }
}
