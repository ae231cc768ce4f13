//! A processor with a dispatcher for tests.

use abi::cell::Link;
use abi::nt::process::Kprocess;
use abi::nt::thread::Kthread;
use mm::pool::Tag;
use model::machine::{NoExecute, SoftwareMachine};
use model::system::System;

use crate::dispatcher::Dispatcher;
use crate::thread::{NORMAL_PRIORITY, ThreadStart, initialise_process, initialise_thread};

const TAG: Tag = Tag(*b"Test");

/// One process and its dispatcher. The memory lives as long as the test program.
pub struct TestSystem {
    system: &'static System,
    pub dispatcher: Dispatcher<'static, SoftwareMachine>,
    pub process: Link<Kprocess>,
    pub idle: Link<Kthread>,
}

impl TestSystem {
    pub fn new() -> Self {
        let system: &'static System = Box::leak(Box::new(System::new(256, NoExecute::Supported)));
        let block = |bytes: usize| system.mm.allocate_zeroed_pool::<()>(bytes as u32, TAG).unwrap();
        let process: Link<Kprocess> = block(size_of::<Kprocess>()).cast();
        initialise_process(&system.mm.machine, process, NORMAL_PRIORITY, 0);
        let idle = new_thread(system, process, 0);
        let database = block(size_of::<crate::DispatcherDatabase>()).cast();
        let processor = block(size_of::<abi::processor::Kpcr>()).cast();
        let dispatcher = Dispatcher::new(&system.mm.machine, database, processor, idle);
        Self { system, dispatcher, process, idle }
    }

    pub fn records(&self) -> &'static SoftwareMachine {
        &self.system.mm.machine
    }

    /// A zeroed block of pool for a `T`.
    pub fn block<T>(&self) -> Link<T> {
        self.bytes(size_of::<T>() as u32, TAG)
    }

    /// So many zeroed bytes of pool.
    pub fn bytes<T>(&self, bytes: u32, tag: Tag) -> Link<T> {
        self.system.mm.allocate_zeroed_pool(bytes, tag).unwrap()
    }

    /// A thread that is not ready yet.
    pub fn thread(&self, priority: u8) -> Link<Kthread> {
        new_thread(self.system, self.process, priority)
    }

    /// A thread that is ready.
    pub fn started(&self, priority: u8) -> Link<Kthread> {
        let thread = self.thread(priority);
        self.dispatcher.ready(thread);
        thread
    }
}

fn new_thread(system: &System, process: Link<Kprocess>, priority: u8) -> Link<Kthread> {
    let thread = system.mm.allocate_zeroed_pool(size_of::<Kthread>() as u32, TAG).unwrap();
    let start = ThreadStart { process, priority, stack_base: 0, stack_limit: 0, kernel_stack: 0, teb: 0 };
    initialise_thread(&system.mm.machine, thread, &start);
    thread
}
