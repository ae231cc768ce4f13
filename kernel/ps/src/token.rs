//! The tokens of processes: the System process has its own, what it starts gets an administrator's, and every other process a
//! copy of its parent's, with the privileges as they are there.
//!
//! * **K1** Every process on the list has a token, to which it has a reference; who has a handle to it has another.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use abi::nt::token::{Token, TokenWords};
use abi::status::NtStatus;
use mm::system::Exhausted;
use se::Account;

use crate::executive::Executive;
use crate::platform::Platform;

mod verify;

pub use verify::TokenCorruption;
pub(crate) use verify::verify;

impl<P: Platform> Executive<P> {
    /// Gives the System process its token, for good.
    pub(crate) fn give_system_token(&self) -> Result<(), Exhausted> {
        let token = self.new_token(Account::System)?;
        self.machine_record(self.system_process).token.set(token.address());
        Ok(())
    }

    /// Gives `process` its token, as a child of `parent`.
    #[doc(alias = "PspInitializeProcessSecurity")]
    pub(crate) fn give_token(&self, process: Link<Eprocess>, parent: Link<Eprocess>) -> Result<(), NtStatus> {
        let token = if parent == self.system_process {
            self.new_token(Account::Administrator)?
        } else {
            self.copy_token(self.token_of(parent))?
        };
        self.machine_record(process).token.set(token.address());
        Ok(())
    }

    /// The token of a process.
    #[doc(alias = "PsReferencePrimaryToken")]
    pub(crate) fn token_of(&self, process: Link<Eprocess>) -> Link<Token> {
        Link::new(self.machine_record(process).token.get())
    }

    fn new_token(&self, account: Account) -> Result<Link<Token>, Exhausted> {
        let token = self.objects().create::<Token>()?;
        se::describe(self.machine_record(token), token, account, self.next_token_number());
        Ok(token)
    }

    /// Another token like `from`.
    #[doc(alias = "SepDuplicateToken")]
    pub(crate) fn copy_token(&self, from: Link<Token>) -> Result<Link<Token>, Exhausted> {
        let token = self.objects().create::<Token>()?;
        let words = |token: Link<Token>| self.machine_record(token.cast::<TokenWords>());
        se::copy(words(from), from, words(token), self.machine_record(token), token, self.next_token_number());
        Ok(token)
    }

    fn next_token_number(&self) -> u64 {
        self.token_numbers.update(|number| number.wrapping_add(1)).into()
    }
}
