//! Switching privileges on and off.
//!
//! Source: documented behaviour of AdjustTokenPrivileges and NtPrivilegeCheck.

use abi::nt::token::{LuidAndAttributes, Token};
use alloc::vec::Vec;

use crate::privilege::attribute;

/// A privilege and what it is to become, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub luid: u64,
    /// Bits of [`attribute`].
    pub attributes: u32,
}

/// What an adjustment does, or did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjusted {
    /// What the changed ones were before.
    pub before: Vec<Change>,
    /// Whether one was asked for that the token has not: `STATUS_NOT_ALL_ASSIGNED`.
    pub some_absent: bool,
}

impl Adjusted {
    /// Notes what a privilege was before its first change, however often it is named.
    fn note(&mut self, entry: &LuidAndAttributes) {
        let state = state_of(entry);
        if self.before.iter().all(|change| change.luid != state.luid) {
            self.before.push(state);
        }
    }
}

/// What `changes` would do to `token`; all privileges are to be off without any. With `apply` they do.
pub fn adjust(token: &Token, changes: Option<&[Change]>, apply: bool) -> Adjusted {
    let mut adjusted = Adjusted::default();
    match changes {
        None => {
            for index in 0..token.privilege_count.get() as usize {
                let entry = &token.privileges_part[index];
                set(entry, entry.attributes.get() & !attribute::ENABLED, apply, &mut adjusted);
            }
        }
        Some(changes) => {
            for change in changes {
                let Some(index) = find(token, change.luid) else {
                    adjusted.some_absent = true;
                    continue;
                };
                let entry = &token.privileges_part[index];
                if change.attributes & attribute::REMOVED != 0 {
                    adjusted.note(entry);
                    if apply {
                        remove(token, index);
                    }
                } else {
                    let rest = entry.attributes.get() & !attribute::ENABLED;
                    set(entry, rest | change.attributes & attribute::ENABLED, apply, &mut adjusted);
                }
            }
        }
    }
    if apply && !adjusted.before.is_empty() {
        token.modified_id.set(token.modified_id.get().wrapping_add(1));
    }
    adjusted
}

/// Whether the privilege with this number is there and on.
#[doc(alias = "SeSinglePrivilegeCheck")]
pub fn holds(token: &Token, number: u32) -> bool {
    let entry = find(token, number.into()).map(|index| &token.privileges_part[index]);
    entry.is_some_and(|entry| entry.attributes.get() & attribute::ENABLED != 0)
}

fn find(token: &Token, luid: u64) -> Option<usize> {
    token.privileges_part[..token.privilege_count.get() as usize].iter().position(|entry| entry.luid.get() == luid)
}

fn state_of(entry: &LuidAndAttributes) -> Change {
    Change { luid: entry.luid.get(), attributes: entry.attributes.get() }
}

/// Notes and makes a change, where it is one.
fn set(entry: &LuidAndAttributes, attributes: u32, apply: bool, adjusted: &mut Adjusted) {
    if attributes != entry.attributes.get() {
        adjusted.note(entry);
        if apply {
            entry.attributes.set(attributes);
        }
    }
}

/// The last one takes the place of the one that goes.
fn remove(token: &Token, index: usize) {
    let last = token.privilege_count.update(|count| count - 1) as usize;
    let moved = state_of(&token.privileges_part[last]);
    token.privileges_part[index].luid.set(moved.luid);
    token.privileges_part[index].attributes.set(moved.attributes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::empty;
    use crate::account::{Account, describe};
    use crate::privilege::{DEBUG, LOCK_MEMORY};

    /// SeCreateTokenPrivilege, which no administrator has.
    const CREATE_TOKEN: u32 = 2;

    fn token() -> Box<Token> {
        let token = empty();
        describe(&token, abi::cell::Link::new(0xA000_1000), Account::Administrator, 1);
        token
    }

    fn change(number: u32, attributes: u32) -> Change {
        Change { luid: number.into(), attributes }
    }

    #[test]
    fn a_privilege_is_switched_on_and_what_it_was_is_told() {
        let token = token();
        let on = [change(DEBUG, attribute::ENABLED)];
        let expected = Adjusted { before: vec![change(DEBUG, 0)], some_absent: false };
        assert_eq!(adjust(&token, Some(&on), false), expected);
        assert!(!holds(&token, DEBUG), "it was only asked what would happen");
        assert_eq!(adjust(&token, Some(&on), true), expected);
        assert!(holds(&token, DEBUG));
        assert_eq!(adjust(&token, Some(&on), true), Adjusted::default(), "nothing changes twice");
        assert!(!holds(&token, LOCK_MEMORY));
        assert!(!adjust(&token, Some(&[change(LOCK_MEMORY, attribute::ENABLED)]), true).some_absent);
        assert!(holds(&token, LOCK_MEMORY));
        let off = adjust(&token, Some(&[change(DEBUG, 0)]), true);
        assert_eq!(off.before, [change(DEBUG, attribute::ENABLED)]);
    }

    #[test]
    fn what_a_token_has_not_is_told_and_the_rest_is_done() {
        let token = token();
        let changes = [change(CREATE_TOKEN, attribute::ENABLED), change(DEBUG, attribute::ENABLED)];
        let adjusted = adjust(&token, Some(&changes), true);
        assert!(adjusted.some_absent && holds(&token, DEBUG) && !holds(&token, CREATE_TOKEN));
        assert_eq!(adjusted.before.len(), 1);
    }

    #[test]
    fn all_can_be_switched_off_and_one_can_be_given_up() {
        let token = token();
        assert_eq!(adjust(&token, None, true).before.len(), 5);
        assert!(!holds(&token, 23));
        let adjusted = adjust(&token, Some(&[change(23, attribute::REMOVED)]), true);
        assert_eq!((adjusted.before.len(), token.privilege_count.get()), (1, 20));
        assert!(adjust(&token, Some(&[change(23, attribute::ENABLED)]), true).some_absent);
        assert_eq!(token.privileges_part[0].luid.get(), 30);
    }
}
