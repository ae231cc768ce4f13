//! NT's doubly linked lists, over links.

use abi::cell::Link;
use abi::nt::list::ListEntry;

use crate::machine::Records;

/// Makes `head` an empty list.
#[doc(alias = "InitializeListHead")]
pub fn initialise(records: &impl Records, head: Link<ListEntry>) {
    let entry = records.record(head);
    entry.flink.set(head);
    entry.blink.set(head);
}

/// Puts `entry` last.
#[doc(alias = "InsertTailList")]
pub fn insert_tail(records: &impl Records, head: Link<ListEntry>, entry: Link<ListEntry>) {
    let last = records.record(head).blink.get();
    let new = records.record(entry);
    new.flink.set(head);
    new.blink.set(last);
    records.record(last).flink.set(entry);
    records.record(head).blink.set(entry);
}

/// Takes `entry` out of the list it is in.
#[doc(alias = "RemoveEntryList")]
pub fn remove(records: &impl Records, entry: Link<ListEntry>) {
    let old = records.record(entry);
    let (next, before) = (old.flink.get(), old.blink.get());
    records.record(before).flink.set(next);
    records.record(next).blink.set(before);
}

/// The entries of the list, first to last.
pub fn entries<R: Records>(records: &R, head: Link<ListEntry>) -> impl Iterator<Item = Link<ListEntry>> {
    let not_head = move |link: Link<ListEntry>| if link == head { None } else { link.some() };
    core::iter::successors(not_head(records.record(head).flink.get()), move |entry| {
        not_head(records.record(*entry).flink.get())
    })
}
