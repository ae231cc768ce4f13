//! The table as a picture: two bars a row, Linux's and ours, on a scale on which each line is ten times the one before.
//!
//! Bars, words and lines are all there is, and the picture has to come out the same everywhere, for a test compares it with the one that is
//! checked in: so it is written here, and not by a plotting library with fonts and drawing back ends of its own.

use std::fmt::Write;

use super::figures::grouped;
use super::table::Line;

/// Pixels.
const LEFT: f64 = 360.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 24.0;
const DECADE: f64 = 56.0;
const ROW: f64 = 30.0;
const BAR: f64 = 10.0;

/// The picture of all rows that are in instructions and have a figure.
#[must_use]
pub fn svg(lines: &[Line]) -> String {
    let shown: Vec<&Line> = lines.iter().filter(|line| line.row.is_timed() && line.count.is_some()).collect();
    let largest = shown.iter().flat_map(|line| [line.count, line.linux, Some(line.row.target)]).flatten().max();
    let decades = largest.unwrap_or(1).max(2).ilog10() + 1;
    let (width, height) = (LEFT + f64::from(decades) * DECADE + RIGHT, TOP + length(shown.len()) * ROW + BOTTOM);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"12\" y=\"22\" font-size=\"15\">Guest instructions, Linux 6.1 and Vadose; shorter is better</text>\n"
    );
    legend(&mut out);
    for decade in 0..=decades {
        let (x, end) = (LEFT + f64::from(decade) * DECADE, height - BOTTOM);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "<line x1=\"{x}\" y1=\"{TOP}\" x2=\"{x}\" y2=\"{end}\" stroke=\"#ddd\"/>");
        let text = height - 8.0;
        let _ =
            writeln!(out, "<text x=\"{x}\" y=\"{text}\" text-anchor=\"middle\" fill=\"#666\">{}</text>", power(decade));
    }
    for (index, line) in shown.into_iter().enumerate() {
        row(&mut out, line, TOP + length(index) * ROW);
    }
    out + "</svg>\n"
}

fn legend(out: &mut String) {
    for (x, color, name) in
        [(12.0, LINUX, "Linux"), (82.0, OURS, "Vadose"), (162.0, MISSED, "Vadose, above its target")]
    {
        let _ = writeln!(out, "<rect x=\"{x}\" y=\"36\" width=\"10\" height=\"10\" fill=\"{color}\"/>");
        let _ = writeln!(out, "<text x=\"{}\" y=\"45\">{name}</text>", x + 15.0);
    }
    let _ = writeln!(
        out,
        "<line x1=\"340\" y1=\"34\" x2=\"340\" y2=\"48\" stroke=\"#000\"/>\n<text x=\"346\" y=\"45\">target</text>"
    );
}

const LINUX: &str = "#b0b0b0";
const OURS: &str = "#2a6fb0";
const MISSED: &str = "#c8643c";

fn row(out: &mut String, line: &Line, y: f64) {
    let title = line.row.title.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{title}</text>", LEFT - 8.0, y + 16.0);
    if let Some(linux) = line.linux {
        bar(out, linux, y + 2.0, LINUX, 0.0);
    }
    let mark = extent(line.row.target);
    if let Some(count) = line.count {
        bar(out, count, y + 2.0 + BAR + 2.0, if line.is_above() { MISSED } else { OURS }, mark);
    }
    let (x, top) = (LEFT + mark, y + 12.0);
    let _ =
        writeln!(out, "<line x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{}\" stroke=\"#000\"/>", top + BAR + 4.0);
}

/// A bar, and its count behind it and behind `mark`.
fn bar(out: &mut String, count: u64, y: f64, color: &str, mark: f64) {
    let width = extent(count);
    let _ = writeln!(out, "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{color}\"/>");
    let (x, base) = (LEFT + width.max(mark) + 5.0, y + BAR - 1.0);
    let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{base}\" font-size=\"10\" fill=\"#444\">{}</text>", grouped(count));
}

/// How far a count reaches; what is less than one does not.
#[allow(clippy::cast_precision_loss, reason = "a length in pixels")]
fn extent(count: u64) -> f64 {
    (count.max(1) as f64).log10() * DECADE
}

#[allow(clippy::cast_precision_loss, reason = "a few dozen rows")]
fn length(count: usize) -> f64 {
    count as f64
}

fn power(decade: u32) -> String {
    match decade {
        0..=2 => 10_u64.pow(decade).to_string(),
        3..=5 => format!("{} k", 10_u64.pow(decade - 3)),
        6..=8 => format!("{} M", 10_u64.pow(decade - 6)),
        _ => format!("{} G", 10_u64.pow(decade - 9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::table::tests::lines;

    #[test]
    fn a_row_has_two_bars_and_a_mark_for_its_target() {
        let picture = svg(&lines());
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        // 88 is 1.944 decades of 56 pixels; 269 is 2.43.
        assert!(picture.contains("width=\"108.9\" height=\"10\" fill=\"#2a6fb0\""), "{picture}");
        assert!(picture.contains("width=\"136.1\" height=\"10\" fill=\"#b0b0b0\""), "{picture}");
        assert!(picture.contains("fill=\"#c8643c\"/>\n<text") && picture.contains(">5,001</text>"));
        // What was not measured is not there.
        assert!(!picture.contains(">Boot<"));
    }

    #[test]
    fn lines_of_the_scale_are_ten_times_each_other() {
        let names: Vec<String> = [0, 2, 3, 5, 6, 8, 9].map(power).into();
        assert_eq!(names, ["1", "100", "1 k", "100 k", "1 M", "100 M", "1 G"]);
        assert!(extent(0) == 0.0 && extent(1) == 0.0 && (extent(1000) - 3.0 * DECADE).abs() < 1e-9);
    }
}
