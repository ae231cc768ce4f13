use abi::nt::dispatcher::{Kapc, Kevent, Ksemaphore};
use mm::pool::Tag;

use super::*;
use crate::apc::{MAXIMUM_SUSPEND_COUNT, initialise_apc, suspend_semaphore};
use crate::event::{EventKind, initialise_event};
use crate::mutant::initialise_mutant;
use crate::semaphore::initialise_semaphore;
use crate::test_system::TestSystem;

mod random;

pub(super) fn terms(alertable: Alertable, deadline: Option<u64>) -> WaitTerms {
    WaitTerms { reason: WaitReason::UserRequest, mode: Ring::User, alertable, deadline }
}

pub(super) fn event(system: &TestSystem, kind: EventKind, set: u32) -> Link<DispatcherHeader> {
    let event: Link<Kevent> = system.block();
    initialise_event(system.records(), event, kind, set);
    event.cast()
}

pub(super) fn semaphore(system: &TestSystem, count: u32, limit: u32) -> Link<DispatcherHeader> {
    let semaphore: Link<Ksemaphore> = system.block();
    initialise_semaphore(system.records(), semaphore, count, limit);
    semaphore.cast()
}

pub(super) fn mutant(system: &TestSystem) -> Link<DispatcherHeader> {
    let mutant: Link<Kmutant> = system.block();
    initialise_mutant(system.records(), mutant);
    mutant.cast()
}

fn state(system: &TestSystem, object: Link<DispatcherHeader>) -> i32 {
    system.records().record(object).signal_state.get() as i32
}

/// A system with two threads of priority 8, the first of which runs.
fn two() -> (TestSystem, [Link<Kthread>; 2]) {
    let system = TestSystem::new();
    let threads = [system.started(8), system.started(8)];
    let _ = system.dispatcher.dispatch(0).unwrap();
    (system, threads)
}

#[test]
fn a_wait_ends_when_its_address_is_woken() {
    let (system, [a, b]) = two();
    let dispatcher = &system.dispatcher;
    assert_eq!(dispatcher.wait(WaitReason::PageIn, 0x8100_0000, None).to, b);
    assert_eq!(dispatcher.wake(0x8100_001C), 0);
    assert_eq!(dispatcher.wake(0x8100_0000), 1);
    assert_eq!(dispatcher.wait(WaitReason::PageIn, 0x8100_0000, None).to, a);
    assert_eq!(dispatcher.wait_result(), NtStatus::SUCCESS);
    dispatcher.verify().unwrap();
}

#[test]
fn an_interrupt_ends_the_wait_for_its_line_even_if_it_came_just_before() {
    let (system, [a, b]) = two();
    let dispatcher = &system.dispatcher;
    let wait = |line| dispatcher.wait(WaitReason::Executive, dispatcher.interrupt_address(line), None);
    assert_eq!(wait(14).to, b);
    dispatcher.note_interrupt(14);
    dispatcher.note_interrupt(15);
    assert!(dispatcher.is_requested());
    assert_eq!(wait(15).to, system.idle, "the dispatcher has not looked yet");
    dispatcher.verify().unwrap();
    assert_eq!(dispatcher.dispatch(0).unwrap().to, a);
    assert_eq!(wait(15).to, b, "one interrupt is heard once");
    assert_eq!(dispatcher.wait_result(), NtStatus::SUCCESS);
    dispatcher.note_interrupt(14);
    assert_eq!(dispatcher.dispatch(0), None, "somebody waits for the other line");
    dispatcher.verify().unwrap();
}

#[test]
fn waits_end_in_the_order_of_their_deadlines() {
    let system = TestSystem::new();
    let threads = [system.started(8), system.started(8), system.started(8)];
    let dispatcher = &system.dispatcher;
    let _ = dispatcher.dispatch(0).unwrap();
    for due in [300, 100, 200] {
        let _ = dispatcher.block_on(&[], WaitKind::Any, None, &terms(Alertable::No, Some(due)));
    }
    dispatcher.verify().unwrap();
    assert_eq!(dispatcher.current(), system.idle);
    assert_eq!(dispatcher.dispatch(99), None);
    assert_eq!(dispatcher.dispatch(100).unwrap().to, threads[1]);
    assert_eq!(dispatcher.wait_result(), NtStatus::TIMEOUT);
    assert_eq!(dispatcher.dispatch(1000), None, "the others are ready behind the one that runs");
    let _ = dispatcher.terminate();
    assert_eq!(dispatcher.current(), threads[2]);
    let _ = dispatcher.terminate();
    assert_eq!(dispatcher.current(), threads[0]);
}

