//! Random operations against a model that looks at every object and every waiting thread after every step.

use super::*;

const OBJECTS: usize = 6;
const THREADS: usize = 5;

#[derive(Clone, Debug)]
enum Thing {
    Event { automatic: bool, set: bool },
    Semaphore { count: i32, limit: i32 },
    Mutant { owner: Option<usize>, depth: i32, abandoned: bool },
}

#[derive(Clone, Debug)]
struct Wait {
    objects: Vec<usize>,
    kind: WaitKind,
}

/// What the rules say, in the plainest words.
struct Model {
    things: Vec<Thing>,
    /// In the order in which they began to wait.
    waits: Vec<(usize, Wait)>,
    answers: Vec<(usize, NtStatus)>,
}

impl Model {
    fn is_free(&self, object: usize, thread: usize) -> bool {
        match self.things[object] {
            Thing::Event { set, .. } => set,
            Thing::Semaphore { count, .. } => count > 0,
            Thing::Mutant { owner, .. } => owner.is_none_or(|owner| owner == thread),
        }
    }

    /// Whether the object was abandoned.
    fn take(&mut self, object: usize, thread: usize) -> bool {
        match &mut self.things[object] {
            Thing::Event { automatic, set } => *set &= !*automatic,
            Thing::Semaphore { count, .. } => *count -= 1,
            Thing::Mutant { owner, depth, abandoned } => {
                *owner = Some(thread);
                *depth += 1;
                return std::mem::take(abandoned);
            }
        }
        false
    }

    fn try_wait(&mut self, wait: &Wait, thread: usize) -> Option<NtStatus> {
        let free: Vec<bool> = wait.objects.iter().map(|object| self.is_free(*object, thread)).collect();
        let (index, taken) = match wait.kind {
            WaitKind::Any => {
                let index = free.iter().position(|free| *free)?;
                (index as u32, vec![wait.objects[index]])
            }
            WaitKind::All if free.iter().all(|free| *free) => (0, wait.objects.clone()),
            WaitKind::All => return None,
        };
        let mut abandoned = false;
        for object in taken {
            abandoned |= self.take(object, thread);
        }
        Some(NtStatus(index + if abandoned { 0x80 } else { 0 }))
    }

    /// Somebody changed `object`: who waits for it and can go on, does, in order.
    fn settle(&mut self, object: usize) {
        let mut index = 0;
        while index < self.waits.len() {
            let (thread, wait) = self.waits[index].clone();
            let answer = if wait.objects.contains(&object) { self.try_wait(&wait, thread) } else { None };
            match answer {
                Some(answer) => {
                    self.waits.remove(index);
                    self.answers.push((thread, answer));
                }
                None => index += 1,
            }
        }
    }
}

struct Play {
    system: TestSystem,
    threads: Vec<Link<Kthread>>,
    objects: Vec<Link<DispatcherHeader>>,
    model: Model,
    random: u32,
    ended: u32,
}

impl Play {
    fn new(seed: u32) -> Self {
        let system = TestSystem::new();
        let threads = (0..THREADS).map(|_| system.started(8)).collect();
        let objects = vec![
            event(&system, EventKind::Notification, 0),
            event(&system, EventKind::Synchronization, 0),
            semaphore(&system, 0, 3),
            semaphore(&system, 2, 2),
            mutant(&system),
            mutant(&system),
        ];
        let free = Thing::Mutant { owner: None, depth: 0, abandoned: false };
        let things = vec![
            Thing::Event { automatic: false, set: false },
            Thing::Event { automatic: true, set: false },
            Thing::Semaphore { count: 0, limit: 3 },
            Thing::Semaphore { count: 2, limit: 2 },
            free.clone(),
            free,
        ];
        let _ = system.dispatcher.dispatch(0).unwrap();
        let model = Model { things, waits: Vec::new(), answers: Vec::new() };
        Self { system, threads, objects, model, random: seed, ended: 0 }
    }

