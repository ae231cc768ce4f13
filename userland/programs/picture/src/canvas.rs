//! Pixels in the program's own memory; how they get to the screen is not their business. Text is `embedded-graphics`'.

use alloc::vec;
use alloc::vec::Vec;
use core::convert::Infallible;

use embedded_graphics::Drawable;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::ascii::{FONT_9X15, FONT_10X20};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::{DrawTarget, Pixel};
use embedded_graphics::text::{Baseline, Text};

/// Behind everything.
const BACKGROUND: u32 = 0x0C_0E12;
/// Colours of text.
const WHITE: u32 = 0xFF_FFFF;
const GREY: u32 = 0xC8_CCD0;

/// Pixels in memory, row by row, blue in the low byte.
#[derive(Clone, Debug)]
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u32>,
}

/// How large text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// 10 by 20 pixels, white.
    Title,
    /// 9 by 15 pixels, grey.
    Small,
}

impl Letters {
    fn font(self) -> (&'static MonoFont<'static>, u32) {
        match self {
            Self::Title => (&FONT_10X20, WHITE),
            Self::Small => (&FONT_9X15, GREY),
        }
    }
}

impl Canvas {
    /// A canvas of the background's colour.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![BACKGROUND; width * height] }
    }

    /// The pixels.
    pub fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// Pixels of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Everything of the background's colour.
    pub fn clear(&mut self) {
        self.pixels.fill(BACKGROUND);
    }

    /// Fills `width` by `height` pixels, as far as there are so many.
    pub fn fill(&mut self, (left, top): (usize, usize), (width, height): (usize, usize), color: u32) {
        for row in top..(top + height).min(self.height) {
            let end = (left + width).min(self.width);
            self.pixels[row * self.width + left.min(end)..row * self.width + end].fill(color);
        }
    }

    /// Writes a line, its upper left corner at `left` and `top`; what is outside is lost.
    pub fn write(&mut self, text: &str, (left, top): (usize, usize), letters: Letters) {
        let (font, color) = letters.font();
        let color = Rgb888::new((color >> 16) as u8, (color >> 8) as u8, color as u8);
        let style = MonoTextStyle::new(font, color);
        let Ok(_) = Text::with_baseline(text, Point::new(left as i32, top as i32), style, Baseline::Top).draw(self);
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.width as u32, self.height as u32)
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(point, color) in pixels {
            let place = usize::try_from(point.x).ok().zip(usize::try_from(point.y).ok());
            if let Some((x, y)) = place.filter(|(x, y)| *x < self.width && *y < self.height) {
                self.pixels[y * self.width + x] =
                    u32::from(color.r()) << 16 | u32::from(color.g()) << 8 | u32::from(color.b());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_outside_is_lost() {
        let mut canvas = Canvas::new(4, 3);
        canvas.fill((2, 1), (9, 9), 7);
        canvas.fill((5, 0), (1, 1), 9);
        canvas.fill((0, 3), (1, 1), 9);
        let ground = BACKGROUND;
        assert_eq!(canvas.pixels(), [ground, ground, ground, ground, ground, ground, 7, 7, ground, ground, 7, 7]);
        canvas.write("outside", (0, 0), Letters::Title);
        canvas.clear();
        assert_eq!(canvas.pixels(), [ground; 12]);
    }

    #[test]
    fn letters_have_their_size_and_colour() {
        for (letters, width, height, color) in [(Letters::Title, 10, 20, WHITE), (Letters::Small, 9, 15, GREY)] {
            let mut canvas = Canvas::new(40, 40);
            canvas.write("M", (5, 6), letters);
            for (index, pixel) in canvas.pixels().iter().enumerate() {
                let inside = (5..5 + width).contains(&(index % 40)) && (6..6 + height).contains(&(index / 40));
                assert!(*pixel == BACKGROUND || (inside && *pixel == color), "{letters:?} {index}: {pixel:x}");
            }
            assert!(canvas.pixels().iter().filter(|pixel| **pixel == color).count() > 20);
        }
    }
}