#[test]
fn a_signal_before_the_deadline_stops_the_timer() {
    let (system, [a, _]) = two();
    let dispatcher = &system.dispatcher;
    let event = event(&system, EventKind::Synchronization, 0);
    let _ = dispatcher.block_on(&[event], WaitKind::Any, None, &terms(Alertable::No, Some(500)));
    dispatcher.verify().unwrap();
    dispatcher.set_event(event.cast(), 1);
    assert_eq!(dispatcher.dispatch(600).unwrap().to, a);
    assert_eq!(dispatcher.wait_result(), NtStatus::SUCCESS);
    assert_eq!(dispatcher.database.timer_count.get(), 0);
    dispatcher.verify().unwrap();
}

#[test]
fn the_end_of_a_thread_wakes_who_waits_for_it() {
    let (system, [a, b]) = two();
    let dispatcher = &system.dispatcher;
    assert_eq!(dispatcher.block_on(&[b.cast()], WaitKind::Any, None, &terms(Alertable::No, None)).to, b);
    assert_eq!(dispatcher.terminate().to, a);
    assert_eq!(dispatcher.wait_result(), NtStatus::SUCCESS);
    assert_eq!(dispatcher.try_wait(&[b.cast()], WaitKind::Any), Some(NtStatus::SUCCESS), "for good");
    assert_eq!(dispatcher.try_wait(&[b.cast()], WaitKind::Any), Some(NtStatus::SUCCESS));
}

#[test]
fn what_taking_does_depends_on_the_kind() {
    let (system, _) = two();
    let cases = [
        (event(&system, EventKind::Notification, 1), 1),
        (event(&system, EventKind::Synchronization, 1), 0),
        (semaphore(&system, 3, 3), 2),
        (mutant(&system), 0),
    ];
    for (object, after) in cases {
        assert_eq!(system.dispatcher.try_wait(&[object], WaitKind::Any), Some(NtStatus::SUCCESS));
        assert_eq!(state(&system, object), after);
    }
    assert_eq!(system.dispatcher.try_wait(&[cases[1].0], WaitKind::Any), None);
    assert_eq!(system.dispatcher.try_wait(&[cases[3].0], WaitKind::Any), Some(NtStatus::SUCCESS), "its own already");
    assert_eq!(state(&system, cases[3].0), -1);
}

#[test]
fn any_answers_the_number_of_the_first_and_takes_no_other() {
    let (system, _) = two();
    let objects = [
        event(&system, EventKind::Synchronization, 0),
        event(&system, EventKind::Synchronization, 1),
        event(&system, EventKind::Synchronization, 1),
    ];
    assert_eq!(system.dispatcher.try_wait(&objects, WaitKind::Any), Some(NtStatus::WAIT_1));
    assert_eq!(objects.map(|object| state(&system, object)), [0, 0, 1]);
}

#[test]
fn all_takes_nothing_until_it_can_take_everything() {
    let (system, [a, b]) = two();
    let dispatcher = &system.dispatcher;
    let [first, second] = [event(&system, EventKind::Synchronization, 0), semaphore(&system, 0, 2)];
    assert_eq!(dispatcher.try_wait(&[first, second], WaitKind::All), None);
    assert_eq!(dispatcher.block_on(&[first, second], WaitKind::All, None, &terms(Alertable::No, None)).to, b);
    dispatcher.set_event(first.cast(), 1);
    assert_eq!((state(&system, first), dispatcher.dispatch(0)), (1, None));
    dispatcher.verify().unwrap();
    assert_eq!(dispatcher.release_semaphore(second.cast(), 2, 1), Ok(0));
    assert_eq!(dispatcher.dispatch(0).unwrap().to, a);
    assert_eq!((state(&system, first), state(&system, second)), (0, 1));
    dispatcher.verify().unwrap();
}

#[test]
fn a_pulse_lets_through_who_waits_and_nobody_else() {
    for (kind, woken) in [(EventKind::Notification, 2), (EventKind::Synchronization, 1)] {
        let system = TestSystem::new();
        let threads = [system.started(8), system.started(8)];
        let dispatcher = &system.dispatcher;
        let event = event(&system, kind, 0);
        let _ = dispatcher.dispatch(0).unwrap();
        for _ in threads {
            let _ = dispatcher.block_on(&[event], WaitKind::Any, None, &terms(Alertable::No, None));
        }
        assert_eq!(dispatcher.pulse_event(event.cast(), 1), 0);
        let waiting = list::entries(system.records(), dispatcher.waiting_list()).count();
        assert_eq!((2 - waiting, state(&system, event)), (woken, 0));
    }
}

