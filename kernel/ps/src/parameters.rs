//! What the process of a plan is told, in the kernel's own strings; `abi::process_parameters` makes the bytes of it.

use alloc::string::String;
use alloc::vec::Vec;

use abi::process_parameters::{ParameterBlock, ProcessParameters};
use abi::status::NtStatus;

use crate::buffer::room;

/// What a process is told when it starts.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// DOS path of the image.
    pub image: String,
    /// The command line.
    pub command_line: String,
    /// DOS path of the current directory, with its last backslash.
    pub directory: String,
    /// Where DLLs are looked for, directories separated by `;`.
    pub dll_path: String,
    /// `K=V` settings.
    pub environment: Vec<String>,
    /// Standard input, output and error.
    pub standard_handles: [u32; 3],
}

impl Parameters {
    /// The block, for an address that it is told later.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    pub fn to_block(&self) -> Result<ParameterBlock, NtStatus> {
        let (image, command_line) = (wide(&self.image)?, wide(&self.command_line)?);
        let (directory, dll_path) = (wide(&self.directory)?, wide(&self.dll_path)?);
        let parameters = ProcessParameters {
            image: &image,
            command_line: &command_line,
            directory: &directory,
            dll_path: &dll_path,
            environment: &self.environment_block()?,
            standard_handles: self.standard_handles,
            title: &image,
            ..ProcessParameters::default()
        };
        parameters.try_block().map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)
    }

    /// `K=V` strings, each ended by a zero, and a zero more.
    fn environment_block(&self) -> Result<Vec<u16>, NtStatus> {
        let mut units = room(self.environment.iter().map(|setting| setting.len() + 1).sum::<usize>() + 2)?;
        units.extend(self.environment.iter().flat_map(|setting| setting.encode_utf16().chain([0])));
        units.push(0);
        if self.environment.is_empty() {
            units.push(0);
        }
        Ok(units)
    }
}

fn wide(text: &str) -> Result<Vec<u16>, NtStatus> {
    let mut units = room(text.len())?;
    units.extend(text.encode_utf16());
    Ok(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_comes_first() {
        let parameters =
            Parameters { environment: alloc::vec!["PATH=C:\\".into(), "X=1".into()], ..Parameters::default() };
        let block = parameters.to_block().expect("memory");
        let environment: Vec<u8> = "PATH=C:\\\0X=1\0\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(block.bytes[..environment.len()], environment);
        assert_eq!(block.structure % 16, 0);
    }

    #[test]
    fn an_empty_environment_is_two_zeros() {
        assert_eq!(Parameters::default().to_block().expect("memory").bytes[..4], [0; 4]);
    }
}
