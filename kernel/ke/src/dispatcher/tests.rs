use std::cell::RefCell;
use std::collections::VecDeque;

use super::*;
use crate::clock::Ring;
use crate::test_system::TestSystem;
use crate::wait::WaitReason;

fn state_of(system: &TestSystem, thread: Link<Kthread>) -> u8 {
    system.records().record(thread).state.get()
}

#[test]
fn the_first_ready_thread_takes_over_from_the_idle_thread() {
    let system = TestSystem::new();
    assert_eq!(system.dispatcher.dispatch(0), None);
    let thread = system.started(8);
    assert!(system.dispatcher.is_requested());
    assert_eq!(state_of(&system, thread), ThreadState::Standby as u8);
    assert_eq!(system.dispatcher.dispatch(0), Some(Switch { from: system.idle, to: thread }));
    assert_eq!(state_of(&system, thread), ThreadState::Running as u8);
    assert!(!system.dispatcher.is_requested());
}

#[test]
fn a_higher_priority_preempts_and_the_preempted_thread_keeps_the_rest_of_its_turn() {
    let system = TestSystem::new();
    let [low, other] = [system.started(8), system.started(8)];
    let dispatcher = &system.dispatcher;
    assert_eq!(dispatcher.dispatch(0).unwrap().to, low);
    dispatcher.charge_tick(Ring::User);
    let high = system.started(9);
    assert_eq!(dispatcher.dispatch(0), Some(Switch { from: low, to: high }));
    assert_eq!(dispatcher.terminate().to, low, "it goes to the front of its list");
    dispatcher.charge_tick(Ring::User);
    assert_eq!(dispatcher.dispatch(0).unwrap().to, other, "one tick was left");
}

#[test]
fn a_still_higher_priority_displaces_the_thread_on_standby() {
    let system = TestSystem::new();
    let [low, middle, high] = [system.started(5), system.started(6), system.started(7)];
    let dispatcher = &system.dispatcher;
    assert_eq!(state_of(&system, middle), ThreadState::Ready as u8);
    assert_eq!(dispatcher.dispatch(0).unwrap().to, high);
    assert_eq!(dispatcher.terminate().to, middle);
    assert_eq!(dispatcher.terminate().to, low);
    assert_eq!(dispatcher.terminate().to, system.idle);
}

#[test]
fn threads_of_one_priority_take_turns() {
    let system = TestSystem::new();
    let threads = [system.started(8), system.started(8), system.started(8)];
    let dispatcher = &system.dispatcher;
    let _ = dispatcher.dispatch(0).unwrap();
    for turn in 1..=9 {
        dispatcher.charge_tick(Ring::User);
        assert_eq!(dispatcher.dispatch(0), None);
        dispatcher.charge_tick(Ring::User);
        assert_eq!(dispatcher.dispatch(0).unwrap().to, threads[turn % 3]);
        dispatcher.verify().unwrap();
    }
}

#[test]
fn a_thread_alone_at_its_priority_runs_on_with_a_new_turn() {
    let system = TestSystem::new();
    let [thread, lower] = [system.started(8), system.started(7)];
    let dispatcher = &system.dispatcher;
    let _ = dispatcher.dispatch(0).unwrap();
    for _ in 0..10 {
        dispatcher.charge_tick(Ring::User);
        assert_eq!(dispatcher.dispatch(0), None);
        assert_eq!(dispatcher.current(), thread);
    }
    assert_eq!(dispatcher.yield_turn(), None);
    assert_eq!(dispatcher.terminate().to, lower);
}

#[test]
fn yielding_passes_to_the_next_of_the_same_priority() {
    let system = TestSystem::new();
    let [a, b] = [system.started(8), system.started(8)];
    let dispatcher = &system.dispatcher;
    let _ = dispatcher.dispatch(0).unwrap();
    assert_eq!(dispatcher.yield_turn(), Some(Switch { from: a, to: b }));
    assert_eq!(dispatcher.yield_turn(), Some(Switch { from: b, to: a }));
}

#[test]
fn the_zero_page_thread_runs_before_the_idle_thread_and_after_all_others() {
    let system = TestSystem::new();
    let zero = system.started(crate::thread::ZERO_PAGE_PRIORITY);
    let dispatcher = &system.dispatcher;
    assert_eq!(dispatcher.dispatch(0).unwrap().to, zero);
    assert!(!dispatcher.is_requested());
    let program = system.started(1);
    assert!(dispatcher.is_requested(), "which the thread asks after every page");
    assert_eq!(dispatcher.dispatch(0), Some(Switch { from: zero, to: program }));
    assert_eq!(dispatcher.terminate().to, zero);
}

