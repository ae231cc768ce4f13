//! Chains, good and bad, on a stack of a few hundred bytes.

use core::cell::RefCell;
use std::vec;
use std::vec::Vec;

use super::*;
use crate::memory::fake::Bytes;

const BOTTOM: u32 = 0x1000;
const TOP: u32 = 0x1100;
const RECORD: u32 = 0x1004;
const HANDLER: u32 = 0x40_0000;

/// A thread whose handlers answer from a list, and what they were called with.
struct Scripted {
    memory: Bytes,
    chain: RefCell<u32>,
    answers: RefCell<Vec<Answer>>,
    calls: RefCell<Vec<(Purpose, u32, u32, u32)>>,
}

impl core::ops::Deref for Scripted {
    type Target = Bytes;
    fn deref(&self) -> &Bytes {
        &self.memory
    }
}

impl Thread for Scripted {
    fn chain(&self) -> u32 {
        *self.chain.borrow()
    }
    fn set_chain(&self, registration: u32) {
        *self.chain.borrow_mut() = registration;
    }
    fn stack(&self) -> (u32, u32) {
        (BOTTOM, TOP)
    }
    fn call(&self, purpose: Purpose, handler: u32, registration: u32, record: u32) -> Answer {
        self.calls.borrow_mut().push((purpose, handler, registration, flags_of(self, record)));
        self.answers.borrow_mut().remove(0)
    }
}

fn says(disposition: u32) -> Answer {
    Answer { disposition, registration: 0 }
}

/// Registrations at these addresses, linked in this order, with handlers counted from [`HANDLER`].
fn thread(registrations: &[u32], answers: &[Answer]) -> Scripted {
    let memory = Bytes::new(BOTTOM, vec![0; (TOP - BOTTOM) as usize]);
    // The first ones last: where two overlap, their links hold.
    for (index, registration) in registrations.iter().enumerate().rev() {
        if (BOTTOM..=TOP - 8).contains(registration) {
            memory.write_u32(*registration, registrations.get(index + 1).copied().unwrap_or(END_OF_CHAIN));
            memory.write_u32(*registration + 4, HANDLER + index as u32);
        }
    }
    let chain = RefCell::new(registrations.first().copied().unwrap_or(END_OF_CHAIN));
    Scripted { memory, chain, answers: RefCell::new(answers.to_vec()), calls: RefCell::new(Vec::new()) }
}

fn called(thread: &Scripted) -> Vec<u32> {
    thread.calls.borrow().iter().map(|call| call.2).collect()
}

#[test]
fn handlers_are_asked_from_the_inside_until_one_goes_on() {
    let thread = thread(&[0x1040, 0x1050, 0x1060], &[says(1), says(0)]);
    assert_eq!(dispatch(&thread, RECORD), Dispatch::Handled);
    let expected = [(Purpose::Exception, HANDLER, 0x1040, 0), (Purpose::Exception, HANDLER + 1, 0x1050, 0)];
    assert_eq!(*thread.calls.borrow(), expected);
}

#[test]
fn an_exception_that_nobody_wants_is_unhandled() {
    assert_eq!(dispatch(&thread(&[], &[]), RECORD), Dispatch::Unhandled);
    assert_eq!(dispatch(&thread(&[0x1040, 0x1050], &[says(1), says(1)]), RECORD), Dispatch::Unhandled);
}

#[test]
fn what_cannot_be_continued_is_not() {
    let thread = thread(&[0x1040], &[says(0)]);
    thread.write_u32(RECORD + 4, flags::NONCONTINUABLE);
    assert_eq!(dispatch(&thread, RECORD), Dispatch::Raise(Status::NONCONTINUABLE_EXCEPTION));
}

#[test]
fn an_answer_that_is_none_is_an_exception() {
    for answer in [3, 4, 99, u32::MAX] {
        let thread = thread(&[0x1040], &[says(answer)]);
        assert_eq!(dispatch(&thread, RECORD), Dispatch::Raise(Status::INVALID_DISPOSITION), "{answer}");
    }
}

