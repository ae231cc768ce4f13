//! The machines on which every guest test runs.

use super::expectation::{GuestTest, Processor};
use crate::machine::{MachineOptions, Medium};

/// Seconds that a boot with all guest tests may take.
const PATIENCE: u64 = 300;

/// One machine of the test matrix.
#[derive(Clone, Copy, Debug)]
pub struct TestMachine {
    /// Its name in results and floors.
    pub name: &'static str,
    /// RAM in MB.
    pub ram: u32,
    /// The board, in QEMU's words.
    pub board: &'static str,
    /// The processor.
    pub cpu: &'static str,
    /// Whether that processor has no-execute pages.
    pub has_nx: bool,
    /// What it starts from.
    pub medium: Medium,
    /// What its drive C: is on.
    pub home: Home,
}

/// What drive C: of a machine is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// A boot module.
    Module,
    /// An IDE disk. What is written to it is forgotten after each boot.
    Disk,
}

/// What most machines have in common.
const USUAL: TestMachine = TestMachine {
    name: "",
    ram: 512,
    board: "pc",
    cpu: "coreduo,+pse36",
    has_nx: true,
    medium: Medium::Kernel,
    home: Home::Module,
};

/// The machines that speak over the link. The last starts from a CD and has a disk besides; most of its RAM lies where the
/// disk's controller cannot reach.
pub const MACHINES: [TestMachine; 5] = [
    TestMachine { name: "pentium3", cpu: "pentium3", has_nx: false, ..USUAL },
    TestMachine { name: "coreduo", ..USUAL },
    TestMachine { name: "32 MB", ram: 32, ..USUAL },
    TestMachine { name: "6 GB", ram: 6144, ..USUAL },
    TestMachine { name: "disk", board: "pc,max-ram-below-4g=32M", medium: Medium::Disc, home: Home::Disk, ..USUAL },
];

/// The machine without serial ports: only the exit status of the emulator tells how it went.
pub const WITHOUT_SERIAL: TestMachine = TestMachine { name: "no serial port", ..USUAL };

/// Bochs: a Pentium III that checks what QEMU does not model.
pub const BOCHS: TestMachine = TestMachine {
    name: "Bochs",
    ram: 64,
    cpu: "p3_katmai",
    has_nx: false,
    medium: Medium::Disc,
    home: Home::Disk,
    ..USUAL
};

impl TestMachine {
    /// Whether a test can run here.
    #[must_use]
    pub fn suits(&self, test: &GuestTest) -> bool {
        match test.processor {
            Processor::Any => true,
            Processor::WithNx => self.has_nx,
            Processor::WithoutNx => !self.has_nx,
        }
    }

    /// The options with which it is started.
    #[must_use]
    pub fn options(&self) -> MachineOptions {
        let cpu = self.cpu.to_owned();
        MachineOptions {
            ram: self.ram,
            board: self.board.to_owned(),
            cpu,
            timeout: Some(PATIENCE),
            ..MachineOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_run_only_where_the_processor_has_what_they_ask() {
        let needs = |head: &str| GuestTest::parse("x", &format!("// expect: exit 0\n{head}")).unwrap();
        assert!(MACHINES[0].suits(&needs("")) && MACHINES[1].suits(&needs("")));
        assert!(!MACHINES[0].suits(&needs("// cpu: nx\n")) && MACHINES[1].suits(&needs("// cpu: nx\n")));
        assert!(MACHINES[0].suits(&needs("// cpu: no-nx\n")) && !MACHINES[1].suits(&needs("// cpu: no-nx\n")));
    }
}
