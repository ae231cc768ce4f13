//! What FormatMessage makes of a template, and what the system says of an error.
//!
//! Source: documented escapes of FormatMessage; the texts are those of the public list of system error codes.

use alloc::vec::Vec;

/// The texts of errors that programs show most, by number.
const TEXTS: [(u32, &str); 42] = [
    (0, "The operation completed successfully."),
    (1, "Incorrect function."),
    (2, "The system cannot find the file specified."),
    (3, "The system cannot find the path specified."),
    (4, "The system cannot open the file."),
    (5, "Access is denied."),
    (6, "The handle is invalid."),
    (8, "Not enough storage is available to process this command."),
    (14, "Not enough storage is available to complete this operation."),
    (15, "The system cannot find the drive specified."),
    (17, "The system cannot move the file to a different disk drive."),
    (18, "There are no more files."),
    (19, "The media is write protected."),
    (21, "The device is not ready."),
    (32, "The process cannot access the file because it is being used by another process."),
    (33, "The process cannot access the file because another process has locked a portion of the file."),
    (38, "Reached the end of the file."),
    (50, "The request is not supported."),
    (80, "The file exists."),
    (87, "The parameter is incorrect."),
    (109, "The pipe has been ended."),
    (112, "There is not enough space on the disk."),
    (122, "The data area passed to a system call is too small."),
    (123, "The filename, directory name, or volume label syntax is incorrect."),
    (126, "The specified module could not be found."),
    (127, "The specified procedure could not be found."),
    (145, "The directory is not empty."),
    (183, "Cannot create a file when that file already exists."),
    (193, "%1 is not a valid Win32 application."),
    (230, "The pipe state is invalid."),
    (231, "All pipe instances are busy."),
    (232, "The pipe is being closed."),
    (233, "No process is on the other end of the pipe."),
    (234, "More data is available."),
    (258, "The wait operation timed out."),
    (487, "Attempt to access invalid address."),
    (535, "There is a process on other end of the pipe."),
    (536, "Waiting for a process to open the other end of the pipe."),
    (995, "The I/O operation has been aborted because of either a thread exit or an application request."),
    (996, "Overlapped I/O event is not in a signaled state."),
    (997, "Overlapped I/O operation is in progress."),
    (998, "Invalid access to memory location."),
];

/// The text of an error, with the line end that the system puts behind it.
pub fn text_of(error: u32) -> Option<Vec<u16>> {
    let index = TEXTS.binary_search_by_key(&error, |(number, _)| *number).ok()?;
    Some(TEXTS[index].1.encode_utf16().chain([13, 10]).collect())
}

/// Fills `template` in: `%1` to `%99`, with a printf format between exclamation marks behind it, are put in by `insert`, which
/// gets the number from 0 on and the format; `None` leaves them as they are. `%n` is a line end, `%0` ends the text, and another
/// character behind `%` is itself.
///
/// `None` where `insert` knows no such argument.
pub fn fill_in(template: &[u16], mut insert: Option<impl FnMut(u32, &[u16]) -> Option<Vec<u16>>>) -> Option<Vec<u16>> {
    const STRING: [u16; 1] = [b's' as u16];
    let digit = |unit: u16| char::from_u32(unit.into()).and_then(|letter| letter.to_digit(10));
    let (mut text, mut rest) = (Vec::new(), template);
    while let Some((&unit, after)) = rest.split_first() {
        rest = after;
        let Some((&next, after)) = after.split_first().filter(|_| unit == u16::from(b'%')) else {
            text.push(unit);
            continue;
        };
        rest = after;
        match (digit(next), &mut insert) {
            (Some(0), _) => return Some(text),
            (Some(_), None) => text.extend([unit, next]),
            (Some(first), Some(insert)) => {
                let second = rest.first().and_then(|unit| digit(*unit));
                rest = &rest[usize::from(second.is_some())..];
                let number = second.map_or(first, |second| 10 * first + second);
                let end = rest.iter().skip(1).position(|unit| *unit == u16::from(b'!'));
                let format = match (rest.first(), end) {
                    (Some(&mark), Some(end)) if mark == u16::from(b'!') => {
                        let format = &rest[1..1 + end];
                        rest = &rest[2 + end..];
                        format
                    }
                    _ => &STRING[..],
                };
                text.extend(insert(number - 1, format)?);
            }
            (None, _) if next == u16::from(b'n') => text.extend([13, 10]),
            (None, _) if next == u16::from(b'r') => text.push(13),
            (None, _) if next == u16::from(b't') => text.push(9),
            (None, _) => text.push(next),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{ansi, wide};
    use std::string::String;

    fn filled(template: &str) -> Option<String> {
        let insert = |number: u32, format: &[u16]| {
            let format = String::from_utf8(ansi(format)).unwrap();
            (number < 12).then(|| wide(std::format!("<{number}:{format}>").as_bytes()))
        };
        fill_in(&wide(template.as_bytes()), Some(insert)).map(|text| String::from_utf8(ansi(&text)).unwrap())
    }

    #[test]
    fn arguments_and_escapes_are_put_in() {
        assert_eq!(filled("a %1 %2!5d! %12%n%%.%!").unwrap(), "a <0:s> <1:5d> <11:s>\r\n%.!");
        assert_eq!(filled("cut%0off").unwrap(), "cut");
        assert_eq!(filled("%1!s").unwrap(), "<0:s>!s", "a format without its end is text");
        assert_eq!(filled("%13"), None);
        assert_eq!(filled("100%").unwrap(), "100%");
    }

    #[test]
    fn without_arguments_they_stay() {
        let none = None::<fn(u32, &[u16]) -> Option<Vec<u16>>>;
        assert_eq!(ansi(&fill_in(&wide(b"%1 is %2!d!%n"), none).unwrap()), b"%1 is %2!d!\r\n");
    }

    #[test]
    fn errors_are_in_order_and_end_their_line() {
        assert!(TEXTS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(ansi(&text_of(5).unwrap()), b"Access is denied.\r\n");
        assert_eq!(text_of(99_999), None);
    }
}
