//! What follows the name of a command: words, numbers, register names, sums of them.
//!
//! Numbers are hexadecimal, as in WinDbg: `7ffdf000`, `0x10`; `0n16` is decimal; `nt!name` and
//! `image!name` are addresses of functions. A back quote may part a long one.

use core::fmt;

use crate::bugcheck::Registers;
use crate::modules::Names;

/// Why a command could not be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem<'a> {
    /// No command has this name.
    Unknown(&'a str),
    /// A word that is no number.
    NotANumber(&'a str),
    /// A word too many.
    Unexpected(&'a str),
    /// What is missing or wrong, for people.
    Say(&'static str),
    /// There is no process with this address or number.
    NoProcess(u32),
    /// The output could not be written.
    Output,
}

impl From<fmt::Error> for Problem<'_> {
    fn from(_: fmt::Error) -> Self {
        Self::Output
    }
}

impl fmt::Display for Problem<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(formatter, "there is no command {name}; ? lists them"),
            Self::NotANumber(word) => write!(formatter, "{word} is not a number"),
            Self::Unexpected(word) => write!(formatter, "what is {word}?"),
            Self::Say(words) => formatter.write_str(words),
            Self::NoProcess(number) => write!(formatter, "there is no process {number:x}"),
            Self::Output => formatter.write_str("the output was lost"),
        }
    }
}

/// The words of a command, taken one by one.
#[derive(Clone)]
pub struct Arguments<'a> {
    rest: &'a str,
    registers: Option<Registers>,
    names: Names<'a>,
}

impl<'a> Arguments<'a> {
    /// The words in `text`; names of registers mean those in `registers`, and those with a `!` functions in `names`.
    pub fn new(text: &'a str, registers: Option<Registers>, names: Names<'a>) -> Self {
        Self { rest: text.trim_ascii(), registers, names }
    }

    /// The next word.
    pub fn word(&mut self) -> Option<&'a str> {
        let (word, rest) = self.rest.split_once(|unit: char| unit.is_ascii_whitespace()).unwrap_or((self.rest, ""));
        self.rest = rest.trim_ascii_start();
        (!word.is_empty()).then_some(word)
    }

    /// The next word as a number, where there is one.
    ///
    /// # Errors
    /// [`Problem::NotANumber`].
    pub fn long(&mut self) -> Result<Option<u64>, Problem<'a>> {
        let Some(word) = self.word() else { return Ok(None) };
        self.sum(word).map(Some).ok_or(Problem::NotANumber(word))
    }

    /// The next word as a number of `size` bytes (1 to 8), where there is one.
    ///
    /// # Errors
    /// [`Problem::NotANumber`]; [`Problem::Say`] for one that is too large.
    pub fn sized(&mut self, size: u32) -> Result<Option<u64>, Problem<'a>> {
        match self.long()? {
            Some(value) if size < 8 && value >> (size * 8) != 0 => Err(Problem::Say("a value is too large for this")),
            value => Ok(value),
        }
    }

    /// The next word as a number of 32 bits, where there is one.
    ///
    /// # Errors
    /// [`Problem::NotANumber`], also for one that is too large.
    pub fn number(&mut self) -> Result<Option<u32>, Problem<'a>> {
        let Some(word) = self.word() else { return Ok(None) };
        let number = self.sum(word).and_then(|number| u32::try_from(number).ok());
        number.map(Some).ok_or(Problem::NotANumber(word))
    }

    /// The next word as a number.
    ///
    /// # Errors
    /// As [`Self::number`]; `missing` where there is no word.
    pub fn needed(&mut self, missing: &'static str) -> Result<u32, Problem<'a>> {
        self.number()?.ok_or(Problem::Say(missing))
    }

    /// `L` and a number of elements, as `L10` or `L 10`, where it follows.
    ///
    /// # Errors
    /// [`Problem::NotANumber`], [`Problem::Unexpected`] for another word.
    pub fn count(&mut self) -> Result<Option<u32>, Problem<'a>> {
        let Some(word) = self.word() else { return Ok(None) };
        match word.strip_prefix(['l', 'L']) {
            Some("") => self.number(),
            Some(digits) => {
                let count = self.sum(digits).and_then(|count| u32::try_from(count).ok());
                count.map(Some).ok_or(Problem::NotANumber(word))
            }
            None => Err(Problem::Unexpected(word)),
        }
    }

    /// The letters of an option, a word that begins with `-`, where one follows.
    pub fn option(&mut self) -> Option<&'a str> {
        if !self.rest.starts_with('-') {
            return None;
        }
        self.word()?.strip_prefix('-')
    }

    /// All that is left, without the quotes around it, where there are any and no others.
    pub fn quoted(&mut self) -> Option<&'a str> {
        let text = core::mem::take(&mut self.rest).strip_prefix('"')?.strip_suffix('"')?;
        (!text.contains('"')).then_some(text)
    }

    /// Checks that no word is left.
    ///
    /// # Errors
    /// [`Problem::Unexpected`].
    pub fn end(&mut self) -> Result<(), Problem<'a>> {
        self.word().map_or(Ok(()), |word| Err(Problem::Unexpected(word)))
    }

    /// `a+b-c`.
    fn sum(&self, word: &str) -> Option<u64> {
        let mut sum = 0u64;
        let mut rest = word;
        let mut minus = false;
        loop {
            let end = rest.find(['+', '-']).unwrap_or(rest.len());
            let term = self.term(&rest[..end])?;
            sum = if minus { sum.checked_sub(term)? } else { sum.checked_add(term)? };
            match rest[end..].chars().next() {
                None => return Some(sum),
                Some(sign) => minus = sign == '-',
            }
            rest = &rest[end + 1..];
        }
    }

    fn term(&self, text: &str) -> Option<u64> {
        let name = text.strip_prefix('@').unwrap_or(text);
        if let Some(value) = self.registers.as_ref().and_then(|registers| registers.named(name)) {
            return Some(value.into());
        }
        if text.contains('!') {
            return self.names.find(text).map(u64::from);
        }
        let (digits, radix) = match text.split_at_checked(2) {
            Some(("0x" | "0X", digits)) => (digits, 16),
            Some(("0n", digits)) => (digits, 10),
            _ => (text, 16),
        };
        let mut value: Option<u64> = None;
        for digit in digits.chars().filter(|digit| *digit != '`') {
            let before = value.unwrap_or(0).checked_mul(radix.into())?;
            value = Some(before.checked_add(digit.to_digit(radix)?.into())?);
        }
        value
    }
}

