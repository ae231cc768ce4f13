//! What happens to an object that nobody refers to any more.
//!
//! A process that goes closes its handles, which may be the last to other processes, and so on for as many as there are. So
//! processes wait in line for whoever takes the first of them apart: the kernel stack does not grow with the chain.

use alloc::vec::Vec;
use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::dispatcher::{Kmutant, Kqueue};
use abi::nt::file::FileObject;
use abi::nt::job::Ejob;
use abi::nt::process::Eprocess;
use abi::nt::section::SectionObject;
use abi::nt::thread::Ethread;
use abi::nt::timer::Etimer;
use ob::{Condemned, Kind};
use spin::Mutex;

use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::Platform;

/// Processes that can exist: as many as there are page-directory-pointer tables, and some that are not complete.
const MOST: usize = 1024;

/// Processes that are to be taken apart.
#[doc(alias = "ObpRemoveObjectList")]
pub(crate) struct Line(Mutex<Waiting>);

struct Waiting {
    condemned: Vec<Condemned>,
    /// Somebody is working on the line.
    attended: bool,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Waiting { condemned: Vec::with_capacity(MOST), attended: false }))
    }

    /// Adds one; whether the caller is to work on the line.
    fn join(&self, condemned: Condemned) -> bool {
        let mut line = self.0.lock();
        line.condemned.push(condemned);
        !core::mem::replace(&mut line.attended, true)
    }

    /// The next one; without one nobody works on the line any more.
    fn next(&self) -> Option<Condemned> {
        let mut line = self.0.lock();
        let next = line.condemned.pop();
        line.attended = next.is_some();
        next
    }
}

impl<P: Platform> Executive<P> {
    /// Takes apart an object that nobody refers to any more.
    #[doc(alias = "ObpRemoveObjectRoutine")]
    pub(crate) fn take_apart(&self, condemned: Condemned) {
        match condemned.kind() {
            Kind::Process => self.take_processes_apart(condemned),
            Kind::Thread => self.take_thread_apart(condemned),
            Kind::Section => {
                // One that could not be completed has no control area.
                if let Some(section) = condemned.body::<SectionObject>()
                    && self.machine_record(section).segment.get() != 0
                {
                    self.take_base(section);
                    let fate = self.mm().remove_section_object(self.control_area_of(section));
                    self.settle_section(fate);
                }
                self.objects().delete(condemned);
            }
            Kind::Mutant => {
                if let Some(mutant) = condemned.body::<Kmutant>() {
                    self.dispatcher.forget_mutant(mutant);
                }
                self.objects().delete(condemned);
            }
            Kind::IoCompletion => {
                if let Some(port) = condemned.body::<Kqueue>() {
                    self.empty_port(port);
                }
                self.objects().delete(condemned);
            }
            Kind::Job => {
                let port = condemned.body::<Ejob>().map_or(0, |job| self.machine_record(job).completion_port.get());
                self.objects().delete(condemned);
                if let Some(port) = Link::<Kqueue>::new(port).some() {
                    self.release(port);
                }
            }
            Kind::Timer => {
                if let Some(timer) = condemned.body::<Etimer>() {
                    self.dispatcher.cancel_timer(timer);
                }
                self.objects().delete(condemned);
            }
            _ => match condemned.body::<FileObject>() {
                Some(file) if self.opened(file) == Opened::File => {
                    let _lock = self.lock_volume();
                    self.volume_of(file).close(condemned);
                }
                Some(file) => {
                    match self.opened(file) {
                        Opened::Pipe(end) => self.close_pipe(end),
                        Opened::Buffer(buffer) => self.leave_buffer(buffer),
                        _ => {}
                    }
                    io::file_object::delete(self.objects(), condemned);
                }
                None => self.objects().delete(condemned),
            },
        }
    }

    fn take_processes_apart(&self, condemned: Condemned) {
        if !self.line.join(condemned) {
            return;
        }
        while let Some(next) = self.line.next() {
            if let Some(process) = next.body::<Eprocess>() {
                self.take_process_apart(process);
            }
            self.objects().delete(next);
        }
    }

    /// Takes a thread off the list of its process, and gives back its number and the reference it had to that.
    #[doc(alias = "PspThreadDelete")]
    fn take_thread_apart(&self, condemned: Condemned) {
        let Some(thread) = condemned.body::<Ethread>() else { return };
        let record = self.machine_record(thread);
        let (id, process) = (record.cid.unique_thread.get(), record.threads_process.get());
        if !process.is_null() {
            mm::list::remove(self.platform(), thread.offset(offset_of!(Ethread, thread_list_entry) as u32));
        }
        self.objects().delete(condemned);
        if id != 0 {
            self.identifiers.give_back(id);
        }
        if let Some(process) = process.some() {
            self.release(process);
        }
    }
}
