//! The map as lines of text: the same cells twice, by kind and by protection, a letter a cell.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use picture::pen::{Pen, Style};

use crate::kind::{Kind, Look};
use crate::layout::{Cell, Layout};
use crate::protection::Protection;
use crate::space::{Space, Sum};

/// Lines above the cells, and of the legend.
const TITLE: usize = 2;
const LEGEND: usize = 13;
/// Columns of an address and the space behind it, and between both maps.
const ADDRESS: usize = 9;
const BETWEEN: usize = 1;
/// Least size of a map.
const LEAST: (usize, usize) = (72, 20);

/// The map in `columns` and `rows`, of which the last stays empty; more rows where regions need them. Every line ends with a line feed.
pub fn map(space: &Space, (columns, rows): (usize, usize), style: Style) -> String {
    let (columns, rows) = (columns.max(LEAST.0), rows.max(LEAST.1));
    let width = (columns - ADDRESS - BETWEEN) / 2;
    let layout = Layout::of(space, width * (rows - TITLE - LEGEND - 1));
    let mut out = title(space, layout, columns);
    let cells: Vec<Cell<'_>> = layout.each(space).collect();
    let mut pen = Pen::new(style);
    for row in cells.chunks(width) {
        // Writing to a string does not fail.
        let _ = write!(out, "{:08X} ", row[0].address);
        half(row, |cell| cell.region.kind().look(), &mut pen, &mut out);
        let _ = write!(out, "{:1$}", "", BETWEEN + width - row.len());
        half(row, |cell| cell.region.protection().look(), &mut pen, &mut out);
        out.push('\n');
    }
    legend(space, &mut pen, &mut out);
    out
}

/// The two lines above the cells, no wider than `columns`.
fn title(space: &Space, layout: Layout, columns: usize) -> String {
    let first = format!("Process {} {}", space.process, space.program);
    let second = format!("By kind, and by protection; a letter is {} at most, or free addresses", size(layout));
    let cut = |line: String| line.chars().take(columns).collect::<String>();
    format!("{}\n{}\n", cut(first), cut(second))
}

/// What a cell stands for.
pub(crate) fn size(layout: Layout) -> String {
    match layout.pages {
        pages @ ..256 => format!("{} KB", pages * 4),
        pages => format!("{} MB", pages / 256),
    }
}

fn half(row: &[Cell<'_>], look: impl Fn(&Cell<'_>) -> &'static Look, pen: &mut Pen, out: &mut String) {
    for cell in row {
        let look = look(cell);
        pen.take(Some(look.cell), out);
        out.push(look.letter);
    }
    pen.take(None, out);
}

/// What the legend says above its columns.
pub(crate) fn header() -> String {
    format!("{:<9}{:>9}{:>10}{:>8}", "KB", "size", "committed", "working")
}

/// What the legend says of one look.
pub(crate) fn entry(space: &Space, name: &str, sum: Sum) -> String {
    let resident = if space.knows_working_set { format!("{}", sum.resident * 4) } else { "-".into() };
    format!("{name:<9}{:>9}{:>10}{resident:>8}", sum.size * 4, sum.committed * 4)
}

fn legend(space: &Space, pen: &mut Pen, out: &mut String) {
    let (kinds, protections) = (space.by_kind(), space.by_protection());
    let _ = writeln!(out, "  {}    by protection, committed", header());
    for (kind, protection) in Kind::ALL.into_iter().zip(Protection::ALL) {
        mark(kind.look(), pen, out);
        let _ = write!(out, " {}  ", entry(space, kind.look().name, kinds[kind as usize]));
        mark(protection.look(), pen, out);
        let _ = writeln!(out, " {:<9}{:>10}", protection.look().name, protections[protection as usize].committed * 4);
    }
    let _ = writeln!(out, "  {}", entry(space, "Total", space.total()));
}

fn mark(look: &Look, pen: &mut Pen, out: &mut String) {
    pen.take(Some(look.cell), out);
    out.push(look.letter);
    pen.take(None, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::tests::space;

    const LEGEND_OF_SPACE: &str = "  KB            size committed working    by protection, committed
I Image           16        16      12  r r--              24
F File            16        16       4  w rw-            2200
M Shareable       64        64       0  c rc- copy          4
P Private         68         8       4  e --x               0
H Heap          1024        12       8  x r-x               8
S Stack         1024        12       8  W rwx               0
A AWE             64        64       0  C rcx copy          0
L Large         2048      2048       0  n no access         0
g Guard            4         4       0  g guard             4
: Reserved      2084         0       0  : reserved          0
. Free       2092700         0       0  . free              0
  Total         4324      2240      36
";

    #[test]
    fn a_plain_map_has_title_cells_twice_and_legend() {
        let text = map(&space(), (72, 20), Style::Plain);
        // 31 columns, 4 rows: 124 cells.
        let expected = "\
Process 20 \\Device\\a.exe
By kind, and by protection; a letter is 64 KB at most, or free addresses
00010000 P.::::::::::::::::gSH:::::::::: w.::::::::::::::::gww::::::::::
001C3000 ::::::F.III.MA.LLLLLLLLLLLLLLLL ::::::r.rxc.ww.wwwwwwwwwwwwwwww
";
        let rest = "\
00700000 LLLLLLLLLLLLLLLL.P:             wwwwwwwwwwwwwwww.r:
";
        assert_eq!(text, format!("{expected}{rest}{LEGEND_OF_SPACE}"));
    }

    #[test]
    fn colours_are_set_once_a_run_and_set_back() {
        let text = map(&space(), (72, 20), Style::Colored);
        let row = text.lines().nth(4).expect("the third row of cells");
        assert_eq!(
            row,
            format!(
                "00700000 \x1b[47;34m{}\x1b[40;90m.\x1b[42;97mP\x1b[40;37m:\x1b[0m{}\x1b[42;97m{}\x1b[40;90m.\x1b[44;97mr\x1b[40;37m:\x1b[0m",
                "L".repeat(16),
                " ".repeat(13),
                "w".repeat(16)
            )
        );
    }

    #[test]
    fn no_line_is_too_wide_and_rows_are_as_many_as_regions_need() {
        let mut space = space();
        let text = map(&space, (79, 25), Style::Plain);
        assert!(text.lines().count() <= 24 && text.lines().all(|line| line.chars().count() <= 79), "{text}");
        let regions = space.regions.clone();
        for _ in 0..50 {
            space.regions.extend(regions.iter().cloned());
        }
        // 1,020 regions, 34 to a row.
        let text = map(&space, (79, 25), Style::Plain);
        assert_eq!(text.lines().count(), TITLE + 30 + LEGEND);
    }

    #[test]
    fn a_console_that_is_too_small_gets_the_least_map() {
        assert_eq!(map(&space(), (0, 0), Style::Plain), map(&space(), (72, 20), Style::Plain));
    }
}
