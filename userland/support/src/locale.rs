//! The one locale of this system: English as in the United States.
//!
//! Source: `winnls.h`'s numbers; the values Windows gives for locale 0409.

/// The language's number.
pub const ENGLISH: u32 = 0x0409;

/// The days of the week, from Sunday on.
pub const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/// The months.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day, counted from Monday as the locale's numbers do.
fn day(from_monday: u32) -> &'static str {
    DAYS[(from_monday as usize + 1) % DAYS.len()]
}

/// Whether `locale` is the one there is: itself, English without a country, the user's, the system's, neutral or invariant.
pub const fn is_known(locale: u32) -> bool {
    matches!(locale & 0xFFFF, ENGLISH | 0x0009 | 0x0000 | 0x0400 | 0x0800 | 0x007F) && locale >> 20 == 0
}

/// What the locale says about `kind` (`LOCALE_`, without the flags above): a text, even where it is a number.
pub fn information(kind: u32) -> Option<&'static str> {
    let listed = match kind {
        0x2A..=0x30 => Some(day(kind - 0x2A)),
        0x31..=0x37 => Some(&day(kind - 0x31)[..3]),
        0x38..=0x43 => Some(MONTHS[kind as usize - 0x38]),
        0x44..=0x4F => Some(&MONTHS[kind as usize - 0x44][..3]),
        _ => None,
    };
    listed.or_else(|| VALUES.iter().find(|(number, _)| *number == kind).map(|(_, value)| *value))
}

/// The same as a number, where it is one: `kind` names an `I` value. Language numbers are hexadecimal.
pub fn number(kind: u32) -> Option<u32> {
    let radix = if matches!(kind, 0x01 | 0x09) { 16 } else { 10 };
    let is_number = !matches!(kind, 0x13);
    information(kind).filter(|_| is_number).and_then(|text| u32::from_str_radix(text, radix).ok())
}

/// Everything but the names of days and months.
const VALUES: [(u32, &str); 70] = [
    (0x01, "0409"),
    (0x02, "English (United States)"),
    (0x03, "ENU"),
    (0x04, "English"),
    (0x05, "1"),
    (0x06, "United States"),
    (0x07, "USA"),
    (0x08, "United States"),
    (0x09, "0409"),
    (0x0A, "1"),
    (0x0B, "1252"),
    (0x0C, ","),
    (0x0D, "1"),
    (0x0E, "."),
    (0x0F, ","),
    (0x10, "3;0"),
    (0x11, "2"),
    (0x12, "1"),
    (0x13, "0123456789"),
    (0x14, "$"),
    (0x15, "USD"),
    (0x16, "."),
    (0x17, ","),
    (0x18, "3;0"),
    (0x19, "2"),
    (0x1A, "2"),
    (0x1B, "0"),
    (0x1C, "0"),
    (0x1D, "/"),
    (0x1E, ":"),
    (0x1F, "M/d/yyyy"),
    (0x20, "dddd, MMMM dd, yyyy"),
    (0x21, "0"),
    (0x22, "0"),
    (0x23, "0"),
    (0x24, "1"),
    (0x25, "0"),
    (0x26, "0"),
    (0x27, "0"),
    (0x28, "AM"),
    (0x29, "PM"),
    (0x50, ""),
    (0x51, "-"),
    (0x52, "3"),
    (0x53, "0"),
    (0x54, "1"),
    (0x55, "0"),
    (0x56, "1"),
    (0x57, "0"),
    (0x59, "en"),
    (0x5A, "US"),
    (0x1001, "English"),
    (0x1002, "United States"),
    (0x1003, "h:mm:ss tt"),
    (0x1004, "1252"),
    (0x1005, "0"),
    (0x1006, "MMMM, yyyy"),
    (0x1007, "US Dollar"),
    (0x1008, "US Dollar"),
    (0x1009, "1"),
    (0x100A, "1"),
    (0x100B, "0"),
    (0x100C, "6"),
    (0x100D, "0"),
    (0x100E, ""),
    (0x100F, ""),
    (0x1010, "1"),
    (0x1011, "10000"),
    (0x1012, "037"),
    (0x1014, "1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_names_and_numbers() {
        assert_eq!(information(0x0E), Some("."));
        assert_eq!((information(0x2A), information(0x37)), (Some("Monday"), Some("Sun")));
        assert_eq!((information(0x43), information(0x44)), (Some("December"), Some("Jan")));
        assert_eq!(information(0x7777), None);
        assert_eq!((number(0x01), number(0x1004), number(0x0E)), (Some(0x409), Some(1252), None));
    }

    #[test]
    fn one_locale_by_several_numbers() {
        for (locale, known) in
            [(0x409, true), (0x400, true), (0x800, true), (0, true), (0x407, false), (0x10_0409, false)]
        {
            assert_eq!(is_known(locale), known, "{locale:x}");
        }
    }
}
