//! The rows of `tests/rows`: what services are called with and what comes of it, as data that the guest's programs include too.
//!
//! A file is lines of the form `ROW(number, number, …)`, comments from `//` on, and empty lines. A number is a sum of terms, joined by `|`,
//! `+` or `-`; a term is a decimal or hexadecimal number or a name. What a reader does not know is an error that names file and line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fs, ops};

pub mod constants;
pub mod fixture;
pub mod report;

/// What names stand for.
pub type Names = BTreeMap<String, u64>;

/// A kind of line.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    word: &'static str,
    columns: usize,
    /// Whether its first column gives a name instead of using one.
    names: bool,
}

impl Form {
    /// Lines of `word` and so many columns.
    pub const fn new(word: &'static str, columns: usize) -> Self {
        Self { word, columns, names: false }
    }

    /// The same, the first column of which is a new name.
    pub const fn naming(word: &'static str, columns: usize) -> Self {
        Self { word, columns, names: true }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands, for messages: file and line.
    pub place: String,
    /// The word before the parenthesis.
    pub word: String,
    /// The words between the commas.
    texts: Vec<String>,
    /// The numbers they stand for; a new name stands for 0.
    numbers: Vec<u64>,
}

impl Row {
    /// Column `index` as 32 bits, which it fits.
    #[track_caller]
    pub fn word(&self, index: usize) -> u32 {
        u32::try_from(self[index]).unwrap_or_else(|_| panic!("{}: column {index} has more than 32 bits", self.place))
    }

    /// The name in column `index`.
    pub fn name(&self, index: usize) -> &str {
        &self.texts[index]
    }

    /// The numbers of columns `from` on, as 32 bits.
    #[track_caller]
    pub fn words<const COUNT: usize>(&self, from: usize) -> [u32; COUNT] {
        std::array::from_fn(|index| self.word(from + index))
    }
}

impl ops::Index<usize> for Row {
    type Output = u64;

    fn index(&self, index: usize) -> &u64 {
        &self.numbers[index]
    }
}

/// The rows of `file`, each of one of `forms`.
///
/// # Errors
/// The first line that is none of them, by file and line.
pub fn parse(file: &str, text: &str, names: &Names, forms: &[Form]) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let code = line.split("//").next().unwrap_or_default().trim();
        if code.is_empty() {
            continue;
        }
        let place = format!("{file}:{number}");
        rows.push(row(&place, code, names, forms).map_err(|problem| format!("{place}: {problem}"))?);
    }
    Ok(rows)
}

fn row(place: &str, code: &str, names: &Names, forms: &[Form]) -> Result<Row, String> {
    let (word, rest) = code.split_once('(').ok_or("no parenthesis")?;
    let inner = rest.strip_suffix(')').ok_or("nothing closes it")?;
    let form = forms.iter().find(|form| form.word == word).ok_or_else(|| format!("`{word}` is no row"))?;
    let texts: Vec<String> = inner.split(',').map(|text| text.trim().to_owned()).collect();
    if texts.len() != form.columns {
        return Err(format!("{} columns, not {}", texts.len(), form.columns));
    }
    let number = |(index, text): (usize, &String)| match index {
        0 if form.names && is_name(text) => Ok(0),
        0 if form.names => Err(format!("`{text}` is no name")),
        _ => value(text, names),
    };
    let numbers = texts.iter().enumerate().map(number).collect::<Result<_, _>>()?;
    Ok(Row { place: place.to_owned(), word: word.to_owned(), texts, numbers })
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// What a sum of terms comes to.
fn value(text: &str, names: &Names) -> Result<u64, String> {
    let mut sum = 0_u64;
    let mut join = '|';
    for piece in text.split_inclusive(['|', '+', '-']) {
        let next = piece.chars().last().filter(|c| "|+-".contains(*c));
        let number = term(piece.trim_end_matches(['|', '+', '-']).trim(), names)?;
        sum = match join {
            '|' => sum | number,
            '+' => sum.checked_add(number).ok_or("too large")?,
            _ => sum.checked_sub(number).ok_or("less than nothing")?,
        };
        join = next.unwrap_or(' ');
    }
    if join == ' ' { Ok(sum) } else { Err(format!("`{text}` ends in `{join}`")) }
}

fn term(text: &str, names: &Names) -> Result<u64, String> {
    let digits =
        |radix: u32, digits: &str| u64::from_str_radix(digits, radix).map_err(|_| format!("`{text}` is no number"));
    match text.strip_prefix("0x") {
        Some(hexadecimal) => digits(16, hexadecimal),
        None if text.starts_with(|first: char| first.is_ascii_digit()) => digits(10, text),
        None => names.get(text).copied().ok_or_else(|| format!("`{text}` is unknown")),
    }
}

/// The path of `tests/rows/NAME.rows`.
fn path_of(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "rows", &format!("{name}.rows")].iter().collect()
}

