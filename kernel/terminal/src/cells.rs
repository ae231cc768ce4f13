//! The cells of a screen, where they are kept, and how a terminal is made to show some of them.
//!
//! Source: `wincon.h` for what a cell is; ECMA-48 for the sequences; the attribute byte of the VGA.

use alloc::vec::Vec;
use core::fmt::Write;
use core::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use crate::screen::{COLUMNS, NORMAL, vga_color};

/// A place of the screen: the UTF-16 unit that is shown there, and its colours.
#[doc(alias = "CHAR_INFO")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The unit.
    pub character: u16,
    /// The attribute byte of the VGA, which is that of Windows.
    pub attribute: u8,
}

/// The cells of a screen, row by row.
pub trait Cells {
    /// What is at a place.
    fn get(&self, index: usize) -> Cell;
    /// Changes it.
    fn set(&self, index: usize, cell: Cell);
}

/// The memory of the VGA: a character of code page 437 in the low byte, the attribute in the high one.
impl Cells for &[AtomicU16] {
    fn get(&self, index: usize) -> Cell {
        let [byte, attribute] = self[index].load(Ordering::Relaxed).to_le_bytes();
        Cell { character: of_code_page_437(byte), attribute }
    }

    fn set(&self, index: usize, cell: Cell) {
        let byte = code_page_437(cell.character.into());
        self[index].store(u16::from_le_bytes([byte, cell.attribute]), Ordering::Relaxed);
    }
}

/// Cells that keep every unit: it is in the low half, the attribute in the high one.
impl Cells for &[AtomicU32] {
    fn get(&self, index: usize) -> Cell {
        let word = self[index].load(Ordering::Relaxed);
        Cell { character: word as u16, attribute: (word >> 16) as u8 }
    }

    fn set(&self, index: usize, cell: Cell) {
        self[index].store(u32::from(cell.attribute) << 16 | u32::from(cell.character), Ordering::Relaxed);
    }
}

/// The same, wherever they are kept.
impl Cells for Vec<AtomicU32> {
    fn get(&self, index: usize) -> Cell {
        Cells::get(&&self[..], index)
    }

    fn set(&self, index: usize, cell: Cell) {
        Cells::set(&&self[..], index, cell);
    }
}

/// What the VGA shows for the bytes below 20h, for 7Fh, and from 80h on.
///
/// Source: the Unicode consortium's mapping table for code page 437, and its table of the graphics for control characters.
const BELOW_20: &str = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";
const DELETE: char = '⌂';
const FROM_80: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
                       αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// The character of code page 437 for a Unicode one; `?` for what it lacks. What is a byte of ASCII stays one, controls too.
fn code_page_437(character: u32) -> u8 {
    if character < 0x80 {
        return character as u8;
    }
    let wanted = char::from_u32(character);
    let index = |table: &str, first: u8| {
        let index = table.chars().position(|other| Some(other) == wanted)?;
        u8::try_from(usize::from(first) + index).ok()
    };
    let delete = || (wanted == Some(DELETE)).then_some(0x7F);
    index(FROM_80, 0x80).or_else(|| index(BELOW_20, 0)).or_else(delete).unwrap_or(b'?')
}

/// The UTF-16 unit for a byte of code page 437; controls stay what they are.
pub(crate) fn of_code_page_437(byte: u8) -> u16 {
    let high = byte.checked_sub(0x80).and_then(|index| FROM_80.chars().nth(index.into()));
    high.map_or(byte.into(), |character| character as u16)
}

/// What a terminal shows for a unit: a control character as its picture.
fn picture(unit: u16) -> char {
    match unit {
        0..0x20 => BELOW_20.chars().nth(unit.into()).unwrap_or(' '),
        0x7F => DELETE,
        _ => char::from_u32(unit.into()).unwrap_or('?'),
    }
}

/// Bytes that a cell makes at most, and what is around all of them: one that begins a row and has colours of its own.
pub const LONGEST_PAINT: usize = 32;

