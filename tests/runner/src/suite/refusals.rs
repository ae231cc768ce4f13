//! Boots that must not succeed: a processor or a machine that is too small, modules that are missing or broken, and kernels
//! that break something of their own (`crash=`). Each has to end with clear lines on COM1 and without a program having run.
//!
//! With them go DLLs that are broken, see `mutants`.

use std::time::Instant;

use super::guest::with_log;
use super::{SuiteResult, Tally, TestOptions, mutants};
use crate::boot::{self, Drive, Ending, Finished, Input, STATUS_GOOD, Setup};
use crate::error::Result;
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::paths::Tree;
use crate::plan::Job;
use crate::volume::Volume;

/// Drive C: of such a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offered {
    Good,
    Nothing,
    /// A module of zeroes.
    Corrupt,
}

/// One boot that must be refused.
struct Refusal {
    name: &'static str,
    ram: u32,
    cpu: &'static str,
    drive: Offered,
    /// The program of the only job of the plan.
    image: &'static str,
    /// Words of the kernel's command line.
    words: &'static [&'static str],
    /// What the kernel's lines have to mention.
    mentions: &'static [&'static str],
}

/// A machine with nothing wrong.
const ORDINARY: Refusal = Refusal {
    name: "",
    ram: 512,
    cpu: "coreduo,+pse36",
    drive: Offered::Good,
    image: "C:\\never.exe",
    words: &["test"],
    mentions: &[],
};

const REFUSALS: [Refusal; 9] = [
    Refusal { name: "no PAE", cpu: "pentium", mentions: &["has no PAE"], ..ORDINARY },
    Refusal { name: "too little RAM", ram: 8, mentions: &["MB of RAM, and"], ..ORDINARY },
    Refusal { name: "no volume", drive: Offered::Nothing, mentions: &["nor a boot module named volume"], ..ORDINARY },
    Refusal { name: "a corrupt volume", drive: Offered::Corrupt, mentions: &["volume is unusable"], ..ORDINARY },
    Refusal { name: "a corrupt plan", image: "", mentions: &["plan is unusable"], ..ORDINARY },
    Refusal {
        name: "a crash that was asked for",
        words: &["crash=now"],
        mentions: &["MANUALLY_INITIATED_CRASH", "000000E2", "vadose_kernel::crash::crash", "run_session"],
        ..ORDINARY
    },
    Refusal {
        name: "a read of unmapped pool",
        words: &["crash=read"],
        mentions: &["PAGE_FAULT_IN_NONPAGED_AREA", "00000050", "vadose_kernel::crash::crash", "run_session"],
        ..ORDINARY
    },
    Refusal {
        name: "a write to the kernel's code",
        words: &["crash=write"],
        mentions: &["ATTEMPTED_WRITE_TO_READONLY_MEMORY", "000000BE", "vadose_kernel::crash::crash"],
        ..ORDINARY
    },
    Refusal {
        name: "a kernel stack that overflows",
        words: &["crash=stack"],
        mentions: &["UNEXPECTED_KERNEL_MODE_TRAP", "0000007F", "00000008", "vadose_kernel::crash::deeper"],
        ..ORDINARY
    },
];

/// Runs the boots that must be refused.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree, options: &TestOptions, tally: &Tally) -> Result<()> {
    let began = Instant::now();
    let mut suite = SuiteResult::new("refusals");
    let volume = tree.system_volume()?;
    for refusal in &REFUSALS {
        let finished = boot_refused(tree, refusal, &volume)?;
        suite.record(refusal.name, judge(refusal, &finished));
    }
    suite.record("mutated DLLs on the host", mutants::on_host(tree)?);
    suite.record("mutated DLLs in the guest", mutants::in_guest(tree, options.mutants)?);
    tally.add(suite, began.elapsed());
    Ok(())
}

fn boot_refused(tree: &Tree, refusal: &Refusal, volume: &Volume) -> Result<Finished> {
    let cpu = refusal.cpu.to_owned();
    // A kernel that halts instead of ending the emulator is stopped after this many seconds.
    let options = MachineOptions { ram: refusal.ram, cpu, timeout: Some(6), ..MachineOptions::default() };
    let job = Job { label: "never".into(), image: refusal.image.into(), ..Job::default() };
    let corrupt = vec![0; 1 << 20];
    let setup = Setup {
        tree,
        options: &options,
        medium: Medium::Kernel,
        serial: SerialPorts::Linked,
        drive: match refusal.drive {
            Offered::Good => Drive::Volume(volume),
            Offered::Nothing => Drive::Missing,
            Offered::Corrupt => Drive::Raw(&corrupt),
        },
        jobs: &[job],
        words: refusal.words,
        debugger: None,
    };
    boot::boot(&setup, Input::Bytes(Vec::new()), &mut |_| Ok(()))
}

fn judge(refusal: &Refusal, finished: &Finished) -> std::result::Result<(), String> {
    let log = finished.log.to_lowercase();
    let problem = if let Some(absent) = refusal.mentions.iter().find(|text| !log.contains(&text.to_lowercase())) {
        format!("no line on COM1 mentions {absent:?}")
    } else if finished.transcript.done {
        "it went on and ran its plan".to_owned()
    } else if finished.ending == Ending::Status(Some(STATUS_GOOD)) {
        "the exit status says that all was well".to_owned()
    } else {
        return Ok(());
    };
    Err(with_log(&problem, &finished.log))
}
