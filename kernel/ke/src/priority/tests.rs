use abi::nt::dispatcher::Kevent;

use super::*;
use crate::event::{EventKind, WAKE_INCREMENT, initialise_event};
use crate::test_system::TestSystem;
use crate::thread::DEFAULT_QUANTUM;
use crate::wait::{Alertable, WaitKind, WaitReason, WaitTerms};
use crate::{Ring, dispatcher};

const TERMS: WaitTerms =
    WaitTerms { reason: WaitReason::UserRequest, mode: Ring::User, alertable: Alertable::No, deadline: None };

#[test]
fn a_base_priority_stays_within_the_range_of_its_process() {
    let cases = [
        (8, 0, 8),
        (8, 2, 10),
        (8, -2, 6),
        (8, SATURATION, 15),
        (8, -SATURATION, 1),
        (4, -2, 2),
        (13, 2, 15),
        (15, 2, 15),
        (2, -2, 1),
        (24, 2, 26),
        (24, SATURATION, 31),
        (24, -SATURATION, 16),
        (31, 2, 31),
    ];
    for (process, increment, expected) in cases {
        assert_eq!(base_priority(process, increment), expected, "{process} {increment}");
    }
}

/// A thread of `priority` that has waited for an event and was woken by it.
fn woken(system: &TestSystem, priority: u8) -> Link<Kthread> {
    let thread = system.started(priority);
    let event: Link<Kevent> = system.block();
    initialise_event(system.records(), event, EventKind::Synchronization, 0);
    let _ = system.dispatcher.dispatch(0).unwrap();
    let _ = system.dispatcher.block_on(&[event.cast()], WaitKind::Any, None, &TERMS);
    system.dispatcher.set_event(event, WAKE_INCREMENT);
    let dispatcher::Switch { to, .. } = system.dispatcher.dispatch(0).unwrap();
    assert_eq!(to, thread);
    thread
}

#[test]
fn a_woken_thread_is_one_above_its_base_until_its_turn_is_over() {
    let system = TestSystem::new();
    let thread = woken(&system, 8);
    let record = system.records().record(thread);
    assert_eq!((record.priority.get(), record.base_priority.get()), (9, 8));
    assert_eq!(record.quantum.get(), DEFAULT_QUANTUM - 1);
    system.dispatcher.charge_tick(Ring::User);
    assert_eq!((system.dispatcher.dispatch(0), record.priority.get()), (None, 9));
    system.dispatcher.charge_tick(Ring::User);
    assert_eq!((system.dispatcher.dispatch(0), record.priority.get()), (None, 8));
    assert_eq!(record.quantum.get(), DEFAULT_QUANTUM);
}

#[test]
fn nobody_is_boosted_into_the_real_time_range_or_within_it() {
    for (priority, boosted) in [(15, 15), (16, 16), (24, 24), (31, 31), (1, 2)] {
        let system = TestSystem::new();
        let thread = woken(&system, priority);
        assert_eq!(system.records().record(thread).priority.get(), boosted);
    }
}

#[test]
fn a_thread_that_wants_no_boost_gets_none() {
    let system = TestSystem::new();
    let thread = system.thread(8);
    system.records().record(thread).disable_boost.set(1);
    system.dispatcher.boost(thread, 1);
    assert_eq!(system.records().record(thread).priority.get(), 8);
}

#[test]
fn lowering_the_running_thread_lets_a_better_one_run() {
    let system = TestSystem::new();
    let [a, b] = [system.started(8), system.started(7)];
    let dispatcher = &system.dispatcher;
    assert_eq!(dispatcher.dispatch(0).unwrap().to, a);
    dispatcher.set_base_priority(a, 6);
    assert_eq!(dispatcher.dispatch(0).unwrap().to, b);
    dispatcher.set_base_priority(a, 9);
    assert_eq!(dispatcher.dispatch(0).unwrap().to, a);
    dispatcher.verify().unwrap();
}

#[test]
fn raising_the_running_thread_sends_the_one_on_standby_back() {
    let system = TestSystem::new();
    let dispatcher = &system.dispatcher;
    let a = system.started(8);
    assert_eq!(dispatcher.dispatch(0).unwrap().to, a);
    let b = system.started(9);
    assert_eq!(dispatcher.standby(), Some(b));
    dispatcher.set_base_priority(a, 10);
    assert_eq!((dispatcher.standby(), dispatcher.dispatch(0)), (None, None));
    dispatcher.verify().unwrap();
}