#[test]
fn a_semaphore_is_not_released_past_its_limit() {
    let (system, _) = two();
    let semaphore = semaphore(&system, 1, 2);
    let dispatcher = &system.dispatcher;
    assert_eq!(dispatcher.release_semaphore(semaphore.cast(), 2, 1), Err(NtStatus::SEMAPHORE_LIMIT_EXCEEDED));
    assert_eq!(dispatcher.release_semaphore(semaphore.cast(), i32::MAX, 1), Err(NtStatus::SEMAPHORE_LIMIT_EXCEEDED));
    assert_eq!(dispatcher.release_semaphore(semaphore.cast(), 1, 1), Ok(1));
    assert_eq!(state(&system, semaphore), 2);
}

#[test]
fn a_mutant_is_its_owners_to_give_back() {
    let (system, [a, b]) = two();
    let dispatcher = &system.dispatcher;
    let mutant = mutant(&system);
    assert_eq!(dispatcher.release_mutant(mutant.cast(), 1), Err(NtStatus::MUTANT_NOT_OWNED));
    for _ in 0..2 {
        assert_eq!(dispatcher.try_wait(&[mutant], WaitKind::Any), Some(NtStatus::SUCCESS));
    }
    assert_eq!(dispatcher.yield_turn().unwrap().to, b);
    assert_eq!(dispatcher.try_wait(&[mutant], WaitKind::Any), None);
    assert_eq!(dispatcher.release_mutant(mutant.cast(), 1), Err(NtStatus::MUTANT_NOT_OWNED));
    assert_eq!(dispatcher.block_on(&[mutant], WaitKind::Any, None, &terms(Alertable::No, None)).to, a);
    dispatcher.verify().unwrap();
    assert_eq!(dispatcher.release_mutant(mutant.cast(), 1), Ok(-1i32 as u32));
    assert_eq!(dispatcher.dispatch(0), None);
    assert_eq!(dispatcher.release_mutant(mutant.cast(), 1), Ok(0));
    assert_eq!(dispatcher.dispatch(0).unwrap().to, b);
    assert_eq!((dispatcher.wait_result(), state(&system, mutant)), (NtStatus::SUCCESS, 0));
    dispatcher.verify().unwrap();
}

#[test]
fn who_gets_a_mutant_from_a_dead_owner_is_told_once() {
    let (system, [_, b]) = two();
    let dispatcher = &system.dispatcher;
    let [first, second] = [mutant(&system), mutant(&system)];
    for object in [first, second] {
        assert_eq!(dispatcher.try_wait(&[object], WaitKind::Any), Some(NtStatus::SUCCESS));
    }
    assert_eq!(dispatcher.terminate().to, b);
    let nothing = event(&system, EventKind::Notification, 0);
    assert_eq!(dispatcher.try_wait(&[nothing, first], WaitKind::Any), Some(NtStatus(0x81)));
    assert_eq!(dispatcher.release_mutant(first.cast(), 1), Ok(0));
    assert_eq!(dispatcher.try_wait(&[first, second], WaitKind::All), Some(NtStatus::ABANDONED_WAIT_0));
    assert_eq!(dispatcher.try_wait(&[first], WaitKind::Any), Some(NtStatus::SUCCESS));
    dispatcher.verify().unwrap();
}

#[test]
fn a_user_call_ends_an_alertable_wait_only() {
    for (alertable, ends) in [(Alertable::Yes, true), (Alertable::No, false)] {
        let (system, [a, b]) = two();
        let dispatcher = &system.dispatcher;
        let event = event(&system, EventKind::Notification, 0);
        assert_eq!(dispatcher.block_on(&[event], WaitKind::Any, None, &terms(alertable, None)).to, b);
        let apc: Link<Kapc> = system.block();
        initialise_apc(system.records(), apc, a, Ring::User);
        dispatcher.queue_user_apc(apc).unwrap();
        dispatcher.verify().unwrap();
        assert_eq!(state_of(&system, a) != ThreadState::Waiting as u8, ends);
        if ends {
            assert_eq!(dispatcher.yield_turn().unwrap().to, a);
            assert_eq!(dispatcher.wait_result(), NtStatus::USER_APC);
            assert_eq!((dispatcher.take_user_apc(), dispatcher.take_user_apc()), (Some(apc), None));
        }
    }
}

