//! The audit of tokens.

use abi::cell::Link;
use abi::nt::object::ObjectHeader;
use abi::nt::process::Eprocess;
use abi::nt::token::Token;
use mm::machine::Machine;
use ob::{Kind, ObjectManager, header_of};
use se::TokenFault;

/// What is wrong with the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenCorruption {
    /// A process without one, or one with fewer references than it has users.
    K1(Link<Eprocess>),
    /// A token that is not whole.
    K2(Link<Token>, TokenFault),
    /// Tokens found, and how many the type records.
    O3 {
        /// Found.
        found: u32,
        /// `TotalNumberOfObjects`.
        recorded: u32,
    },
}

/// Checks K1 of `processes`, and K2 and O3 of all tokens; how many there are.
///
/// # Errors
/// The first thing found wrong.
pub(crate) fn verify<M: Machine, I: Iterator<Item = Link<Eprocess>>>(
    objects: &ObjectManager<'_, M>,
    processes: impl Fn() -> I,
) -> Result<u32, TokenCorruption> {
    let machine = &objects.memory().machine;
    let token_of = |process: Link<Eprocess>| Link::<Token>::new(machine.record(process).token.get());
    let (mut found, mut users, mut wrong) = (0, 0, None);
    objects.each_unnamed(|token: Link<Token>| {
        found += 1;
        if let Err(fault) = se::verify(machine.record(token), token) {
            wrong = wrong.or(Some(TokenCorruption::K2(token, fault)));
        }
        let mut own = processes().filter(|process| token_of(*process) == token);
        let Some(first) = own.next() else { return };
        let count = 1 + own.count() as u32;
        users += count;
        let header: &ObjectHeader = machine.record(header_of(token));
        if header.pointer_count.get() < header.handle_count.get() + count {
            wrong = wrong.or(Some(TokenCorruption::K1(first)));
        }
    });
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let recorded = objects.count(Kind::Token);
    if found != recorded {
        return Err(TokenCorruption::O3 { found, recorded });
    }
    if users != processes().count() as u32 {
        let lacks_one = |process: &Link<Eprocess>| {
            let mut has = false;
            objects.each_unnamed(|token| has |= token == token_of(*process));
            !has
        };
        return Err(TokenCorruption::K1(processes().find(lacks_one).unwrap_or(Link::NULL)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm::machine::Records;
    use model::machine::NoExecute;
    use model::system::System;

    #[test]
    fn the_audit_names_what_is_wrong_with_tokens() {
        let system = System::new(256, NoExecute::Supported);
        let objects = ObjectManager::new(&system.mm).unwrap();
        let machine = &system.mm.machine;
        let processes: Vec<Link<Eprocess>> = (0..2).map(|_| objects.create().unwrap()).collect();
        let tokens: Vec<Link<Token>> = (0..3).map(|_| objects.create().unwrap()).collect();
        for (token, id) in tokens.iter().zip(7..) {
            se::describe(machine.record(*token), *token, se::Account::System, id);
        }
        for (process, token) in processes.iter().zip(&tokens) {
            machine.record(*process).token.set(token.address());
        }
        let audit = || verify(&objects, || processes.iter().copied());
        assert_eq!(audit(), Ok(3));

        let own = &machine.record(processes[1]).token;
        own.set(0);
        assert_eq!(audit(), Err(TokenCorruption::K1(processes[1])));
        own.set(processes[0].address());
        assert_eq!(audit(), Err(TokenCorruption::K1(processes[1])), "no token");
        own.set(tokens[0].address());
        assert_eq!(audit(), Err(TokenCorruption::K1(processes[0])), "two users with one reference");
        objects.reference(tokens[0]);
        assert_eq!(audit(), Ok(3));
        let handles = &machine.record(header_of(tokens[0])).handle_count;
        handles.set(1);
        assert_eq!(audit(), Err(TokenCorruption::K1(processes[0])), "and a handle");
        handles.set(0);
        own.set(tokens[1].address());
        let kind = &machine.record(tokens[2]).token_type;
        kind.set(0);
        assert_eq!(audit(), Err(TokenCorruption::K2(tokens[2], TokenFault::Kind(0))));
        kind.set(2);
        let total = &machine.record(objects.type_of(Kind::Token)).total_number_of_objects;
        total.set(4);
        assert_eq!(audit(), Err(TokenCorruption::O3 { found: 3, recorded: 4 }));
        total.set(3);
        assert_eq!(audit(), Ok(3));
    }
}
