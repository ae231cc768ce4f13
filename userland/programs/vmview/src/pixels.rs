//! The map in pixels: the same squares twice, by kind and by protection, and the legend.

use alloc::format;

use picture::canvas::{Canvas, Letters};

use crate::kind::{Kind, Look};
use crate::layout::{Cell, Layout};
use crate::protection::Protection;
use crate::space::Space;
use crate::text::{entry, header, size};

/// Pixels above everything, for the title; above each map; below both, for the legend.
const TITLE: usize = 32;
const HEADING: usize = 20;
const LEGEND: usize = 244;
/// Pixels from the edge, and of the addresses at the left of a map.
const MARGIN: usize = 8;
const ADDRESS: usize = 80;
/// Rows of the legend, and how far right its second half begins.
const ROW: usize = 18;
const SECOND_HALF: usize = 512;
/// The side of a square of the legend.
const SQUARE: usize = 14;
/// The largest square of a map; the least that it has while a cell can stand for more pages; and from which on they stand apart.
const LARGEST: usize = 16;
const LEGIBLE: usize = 8;
const APART: usize = 4;

/// Where a map lies, and how large its squares are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grid {
    left: usize,
    top: usize,
    columns: usize,
    rows: usize,
    side: usize,
}

impl Grid {
    fn new(canvas: &Canvas, space: &Space) -> (Self, Layout) {
        let width = canvas.width().saturating_sub(2 * MARGIN + ADDRESS);
        let height = (canvas.height().saturating_sub(TITLE + LEGEND) / 2).saturating_sub(HEADING);
        let room = |side: usize| (width / side) * (height / side);
        let layout = Layout::of(space, room(LEGIBLE));
        let cells = layout.cells_of(space);
        let side = (1..=LARGEST).rev().find(|side| room(*side) >= cells).unwrap_or(1);
        let (columns, rows) = (width / side, height / side);
        (Self { left: MARGIN + ADDRESS, top: TITLE + HEADING, columns, rows, side }, layout)
    }

    /// The same for the second map.
    fn below(self, canvas: &Canvas) -> Self {
        Self { top: self.top + canvas.height().saturating_sub(TITLE + LEGEND) / 2, ..self }
    }
}

/// Draws the map.
pub fn draw(space: &Space, canvas: &mut Canvas) {
    canvas.clear();
    let (grid, layout) = Grid::new(canvas, space);
    let title = format!("Process {}  {}", space.process, space.program);
    canvas.write(&title, (MARGIN, 6), Letters::Title);
    let heading = format!("By kind: a square is {} at most, or free addresses", size(layout));
    let below = grid.below(canvas);
    map(space, layout, (&heading, grid), |cell| cell.region.kind().look(), canvas);
    map(space, layout, ("By protection", below), |cell| cell.region.protection().look(), canvas);
    legend(space, canvas);
}

