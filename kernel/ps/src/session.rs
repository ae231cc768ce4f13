//! The first user of the system: runs the jobs of the plan, one after the other, and tells how each ended.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use abi::cell::Link;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;

use crate::endings::Ending;
use crate::executive::Executive;
use crate::ntdll::{self, Entries, Ntdll};
use crate::plan::{Console, Job, Wait};
use crate::platform::Platform;
use crate::process::SYSTEM_DIRECTORY;
use crate::refusals::Left;

/// What the end of a job tells of an audit that found nothing.
const SOUND: &str = "ok";

/// How a whole plan went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every program ended by itself with status 0, and every audit was clean.
    Success,
    /// Every audit was clean.
    Sound,
    /// An audit was not.
    Corrupt,
}

/// A program that runs, and what was counted when it started.
struct Running<'a> {
    job: Job<'a>,
    process: Link<Eprocess>,
    frames: u32,
    left: Left,
    time_stamp: u64,
}

impl<P: Platform> Executive<P> {
    /// Loads ntdll, through which every program begins.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    #[doc(alias = "PsLocateSystemDll")]
    pub fn load_ntdll(&self) -> Result<Entries, String> {
        let path = format!("{SYSTEM_DIRECTORY}\\ntdll.dll");
        let told = |status: NtStatus| format!("{path}: {status}");
        let file = self.open_image(&path).map_err(told)?;
        let size = self.volume_of(file).fcb(file).file_size.get();
        let entries = ntdll::entries(size, |at, into| self.volume_of(file).read(file, u64::from(at), into).map(|_| ()));
        self.close_image(file);
        let entries = entries.map_err(|what| format!("{path}: {what} is missing"))?;
        let section = self.image_section(&path).map_err(told)?;
        let segment = self.machine_record(self.control_area_of(section)).segment.get();
        let base = self.machine_record(segment).based_address.get();
        self.keep_known_dlls();
        self.ntdll.call_once(|| Ntdll { section, base, entries });
        Ok(entries)
    }

    /// From now on the kernel stacks of threads that end are measured (S1).
    pub fn measure_stacks(&self) {
        self.stacks.measure();
    }

    /// How often a page fault waited because another thread was reading the page.
    pub fn collisions(&self) -> u32 {
        self.collisions.get()
    }

    /// The most bytes of a kernel stack that were ever in use, by a thread that has ended or by the one that asks.
    pub fn deepest_stack(&self) -> u32 {
        let base = self.machine_record(self.platform().current_thread()).tcb.stack_base.get();
        self.stacks.deepest(self.mm(), base)
    }