impl Registers {
    /// The register called `name`, in lower case.
    pub fn named(&self, name: &str) -> Option<u32> {
        let names = ["eax", "ebx", "ecx", "edx", "esi", "edi", "eip", "esp", "ebp", "efl", "cr2"];
        let values = self.general.iter().chain(&self.pointers).chain([&self.flags, &self.fault_address]);
        names.iter().zip(values).find(|(known, _)| **known == name).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<u64> {
        let registers = Registers { pointers: [0x40_1000, 0x12_FF00, 0], ..Registers::default() };
        Arguments::new(text, Some(registers), Names::none()).long().ok().flatten()
    }

    #[test]
    fn numbers_are_hexadecimal_and_may_be_sums_of_registers() {
        assert_eq!(number("7ffdf000"), Some(0x7FFD_F000));
        assert_eq!(number("0x10+0n16"), Some(0x20));
        assert_eq!(number("8`00001234"), Some(0x8_0000_1234));
        assert_eq!(number("esp+8"), Some(0x12_FF08));
        assert_eq!(number("@eip-1000"), Some(0x40_0000));
        for bad in ["", "0x", "xyz", "1-2", "12345678901234567", "eax2", "1+", "-", "0n1f", "+1", "\u{e9}\u{e9}1"] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_does_not_fit_32_bits_is_no_address() {
        assert_eq!(Arguments::new("100000000", None, Names::none()).number(), Err(Problem::NotANumber("100000000")));
        assert_eq!(Arguments::new("eip", None, Names::none()).number(), Err(Problem::NotANumber("eip")));
        assert_eq!(Arguments::new("  ", None, Names::none()).number(), Ok(None));
        assert_eq!(Arguments::new("", None, Names::none()).needed("which?"), Err(Problem::Say("which?")));
    }

    #[test]
    fn a_count_has_an_l_before_it() {
        for text in ["1000 L10", "1000 l 10"] {
            let mut arguments = Arguments::new(text, None, Names::none());
            assert_eq!(
                (arguments.number(), arguments.count(), arguments.end()),
                (Ok(Some(0x1000)), Ok(Some(0x10)), Ok(()))
            );
        }
        assert_eq!(Arguments::new("Lx", None, Names::none()).count(), Err(Problem::NotANumber("Lx")));
        assert_eq!(Arguments::new("10", None, Names::none()).count(), Err(Problem::Unexpected("10")));
        assert_eq!(Arguments::new("a b", None, Names::none()).clone().end(), Err(Problem::Unexpected("a")));
    }
}
