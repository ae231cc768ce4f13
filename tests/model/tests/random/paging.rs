//! Trimming, ageing, writing to the paging file and reading from it, with a disk that is late or broken.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use model::system::Disk;

use super::Run;

/// Writes that are under way at most.
const WRITES: usize = 3;

impl Run {
    pub fn step_of_paging(&mut self) {
        let done = match self.random.below(16) {
            0..2 => self.age().then_some(15),
            2..7 => self.trim().then_some(16),
            7..10 => self.begin_write().then_some(17),
            10..14 => self.end_write().then_some(18),
            14 => {
                self.system.set_delays(self.random.below(2) == 0);
                None
            }
            _ => {
                self.system.catch_up(None);
                Some(19)
            }
        };
        if let Some(index) = done {
            self.done[index] += 1;
        }
    }

    /// Makes the page tables known that a service over `size` bytes at `base` may look at; nothing where the disk does not give them.
    pub fn tables_are_known(&self, process: Link<Eprocess>, base: u32, size: u32) -> Option<()> {
        self.system.bring_tables_in(process, base, size).ok()
    }

    fn some_process(&mut self) -> Option<Link<Eprocess>> {
        let slot = self.random.below(self.processes.len() as u32) as usize;
        self.processes[slot].as_ref().map(|(process, _)| *process)
    }

    fn age(&mut self) -> bool {
        let Some(process) = self.some_process() else { return false };
        self.system.space(process).age_working_set();
        true
    }

    fn trim(&mut self) -> bool {
        let Some(process) = self.some_process() else { return false };
        let (age, most) = (self.random.below(4), self.random.of(&[1, 4, 16, 1000]));
        self.system.space(process).trim_working_set(age, most, 0) > 0
    }

    fn begin_write(&mut self) -> bool {
        let request = if self.writes.len() < WRITES { self.system.begin_page_out() } else { None };
        let any = request.is_some();
        self.writes.extend(request);
        any
    }

    fn end_write(&mut self) -> bool {
        if self.writes.is_empty() {
            return false;
        }
        let index = self.random.below(self.writes.len() as u32) as usize;
        let request = self.writes.swap_remove(index);
        self.system.end_page_out(request);
        true
    }

    /// Ends all that is under way, on a sound disk.
    pub fn settle(&mut self) {
        self.system.set_disk(Disk::Sound);
        self.system.set_delays(false);
        self.system.catch_up(None);
        while self.end_write() {}
    }
}
