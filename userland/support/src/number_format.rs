//! Numbers and amounts of money as text, by what a `NUMBERFMT` or `CURRENCYFMT` says.
//!
//! Source: documented behaviour of GetNumberFormat and GetCurrencyFormat, and of `LOCALE_INEGNUMBER`, `LOCALE_INEGCURR` and
//! `LOCALE_ICURRENCY`; that what rounds to nothing has no sign is inferred from what Windows shows.

use alloc::vec::Vec;

/// How a number is written.
#[doc(alias = "NUMBERFMT")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    /// Digits behind the point, 0 to 9.
    pub digits: u32,
    /// Whether there is a zero before the point of a fraction: 0 or 1.
    pub leading_zero: u32,
    /// Lengths of groups from the point on, a decimal digit each; the last goes on unless it is 0.
    pub grouping: u32,
    /// What stands for the point.
    pub decimal: Vec<u16>,
    /// What stands between groups.
    pub thousand: Vec<u16>,
    /// How a negative one is written: an index of its pictures.
    pub negative: u32,
}

/// What an amount of money has in addition.
#[doc(alias = "CURRENCYFMT")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currency {
    /// How a positive one is written: an index of its pictures.
    pub positive: u32,
    /// The currency.
    pub symbol: Vec<u16>,
}

/// Pictures: `n` is the number, `$` the currency.
const NEGATIVE_NUMBERS: [&str; 5] = ["(n)", "-n", "- n", "n-", "n -"];
const POSITIVE_AMOUNTS: [&str; 4] = ["$n", "n$", "$ n", "n $"];
const NEGATIVE_AMOUNTS: [&str; 16] = [
    "($n)", "-$n", "$-n", "$n-", "(n$)", "-n$", "n-$", "n$-", "-n $", "-$ n", "n $-", "$ n-", "$ -n", "n- $", "($ n)",
    "(n $)",
];

const MOST_DIGITS: u32 = 9;
const MOST_GROUPING: u32 = 9999;

/// A value cut into its parts: digits without leading zeros, and those behind the point, as many as are wanted.
struct Value {
    is_negative: bool,
    whole: Vec<u8>,
    fraction: Vec<u8>,
}

impl Value {
    /// The value that `text` is, a minus, digits and a point, rounded.
    fn parse(text: &[u16], digits: usize) -> Option<Self> {
        let (is_negative, text) = match text.split_first() {
            Some((&sign, rest)) if sign == u16::from(b'-') => (true, rest),
            _ => (false, text),
        };
        let mut parts = text.split(|&unit| unit == u16::from(b'.'));
        let (whole, fraction) = (parts.next()?, parts.next().unwrap_or_default());
        let digit = |unit: &u16| u8::try_from(*unit).ok().filter(u8::is_ascii_digit).map(|byte| byte - b'0');
        let whole: Vec<u8> = whole.iter().map(digit).collect::<Option<_>>()?;
        let mut fraction: Vec<u8> = fraction.iter().map(digit).collect::<Option<_>>()?;
        if parts.next().is_some() || whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let rounds_up = fraction.get(digits).is_some_and(|&digit| digit >= 5);
        fraction.resize(digits, 0);
        let mut value = Self { is_negative, whole, fraction };
        if rounds_up {
            value.count_up();
        }
        let zeros = value.whole.iter().take_while(|&&digit| digit == 0).count();
        value.whole.drain(..zeros);
        value.is_negative &= !value.whole.is_empty() || value.fraction.iter().any(|&digit| digit != 0);
        Some(value)
    }

    /// Adds one to the last digit.
    fn count_up(&mut self) {
        for digit in self.whole.iter_mut().chain(&mut self.fraction).rev() {
            *digit = (*digit + 1) % 10;
            if *digit != 0 {
                return;
            }
        }
        self.whole.insert(0, 1);
    }
}

/// How long the `index`-th group is, counted from the point; none where there is no end to it.
fn group_length(grouping: u32, index: usize) -> Option<usize> {
    let mut lengths = Vec::new();
    let mut rest = grouping;
    while rest != 0 {
        lengths.insert(0, (rest % 10) as usize);
        rest /= 10;
    }
    let last = *lengths.last()?;
    Some(*lengths.get(index).unwrap_or(&last)).filter(|&length| length != 0)
}

fn grouped(whole: &[u8], format: &NumberFormat, text: &mut Vec<u16>) {
    let mut groups: Vec<&[u8]> = Vec::new();
    let mut rest = whole;
    while let Some(length) = group_length(format.grouping, groups.len())
        && rest.len() > length
    {
        let (before, group) = rest.split_at(rest.len() - length);
        groups.push(group);
        rest = before;
    }
    groups.push(rest);
    for (index, group) in groups.iter().rev().enumerate() {
        if index > 0 {
            text.extend(&format.thousand);
        }
        text.extend(group.iter().map(|digit| u16::from(digit + b'0')));
    }
}

