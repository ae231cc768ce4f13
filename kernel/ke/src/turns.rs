//! Turns at what one thread at a time may use: in the order in which they asked, so that who comes back at once does not keep
//! the others out.
//!
//! Whoever has a ticket waits until it is due, uses the thing, and passes the turn on; how it waits is its own affair.

use abi::cell::Field;

/// The turns at one thing.
#[derive(Debug)]
pub struct Turns {
    /// The next ticket to be given out.
    next: Field<u32>,
    /// The ticket whose turn it is.
    due: Field<u32>,
}

impl Turns {
    /// Nobody has asked.
    #[allow(clippy::new_without_default, reason = "a field has no default either")]
    pub fn new() -> Self {
        Self { next: Field::new(0), due: Field::new(0) }
    }

    /// A ticket. Whoever takes one has to use it.
    #[must_use]
    pub fn ticket(&self) -> u32 {
        self.next.update(|next| next.wrapping_add(1)).wrapping_sub(1)
    }

    /// Whether it is the turn of `ticket`.
    pub fn is_due(&self, ticket: u32) -> bool {
        self.due.get() == ticket
    }

    /// Whether nobody has a turn, or waits for one.
    pub fn is_free(&self) -> bool {
        self.due.get() == self.next.get()
    }

    /// Ends the turn.
    pub fn pass(&self) {
        self.due.update(|due| due.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_in_the_order_of_the_tickets() {
        let turns = Turns::new();
        assert!(turns.is_free());
        let [a, b] = [turns.ticket(), turns.ticket()];
        assert!(!turns.is_free());
        assert!(turns.is_due(a) && !turns.is_due(b));
        turns.pass();
        assert!(turns.is_due(b), "although nobody looked meanwhile");
        let again = turns.ticket();
        turns.pass();
        assert!(turns.is_due(again));
    }
}