fn map(
    space: &Space,
    layout: Layout,
    (heading, grid): (&str, Grid),
    look: impl Fn(&Cell<'_>) -> &'static Look,
    canvas: &mut Canvas,
) {
    canvas.write(heading, (MARGIN, grid.top - HEADING + 2), Letters::Small);
    let step = LARGEST.div_ceil(grid.side);
    for (index, cell) in layout.each(space).take(grid.columns * grid.rows).enumerate() {
        let (column, row) = (index % grid.columns, index / grid.columns);
        let (left, top) = (grid.left + column * grid.side, grid.top + row * grid.side);
        if column == 0 && row % step == 0 {
            canvas.write(&format!("{:08X}", cell.address), (MARGIN, top), Letters::Small);
        }
        // Rows stand apart, and allocations in a row: what belongs together is a bar.
        let gap = usize::from(grid.side >= APART);
        let width = grid.side - if cell.is_last { gap } else { 0 };
        canvas.fill((left, top), (width, grid.side - gap), look(&cell).pixel);
    }
}

fn legend(space: &Space, canvas: &mut Canvas) {
    let top = canvas.height().saturating_sub(LEGEND) + MARGIN;
    let (kinds, protections) = (space.by_kind(), space.by_protection());
    let text = MARGIN + SQUARE + 6;
    for left in [text, text + SECOND_HALF] {
        canvas.write(&header(), (left, top), Letters::Small);
    }
    for (index, (kind, protection)) in Kind::ALL.into_iter().zip(Protection::ALL).enumerate() {
        let top = top + (1 + index) * ROW;
        let halves = [(kind.look(), kinds[kind as usize]), (protection.look(), protections[protection as usize])];
        for (left, (look, sum)) in [0, SECOND_HALF].into_iter().zip(halves) {
            canvas.fill((MARGIN + left, top), (SQUARE, SQUARE), look.pixel);
            canvas.write(&entry(space, look.name, sum), (text + left, top), Letters::Small);
        }
    }
    canvas.write(&entry(space, "Total", space.total()), (text, top + 12 * ROW), Letters::Small);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::tests::space;

    fn pixel(canvas: &Canvas, (x, y): (usize, usize)) -> u32 {
        canvas.pixels()[y * canvas.width() + x]
    }

    #[test]
    fn every_cell_is_exactly_where_it_belongs_in_both_maps() {
        let space = space();
        let mut canvas = Canvas::new(1024, 768);
        draw(&space, &mut canvas);
        let (grid, layout) = Grid::new(&canvas, &space);
        // 928 by 226 pixels: a square a page, of 13 pixels.
        assert_eq!(grid, Grid { left: 88, top: 52, columns: 71, rows: 17, side: 13 });
        assert_eq!(layout, Layout { pages: 1 });
        let below = grid.below(&canvas);
        assert_eq!(below.top, 52 + 246);
        for (index, cell) in layout.each(&space).enumerate() {
            let (x, y) = (88 + index % 71 * 13, index / 71 * 13);
            assert_eq!(pixel(&canvas, (x, 52 + y)), cell.region.kind().look().pixel, "{index}");
            assert_eq!(pixel(&canvas, (x + 11, 298 + y + 11)), cell.region.protection().look().pixel, "{index}");
            let ends = pixel(&canvas, (x + 12, 52 + y)) != cell.region.kind().look().pixel;
            assert_eq!(ends, cell.is_last, "{index}");
        }
    }

    #[test]
    fn every_look_has_its_square_in_the_legend() {
        let space = space();
        let mut canvas = Canvas::new(1024, 768);
        draw(&space, &mut canvas);
        for (index, (kind, protection)) in Kind::ALL.into_iter().zip(Protection::ALL).enumerate() {
            let y = 768 - LEGEND + MARGIN + (1 + index) * ROW;
            for (x, color) in [(8, kind.look().pixel), (520, protection.look().pixel)] {
                let inside = (0..14 * 14).all(|at| pixel(&canvas, (x + at % 14, y + at / 14)) == color);
                assert!(inside, "{kind:?} {protection:?}");
            }
        }
        let before = canvas.clone();
        draw(&space, &mut canvas);
        assert!(before.pixels() == canvas.pixels(), "drawn again it is the same");
    }

    #[test]
    fn ten_thousand_regions_have_a_square_each() {
        let mut space = space();
        let regions = space.regions.clone();
        space.regions = regions.iter().cloned().cycle().take(10_000).collect();
        let canvas = Canvas::new(1024, 768);
        let (grid, layout) = Grid::new(&canvas, &space);
        assert_eq!((grid.side, layout.cells_of(&space)), (4, 10_000));
        assert!(grid.columns * grid.rows >= 10_000);
    }

    #[test]
    fn a_screen_of_any_size_is_drawn_on() {
        for (width, height) in [(0, 0), (1, 1), (100, 50), (320, 200), (640, 480)] {
            draw(&space(), &mut Canvas::new(width, height));
        }
    }
}
