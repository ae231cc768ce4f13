//! What follows the program's name.

use picture::command_line::arguments;

/// What is to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What may be asked for, and nothing else.
    pub help: bool,
    /// The map as text, though the screen could show it in pixels.
    pub text: bool,
    /// A row for each region.
    pub rows: bool,
    /// The number of a process; none for this one.
    pub process: Option<u32>,
}

/// For people.
pub const HELP: &str = "vmview PID maps the addresses of a process by what they are for and by how they are protected;\n\
                        without PID its own. On a screen that shows pictures it stays until a key.\n\
                        vmview -1 PID prints the map, as where there is no such screen; -l a row for each region.\n";

/// What a command line asks for, which begins with the program's name; nothing where it cannot be understood.
pub fn wanted(line: &str) -> Option<Wanted> {
    let mut wanted = Wanted::default();
    for word in arguments(line).split_whitespace() {
        match word {
            "-1" | "/1" => wanted.text = true,
            "-l" | "/l" => wanted.rows = true,
            "-?" | "/?" | "--help" => wanted.help = true,
            number if wanted.process.is_none() => wanted.process = Some(number.parse().ok()?),
            _ => return None,
        }
    }
    Some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_name_is_understood() {
        let none = Wanted::default();
        for (line, expected) in [
            ("vmview", Some(none)),
            ("vmview 4294967295", Some(Wanted { process: Some(u32::MAX), ..none })),
            ("\"C:\\a b\\vmview.exe\" /1  20", Some(Wanted { text: true, process: Some(20), ..none })),
            ("vmview 20 -l", Some(Wanted { rows: true, process: Some(20), ..none })),
            ("vmview /?", Some(Wanted { help: true, ..none })),
            ("vmview 20 24", None),
            ("vmview -2", None),
            ("vmview 4294967296", None),
            ("vmview cmd", None),
        ] {
            assert_eq!(wanted(line), expected, "{line}");
        }
    }
}
