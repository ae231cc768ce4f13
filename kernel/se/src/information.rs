//! What a program is told of a token: each class is one block, whose pointers lead into it.
//!
//! Source: `TOKEN_INFORMATION_CLASS` and the structures of public headers.

use abi::nt::token::Token;
use alloc::vec::Vec;
use core::mem::offset_of;

use abi::cell::Link;

/// Classes, under NT's numbers.
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub mod class {
    pub const USER: u32 = 1;
    pub const GROUPS: u32 = 2;
    pub const PRIVILEGES: u32 = 3;
    pub const OWNER: u32 = 4;
    pub const PRIMARY_GROUP: u32 = 5;
    pub const DEFAULT_DACL: u32 = 6;
    pub const SOURCE: u32 = 7;
    pub const TYPE: u32 = 8;
    pub const IMPERSONATION_LEVEL: u32 = 9;
    pub const STATISTICS: u32 = 10;
    pub const RESTRICTED_SIDS: u32 = 11;
    pub const SESSION_ID: u32 = 12;
}

/// What `class` says of `token`, which stands at `link`, as words to be stored at user address `buffer`; `None` for a class
/// that there is not.
pub fn information(token: &Token, link: Link<Token>, class: u32, buffer: u32) -> Option<Vec<u32>> {
    let long = |value: u64| [value as u32, (value >> 32) as u32];
    let groups = token.user_and_group_count.get() as usize;
    Some(match class {
        class::USER => people(token, link, 0..1, 0, buffer),
        class::GROUPS => people(token, link, 1..groups, 1, buffer),
        class::PRIVILEGES => {
            let mut words = Vec::from([token.privilege_count.get()]);
            for entry in &token.privileges_part[..token.privilege_count.get() as usize] {
                words.extend(long(entry.luid.get()));
                words.push(entry.attributes.get());
            }
            words
        }
        class::OWNER => one(token, link, token.default_owner_index.get() as usize, buffer),
        class::PRIMARY_GROUP => one(token, link, 1, buffer),
        // No default access list, and nothing restricted.
        class::DEFAULT_DACL | class::RESTRICTED_SIDS => Vec::from([0]),
        class::SOURCE => {
            let name = u64::from_le_bytes(token.source_name.each_ref().map(abi::cell::Field::get));
            [long(name), long(token.source_identifier.get())].concat()
        }
        class::TYPE => Vec::from([token.token_type.get()]),
        class::IMPERSONATION_LEVEL => Vec::from([token.impersonation_level.get()]),
        class::SESSION_ID => Vec::from([token.session_id.get()]),
        class::STATISTICS => {
            let mut words = Vec::new();
            words.extend(long(token.token_id.get()));
            words.extend(long(token.authentication_id.get()));
            words.extend(long(token.expiration_time.get()));
            words.extend([token.token_type.get(), token.impersonation_level.get()]);
            words.extend([token.dynamic_charged.get(), token.dynamic_available.get()]);
            words.extend([token.user_and_group_count.get() - 1, token.privilege_count.get()]);
            words.extend(long(token.modified_id.get()));
            words
        }
        _ => return None,
    })
}

/// `entries` with their attributes and then their identifiers, `head` words for their number first.
fn people(token: &Token, link: Link<Token>, entries: core::ops::Range<usize>, head: usize, buffer: u32) -> Vec<u32> {
    let mut words = Vec::new();
    words.resize(head, entries.len() as u32);
    let mut identifiers = Vec::new();
    let first = buffer.wrapping_add(4 * (head + 2 * entries.len()) as u32);
    for entry in &token.user_and_groups_part[entries] {
        words.push(first.wrapping_add(4 * identifiers.len() as u32));
        words.push(entry.attributes.get());
        identifiers.extend(identifier(token, link, entry.sid.get()));
    }
    words.extend(identifiers);
    words
}

/// A pointer to one identifier, and that.
fn one(token: &Token, link: Link<Token>, entry: usize, buffer: u32) -> Vec<u32> {
    let mut words = Vec::from([buffer.wrapping_add(4)]);
    words.extend(identifier(token, link, token.user_and_groups_part[entry].sid.get()));
    words
}

/// The words of the identifier at `address`, which lies in the token.
fn identifier(token: &Token, link: Link<Token>, address: u32) -> Vec<u32> {
    let start = (address - link.address() - offset_of!(Token, sids_part) as u32) as usize / 4;
    let numbers = token.sids_part[start].get() >> 8 & 0xFF;
    token.sids_part[start..start + 2 + numbers as usize].iter().map(abi::cell::Field::get).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::empty;
    use crate::account::{Account, describe};

    #[test]
    fn pointers_lead_into_the_block() {
        let (token, link) = (empty(), Link::new(0xA000_1000));
        describe(&token, link, Account::Administrator, 5);
        let told = |class| information(&token, link, class, 0x2_0000).unwrap();
        assert_eq!(told(class::USER), [0x2_0008, 0, 0x501, 0x0500_0000, 21, 86, 68, 79, 500]);
        let groups = told(class::GROUPS);
        assert_eq!(groups[..5], [5, 0x2_002C, 7, 0x2_0038, 15]);
        assert_eq!(groups[11..14], [0x101, 0x0100_0000, 0]);
        assert_eq!(told(class::OWNER), [0x2_0004, 0x201, 0x0500_0000, 32, 544]);
        assert_eq!(told(class::PRIMARY_GROUP), [0x2_0004, 0x101, 0x0100_0000, 0]);
        assert_eq!(told(class::PRIVILEGES).len(), 1 + 21 * 3);
        assert_eq!(told(class::PRIVILEGES)[..4], [21, 23, 0, 3]);
        assert_eq!(told(class::TYPE), [1]);
        assert_eq!(told(class::STATISTICS).len(), 14);
        assert_eq!(told(class::SOURCE)[..2], [u32::from_le_bytes(*b"Vado"), u32::from_le_bytes(*b"se\0\0")]);
        assert_eq!(information(&token, link, 13, 0), None);
    }
}
