//! What the command line says of paging files: `none`, sizes in megabytes (`512`, `512-1024`), a DOS path, or both
//! (`C:\two.sys,64`).

use mm::layout::PAGE_SIZE;
use mm::paging_file::LARGEST;

/// The paging file that is not named.
const DEFAULT_PATH: &str = "C:\\pagefile.sys";
/// Pages of a megabyte.
const MEGABYTE: u32 = 0x10_0000 / PAGE_SIZE;

/// One word of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PagingWish<'a> {
    /// There is to be none.
    None,
    /// There is to be this one.
    File {
        /// Its DOS path.
        path: &'a str,
        /// How large.
        sizes: PagingSizes,
    },
}

/// How large a paging file is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PagingSizes {
    /// As the machine's RAM and the room on the volume have it.
    OfMemory,
    /// So many pages, growing to so many.
    Pages(u32, u32),
}

impl<'a> PagingWish<'a> {
    /// What there is where nobody says anything.
    pub const DEFAULT: Self = Self::File { path: DEFAULT_PATH, sizes: PagingSizes::OfMemory };

    /// Reads `word`, unless it makes no sense.
    pub fn parse(word: &'a str) -> Option<Self> {
        if word == "none" {
            return Some(Self::None);
        }
        let (path, sizes) = match word.split_once(',') {
            Some((path, sizes)) => (path, Some(sizes)),
            None if word.contains(':') => (word, None),
            None => (DEFAULT_PATH, Some(word)),
        };
        if !path.contains(":\\") {
            return None;
        }
        let sizes = match sizes {
            Some(sizes) => parse_sizes(sizes)?,
            None => PagingSizes::OfMemory,
        };
        Some(Self::File { path, sizes })
    }
}

fn parse_sizes(text: &str) -> Option<PagingSizes> {
    let (minimum, maximum) = text.split_once('-').unwrap_or((text, text));
    let pages = |megabytes: &str| match megabytes.parse::<u32>() {
        Ok(megabytes @ 1..) => megabytes.checked_mul(MEGABYTE).map(|pages| pages.min(LARGEST)),
        _ => None,
    };
    let (minimum, maximum) = (pages(minimum)?, pages(maximum)?);
    (minimum <= maximum).then_some(PagingSizes::Pages(minimum, maximum))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, minimum: u32, maximum: u32) -> Option<PagingWish<'_>> {
        Some(PagingWish::File { path, sizes: PagingSizes::Pages(minimum * 256, maximum * 256) })
    }

    #[test]
    fn what_makes_sense() {
        let rows = [
            ("none", Some(PagingWish::None)),
            ("512", file("C:\\pagefile.sys", 512, 512)),
            ("512-1024", file("C:\\pagefile.sys", 512, 1024)),
            ("C:\\two.sys,64", file("C:\\two.sys", 64, 64)),
            ("C:\\dir\\two.sys,1-2", file("C:\\dir\\two.sys", 1, 2)),
            ("C:\\two.sys", Some(PagingWish::File { path: "C:\\two.sys", sizes: PagingSizes::OfMemory })),
        ];
        for (word, wish) in rows {
            assert_eq!(PagingWish::parse(word), wish, "{word}");
        }
        let Some(PagingWish::File { sizes, .. }) = PagingWish::parse("9999") else { panic!("a size") };
        assert_eq!(sizes, PagingSizes::Pages(LARGEST, LARGEST), "as much as there can be");
    }

    #[test]
    fn what_makes_none() {
        for word in
            ["", "0", "-1", "5-4", "5-", "-5", "x", "5,6", ",5", "C:\\two.sys,", "C:two.sys,5", "99999999999", "+"]
        {
            assert_eq!(PagingWish::parse(word), None, "{word}");
        }
    }
}
