//! Data execution prevention: what the system's policy makes of a process, and what a process may say itself.
//!
//! | `noexecute=` | a new process | may change it |
//! |---|---|---|
//! | `alwayson` | is covered | no |
//! | `alwaysoff` | is not, and the processor's protection stays off | no |
//! | `optin`, as Windows XP | is not, until it asks | until it asks for good |
//! | `optout` | is covered, until it asks not to be | until it asks for good |
//!
//! An EXE that is marked NX-compatible is taken to have asked for good; XP's loader asks for it with its first service, which spares nobody anything.
//!
//! Source: Microsoft's descriptions of the boot option, of `SetProcessDEPPolicy` and of `/NXCOMPAT`; the class of information and its words are
//! those that published analyses of XP SP2 name. Which words are refused is inferred from them.

use abi::cell::Link;
use abi::nt::process::{Eprocess, execute_options};
use abi::nt::user_shared_data::{KERNEL_SHARED_DATA, KuserSharedData, nx_policy};
use abi::status::NtStatus;
use mm::section::ControlArea;

use crate::executive::Executive;
use crate::platform::Platform;

/// The options of a new process under `policy`.
const fn first_options(policy: u8) -> u8 {
    match policy {
        nx_policy::ALWAYS_ON => execute_options::EXECUTE_DISABLE | execute_options::PERMANENT,
        nx_policy::ALWAYS_OFF => execute_options::EXECUTE_ENABLE | execute_options::PERMANENT,
        nx_policy::OPT_OUT => execute_options::EXECUTE_DISABLE,
        _ => execute_options::EXECUTE_ENABLE,
    }
}

/// `IMAGE_DLLCHARACTERISTICS_NX_COMPAT`.
const NX_COMPATIBLE: u16 = 0x100;

/// The options of a process with `before` whose image has these DLL characteristics.
const fn options_of_image(before: u8, characteristics: u16) -> u8 {
    if characteristics & NX_COMPATIBLE != 0 && before & execute_options::PERMANENT == 0 {
        execute_options::EXECUTE_DISABLE | execute_options::PERMANENT
    } else {
        before
    }
}

/// The options `wanted` in place of `before`.
///
/// # Errors
/// ACCESS_DENIED where those stay for good; INVALID_PARAMETER for bits that there are not, or both ways at once.
fn changed_options(before: u8, wanted: u32) -> Result<u8, NtStatus> {
    const BOTH: u8 = execute_options::EXECUTE_DISABLE | execute_options::EXECUTE_ENABLE;
    let wanted = u8::try_from(wanted).map_err(|_| NtStatus::INVALID_PARAMETER)?;
    if wanted & !execute_options::ALL != 0 || wanted & BOTH == BOTH {
        return Err(NtStatus::INVALID_PARAMETER);
    }
    if before & execute_options::PERMANENT != 0 { Err(NtStatus::ACCESS_DENIED) } else { Ok(wanted) }
}

impl<P: Platform> Executive<P> {
    /// Gives `process`, which has run nothing yet, the options that the system's policy means for it.
    pub(crate) fn begin_execution_options(&self, process: Link<Eprocess>) {
        let shared = self.machine_record(Link::<KuserSharedData>::new(KERNEL_SHARED_DATA));
        let options = first_options(shared.nx_support_policy.get());
        self.machine_record(process).pcb.execute_options.set(options);
    }

    /// Does what the image of `process`, the one of `control_area`, asks for.
    #[doc(alias = "LdrpCheckNXCompatibility")]
    pub(crate) fn heed_image(&self, process: Link<Eprocess>, control_area: Link<ControlArea>) {
        let characteristics = self.mm().image_information(control_area).dll_characteristics.get();
        let options = &self.machine_record(process).pcb.execute_options;
        options.update(|before| options_of_image(before, characteristics));
    }

    /// Gives the current process the options `wanted`.
    ///
    /// # Errors
    /// Those of [`changed_options`]; nothing has changed.
    #[doc(alias = "MmSetExecuteOptions")]
    pub(crate) fn set_execution_options(&self, wanted: u32) -> Result<(), NtStatus> {
        let process = self.current_process();
        let cell = &self.machine_record(process).pcb.execute_options;
        let options = changed_options(cell.get(), wanted)?;
        cell.set(options);
        if options & execute_options::EXECUTE_ENABLE == 0 {
            self.mm().address_space(process).prevent_execution();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_says_what_a_process_begins_with() {
        let options =
            [nx_policy::ALWAYS_OFF, nx_policy::ALWAYS_ON, nx_policy::OPT_IN, nx_policy::OPT_OUT].map(first_options);
        assert_eq!(options, [0x0A, 0x09, 0x02, 0x01]);
    }

    #[test]
    fn an_image_that_is_marked_asks_for_good_where_the_policy_leaves_it_the_choice() {
        for (before, characteristics, expected) in
            [(2, 0x140, 9), (1, 0x100, 9), (2, 0x40, 2), (1, 0, 1), (0xA, 0x140, 0xA), (9, 0, 9)]
        {
            assert_eq!(options_of_image(before, characteristics), expected, "{before:x} {characteristics:x}");
        }
    }

    #[test]
    fn options_change_until_they_are_for_good() {
        for (before, wanted, expected) in [
            (2, 1, Ok(1)),
            (1, 2, Ok(2)),
            (2, 0xD, Ok(0xD)),
            (2, 0, Ok(0)),
            (2, 3, Err(NtStatus::INVALID_PARAMETER)),
            (2, 0x40, Err(NtStatus::INVALID_PARAMETER)),
            (2, 0x101, Err(NtStatus::INVALID_PARAMETER)),
            (9, 2, Err(NtStatus::ACCESS_DENIED)),
            (0xA, 0xA, Err(NtStatus::ACCESS_DENIED)),
        ] {
            assert_eq!(changed_options(before, wanted), expected, "{before:x} {wanted:x}");
        }
    }
}
