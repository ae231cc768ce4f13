//! The table: one line a row, Linux beside us, in instructions and in time.

use serde_json::{Value, json};

use super::figures::grouped;
use super::rows::Row;

/// One line: a row and its figures, as far as there are some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The row.
    pub row: Row,
    /// Guest instructions or KB: ours and Linux's.
    pub count: Option<u64>,
    /// Linux's.
    pub linux: Option<u64>,
    /// Nanoseconds without counting: ours and Linux's.
    pub nanoseconds: Option<u64>,
    /// Linux's.
    pub linux_nanoseconds: Option<u64>,
}

impl Line {
    /// Whether the target is missed.
    #[must_use]
    pub fn is_above(&self) -> bool {
        self.count.is_some_and(|count| count > self.row.target)
    }

    /// What stands behind the line.
    fn remarks(&self) -> String {
        let mut remarks = Vec::new();
        match self.count {
            None => remarks.push("not measured"),
            Some(_) if self.is_above() => remarks.push("above the target"),
            Some(_) => {}
        }
        if self.nanoseconds.zip(self.linux_nanoseconds).is_some_and(|(ours, linux)| ours > linux) {
            remarks.push("slower than Linux");
        }
        remarks.join(", ")
    }
}

/// How many times `ours` goes into `linux`.
fn ratio(linux: Option<u64>, ours: Option<u64>) -> String {
    match linux.zip(ours) {
        #[allow(clippy::cast_precision_loss, reason = "shown with two or three digits")]
        Some((linux, ours)) if ours > 0 => {
            let times = linux as f64 / ours as f64;
            if times < 9.95 { format!("{times:.1}") } else { format!("{times:.0}") }
        }
        _ => "-".into(),
    }
}

fn shown(number: Option<u64>) -> String {
    number.map_or("-".into(), grouped)
}

/// The table as text. `machine` is what everything ran on.
#[must_use]
pub fn text(lines: &[Line], machine: &str) -> String {
    let mut out = format!("{machine}\n\n{:51} {:^44}  {:^32}\n", "", "guest instructions", "ns, plain TCG");
    let heads = ["Linux", "Vadose", "ratio", "target", "Linux", "Vadose", "ratio"].map(str::to_owned);
    out += &format!("{}\n", columns("", &heads, ""));
    for line in lines {
        let cells = [
            shown(line.linux),
            shown(line.count),
            ratio(line.linux, line.count),
            grouped(line.row.target),
            shown(line.linux_nanoseconds),
            shown(line.nanoseconds),
            ratio(line.linux_nanoseconds, line.nanoseconds),
        ];
        out += &format!("{}\n", columns(&line.row.title, &cells, &line.remarks()));
    }
    let measured = lines.iter().filter(|line| line.count.is_some()).count();
    let above = lines.iter().filter(|line| line.is_above()).count();
    out + &format!("{measured} rows, {above} above their target\n")
}

fn columns(title: &str, cells: &[String; 7], remarks: &str) -> String {
    let [linux, ours, times, target, linux_time, our_time, time_times] = cells;
    let counts = format!("{linux:>12} {ours:>12} {times:>6} {target:>12}");
    let line = format!("{title:51} {counts}  {linux_time:>12} {our_time:>12} {time_times:>6}  {remarks}");
    line.trim_end().to_owned()
}

/// The same as a table of Markdown.
#[must_use]
pub fn markdown(lines: &[Line]) -> String {
    let mut out = String::from(
        "| row | Linux | Vadose | ratio | target | Linux, ns | Vadose, ns | ratio |\n|-|-:|-:|-:|-:|-:|-:|-:|\n",
    );
    for line in lines {
        let ours = if line.is_above() { format!("**{}**", shown(line.count)) } else { shown(line.count) };
        out += &format!(
            "| {} (`{}`) | {} | {ours} | {} | {} | {} | {} | {} |\n",
            line.row.title,
            line.row.name,
            shown(line.linux),
            ratio(line.linux, line.count),
            grouped(line.row.target),
            shown(line.linux_nanoseconds),
            shown(line.nanoseconds),
            ratio(line.linux_nanoseconds, line.nanoseconds),
        );
    }
    out
}

/// The same as JSON.
#[must_use]
pub fn encode(lines: &[Line], machine: &str, toolchain: &Value) -> Value {
    let rows: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "name": line.row.name,
                "title": line.row.title,
                "unit": if line.row.is_timed() { "instructions" } else { "KB" },
                "target": line.row.target,
                "vadose": line.count,
                "linux": line.linux,
                "vadose_nanoseconds": line.nanoseconds,
                "linux_nanoseconds": line.linux_nanoseconds,
            })
        })
        .collect();
    json!({ "machine": machine, "toolchain": toolchain, "rows": rows })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::bench::rows;

    /// Three lines: one below its target, one above it and slower than Linux, one that was not measured.
    pub fn lines() -> Vec<Line> {
        let rows =
            rows::parse("a | x | 100 | A | A call\nb | x | 5000 | B | Another\nc | boot | 7 | - | Boot").unwrap();
        let figures = [
            (Some(88), Some(269), Some(30), Some(544)),
            (Some(5001), Some(9000), Some(900), Some(800)),
            (None, None, None, None),
        ];
        let lines = rows.into_iter().zip(figures);
        lines
            .map(|(row, (count, linux, nanoseconds, linux_nanoseconds))| Line {
                row,
                count,
                linux,
                nanoseconds,
                linux_nanoseconds,
            })
            .collect()
    }

    #[test]
    fn a_row_above_its_target_behind_linux_or_without_a_figure_is_marked() {
        let text = text(&lines(), "a machine");
        let shown: Vec<&str> = text.lines().skip(4).collect();
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
        assert_eq!(words(shown[0]), "A call 269 88 3.1 100 544 30 18");
        assert_eq!(words(shown[1]), "Another 9,000 5,001 1.8 5,000 800 900 0.9 above the target, slower than Linux");
        assert_eq!(words(shown[2]), "Boot - - - 7 - - - not measured");
        assert_eq!(shown[3], "2 rows, 1 above their target");
        assert!(text.starts_with("a machine\n"), "{text}");
    }

    #[test]
    fn in_markdown_what_is_above_its_target_is_bold() {
        let text = markdown(&lines());
        assert!(text.contains("| Another (`b`) | 9,000 | **5,001** | 1.8 | 5,000 | 800 | 900 | 0.9 |"), "{text}");
        assert_eq!(text.lines().count(), 5);
    }

    #[test]
    fn in_json_what_was_not_measured_is_null() {
        let value = encode(&lines(), "m", &json!({}));
        assert_eq!(value["rows"][0]["vadose"], 88);
        assert_eq!(value["rows"][2]["vadose"], Value::Null);
    }
}