fn unsigned(value: &Value, format: &NumberFormat) -> Vec<u16> {
    let mut text = Vec::new();
    if value.whole.is_empty() {
        if format.leading_zero != 0 || value.fraction.is_empty() {
            text.push(u16::from(b'0'));
        }
    } else {
        grouped(&value.whole, format, &mut text);
    }
    if !value.fraction.is_empty() {
        text.extend(&format.decimal);
        text.extend(value.fraction.iter().map(|digit| u16::from(digit + b'0')));
    }
    text
}

fn draw(picture: &str, number: &[u16], symbol: &[u16]) -> Vec<u16> {
    let mut text = Vec::new();
    for byte in picture.bytes() {
        match byte {
            b'n' => text.extend(number),
            b'$' => text.extend(symbol),
            other => text.push(u16::from(other)),
        }
    }
    text
}

/// `text`, a number as programs write it, as `format` has it, and as money where `currency` says how; none if one of them makes no sense.
pub fn number(text: &[u16], format: &NumberFormat, currency: Option<&Currency>) -> Option<Vec<u16>> {
    if format.digits > MOST_DIGITS || format.leading_zero > 1 || format.grouping > MOST_GROUPING {
        return None;
    }
    let value = Value::parse(text, format.digits as usize)?;
    let negatives: &[&str] = if currency.is_some() { &NEGATIVE_AMOUNTS } else { &NEGATIVE_NUMBERS };
    let positives: &[&str] = if currency.is_some() { &POSITIVE_AMOUNTS } else { &["n"] };
    let negative = negatives.get(format.negative as usize)?;
    let positive = positives.get(currency.map_or(0, |currency| currency.positive as usize))?;
    let picture = if value.is_negative { negative } else { positive };
    let symbol = currency.map_or(&[][..], |currency| &currency.symbol);
    Some(draw(picture, &unsigned(&value, format), symbol))
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::text::wide;

    fn format(digits: u32, leading_zero: u32, grouping: u32, negative: u32) -> NumberFormat {
        NumberFormat { digits, leading_zero, grouping, decimal: wide(b"."), thousand: wide(b","), negative }
    }

    fn written(text: &str, format: &NumberFormat, currency: Option<&Currency>) -> Option<String> {
        number(&wide(text.as_bytes()), format, currency).map(|units| String::from_utf16(&units).unwrap())
    }

    #[test]
    fn digits_are_rounded_and_grouped() {
        let cases = [
            ("1234567.894", 2, 3, "1,234,567.89"),
            ("999.995", 2, 3, "1,000.00"),
            ("0.004", 2, 3, "0.00"),
            ("-0.004", 2, 3, "0.00"),
            ("-0.005", 2, 3, "-0.01"),
            (".5", 0, 3, "1"),
            ("00012", 0, 3, "12"),
            ("12.", 1, 3, "12.0"),
            ("123456789", 0, 0, "123456789"),
            ("123456789", 0, 32, "12,34,56,789"),
            ("123456789", 0, 30, "123456,789"),
            ("123456789", 0, 1, "1,2,3,4,5,6,7,8,9"),
            ("0", 0, 3, "0"),
        ];
        for (text, digits, grouping, expected) in cases {
            assert_eq!(written(text, &format(digits, 1, grouping, 1), None).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(written("0.25", &format(2, 0, 3, 1), None).as_deref(), Some(".25"));
    }

    #[test]
    fn each_order_has_its_picture() {
        let orders = (0..5).map(|order| written("-1.5", &format(1, 1, 3, order), None).unwrap());
        assert_eq!(orders.collect::<Vec<_>>(), ["(1.5)", "-1.5", "- 1.5", "1.5-", "1.5 -"]);
        let money = |text, negative, positive| {
            written(text, &format(1, 1, 3, negative), Some(&Currency { positive, symbol: wide(b"$") }))
        };
        let positive: Vec<_> = (0..4).map(|order| money("1.5", 0, order).unwrap()).collect();
        assert_eq!(positive, ["$1.5", "1.5$", "$ 1.5", "1.5 $"]);
        let negative: Vec<_> = (0..16).map(|order| money("-1.5", order, 0).unwrap()).collect();
        assert_eq!(negative[..4], ["($1.5)", "-$1.5", "$-1.5", "$1.5-"]);
        assert_eq!(negative[8..11], ["-1.5 $", "-$ 1.5", "1.5 $-"]);
        assert_eq!((money("1", 16, 0), money("1", 0, 4)), (None, None));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".", "-.", "1.2.3", "1,000", " 1", "1 ", "+1", "1-", "1e5", "0x1"] {
            assert_eq!(written(text, &format(2, 1, 3, 1), None), None, "{text}");
        }
        for wrong in [format(10, 1, 3, 1), format(2, 2, 3, 1), format(2, 1, 10000, 1), format(2, 1, 3, 5)] {
            assert_eq!(written("1", &wrong, None), None, "{wrong:?}");
        }
    }
}