/// Writes what makes a terminal show `cells` from place `first` on: its cursor and its colours stay.
///
/// # Errors
/// Those of `out`.
pub fn paint(first: usize, cells: &[Cell], out: &mut impl Write) -> core::fmt::Result {
    let mut last = None;
    out.write_str("\x1b7")?;
    for (index, cell) in (first..).zip(cells) {
        if index == first || index % COLUMNS == 0 {
            write!(out, "\x1b[{};{}H", index / COLUMNS + 1, index % COLUMNS + 1)?;
        }
        if last.replace(cell.attribute) != Some(cell.attribute) {
            paint_colors(cell.attribute, out)?;
        }
        out.write_char(picture(cell.character))?;
    }
    out.write_str("\x1b8")
}

/// Writes what makes a terminal go on at place `at`, in the colours of `attribute`.
///
/// # Errors
/// Those of `out`.
pub fn paint_place(at: usize, attribute: u8, out: &mut impl Write) -> core::fmt::Result {
    paint_colors(attribute, out)?;
    write!(out, "\x1b[{};{}H", at / COLUMNS + 1, at % COLUMNS + 1)
}

fn paint_colors(attribute: u8, out: &mut impl Write) -> core::fmt::Result {
    let number =
        |four: u8, dark: u8, bright: u8| vga_color(u16::from(four & 7)) + if four & 8 == 0 { dark } else { bright };
    match (attribute, attribute >> 4) {
        (NORMAL, _) => out.write_str("\x1b[0m"),
        (_, 0) => write!(out, "\x1b[0;{}m", number(attribute & 0xF, 30, 90)),
        (_, back) => write!(out, "\x1b[0;{};{}m", number(attribute & 0xF, 30, 90), number(back, 40, 100)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{ROWS, Screen};

    fn cells() -> Vec<AtomicU16> {
        (0..COLUMNS * ROWS).map(|_| AtomicU16::new(0)).collect()
    }

    #[test]
    fn cells_of_words_keep_what_the_vga_has_not() {
        let words: Vec<AtomicU32> = (0..COLUMNS * ROWS).map(|_| AtomicU32::new(0)).collect();
        let mut screen = Screen::new(&words[..]);
        screen.write("\x1b[31m€é\u{1F600}\x1b[25;1H\n".as_bytes());
        let last = screen.cells().get(COLUMNS * (ROWS - 1));
        assert_eq!(last, Cell { character: u16::from(b' '), attribute: 4 }, "scrolled");
        screen.write("\x1b[H€é\u{1F600}".as_bytes());
        let units: Vec<u16> = (0..3).map(|index| screen.cells().get(index).character).collect();
        assert_eq!(units, [0x20AC, 0xE9, 0x3F]);
        let vga = cells();
        for byte in 0..=255 {
            (&vga[..]).set(0, Cell { character: of_code_page_437(byte), attribute: 7 });
            assert_eq!(vga[0].load(Ordering::Relaxed).to_le_bytes(), [byte, 7]);
        }
        assert_eq!([0x263A, 0x2302, 0x2588].map(code_page_437), [1, 0x7F, 0xDB]);
    }

    #[test]
    fn cells_are_painted_where_they_are_and_the_cursor_stays() {
        let cell = |character: u16, attribute| Cell { character, attribute };
        let mut out = String::new();
        paint(COLUMNS - 2, &[cell(0x61, 7), cell(1, 7), cell(0x2588, 0xC2), cell(0xD800, 0x0C)], &mut out).unwrap();
        assert_eq!(out, "\x1b7\x1b[1;79H\x1b[0ma☺\x1b[2;1H\x1b[0;32;101m█\x1b[0;91m?\x1b8");
        let vga = cells();
        let mut screen = Screen::new(&vga[..]);
        screen.write(b"\x1b[3;4H\x1b[33m");
        screen.write(out.as_bytes());
        assert_eq!((screen.position(), screen.row(1).trim_end()), ((3, 2), "█?"));
        assert_eq!(vga[COLUMNS].load(Ordering::Relaxed) >> 8, 0xC2);
        let (mut out, mut other) =
            (String::new(), Screen::new((0..COLUMNS * ROWS).map(|_| AtomicU32::new(0)).collect::<Vec<_>>()));
        other.place(COLUMNS + 5, 0x1E);
        paint_place(other.cell(), other.attribute(), &mut out).unwrap();
        screen.write(out.as_bytes());
        assert_eq!((screen.cell(), screen.attribute()), (COLUMNS + 5, 0x1E));
    }
}