#[test]
fn a_chain_that_leaves_the_stack_or_turns_back_is_followed_no_further() {
    let rows: [&[u32]; 8] = [
        &[0x1040, 0x0FF8],
        &[0x1040, 0x10FC],
        &[0x1040, 0x1052],
        &[0x1040, 0x1040],
        &[0x1040, 0x1044],
        &[0x1040, 0x1030],
        &[0x1040, 0x8000_0000],
        &[0x1040, 0xFFFF_FFFC],
    ];
    for registrations in rows {
        let thread = thread(registrations, &[says(1)]);
        assert_eq!(dispatch(&thread, RECORD), Dispatch::Unhandled, "{registrations:x?}");
        assert_eq!(called(&thread), [0x1040], "{registrations:x?}");
        assert_eq!(flags_of(&thread, RECORD), flags::STACK_INVALID, "{registrations:x?}");
    }
}

#[test]
fn a_handler_on_the_stack_is_not_called() {
    let thread = thread(&[0x1040], &[]);
    for handler in [BOTTOM, 0x1080, TOP - 1] {
        thread.write_u32(0x1044, handler);
        assert_eq!(dispatch(&thread, RECORD), Dispatch::Unhandled);
    }
}

#[test]
fn an_exception_in_a_handler_is_nested_until_its_registration_has_answered() {
    let nested = Answer { disposition: 2, registration: 0x1060 };
    let thread = thread(&[0x1040, 0x1060, 0x1080], &[nested, says(1), says(1)]);
    assert_eq!(dispatch(&thread, RECORD), Dispatch::Unhandled);
    let seen: Vec<u32> = thread.calls.borrow().iter().map(|call| call.3).collect();
    assert_eq!(seen, [0, flags::NESTED_CALL, 0]);
}

#[test]
fn unwinding_tells_all_before_the_target_and_takes_them_off() {
    let thread = thread(&[0x1040, 0x1050, 0x1060], &[says(1), says(1)]);
    assert_eq!(unwind(&thread, 0x1060, RECORD), Unwind::Reached);
    let expected = [
        (Purpose::Unwind, HANDLER, 0x1040, flags::UNWINDING),
        (Purpose::Unwind, HANDLER + 1, 0x1050, flags::UNWINDING),
    ];
    assert_eq!(*thread.calls.borrow(), expected);
    assert_eq!(thread.chain(), 0x1060);
}

#[test]
fn unwinding_everything_ends_at_the_end() {
    let all = thread(&[0x1040, 0x1050], &[says(1), says(1)]);
    assert_eq!(unwind(&all, 0, RECORD), Unwind::Exhausted);
    assert_eq!(flags_of(&all, RECORD), flags::UNWINDING | flags::EXIT_UNWIND);
    assert_eq!(all.chain(), END_OF_CHAIN);
    let to_the_end = thread(&[0x1040], &[says(1)]);
    assert_eq!(unwind(&to_the_end, END_OF_CHAIN, RECORD), Unwind::Reached);
}

#[test]
fn an_unwind_that_cannot_get_there_is_an_exception() {
    let passed = thread(&[0x1060], &[]);
    assert_eq!(unwind(&passed, 0x1050, RECORD), Unwind::Raise(Status::INVALID_UNWIND_TARGET));
    let missed = thread(&[0x1040, 0x1080], &[says(1)]);
    assert_eq!(unwind(&missed, 0x1060, RECORD), Unwind::Raise(Status::INVALID_UNWIND_TARGET));
    let bad = thread(&[0x1040, 0x1042], &[says(1)]);
    assert_eq!(unwind(&bad, 0x1080, RECORD), Unwind::Raise(Status::BAD_STACK));
    let answer = thread(&[0x1040], &[says(0)]);
    assert_eq!(unwind(&answer, 0x1080, RECORD), Unwind::Raise(Status::INVALID_DISPOSITION));
}

#[test]
fn a_collided_unwind_goes_on_where_the_other_was() {
    let collided = Answer { disposition: 3, registration: 0x1060 };
    let first = thread(&[0x1040, 0x1050, 0x1060, 0x1070], &[collided, says(1)]);
    assert_eq!(unwind(&first, 0, RECORD), Unwind::Exhausted);
    assert_eq!(called(&first), [0x1040, 0x1070]);
    let lie = Answer { disposition: 3, registration: 0x1030 };
    let second = thread(&[0x1040], &[lie]);
    assert_eq!(unwind(&second, 0, RECORD), Unwind::Raise(Status::INVALID_DISPOSITION));
}
