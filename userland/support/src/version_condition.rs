//! Conditions on the system's version: VerSetConditionMask and VerifyVersionInfo.
//!
//! A mask has three bits for each field of the version. Source: documented behaviour; the fields' bits are those of `winnt.h`.

/// Bits of the fields, as programs name them.
pub mod field {
    /// The minor version.
    pub const MINOR_VERSION: u32 = 0x01;
    /// The major version.
    pub const MAJOR_VERSION: u32 = 0x02;
    /// The build.
    pub const BUILD_NUMBER: u32 = 0x04;
    /// The platform.
    pub const PLATFORM: u32 = 0x08;
    /// The service pack's minor version.
    pub const SERVICE_PACK_MINOR: u32 = 0x10;
    /// The service pack's major version.
    pub const SERVICE_PACK_MAJOR: u32 = 0x20;
    /// The suites.
    pub const SUITE: u32 = 0x40;
    /// Workstation or server.
    pub const PRODUCT_TYPE: u32 = 0x80;
}

/// What a condition is.
mod condition {
    pub(super) const EQUAL: u64 = 1;
    pub(super) const GREATER: u64 = 2;
    pub(super) const GREATER_EQUAL: u64 = 3;
    pub(super) const LESS: u64 = 4;
    pub(super) const LESS_EQUAL: u64 = 5;
    pub(super) const AND: u64 = 6;
    pub(super) const OR: u64 = 7;
}

/// The fields of a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The major version.
    pub major: u32,
    /// The minor version.
    pub minor: u32,
    /// The build.
    pub build: u32,
    /// The platform.
    pub platform: u32,
    /// The service pack: major and minor version.
    pub service_pack: [u16; 2],
    /// The suites, a bit each.
    pub suites: u16,
    /// Workstation or server.
    pub product: u8,
}

/// `mask` with `condition` on the fields of `fields`, a bit each; the highest one counts.
#[doc(alias = "VerSetConditionMask")]
pub fn with(mask: u64, fields: u32, condition: u8) -> u64 {
    let condition = u64::from(condition & 7);
    match fields.checked_ilog2().filter(|&bit| bit < 8) {
        Some(bit) => mask | condition << (3 * bit),
        None => mask,
    }
}

fn condition_on(mask: u64, field: u32) -> u64 {
    mask >> (3 * field.trailing_zeros()) & 7
}

fn holds(condition: u64, actual: u32, wanted: u32) -> bool {
    match condition {
        condition::EQUAL => actual == wanted,
        condition::GREATER => actual > wanted,
        condition::GREATER_EQUAL => actual >= wanted,
        condition::LESS => actual < wanted,
        condition::LESS_EQUAL => actual <= wanted,
        _ => false,
    }
}

/// Whether `actual` is as `wanted` in the fields of `fields`, by the conditions of `mask`; none for a question that is none.
///
/// Major and minor version and the service pack's two count as one number, by the condition on the first of them that is asked for.
#[doc(alias = "RtlVerifyVersionInfo")]
pub fn verify(actual: &Version, wanted: &Version, fields: u32, mask: u64) -> Option<bool> {
    if fields == 0 || mask == 0 {
        return None;
    }
    let asked = |field: u32| fields & field != 0;
    let suites = match condition_on(mask, field::SUITE) {
        _ if !asked(field::SUITE) => true,
        condition::AND => actual.suites & wanted.suites == wanted.suites,
        condition::OR => wanted.suites == 0 || actual.suites & wanted.suites != 0,
        _ => return None,
    };
    let single = [
        (field::PRODUCT_TYPE, u32::from(actual.product), u32::from(wanted.product)),
        (field::PLATFORM, actual.platform, wanted.platform),
        (field::BUILD_NUMBER, actual.build, wanted.build),
    ];
    let others = single
        .into_iter()
        .all(|(field, actual, wanted)| !asked(field) || holds(condition_on(mask, field), actual, wanted));
    let [pack, pack_minor] = actual.service_pack.map(u32::from);
    let [wanted_pack, wanted_minor] = wanted.service_pack.map(u32::from);
    let numbers = [
        (field::MAJOR_VERSION, actual.major, wanted.major),
        (field::MINOR_VERSION, actual.minor, wanted.minor),
        (field::SERVICE_PACK_MAJOR, pack, wanted_pack),
        (field::SERVICE_PACK_MINOR, pack_minor, wanted_minor),
    ];
    Some(suites && others && compare(&numbers, fields, mask))
}

/// The first number that differs decides, by the condition on the first one that is asked for.
fn compare(numbers: &[(u32, u32, u32)], fields: u32, mask: u64) -> bool {
    let mut asked = numbers.iter().filter(|(field, ..)| fields & field != 0);
    let Some(&(first, actual, wanted)) = asked.next() else { return true };
    let condition = condition_on(mask, first);
    let (actual, wanted) = core::iter::once((actual, wanted))
        .chain(asked.map(|&(_, actual, wanted)| (actual, wanted)))
        .find(|(actual, wanted)| actual != wanted)
        .unwrap_or_default();
    holds(condition, actual, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const XP: Version =
        Version { major: 5, minor: 1, build: 2600, platform: 2, service_pack: [3, 0], suites: 0x100, product: 1 };
    const VERSION: u32 = field::MAJOR_VERSION | field::MINOR_VERSION;

    fn version(major: u32, minor: u32) -> Version {
        Version { major, minor, ..XP }
    }

    fn is(wanted: Version, fields: u32, condition: u8) -> Option<bool> {
        let bits = (0..8).map(|bit| 1 << bit).filter(|bit| fields & bit != 0);
        verify(&XP, &wanted, fields, bits.fold(0, |mask, bit| with(mask, bit, condition)))
    }

    #[test]
    fn versions_compare_as_a_whole() {
        for (major, minor, expected) in [(5, 1, true), (5, 0, true), (4, 9, true), (5, 2, false), (6, 0, false)] {
            assert_eq!(is(version(major, minor), VERSION, 3), Some(expected), "{major}.{minor}");
        }
        assert_eq!(is(version(4, 0), VERSION, 1), Some(false));
        assert_eq!(is(version(5, 1), VERSION, 1), Some(true));
        assert_eq!(is(version(6, 0), VERSION, 4), Some(true));
    }

    #[test]
    fn each_other_field_has_a_condition_of_its_own() {
        assert_eq!(is(Version { build: 2599, ..XP }, field::BUILD_NUMBER, 2), Some(true));
        assert_eq!(is(Version { build: 2600, ..XP }, field::BUILD_NUMBER, 2), Some(false));
        assert_eq!(is(Version { suites: 0x300, ..XP }, field::SUITE, 6), Some(false));
        assert_eq!(is(Version { suites: 0x300, ..XP }, field::SUITE, 7), Some(true));
        assert_eq!(is(Version { product: 3, ..XP }, field::PRODUCT_TYPE, 1), Some(false));
        assert_eq!(
            is(Version { service_pack: [2, 5], ..XP }, field::SERVICE_PACK_MAJOR | field::SERVICE_PACK_MINOR, 3),
            Some(true)
        );
    }

    #[test]
    fn a_question_without_conditions_is_none() {
        assert_eq!(verify(&XP, &XP, VERSION, 0), None);
        assert_eq!(verify(&XP, &XP, 0, with(0, VERSION, 3)), None);
        assert_eq!(with(0, field::MAJOR_VERSION | field::MINOR_VERSION, 3), 3 << 3);
    }
}
