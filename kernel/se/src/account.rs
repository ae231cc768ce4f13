//! Who tokens are made for.

use abi::cell::Link;
use abi::nt::token::{SidAndAttributes, Token, TokenWords};
use core::mem::offset_of;

use crate::privilege;

/// `SE_GROUP_` MANDATORY, ENABLED_BY_DEFAULT, ENABLED.
const GROUP: u32 = 7;
/// The same, with OWNER: what the group owns belongs to all its members.
const OWNER_GROUP: u32 = 0xF;
/// Bytes of a token that XP's `TokenInformation` calls the dynamic part: the default access list, of which there is none.
const DYNAMIC: u32 = 0x1F4;

/// A user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// The system's own processes: S-1-5-18.
    System,
    /// The one who uses the machine: S-1-5-21-86-68-79-500.
    Administrator,
}

/// A security identifier: the number of the authority, and those below it.
type Sid = (u8, &'static [u32]);

const EVERYONE: Sid = (1, &[0]);
const INTERACTIVE: Sid = (5, &[4]);
const AUTHENTICATED: Sid = (5, &[11]);
const LOCAL_SYSTEM: Sid = (5, &[18]);
const ADMINISTRATORS: Sid = (5, &[32, 544]);
const USERS: Sid = (5, &[32, 545]);
const ADMINISTRATOR: Sid = (5, &[21, 86, 68, 79, 500]);

/// The user first, then the groups; what is true of each.
const OF_SYSTEM: [(Sid, u32); 4] =
    [(LOCAL_SYSTEM, 0), (ADMINISTRATORS, OWNER_GROUP - 1), (EVERYONE, GROUP), (AUTHENTICATED, GROUP)];
const OF_ADMINISTRATOR: [(Sid, u32); 6] = [
    (ADMINISTRATOR, 0),
    (EVERYONE, GROUP),
    (ADMINISTRATORS, OWNER_GROUP),
    (USERS, GROUP),
    (INTERACTIVE, GROUP),
    (AUTHENTICATED, GROUP),
];
/// Place of Administrators, who own what an administrator makes.
const OWNER: u32 = 2;

/// Fills `token`, which stands at `link` and is full of zeros, for `account`. `id` is a number that no other token has.
pub fn describe(token: &Token, link: Link<Token>, account: Account, id: u64) {
    let people: &[(Sid, u32)] = match account {
        Account::System => &OF_SYSTEM,
        Account::Administrator => &OF_ADMINISTRATOR,
    };
    let privileges: &[(u32, u32)] = match account {
        Account::System => &privilege::SYSTEM,
        Account::Administrator => &privilege::ADMINISTRATOR,
    };
    for (cell, byte) in token.source_name.iter().zip(*b"Vadose\0\0") {
        cell.set(byte);
    }
    // The logon session: XP's 3E7 is the system's own.
    let session = if account == Account::System { 0x3E7 } else { 0x1_0000 };
    token.authentication_id.set(session);
    token.expiration_time.set(i64::MAX as u64);
    token.dynamic_charged.set(DYNAMIC);
    token.token_type.set(1);
    token.default_owner_index.set(if account == Account::System { 0 } else { OWNER });
    token.privilege_count.set(privileges.len() as u32);
    for (cell, (number, attributes)) in token.privileges_part.iter().zip(privileges) {
        cell.luid.set(u64::from(*number));
        cell.attributes.set(*attributes);
    }
    token.user_and_group_count.set(people.len() as u32);
    let mut word = 0;
    for (cell, (sid, attributes)) in token.user_and_groups_part.iter().zip(people) {
        // Its place for now: addresses are written last.
        cell.sid.set(word as u32);
        cell.attributes.set(*attributes);
        word += write_sid(&token.sids_part[word..], *sid);
    }
    identify(token, link, id, |place| place);
}

/// Makes `to`, at `link`, a token like `from`, which stands at `from_link`.
pub fn copy(from: &TokenWords, from_link: Link<Token>, to: &TokenWords, token: &Token, link: Link<Token>, id: u64) {
    for (word, source) in to.0.iter().zip(&from.0) {
        word.set(source.get());
    }
    let sids = from_link.address() + offset_of!(Token, sids_part) as u32;
    identify(token, link, id, |address| (address - sids) / 4);
}

/// Writes the addresses within `token`, and its number; `place` is the word at which the identifier of an entry begins.
fn identify(token: &Token, link: Link<Token>, id: u64, place: impl Fn(u32) -> u32) {
    token.token_id.set(id);
    token.modified_id.set(id);
    let at = |offset: usize| link.address() + offset as u32;
    let count = token.user_and_group_count.get() as usize;
    for cell in &token.user_and_groups_part[..count] {
        cell.sid.update(|value| at(offset_of!(Token, sids_part)) + 4 * place(value));
    }
    token.user_and_groups.set(at(offset_of!(Token, user_and_groups_part)));
    token.privileges.set(at(offset_of!(Token, privileges_part)));
    // An administrator's first group is Everyone's; XP has None, which needs a domain.
    let group = token.user_and_groups_part.get(1).map_or(0, |entry: &SidAndAttributes| entry.sid.get());
    token.primary_group.set(group);
    token.variable_length.set((size_of::<Token>() - offset_of!(Token, privileges_part)) as u32);
}

/// Writes an identifier; how many words it has.
fn write_sid(words: &[abi::cell::Field<u32>], (authority, numbers): Sid) -> usize {
    words[0].set(1 | (numbers.len() as u32) << 8);
    words[1].set(u32::from(authority) << 24);
    for (word, number) in words[2..].iter().zip(numbers) {
        word.set(*number);
    }
    numbers.len() + 2
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::adjust::holds;

    /// A token full of zeros.
    pub(crate) fn empty() -> Box<Token> {
        Box::new(new())
    }

    fn new() -> Token {
        use abi::cell::{Field, Field64};
        use abi::nt::token::LuidAndAttributes;
        let long = || Field64 { low: Field::ZERO, high: Field::ZERO };
        Token {
            source_name: core::array::from_fn(|_| Field::new(0)),
            source_identifier: long(),
            token_id: long(),
            authentication_id: long(),
            parent_token_id: long(),
            expiration_time: long(),
            token_lock: Field::ZERO,
            reserved_34: Field::ZERO,
            audit_policy: long(),
            modified_id: long(),
            session_id: Field::ZERO,
            user_and_group_count: Field::ZERO,
            restricted_sid_count: Field::ZERO,
            privilege_count: Field::ZERO,
            variable_length: Field::ZERO,
            dynamic_charged: Field::ZERO,
            dynamic_available: Field::ZERO,
            default_owner_index: Field::ZERO,
            user_and_groups: Field::ZERO,
            restricted_sids: Field::ZERO,
            primary_group: Field::ZERO,
            privileges: Field::ZERO,
            dynamic_part: Field::ZERO,
            default_dacl: Field::ZERO,
            token_type: Field::ZERO,
            impersonation_level: Field::ZERO,
            token_flags: Field::ZERO,
            token_in_use: Field::ZERO,
            proxy_data: Field::ZERO,
            audit_data: Field::ZERO,
            originating_logon_session: long(),
            privileges_part: core::array::from_fn(|_| LuidAndAttributes { luid: long(), attributes: Field::ZERO }),
            user_and_groups_part: core::array::from_fn(|_| SidAndAttributes {
                sid: Field::ZERO,
                attributes: Field::ZERO,
            }),
            sids_part: core::array::from_fn(|_| Field::ZERO),
        }
    }

    #[test]
    fn an_administrator_is_a_user_in_five_groups_with_twenty_one_privileges() {
        let (token, link) = (empty(), Link::new(0xA000_1000));
        describe(&token, link, Account::Administrator, 7);
        assert_eq!((token.user_and_group_count.get(), token.privilege_count.get()), (6, 21));
        assert_eq!(token.privileges.get(), 0xA000_10A0);
        let sids = 0xA000_1000 + offset_of!(Token, sids_part) as u32;
        let places = token.user_and_groups_part.each_ref().map(|entry| (entry.sid.get() - sids) / 4);
        assert_eq!(places, [0, 7, 10, 14, 18, 21]);
        let words = token.sids_part.each_ref().map(abi::cell::Field::get);
        assert_eq!(words[..7], [0x501, 0x0500_0000, 21, 86, 68, 79, 500]);
        assert_eq!(words[10..14], [0x201, 0x0500_0000, 32, 544]);
        assert!(holds(&token, 23) && !holds(&token, privilege::DEBUG) && !holds(&token, privilege::LOCK_MEMORY));
    }

    #[test]
    fn the_system_may_do_all_that_it_does() {
        let token = empty();
        describe(&token, Link::new(0xA000_1000), Account::System, 8);
        assert!([7, privilege::DEBUG, privilege::LOCK_MEMORY].iter().all(|number| holds(&token, *number)));
        assert_eq!((token.token_id.get(), token.authentication_id.get()), (8, 0x3E7));
    }
}
