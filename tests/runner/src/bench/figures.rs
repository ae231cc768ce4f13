//! What the guest reports, line by line, and what becomes of it.

use std::collections::BTreeMap;

/// What one line says of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Ticks of the time-stamp counter for one unit of what the row counts.
    pub ticks: u64,
    /// The same of the sample that took least.
    pub least: u64,
    /// Ticks of the sample that stands for all, less what reading the counter takes.
    pub sample: u64,
    /// The same of the other thing, where the row is what one costs beyond another.
    pub less: Option<u64>,
    /// How many of what the row counts a sample holds.
    pub units: u64,
    /// Ticks that reading the counter twice takes.
    pub empty: u64,
}

/// Figures by the names of their rows.
pub type Figures = BTreeMap<String, Figure>;

/// The figures in `text`, which may have other lines too.
pub fn find(text: &str) -> impl Iterator<Item = (String, Figure)> + '_ {
    text.lines().filter_map(parse)
}

/// A line `bench name=NAME ticks=N`, perhaps with more fields. The kernel says `instructions`.
fn parse(line: &str) -> Option<(String, Figure)> {
    let rest = line.trim_end().strip_prefix("bench ")?;
    let field = |key: &str| rest.split(' ').find_map(|word| word.strip_prefix(key).and_then(|v| v.strip_prefix('=')));
    let number = |key: &str| field(key).map(str::parse).transpose().ok();
    let ticks: u64 = number("ticks")?.or(number("instructions")?)?;
    let figure = Figure {
        ticks,
        least: number("least")?.unwrap_or(ticks),
        sample: number("sample")?.unwrap_or(ticks),
        less: number("less")?,
        units: number("units")?.unwrap_or(1),
        empty: number("empty")?.unwrap_or(0),
    };
    Some((field("name")?.to_owned(), figure))
}

/// Ticks, and the microseconds that they took, from the line of tests/bench/clock.c.
pub fn clock(text: &str) -> Option<(u64, u64)> {
    text.lines().find_map(|line| {
        let (ticks, microseconds) = line.trim_end().strip_prefix("bench ticks=")?.split_once(" microseconds=")?;
        let (ticks, microseconds) = (ticks.parse().ok()?, microseconds.parse().ok()?);
        (ticks > 0 && microseconds > 0).then_some((ticks, microseconds))
    })
}

/// Ticks in nanoseconds, by that clock.
pub fn nanoseconds(ticks: u64, (counted, microseconds): (u64, u64)) -> u64 {
    let exact = u128::from(ticks) * u128::from(microseconds) * 1000 / u128::from(counted);
    u64::try_from(exact).unwrap_or(u64::MAX)
}

/// A number with commas between thousands.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let start = digits.len() % 3;
    let mut groups: Vec<&str> = Vec::new();
    if start != 0 {
        groups.push(&digits[..start]);
    }
    groups.extend((start..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_lines_of_their_form() {
        let plain = |ticks| Figure { ticks, least: ticks, sample: ticks, less: None, units: 1, empty: 0 };
        assert_eq!(parse("bench name=null_call instructions=120\r"), Some(("null_call".into(), plain(120))));
        assert_eq!(parse("bench name=x ticks=1"), Some(("x".into(), plain(1))));
        let whole = Figure { ticks: 3, least: 1, sample: 31, less: Some(4), units: 10, empty: 2 };
        assert_eq!(parse("bench name=x ticks=3 least=1 sample=31 less=4 units=10 empty=2"), Some(("x".into(), whole)));
        for line in
            ["", "bench", "bench name=x", "bench name=x ticks=y", "name=x ticks=1", "bench ticks=1 microseconds=2"]
        {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn ticks_become_time_by_the_clock_of_their_machine() {
        let clock = clock("x\nbench ticks=2596060 microseconds=1000\r\n").unwrap();
        assert_eq!(nanoseconds(2596, clock), 999);
        assert_eq!(nanoseconds(u64::MAX, (1, 1)), u64::MAX);
        assert_eq!(super::clock("bench ticks=0 microseconds=1000"), None);
        assert_eq!(super::clock("bench ticks=5 microseconds=0"), None);
    }

    #[test]
    fn thousands_are_grouped() {
        let numbers = [0, 999, 1000, 40_000_000].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "40,000,000"]);
    }
}
