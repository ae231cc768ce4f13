//! What follows the program's name.

use picture::command_line::arguments;

/// What is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The picture, again and again until a key.
    Live,
    /// The picture once.
    Once,
    /// What may be asked for.
    Help,
}

/// For people.
pub const HELP: &str = "ramview shows all frames of RAM by what they are used for, a few times a second, until a key.\n\
                        ramview -1 shows them once, and does so too where the output is no console.\n";

/// What a command line asks for, which begins with the program's name; nothing where it cannot be understood.
pub fn wanted(line: &str) -> Option<Wanted> {
    match arguments(line) {
        "" => Some(Wanted::Live),
        "-1" | "/1" => Some(Wanted::Once),
        "-?" | "/?" | "--help" => Some(Wanted::Help),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_name_is_understood() {
        for (line, expected) in [
            ("ramview", Some(Wanted::Live)),
            ("\"C:\\my programs\\ramview.exe\"  ", Some(Wanted::Live)),
            ("ramview -1", Some(Wanted::Once)),
            ("\"C:\\a b\\ramview.exe\" /1", Some(Wanted::Once)),
            ("ramview\t/?", Some(Wanted::Help)),
            ("ramview -2", None),
            ("ramview -1 -1", None),
            ("", Some(Wanted::Live)),
            ("\"", Some(Wanted::Live)),
        ] {
            assert_eq!(wanted(line), expected, "{line}");
        }
    }
}