/// The rows of `tests/rows/NAME.rows`.
#[track_caller]
pub fn read(name: &str, names: &Names, forms: &[Form]) -> Vec<Row> {
    let path = path_of(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    parse(&format!("{name}.rows"), &text, names, forms).unwrap_or_else(|problem| panic!("{problem}"))
}

/// The rows of `tests/rows/NAME.rows`, of `columns` columns, the first `arguments` of which no two rows share.
#[track_caller]
pub fn read_distinct(name: &str, names: &Names, columns: usize, arguments: usize) -> Vec<Row> {
    let rows = read(name, names, &[Form::new("ROW", columns)]);
    let mut seen = BTreeMap::new();
    for row in &rows {
        if let Some(first) = seen.insert(row.numbers[..arguments].to_vec(), &row.place) {
            panic!("{}: the same case as {first}", row.place);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        [("A", 1), ("B", 0x10), ("AT", 0x2000_0000)].map(|(name, value)| (name.to_owned(), value)).into()
    }

    fn numbers(line: &str) -> Result<Vec<u64>, String> {
        parse("x.rows", line, &names(), &[Form::new("ROW", 2)]).map(|rows| rows[0].numbers.clone())
    }

    #[test]
    fn numbers_names_and_sums_are_read() {
        assert_eq!(numbers("ROW(12, 0xFF)"), Ok(vec![12, 0xFF]));
        assert_eq!(numbers("  ROW(A | B, AT + 0x1000) // why"), Ok(vec![0x11, 0x2000_1000]));
        assert_eq!(numbers("ROW(AT - 0x1000, 0xFFFFFFFFFFFFFFFF)"), Ok(vec![0x1FFF_F000, u64::MAX]));
    }

    #[test]
    fn comments_and_empty_lines_are_no_rows() {
        let rows = parse("x.rows", "// ROW(1, 2)\n\nROW(3, 4)\n", &names(), &[Form::new("ROW", 2)]).expect("rows");
        assert_eq!((rows.len(), rows[0].place.as_str(), rows[0][1]), (1, "x.rows:3", 4));
    }

    #[test]
    fn what_is_not_understood_names_file_and_line() {
        for (line, problem) in [
            ("ROW(1, C)", "`C` is unknown"),
            ("ROW(1, 0xG)", "`0xG` is no number"),
            ("ROW(1, 1A)", "`1A` is no number"),
            ("ROW(1, a)", "`a` is unknown"),
            ("ROW(1)", "1 columns, not 2"),
            ("ROW(1, 2, 3)", "3 columns, not 2"),
            ("ROW(1, )", "`` ends in `|`"),
            ("ROW(1, A |)", "`A |` ends in `|`"),
            ("ROW(1, A | | B)", "`` is unknown"),
            ("ROW(1, A - B)", "less than nothing"),
            ("RAW(1, 2)", "`RAW` is no row"),
            ("ROW(1, 2", "nothing closes it"),
            ("ROW", "no parenthesis"),
            ("ROW(1, 2);", "nothing closes it"),
        ] {
            let text = format!("\n{line}\n");
            assert_eq!(
                parse("x.rows", &text, &names(), &[Form::new("ROW", 2)]),
                Err(format!("x.rows:2: {problem}")),
                "{line}"
            );
        }
    }

    #[test]
    fn a_name_is_given_once() {
        let given = parse("x.rows", "NAME(NEW, 7)", &names(), &[Form::naming("NAME", 2)]).expect("a name");
        assert_eq!((given[0].name(0), given[0][1]), ("NEW", 7));
        assert!(parse("x.rows", "NAME(new, 7)", &names(), &[Form::naming("NAME", 2)]).is_err());
    }
}
