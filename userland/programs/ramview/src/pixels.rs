//! The picture in pixels: a square or a pixel a frame, as large as the screen lets it be.
//!
//! It is drawn on a canvas in the program's own memory; how that gets to the screen is not its business.

use alloc::format;
use picture::canvas::{Canvas, Letters};

use crate::census::Census;
use crate::kind::Kind;

/// Pixels above the cells, for the title, and below them, for the legend.
const TITLE: usize = 32;
const LEGEND: usize = 92;
/// Pixels from the edge.
const MARGIN: usize = 8;
/// Columns of the legend, and pixels of a row of it.
const COLUMNS: usize = 5;
const ROW: usize = 26;
/// The side of a square of the legend.
const SQUARE: usize = 15;
/// From this side on squares stand apart.
const APART: usize = 4;
/// Where there is no RAM.
const NOTHING: u32 = 0x00_0000;

/// How frames are laid out: the side of a square, squares in a row, and frames to a square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    side: usize,
    columns: usize,
    frames: usize,
}

impl Layout {
    /// The largest squares with which `frames` frames fit into `width` by `height` pixels; more than one frame to a pixel where
    /// they do not.
    fn of(frames: usize, width: usize, height: usize) -> Self {
        let fits = |side: &usize| (width / side) * (height / side) >= frames;
        match (1..=16).rev().find(fits) {
            Some(side) => Self { side, columns: (width / side).max(1), frames: 1 },
            None => Self { side: 1, columns: width.max(1), frames: frames.div_ceil((width * height).max(1)) },
        }
    }
}

/// Draws the picture.
pub fn draw(census: &Census, canvas: &mut Canvas) {
    canvas.clear();
    let layout = Layout::of(census.states.len(), canvas.width(), canvas.height().saturating_sub(TITLE + LEGEND));
    title(census, layout, canvas);
    let side = if layout.side >= APART { layout.side - 1 } else { layout.side };
    for cell in 0..census.states.len().div_ceil(layout.frames) {
        let color = census.cell(cell, layout.frames).map_or(NOTHING, |kind| kind.look().pixel);
        let (column, row) = (cell % layout.columns, cell / layout.columns);
        canvas.fill((column * layout.side, TITLE + row * layout.side), (side, side), color);
    }
    legend(census, canvas);
}

fn title(census: &Census, layout: Layout, canvas: &mut Canvas) {
    let frames = census.frames();
    let scale = match (layout.frames, layout.side) {
        (1, 1) => "a pixel each".into(),
        (1, side) => format!("{side} by {side} pixels each"),
        (frames, _) => format!("{frames} to a pixel"),
    };
    let text = format!("{} MB of RAM, {frames} frames of 4 KB, {scale}", frames / 256);
    canvas.write(&text, (MARGIN, 6), Letters::Title);
}

fn legend(census: &Census, canvas: &mut Canvas) {
    let counts = census.counts();
    let top = canvas.height().saturating_sub(LEGEND) + 10;
    let width = canvas.width().saturating_sub(MARGIN) / COLUMNS;
    for (index, kind) in Kind::ALL.into_iter().enumerate() {
        let (left, top) = (MARGIN + index % COLUMNS * width, top + index / COLUMNS * ROW);
        canvas.fill((left, top), (SQUARE, SQUARE), kind.look().pixel);
        let text = format!("{:<9}{:>9}", kind.look().name, counts[kind as usize]);
        canvas.write(&text, (left + SQUARE + 6, top), Letters::Small);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::census::tests::census;
    use abi::frames::{FrameState, Use};

    fn count(canvas: &Canvas, color: u32) -> usize {
        let cells = TITLE * canvas.width()..(canvas.height() - LEGEND) * canvas.width();
        canvas.pixels()[cells].iter().filter(|pixel| **pixel == color).count()
    }

    #[test]
    fn squares_are_as_large_as_the_screen_lets_them_be() {
        let layout = |frames| Layout::of(frames, 1024, 644);
        assert_eq!(layout(0), Layout { side: 16, columns: 64, frames: 1 });
        assert_eq!(layout(8192), Layout { side: 8, columns: 128, frames: 1 });
        assert_eq!(layout(131_072), Layout { side: 2, columns: 512, frames: 1 });
        assert_eq!(layout(659_456), Layout { side: 1, columns: 1024, frames: 1 });
        assert_eq!(layout(659_457), Layout { side: 1, columns: 1024, frames: 2 });
        assert_eq!(layout(16 << 20), Layout { side: 1, columns: 1024, frames: 26 });
    }

    #[test]
    fn every_frame_has_its_pixels_and_every_kind_its_square_in_the_legend() {
        let census = census(&[
            (1000, FrameState::new(6, Use::Kernel)),
            (130_000, FrameState::new(0, Use::Nobody)),
            (500, FrameState::NO_RAM),
            (72, FrameState::new(2, Use::File)),
        ]);
        let mut canvas = Canvas::new(1024, 768);
        draw(&census, &mut canvas);
        let color = |kind: Kind| kind.look().pixel;
        assert_eq!(count(&canvas, color(Kind::Kernel)), 4 * 1000);
        assert_eq!(count(&canvas, color(Kind::Zeroed)), 4 * 130_000);
        assert_eq!(count(&canvas, NOTHING), 4 * 500);
        assert_eq!(count(&canvas, color(Kind::Standby)), 4 * 72);
        assert_eq!(count(&canvas, color(Kind::Private)), 0);
        let below = &canvas.pixels()[(768 - LEGEND) * 1024..];
        for kind in Kind::ALL {
            let square = below.iter().filter(|pixel| **pixel == color(kind)).count();
            assert!(square >= 15 * 15, "{kind:?}: {square}");
        }
        assert!(canvas.pixels()[..TITLE * 1024].contains(&0xFF_FFFF), "a title");
        // Drawn again it is the same.
        let before = canvas.clone();
        draw(&census, &mut canvas);
        assert!(before.pixels() == canvas.pixels());
    }

    #[test]
    fn a_screen_of_any_size_is_drawn_on() {
        let census = census(&[(5000, FrameState::new(6, Use::Private))]);
        for (width, height) in [(0, 0), (1, 1), (100, 50), (320, 200), (640, 480)] {
            draw(&census, &mut Canvas::new(width, height));
        }
    }
}
