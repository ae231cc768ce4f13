use super::*;
use abi::cell::Link;
use abi::nt::thread::Kthread;
use abi::status::NtStatus;

use crate::apc::initialise_apc;
use crate::clock::Ring;
use crate::test_system::TestSystem;
use crate::verify::DispatcherCorruption;
use crate::wait::{Alertable, WaitKind, WaitReason, WaitTerms};

const MILLISECOND: u64 = UNITS_PER_MILLISECOND as u64;

fn timer(system: &TestSystem, kind: TimerKind) -> Link<Etimer> {
    let timer = system.block::<Etimer>();
    initialise_timer(system.records(), timer, kind);
    timer
}

fn state(system: &TestSystem, timer: Link<Etimer>) -> u32 {
    system.records().record(timer).ke_timer.header.signal_state.get()
}

/// Makes a new thread of priority `priority` run and wait for `timer`.
fn waiting(system: &TestSystem, timer: Link<Etimer>, alertable: Alertable, deadline: Option<u64>) -> Link<Kthread> {
    let thread = system.started(8);
    assert_eq!(system.dispatcher.dispatch(0).unwrap().to, thread);
    let terms = WaitTerms { reason: WaitReason::UserRequest, mode: Ring::User, alertable, deadline };
    let _ = system.dispatcher.block_on(&[timer.cast()], WaitKind::Any, None, &terms);
    thread
}

#[test]
fn a_timer_comes_when_it_is_due_and_not_before() {
    let system = TestSystem::new();
    let timer = timer(&system, TimerKind::Notification);
    system.dispatcher.set_timer(timer, 100, 0, 10);
    assert!(system.dispatcher.dispatch(99).is_none());
    assert_eq!((state(&system, timer), system.dispatcher.verify()), (0, Ok(())));
    assert!(system.dispatcher.dispatch(100).is_none());
    assert_eq!((state(&system, timer), system.dispatcher.cancel_timer(timer)), (1, false));
    system.dispatcher.set_timer(timer, 200, 0, 150);
    assert_eq!((state(&system, timer), system.dispatcher.cancel_timer(timer)), (0, true));
    system.dispatcher.set_timer(timer, 150, 0, 150);
    assert_eq!(state(&system, timer), 1, "it was due already");
    assert_eq!(system.dispatcher.verify(), Ok(()));
}

#[test]
fn a_synchronization_timer_lets_one_thread_through_each_time() {
    let system = TestSystem::new();
    let timer = timer(&system, TimerKind::Synchronization);
    let threads = [(); 2].map(|()| waiting(&system, timer, Alertable::No, None));
    system.dispatcher.set_timer(timer, MILLISECOND, 2, 0);
    assert_eq!(system.dispatcher.dispatch(MILLISECOND).unwrap().to, threads[0]);
    assert_eq!(system.dispatcher.wait_result(), NtStatus(0));
    assert_eq!(state(&system, timer), 0);
    assert!(system.dispatcher.dispatch(3 * MILLISECOND - 1).is_none());
    system.dispatcher.dispatch(3 * MILLISECOND);
    assert_eq!(state(&system, timer), 0, "the other thread took it");
    system.dispatcher.dispatch(5 * MILLISECOND);
    assert_eq!(state(&system, timer), 1, "nobody waits any more");
    assert_eq!(system.dispatcher.verify(), Ok(()));
}

#[test]
fn waits_end_in_the_order_of_their_times_among_timers() {
    let system = TestSystem::new();
    let timer = timer(&system, TimerKind::Notification);
    system.dispatcher.set_timer(timer, 70, 0, 0);
    let early = waiting(&system, timer, Alertable::No, Some(50));
    let late = waiting(&system, timer, Alertable::No, Some(90));
    assert_eq!(system.dispatcher.dispatch(50).unwrap().to, early);
    assert_eq!((system.dispatcher.wait_result(), state(&system, timer)), (NtStatus::TIMEOUT, 0));
    assert_eq!(system.dispatcher.verify(), Ok(()));
    system.dispatcher.dispatch(80);
    assert_eq!(system.records().record(late).wait_status.get(), 0);
    assert_eq!(system.dispatcher.verify(), Ok(()));
}

