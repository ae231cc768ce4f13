//! The audit of a token.
//!
//! * **K2** What a token points to is its own: its privileges, each there once, its groups, whole identifiers behind them, and the
//!   owner among them.

use abi::cell::{Field, Link};
use abi::nt::token::{PRIVILEGES, SID_WORDS, Token, USER_AND_GROUPS};
use core::mem::offset_of;

use crate::privilege::attribute;

/// What is wrong with a token (K2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// It is neither a process's nor a thread's.
    Kind(u32),
    /// Where its privileges are, or how many there are.
    Privileges(u32),
    /// The privilege of this number in the list.
    Privilege(usize),
    /// Where its user and groups are, or how many there are.
    Groups(u32),
    /// The identifier of the group of this number in the list.
    Group(usize),
    /// The owner of what it makes.
    Owner(u32),
}

/// Bits that a privilege may have.
const ATTRIBUTES: u32 = attribute::ENABLED_BY_DEFAULT | attribute::ENABLED | attribute::USED_FOR_ACCESS;
/// What the first word of an identifier says: its revision, and how many numbers follow the authority.
const REVISION: u32 = 1;
/// Most numbers that an identifier has: `SID_MAX_SUB_AUTHORITIES`.
const MOST_NUMBERS: u32 = 15;

/// Checks K2 of `token`, which stands at `link`.
///
/// # Errors
/// The first thing found wrong.
pub fn verify(token: &Token, link: Link<Token>) -> Result<(), TokenFault> {
    let at = |offset: usize| link.address() + offset as u32;
    let kind = token.token_type.get();
    if !matches!(kind, 1 | 2) {
        return Err(TokenFault::Kind(kind));
    }
    let count = token.privilege_count.get();
    if count as usize > PRIVILEGES || token.privileges.get() != at(offset_of!(Token, privileges_part)) {
        return Err(TokenFault::Privileges(count));
    }
    let privileges = &token.privileges_part[..count as usize];
    for (index, entry) in privileges.iter().enumerate() {
        let twice = privileges[..index].iter().any(|other| other.luid.get() == entry.luid.get());
        if twice || entry.attributes.get() & !ATTRIBUTES != 0 {
            return Err(TokenFault::Privilege(index));
        }
    }
    let count = token.user_and_group_count.get();
    let place = token.user_and_groups.get();
    if !(1..=USER_AND_GROUPS as u32).contains(&count) || place != at(offset_of!(Token, user_and_groups_part)) {
        return Err(TokenFault::Groups(count));
    }
    let groups = &token.user_and_groups_part[..count as usize];
    let sids = at(offset_of!(Token, sids_part));
    if let Some(index) = groups.iter().position(|group| !is_identifier(&token.sids_part, sids, group.sid.get())) {
        return Err(TokenFault::Group(index));
    }
    let (owner, group) = (token.default_owner_index.get(), token.primary_group.get());
    if owner >= count || !is_identifier(&token.sids_part, sids, group) {
        return Err(TokenFault::Owner(owner));
    }
    Ok(())
}

/// Whether a whole identifier stands at `address`, within `words`, which begin at `start`.
fn is_identifier(words: &[Field<u32>; SID_WORDS], start: u32, address: u32) -> bool {
    let offset = address.wrapping_sub(start);
    let index = offset as usize / 4;
    let Some(first) = words.get(index).map(Field::get) else { return false };
    let numbers = first >> 8 & 0xFF;
    offset.is_multiple_of(4)
        && first & 0xFF == REVISION
        && numbers <= MOST_NUMBERS
        && index + 2 + numbers as usize <= SID_WORDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::empty;
    use crate::{Account, Change, adjust, describe};

    const LINK: Link<Token> = Link::new(0xA000_1000);

    #[test]
    fn tokens_as_they_are_made_and_changed_are_sound() {
        for account in [Account::System, Account::Administrator] {
            let token = empty();
            describe(&token, LINK, account, 7);
            assert_eq!(verify(&token, LINK), Ok(()));
            adjust(&token, None, true);
            let luid = token.privileges_part[0].luid.get();
            adjust(&token, Some(&[Change { luid, attributes: attribute::REMOVED }]), true);
            assert_eq!(verify(&token, LINK), Ok(()));
        }
    }

    /// Changes a word, sees what the audit says, and changes it back.
    fn broken(token: &Token, word: &Field<u32>, value: u32) -> TokenFault {
        let before = word.get();
        word.set(value);
        let found = verify(token, LINK).expect_err("broken");
        word.set(before);
        assert_eq!(verify(token, LINK), Ok(()));
        found
    }

    #[test]
    fn the_audit_names_what_is_wrong_with_a_token() {
        let token = empty();
        describe(&token, LINK, Account::Administrator, 7);
        let privileges = &token.privileges_part;
        let sids = LINK.address() + offset_of!(Token, sids_part) as u32;
        let cases = [
            (&token.token_type, 3, TokenFault::Kind(3)),
            (&token.privilege_count, PRIVILEGES as u32 + 1, TokenFault::Privileges(PRIVILEGES as u32 + 1)),
            (&token.privileges, LINK.address(), TokenFault::Privileges(21)),
            (&privileges[3].luid.low, privileges[1].luid.low.get(), TokenFault::Privilege(3)),
            (&privileges[2].attributes, 0x10, TokenFault::Privilege(2)),
            (&token.user_and_group_count, 0, TokenFault::Groups(0)),
            (&token.user_and_group_count, 7, TokenFault::Groups(7)),
            (&token.user_and_groups, sids, TokenFault::Groups(6)),
            (&token.user_and_groups_part[4].sid, sids + 1, TokenFault::Group(4)),
            (&token.user_and_groups_part[4].sid, sids - 4, TokenFault::Group(4)),
            (&token.user_and_groups_part[5].sid, sids + 4 * SID_WORDS as u32, TokenFault::Group(5)),
            (&token.sids_part[0], 0x1001, TokenFault::Group(0)),
            (&token.sids_part[21], 0x801, TokenFault::Group(5)),
            (&token.default_owner_index, 6, TokenFault::Owner(6)),
            (&token.primary_group, 0, TokenFault::Owner(2)),
        ];
        for (index, (word, value, expected)) in cases.into_iter().enumerate() {
            assert_eq!(broken(&token, word, value), expected, "case {index}");
        }
    }
}