#[test]
fn a_call_or_an_alert_that_came_before_keeps_from_waiting() {
    let (system, [a, _]) = two();
    let dispatcher = &system.dispatcher;
    let alertable = terms(Alertable::Yes, None);
    assert_eq!(dispatcher.interruption(&alertable), None);
    dispatcher.alert(a, Ring::User);
    assert_eq!(dispatcher.interruption(&terms(Alertable::No, None)), None);
    assert_eq!(dispatcher.interruption(&alertable), Some(NtStatus::ALERTED));
    assert_eq!(dispatcher.interruption(&alertable), None, "it is told once");
    let apc: Link<Kapc> = system.block();
    initialise_apc(system.records(), apc, a, Ring::User);
    dispatcher.queue_user_apc(apc).unwrap();
    assert_eq!(dispatcher.interruption(&terms(Alertable::No, None)), None);
    assert_eq!(dispatcher.interruption(&alertable), Some(NtStatus::USER_APC));
}

#[test]
fn suspending_interrupts_a_wait_and_resuming_counts() {
    let (system, [a, b]) = two();
    let dispatcher = &system.dispatcher;
    let event = event(&system, EventKind::Synchronization, 0);
    assert_eq!(dispatcher.block_on(&[event], WaitKind::Any, None, &terms(Alertable::No, None)).to, b);
    assert_eq!((dispatcher.suspend(a), dispatcher.suspend(a)), (Ok(0), Ok(1)));
    dispatcher.verify().unwrap();
    assert_eq!(dispatcher.yield_turn().unwrap().to, a);
    assert_eq!(dispatcher.wait_result(), NtStatus::KERNEL_APC);
    assert!(dispatcher.take_suspension() && !dispatcher.take_suspension());
    let semaphore: Link<DispatcherHeader> = suspend_semaphore(a).cast();
    assert_eq!(dispatcher.try_wait(&[semaphore], WaitKind::Any), None);
    let kernel =
        WaitTerms { reason: WaitReason::Suspended, mode: Ring::Kernel, alertable: Alertable::No, deadline: None };
    assert_eq!(dispatcher.block_on(&[semaphore], WaitKind::Any, None, &kernel).to, b);
    assert_eq!((dispatcher.resume(a), dispatcher.resume(a), dispatcher.resume(a)), (2, 1, 0));
    assert_eq!(dispatcher.yield_turn().unwrap().to, a);
    dispatcher.verify().unwrap();
}

#[test]
fn suspension_that_is_taken_back_in_time_costs_nothing() {
    let (system, [a, _]) = two();
    let dispatcher = &system.dispatcher;
    assert_eq!(
        (dispatcher.suspend(a), dispatcher.resume(a), dispatcher.suspend(a), dispatcher.resume(a)),
        (Ok(0), 1, Ok(0), 1)
    );
    assert!(dispatcher.take_suspension());
    let semaphore: Link<DispatcherHeader> = suspend_semaphore(a).cast();
    assert_eq!(dispatcher.try_wait(&[semaphore], WaitKind::Any), Some(NtStatus::SUCCESS));
    assert_eq!(state(&system, semaphore), 0);
    for count in 0..MAXIMUM_SUSPEND_COUNT {
        assert_eq!(dispatcher.suspend(a), Ok(count));
    }
    assert_eq!(dispatcher.suspend(a), Err(NtStatus::SUSPEND_COUNT_EXCEEDED));
}

#[test]
fn a_wait_for_many_objects_stands_in_an_array() {
    let (system, [a, b]) = two();
    let dispatcher = &system.dispatcher;
    let objects: Vec<_> = (0..64).map(|_| event(&system, EventKind::Notification, 0)).collect();
    let array = system.bytes(64 * BLOCK_SIZE, Tag(*b"Wait"));
    assert_eq!(dispatcher.block_on(&objects, WaitKind::Any, Some(array), &terms(Alertable::No, Some(9))).to, b);
    dispatcher.verify().unwrap();
    dispatcher.set_event(objects[63].cast(), 1);
    assert_eq!(dispatcher.dispatch(0).unwrap().to, a);
    assert_eq!(dispatcher.wait_result(), NtStatus(63));
    dispatcher.verify().unwrap();
}

fn state_of(system: &TestSystem, thread: Link<Kthread>) -> u8 {
    system.records().record(thread).state.get()
}