#[test]
fn the_idle_thread_sleeps_only_when_nobody_is_ready() {
    #[derive(Default)]
    struct Recorder(RefCell<Vec<Option<Link<Kthread>>>>);
    impl ContextSwitch for Recorder {
        fn switch(&self, _: Link<Kthread>, to: Link<Kthread>) {
            self.0.borrow_mut().push(Some(to));
        }
        fn idle(&self) {
            self.0.borrow_mut().push(None);
        }
    }
    let system = TestSystem::new();
    let recorder = Recorder::default();
    system.dispatcher.idle_once(&recorder, || 0);
    let thread = system.started(8);
    system.dispatcher.idle_once(&recorder, || 0);
    assert_eq!(*recorder.0.borrow(), [None, Some(thread)]);
}

/// Random operations against a model that keeps the ready threads of each priority in a queue.
#[test]
fn random_operations_choose_as_a_simple_model_does() {
    for seed in 1..=200 {
        let system = TestSystem::new();
        let mut model = Model::new(system.idle);
        let mut random = seed;
        for step in 0..200 {
            random = next(random);
            let (operation, value) = (random % 6, (random >> 16) % 32);
            play(&system, &mut model, operation, value);
            let dispatcher = &system.dispatcher;
            dispatcher.verify().unwrap_or_else(|broken| panic!("seed {seed}, step {step}: {broken:?}"));
            assert_eq!(dispatcher.current(), model.current, "seed {seed}, step {step}");
        }
    }
}

const fn next(random: u32) -> u32 {
    random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223).rotate_left(7)
}

fn play(system: &TestSystem, model: &mut Model, operation: u32, value: u32) {
    let dispatcher = &system.dispatcher;
    let idle = model.current == system.idle;
    match operation {
        0 if model.threads < 40 => {
            let thread = system.started(value as u8);
            model.threads += 1;
            model.ready[value as usize].push_back(thread);
            let _ = dispatcher.dispatch(0);
            model.preempt(system);
        }
        1 if !idle => {
            let _ = dispatcher.wait(WaitReason::Executive, 0x8000_0000 + value % 3 * 4, None);
            model.waiting[value as usize % 3].push(model.current);
            model.leave();
        }
        2 => {
            let woken = std::mem::take(&mut model.waiting[value as usize % 3]);
            assert_eq!(dispatcher.wake(0x8000_0000 + value % 3 * 4), woken.len() as u32);
            let _ = dispatcher.dispatch(0);
            for thread in woken {
                model.ready[model_priority(system, thread)].push_back(thread);
            }
            model.preempt(system);
        }
        3 if !idle => {
            let _ = dispatcher.terminate();
            model.threads -= 1;
            model.leave();
        }
        4 if !idle => {
            let _ = dispatcher.yield_turn();
            let priority = model_priority(system, model.current);
            model.ready[priority].push_back(model.current);
            model.current = model.ready[priority].pop_front().unwrap();
        }
        _ => assert_eq!(dispatcher.dispatch(0), None),
    }
}

fn model_priority(system: &TestSystem, thread: Link<Kthread>) -> usize {
    usize::from(system.records().record(thread).base_priority.get())
}

struct Model {
    idle: Link<Kthread>,
    current: Link<Kthread>,
    ready: [VecDeque<Link<Kthread>>; 32],
    waiting: [Vec<Link<Kthread>>; 3],
    threads: u32,
}

impl Model {
    fn new(idle: Link<Kthread>) -> Self {
        Self { idle, current: idle, ready: Default::default(), waiting: Default::default(), threads: 0 }
    }

    fn preempt(&mut self, system: &TestSystem) {
        let Some(highest) = (0..32).rev().find(|priority| !self.ready[*priority].is_empty()) else { return };
        if self.current == self.idle {
            self.leave();
        } else if highest > model_priority(system, self.current) {
            let preempted = self.current;
            self.leave();
            self.ready[model_priority(system, preempted)].push_front(preempted);
        }
    }

    fn leave(&mut self) {
        self.current = (0..32).rev().find_map(|priority| self.ready[priority].pop_front()).unwrap_or(self.idle);
    }
}
