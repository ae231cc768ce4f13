//! The picture as lines of text: a letter a cell, coloured where the terminal has colours.

use alloc::string::String;
use core::fmt::Write;

use picture::pen::{Pen, Style};

use crate::census::Census;
use crate::kind::Kind;

/// Lines of a title.
const TITLE: usize = 1;
/// Columns of the legend, and rows.
const LEGEND: (usize, usize) = (4, 4);
/// Least size of a picture.
const LEAST: (usize, usize) = (40, 10);

/// The picture in `columns` and `rows`, of which the last stays empty: a title, the cells, the legend with what there is of each
/// kind. Every line ends with a line feed.
pub fn picture(census: &Census, (columns, rows): (usize, usize), style: Style) -> String {
    let (columns, rows) = (columns.max(LEAST.0), rows.max(LEAST.1));
    let height = rows - TITLE - LEGEND.1 - 1;
    let frames = census.frames_a_cell(columns * height);
    let mut out = String::with_capacity(columns * rows * 3);
    title(census, frames, &mut out);
    let mut pen = Pen::new(style);
    for row in 0..height {
        for column in 0..columns {
            let kind = census.cell(row * columns + column, frames);
            pen.take(kind.map(|kind| kind.look().cell), &mut out);
            out.push(kind.map_or(' ', |kind| kind.look().letter));
        }
        pen.take(None, &mut out);
        out.push('\n');
    }
    legend(census, &mut pen, &mut out);
    out
}

fn title(census: &Census, frames: usize, out: &mut String) {
    let total = census.frames();
    // Writing to a string does not fail.
    let _ = write!(out, "{} MB of RAM, {total} frames of 4 KB, ", total / 256);
    let _ = match frames {
        1 => writeln!(out, "a letter each"),
        frames => writeln!(out, "{frames} to a letter"),
    };
}

fn legend(census: &Census, pen: &mut Pen, out: &mut String) {
    let counts = census.counts();
    for row in 0..LEGEND.1 {
        for (column, kind) in Kind::ALL.into_iter().skip(row * LEGEND.0).take(LEGEND.0).enumerate() {
            if column > 0 {
                out.push(' ');
            }
            pen.take(Some(kind.look().cell), out);
            out.push(kind.look().letter);
            pen.take(None, out);
            let _ = write!(out, " {:<9}{:>8}", kind.look().name, counts[kind as usize]);
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::census::tests::census;
    use abi::frames::{FrameState, Use};

    fn small() -> Census {
        census(&[
            (45, FrameState::new(6, Use::Kernel)),
            (30, FrameState::new(6, Use::Private)),
            (5, FrameState::NO_RAM),
            (60, FrameState::new(0, Use::Nobody)),
            (3, FrameState::new(3, Use::File)),
        ])
    }

    #[test]
    fn a_plain_picture_has_title_cells_and_legend() {
        let text = picture(&small(), (40, 10), Style::Plain);
        let cells = format!(
            "{}\n{}{}     \n{}\n{}mmm{}\n",
            "K".repeat(40),
            "K".repeat(5),
            "P".repeat(30),
            ".".repeat(40),
            ".".repeat(20),
            " ".repeat(17)
        );
        let legend = "\
. Zeroed         60 : Free            0 s Standby         0 m Modified        3
n No write        0 X Bad             0 t Transit         0 P Private        30
T Tables          0 M Shared          0 I Images          0 F Files           0
A AWE             0 L Large           0 K Kernel         45
";
        assert_eq!(text, format!("0 MB of RAM, 138 frames of 4 KB, a letter each\n{cells}{legend}"));
    }

    #[test]
    fn colours_are_set_once_a_run_and_set_back() {
        let text = picture(&small(), (40, 10), Style::Colored);
        let first = text.split('\n').nth(1).expect("a row of cells");
        assert_eq!(first, format!("\x1b[41;97m{}\x1b[0m", "K".repeat(40)));
        let second = text.split('\n').nth(2).expect("another");
        assert_eq!(second, format!("\x1b[41;97mKKKKK\x1b[42;97m{}\x1b[0m     ", "P".repeat(30)));
        assert!(text.ends_with("\x1b[41;97mK\x1b[0m Kernel         45\n"));
    }

    #[test]
    fn many_frames_share_cells_and_no_line_is_too_wide() {
        for frames in [0, 1, 1500, 1501, 1502, 130_942, 16_000_000] {
            let census = census(&[(frames, FrameState::new(2, Use::Image))]);
            let text = picture(&census, (79, 25), Style::Plain);
            assert_eq!(text.lines().count(), 24, "{frames}");
            assert!(text.lines().all(|line| line.chars().count() <= 79), "{text}");
            let cells: usize = text.lines().skip(1).take(19).map(|line| line.matches('s').count()).sum();
            assert_eq!(cells, frames.div_ceil(frames.div_ceil(1501).max(1)));
        }
    }

    #[test]
    fn a_terminal_that_is_too_small_gets_the_least_picture() {
        assert_eq!(picture(&small(), (0, 0), Style::Plain), picture(&small(), (40, 10), Style::Plain));
    }
}
