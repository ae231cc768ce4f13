//! What follows the name of a program.

/// The part of a command line behind the program's name, which may stand in quotation marks.
pub fn arguments(line: &str) -> &str {
    let line = line.trim_start();
    let rest = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map_or("", |(_, rest)| rest),
        None => line.split_once([' ', '\t']).map_or("", |(_, rest)| rest),
    };
    rest.trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_may_be_quoted() {
        for (line, expected) in [
            ("ramview", ""),
            ("ramview\t-1 ", "-1"),
            ("\"C:\\my programs\\ramview.exe\"  ", ""),
            ("\"C:\\a b\\ramview.exe\" /1 2", "/1 2"),
            ("", ""),
            ("\"", ""),
        ] {
            assert_eq!(arguments(line), expected, "{line}");
        }
    }
}