    fn pick(&mut self, below: usize) -> usize {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223).rotate_left(7);
        (self.random >> 8) as usize % below
    }

    fn step(&mut self) {
        let current = self.system.dispatcher.current();
        let running = self.threads.iter().position(|thread| *thread == current);
        match (running, self.pick(40)) {
            (Some(thread), 0) => self.end(thread),
            (Some(thread), 1..20) => self.wait(thread),
            (Some(thread), 20..30) => self.release(thread),
            (None, _) => self.release(THREADS),
            (Some(_), _) => drop(self.system.dispatcher.yield_turn()),
        }
        let _ = self.system.dispatcher.dispatch(0);
        for (thread, answer) in self.model.answers.drain(..) {
            let record = self.system.records().record(self.threads[thread]);
            assert_ne!(record.state.get(), ThreadState::Waiting as u8, "thread {thread} goes on");
            assert_eq!(NtStatus(record.wait_status.get()), answer);
        }
        for (thread, _) in &self.model.waits {
            let state = state_of(&self.system, self.threads[*thread]);
            assert_eq!(state, ThreadState::Waiting as u8, "thread {thread} waits");
        }
    }

    fn wait(&mut self, thread: usize) {
        let kind = if self.pick(2) == 0 { WaitKind::All } else { WaitKind::Any };
        let mut objects = Vec::new();
        for _ in 0..1 + self.pick(3) {
            objects.push(self.pick(OBJECTS));
        }
        if kind == WaitKind::All {
            objects.sort_unstable();
            objects.dedup();
        }
        let links: Vec<_> = objects.iter().map(|object| self.objects[*object]).collect();
        let wait = Wait { objects, kind };
        let expected = self.model.try_wait(&wait, thread);
        assert_eq!(self.system.dispatcher.try_wait(&links, kind), expected);
        if expected.is_none() {
            self.model.waits.push((thread, wait));
            let _ = self.system.dispatcher.block_on(&links, kind, None, &terms(Alertable::No, None));
        }
    }

    /// Thread `thread`, or somebody who is no thread of the test, changes an object.
    fn release(&mut self, thread: usize) {
        let (object, what) = (self.pick(OBJECTS), self.pick(5));
        let dispatcher = &self.system.dispatcher;
        let link = self.objects[object];
        match &mut self.model.things[object] {
            Thing::Event { set, .. } if what == 0 => {
                *set = false;
                dispatcher.reset_event(link.cast());
            }
            Thing::Event { set, .. } => {
                assert_eq!(dispatcher.set_event(link.cast(), 0) != 0, *set);
                *set = true;
            }
            Thing::Semaphore { count, limit } => {
                let fits = *count < *limit;
                let expected = if fits { Ok(*count as u32) } else { Err(NtStatus::SEMAPHORE_LIMIT_EXCEEDED) };
                assert_eq!(dispatcher.release_semaphore(link.cast(), 1, 0), expected);
                *count += i32::from(fits);
            }
            Thing::Mutant { owner, depth, .. } => {
                let own = *owner == Some(thread);
                assert_eq!(dispatcher.release_mutant(link.cast(), 0).is_ok(), own);
                *depth -= i32::from(own);
                *owner = owner.filter(|_| *depth > 0);
            }
        }
        self.model.settle(object);
    }

    /// The running thread ends and leaves its mutants behind, first the one it has longest.
    fn end(&mut self, thread: usize) {
        if self.ended == 2 {
            return;
        }
        self.ended += 1;
        let held: Vec<_> = mm::list::entries(self.system.records(), crate::mutant::mutant_list(self.threads[thread]))
            .map(|entry| {
                self.objects.iter().position(|object| *object == crate::mutant::mutant_of(entry).cast()).unwrap()
            })
            .collect();
        let _ = self.system.dispatcher.terminate();
        for object in held {
            let Thing::Mutant { owner, depth, abandoned } = &mut self.model.things[object] else { unreachable!() };
            assert_eq!(owner.take(), Some(thread));
            (*depth, *abandoned) = (0, true);
            self.model.settle(object);
        }
    }
}

#[test]
fn random_waits_end_as_a_simple_model_says() {
    for seed in 1..=300 {
        let mut play = Play::new(seed);
        for step in 0..200 {
            play.step();
            play.system.dispatcher.verify().unwrap_or_else(|broken| panic!("seed {seed}, step {step}: {broken:?}"));
        }
    }
}