    /// Runs `jobs` in order, and waits for those that run beside others at the end.
    pub fn run_jobs<'a>(&self, jobs: impl Iterator<Item = Job<'a>>) -> Verdict {
        let mut beside: Vec<Running<'a>> = Vec::new();
        let mut verdict = Verdict::Success;
        for job in jobs {
            let Some(running) = self.begin(job, Alone::of(&beside)) else {
                verdict = verdict.max(Verdict::Sound);
                continue;
            };
            match job.wait {
                Wait::Beside => beside.push(running),
                Wait::ForEnd => {
                    let alone = Alone::of(&beside);
                    self.wait_for_job(running.process, |other| beside.iter().any(|job| job.process == other));
                    verdict = verdict.max(self.finish(running, alone));
                    for other in beside.drain(..) {
                        self.condemn_process(other.process, NtStatus::SUCCESS);
                        verdict = verdict.max(self.finish(other, Alone::No));
                    }
                }
            }
        }
        for other in beside {
            verdict = verdict.max(self.finish(other, Alone::No));
        }
        self.platform().event(format_args!("done"));
        verdict
    }

    fn begin<'a>(&self, job: Job<'a>, alone: Alone) -> Option<Running<'a>> {
        self.platform().event(format_args!("begin label={}", escaped(job.label)));
        if alone == Alone::Yes {
            self.begin_refusals();
        }
        let (frames, left) = (self.frames_in_hand(), self.left_over());
        let time_stamp = self.platform().time_stamp();
        let started = self.start(&job);
        self.await_entry(started.as_ref().ok().copied());
        match started {
            Ok(process) => {
                if job.console == Console::Console {
                    self.enter_console(process);
                }
                Some(Running { job, process, frames, left, time_stamp })
            }
            Err(ending) => {
                let audit = self.settle_and_verify();
                let (after, left_after) = self.counted((frames, left), alone);
                self.report(&job, &ending, (0, frames, after), (left, left_after), &audit);
                None
            }
        }
    }

    fn finish(&self, running: Running<'_>, alone: Alone) -> Verdict {
        let id = self.machine_record(running.process).unique_process_id.get();
        self.wait_for_end(running.process);
        if running.job.console == Console::Console {
            self.leave_console();
        }
        let instructions = self.platform().time_stamp() - running.time_stamp;
        let ending = self.endings.take(id).unwrap_or(Ending::Exit(NtStatus::SUCCESS));
        self.reap(running.process);
        let audit = self.settle_and_verify();
        let (after, left) = self.counted((running.frames, running.left), alone);
        self.report(&running.job, &ending, (instructions, running.frames, after), (running.left, left), &audit);
        match (audit == SOUND, ending) {
            (false, _) => Verdict::Corrupt,
            (true, Ending::Exit(NtStatus::SUCCESS)) => Verdict::Success,
            (true, _) => Verdict::Sound,
        }
    }

    /// The program of a job is gone, or never came: from now on nothing is refused, what is kept of files goes, for it is nobody's, and the
    /// audit is done. What it found, as the end of a job tells it.
    fn settle_and_verify(&self) -> String {
        if self.refuses_requests() {
            // Writing what is dirty may be refused, and must be able to be done again.
            let _ = self.settle_volumes();
        }
        self.end_refusals();
        self.tell_unwritten(self.settle_volumes());
        self.verify().err().map_or(String::from(SOUND), |corruption| format!("{corruption:?}"))
    }

    /// What is in use after a job, or what was `before` it: beside others it cannot be told from theirs.
    fn counted(&self, before: (u32, Left), alone: Alone) -> (u32, Left) {
        match alone {
            Alone::Yes => (self.frames_in_hand(), self.left_over()),
            Alone::No => before,
        }
    }

    /// Frames that nobody uses, and those that the kernel holds: what a program has taken is missing here.
    fn frames_in_hand(&self) -> u32 {
        self.mm().available_frames() + self.mm().kernel_frames()
    }

    fn report(
        &self,
        job: &Job<'_>,
        ending: &Ending,
        (instructions, before, after): (u64, u32, u32),
        left: (Left, Left),
        audit: &str,
    ) {
        let name = job.image.rsplit('\\').next().unwrap_or(job.image);
        let status = ending.status();
        let (kind, address, message) = match ending {
            Ending::Exit(NtStatus::SUCCESS) => ("exit", 0, String::new()),
            Ending::Exit(_) => ("exit", 0, format!("{name}: ended with status {:08X}", status.0)),
            Ending::Exception { address, detail, .. } => {
                let message = format!("{name}: {status} at {address:08X}{detail}");
                ("exception", *address, message)
            }
            Ending::Loader(_, text) => ("loader", 0, format!("{name}: {text}")),
        };
        if !message.is_empty() {
            self.platform().log(format_args!("{message}"));
        }
        self.platform().event(format_args!(
            "end label={} status={:08X} kind={kind} address={address:08X} message={} instructions={instructions} \
             frames_before={before} frames_after={after} audit={}{}",
            escaped(job.label),
            status.0,
            escaped(&message),
            escaped(audit),
            self.refusals_of_job(left),
        ));
    }
}

/// Whether a job ran with nothing beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alone {
    Yes,
    No,
}

impl Alone {
    fn of(others: &[Running<'_>]) -> Self {
        if others.is_empty() { Self::Yes } else { Self::No }
    }
}

/// `text` with everything that could end a value, or is not plain ASCII, percent-encoded.
fn escaped(text: &str) -> String {
    let mut result = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            result.push(char::from(byte));
        } else {
            result.push_str(&format!("%{byte:02X}"));
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_a_line_of_words() {
        assert_eq!(escaped("a b%\n"), "a%20b%25%0A");
        assert_eq!(escaped("C:\\X.EXE"), "C:\\X.EXE");
    }
}
