//! What the process of a plan is told, in the kernel's own strings; `abi::process_parameters` makes the bytes of it.

use alloc::string::String;
use alloc::vec::Vec;

use abi::process_parameters::{ParameterBlock, ProcessParameters};

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
    pub fn to_block(&self) -> ParameterBlock {
        let [image, command_line, directory, dll_path] =
            [&self.image, &self.command_line, &self.directory, &self.dll_path].map(|text| wide(text));
        let parameters = ProcessParameters {
            image: &image,
            command_line: &command_line,
            directory: &directory,
            dll_path: &dll_path,
            environment: &self.environment_block(),
            standard_handles: self.standard_handles,
            title: &image,
            ..ProcessParameters::default()
        };
        parameters.block()
    }

    /// `K=V` strings, each ended by a zero, and a zero more.
    fn environment_block(&self) -> Vec<u16> {
        let mut units: Vec<u16> =
            self.environment.iter().flat_map(|setting| setting.encode_utf16().chain([0])).collect();
        units.push(0);
        if self.environment.is_empty() {
            units.push(0);
        }
        units
    }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_comes_first() {
        let parameters =
            Parameters { environment: alloc::vec!["PATH=C:\\".into(), "X=1".into()], ..Parameters::default() };
        let block = parameters.to_block();
        let environment: Vec<u8> = "PATH=C:\\\0X=1\0\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(block.bytes[..environment.len()], environment);
        assert_eq!(block.structure % 16, 0);
    }

    #[test]
    fn an_empty_environment_is_two_zeros() {
        assert_eq!(Parameters::default().to_block().bytes[..4], [0; 4]);
    }
}