#[test]
fn a_timer_calls_its_thread_once_for_each_time_it_was_heard() {
    let system = TestSystem::new();
    let timer = timer(&system, TimerKind::Notification);
    let other = self::timer(&system, TimerKind::Notification);
    let thread = waiting(&system, other, Alertable::Yes, None);
    let call = timer_call(timer);
    initialise_apc(system.records(), call, thread, Ring::User);
    system.records().record(timer).apc_associated.set(1);
    system.dispatcher.set_timer(timer, MILLISECOND, 1, 0);
    assert_eq!(system.dispatcher.dispatch(MILLISECOND).unwrap().to, thread);
    assert_eq!(system.dispatcher.wait_result(), NtStatus::USER_APC);
    system.dispatcher.dispatch(2 * MILLISECOND);
    assert_eq!(system.dispatcher.take_user_apc(), Some(call));
    let record = system.records().record(call);
    assert_eq!((record.system_argument_1.get(), record.system_argument_2.get()), (MILLISECOND as u32, 0));
    assert_eq!(system.dispatcher.take_user_apc(), None, "the second time was not heard");
    system.dispatcher.dispatch(3 * MILLISECOND);
    assert_eq!(record.inserted.get(), 1);
    system.dispatcher.remove_user_apc(call);
    system.dispatcher.remove_user_apc(call);
    assert_eq!(system.dispatcher.take_user_apc(), None);
    assert!(system.dispatcher.cancel_timer(timer));
    assert_eq!(system.dispatcher.verify(), Ok(()));
}

#[test]
fn the_audit_notices_a_timer_out_of_order_and_one_that_is_not_marked() {
    let system = TestSystem::new();
    let [first, second] = [(); 2].map(|()| timer(&system, TimerKind::Notification));
    system.dispatcher.set_timer(first, 100, 0, 0);
    system.dispatcher.set_timer(second, 200, 0, 0);
    let record = |timer| &system.records().record::<Etimer>(timer).ke_timer;
    record(first).due_time.set(300);
    assert_eq!(system.dispatcher.verify(), Err(DispatcherCorruption::T1(second)));
    record(first).due_time.set(100);
    record(first).header.inserted.set(0);
    assert_eq!(system.dispatcher.verify(), Err(DispatcherCorruption::T1(first)));
    record(first).header.inserted.set(1);
    assert_eq!(system.dispatcher.verify(), Ok(()));
}

#[test]
fn timers_do_what_a_table_of_their_times_would() {
    use model::random::Random;

    for seed in 1..=30 {
        let system = TestSystem::new();
        let mut random = Random::new(seed);
        let timers: Vec<_> = (0..12).map(|_| timer(&system, TimerKind::Notification)).collect();
        // By timer: when it comes next, its period, its state.
        let mut model = vec![(None::<u64>, 0u64, 0u32); timers.len()];
        let mut now = 0;
        for step in 0..400 {
            let index = random.below(12) as usize;
            match random.below(6) {
                0 | 1 => {
                    let (due, period) = (now + u64::from(random.below(50_000)), random.of(&[0, 0, 1, 3]));
                    system.dispatcher.set_timer(timers[index], due, period, now);
                    let comes = due <= now;
                    let next = if comes { now + u64::from(period) * MILLISECOND } else { due };
                    model[index] = ((!comes || period > 0).then_some(next), u64::from(period), u32::from(comes));
                }
                2 => {
                    let was_set = system.dispatcher.cancel_timer(timers[index]);
                    assert_eq!(was_set, model[index].0.take().is_some(), "seed {seed}, step {step}");
                }
                _ => {
                    now += u64::from(random.below(30_000));
                    assert!(system.dispatcher.dispatch(now).is_none());
                    for (due, period, state) in &mut model {
                        if due.is_some_and(|due| due <= now) {
                            (*due, *state) = ((*period > 0).then_some(now + *period * MILLISECOND), 1);
                        }
                    }
                }
            }
            let states: Vec<_> = timers.iter().map(|timer| state(&system, *timer)).collect();
            assert_eq!(states, model.iter().map(|timer| timer.2).collect::<Vec<_>>(), "seed {seed}, step {step}");
            let set = model.iter().filter(|timer| timer.0.is_some()).count();
            assert_eq!(system.dispatcher.database.timer_count.get() as usize, set, "seed {seed}, step {step}");
            assert_eq!(system.dispatcher.verify(), Ok(()), "seed {seed}, step {step}");
        }
    }
}

#[test]
fn a_timer_for_a_time_of_day_follows_the_clock() {
    let system = TestSystem::new();
    let [absolute, relative, late] = [(); 3].map(|()| timer(&system, TimerKind::Notification));
    for (timer, due) in [(absolute, 500), (relative, 300), (late, 900)] {
        system.dispatcher.set_timer(timer, due, 0, 0);
        system.dispatcher.mark_absolute(timer, timer != relative);
    }
    system.dispatcher.shift_absolute_timers(400, 50);
    assert_eq!(system.dispatcher.verify(), Ok(()));
    system.dispatcher.dispatch(100);
    assert_eq!([absolute, relative, late].map(|timer| state(&system, timer)), [1, 0, 0]);
    system.dispatcher.shift_absolute_timers(-100, 100);
    system.dispatcher.dispatch(599);
    assert_eq!([relative, late].map(|timer| state(&system, timer)), [1, 0]);
    system.dispatcher.shift_absolute_timers(1, 599);
    system.dispatcher.dispatch(599);
    assert_eq!(state(&system, late), 1);
}
