//! What the program of `tests/bench/linux` prints, and the figures that come of it.

use std::collections::BTreeMap;

/// The row of an empty pair of readings of the counter, which every sample holds.
const EMPTY: &str = "0 empty rdtsc pair";

// R|name|unit|median|min|mean|ns|batches
/// The column of the median behind the name, and that of the least.
const MEDIAN: usize = 1;
const LEAST: usize = 2;

/// Ticks for one unit by the names of the rows: the median.
pub fn rows(text: &str) -> BTreeMap<String, f64> {
    column(text, MEDIAN)
}

fn column(text: &str, number: usize) -> BTreeMap<String, f64> {
    let row = |line: &str| {
        let mut fields = line.strip_prefix("R|")?.split('|').map(str::trim);
        let name = fields.next()?.to_owned();
        Some((name, fields.nth(number)?.parse().ok()?))
    };
    text.lines().filter_map(row).collect()
}

/// The least in nanoseconds, by the ticks of a microsecond that the program counted; without what reading the counter takes where a sample
/// is a single thing, as in our rows.
pub fn nanoseconds(text: &str) -> BTreeMap<String, f64> {
    let Some(per_microsecond) = number(text, "TSC_PER_US").filter(|ticks| *ticks > 0.0) else { return BTreeMap::new() };
    let rows = column(text, LEAST);
    let empty = rows.get(EMPTY).copied().unwrap_or(0.0);
    let single = |name: &str| text.lines().any(|line| line.contains(name) && line.trim_end().ends_with(" x 1"));
    let time = |(name, ticks): (&String, &f64)| {
        let own = if name != EMPTY && single(&format!("R|{name}")) { ticks - empty } else { *ticks };
        (name.clone(), (own * 10_000.0 / per_microsecond).round() / 10.0)
    };
    rows.iter().map(time).collect()
}

/// The number behind `key` at the start of a line.
pub fn number(text: &str, key: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.split_whitespace().next()?.parse().ok())
}

/// The first sixteen hexadecimal digits, which a patched kernel prints.
pub fn ticks_at_entry(text: &str) -> Option<u64> {
    let is_digit = |letter: char| letter.is_ascii_hexdigit();
    let digits = text.split(|letter: char| !is_digit(letter)).find(|word| word.len() >= 16)?;
    u64::from_str_radix(&digits[..16], 16).ok()
}

/// KB that are neither free nor pages of files or programs: what the firmware calls usable, less `MemFree`, `Cached` and `AnonPages`.
pub fn kernel_memory(text: &str) -> Option<u64> {
    let field = |name: &str| number(text, &format!("MEM {name}:"));
    let used = field("MemFree")? + field("Cached")? + field("AnonPages")?;
    let usable = text.lines().filter(|line| line.contains("BIOS-e820:") && line.trim_end().ends_with("usable"));
    let bytes: u64 = usable.filter_map(range).map(|(first, last)| last + 1 - first).sum();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "KB of a small machine")]
    (bytes / 1024).checked_sub(used as u64)
}

/// `... [mem 0x0000000000000000-0x000000000009fbff] usable`.
fn range(line: &str) -> Option<(u64, u64)> {
    let (_, rest) = line.split_once("[mem 0x")?;
    let (first, rest) = rest.split_once("-0x")?;
    let (last, _) = rest.split_once(']')?;
    Some((u64::from_str_radix(first, 16).ok()?, u64::from_str_radix(last, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "TSC_PER_US 2000.0
R|0 empty rdtsc pair       |total   |        3.0|        3.0|        3.0|  195.0|301 x 1
R|1 a call                 |call    |      269.1|      269.0|      270.0|  544.0|101 x 200
R|2 a fault                |page    |     3037.0|     3033.0|     3600.0| 5038.0|4096 x 1
MEM MemFree:           36976 kB
MEM Cached:              904 kB
MEM SwapCached:            1 kB
MEM AnonPages:            48 kB
K <6>[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
K <6>[    0.000000] BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved
K <6>[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x0000000003fdffff] usable
";

    #[test]
    fn rows_have_their_median() {
        let rows = rows(TEXT);
        assert_eq!(rows.len(), 3);
        assert_eq!((rows["1 a call"], rows["2 a fault"]), (269.1, 3037.0));
    }

    #[test]
    fn time_is_without_the_reading_of_the_counter() {
        let times = nanoseconds(TEXT);
        assert_eq!((times["1 a call"], times["2 a fault"]), (134.5, 1515.0));
        assert!(nanoseconds("R|1 a|x|2|2|2|2|1 x 1").is_empty());
    }

    #[test]
    fn the_kernels_memory_is_what_is_nobody_elses() {
        assert_eq!(kernel_memory(TEXT), Some(639 + 64_384 - 36_976 - 904 - 48));
        assert_eq!(kernel_memory("nothing"), None);
    }

    #[test]
    fn a_patched_kernel_prints_sixteen_digits() {
        assert_eq!(ticks_at_entry("SeaBIOS (version 1.16)\r\n000000008c1eb5f0\n"), Some(0x8c1e_b5f0));
        assert_eq!(ticks_at_entry("nothing 1234"), None);
    }
}
