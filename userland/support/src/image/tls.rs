//! The directory of thread-local storage: a template, an index to fill in, and functions to call.

use super::{Directory, Image, Malformed, Table};
use crate::memory::Memory;

/// Most callbacks that are called; real images have two.
const MAXIMUM_CALLBACKS: u32 = 64;

/// What an image wants for each thread. Addresses, not offsets: the directory is relocated with the image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(alias = "IMAGE_TLS_DIRECTORY32")]
pub struct ThreadLocalStorage {
    /// Where the template begins.
    pub template: u32,
    /// Bytes of the template.
    pub initialised: u32,
    /// Zero bytes that follow it.
    pub zeroed: u32,
    /// Where the image finds its index into the thread's array.
    pub index: u32,
    /// Where the functions stand that are called when the process or a thread starts or ends, a zero behind the last; or 0.
    pub callbacks: u32,
}

impl ThreadLocalStorage {
    /// The directory of a relocated image, or `None` if it has none.
    ///
    /// # Errors
    /// [`Malformed`] if the directory, the template, the index or the list of callbacks leaves the image.
    pub fn open<M: Memory>(memory: &M, image: &Image) -> Result<Option<Self>, Malformed> {
        let Directory { rva, size } = image.directory(memory, Table::ThreadLocalStorage);
        if rva == 0 || size == 0 {
            return Ok(None);
        }
        image.address(rva, 24)?;
        let mut words = [0; 5];
        for (index, word) in words.iter_mut().enumerate() {
            *word = image.u32(memory, rva + 4 * index as u32)?;
        }
        let [template, template_end, index, callbacks, zeroed] = words;
        let initialised = template_end.checked_sub(template).ok_or(Malformed)?;
        let offset = |address: u32| address.wrapping_sub(image.base());
        if initialised != 0 {
            image.address(offset(template), initialised)?;
        }
        image.address(offset(index), 4)?;
        if zeroed > image.size() {
            return Err(Malformed);
        }
        if callbacks != 0 {
            check_callbacks(memory, image, offset(callbacks))?;
        }
        Ok(Some(Self { template, initialised, zeroed, index, callbacks }))
    }

    /// The functions to call, from first to last.
    pub fn callbacks<M: Memory>(&self, memory: &M) -> impl Iterator<Item = u32> {
        let places = if self.callbacks == 0 { 0 } else { MAXIMUM_CALLBACKS };
        (0..places).map(|index| memory.read_u32(self.callbacks + 4 * index)).take_while(|callback| *callback != 0)
    }
}

/// Whether the list of callbacks at `rva` ends inside the image.
fn check_callbacks<M: Memory>(memory: &M, image: &Image, rva: u32) -> Result<(), Malformed> {
    for index in 0..MAXIMUM_CALLBACKS {
        if image.u32(memory, rva.checked_add(4 * index).ok_or(Malformed)?)? == 0 {
            return Ok(());
        }
    }
    Err(Malformed)
}

#[cfg(test)]
mod tests {
    use super::super::build::Builder;
    use super::*;
    use crate::memory::fake::Bytes;

    const BASE: u32 = 0x40_0000;

    fn image_with(words: &[u32]) -> Bytes {
        let builder = Builder::new(BASE, 0x3000).words(0x2000, words).words(0x2100, &[BASE + 0x1000, 0]);
        Bytes::new(BASE, builder.directory(9, 0x2000, 24).finish())
    }

    fn opened(memory: &Bytes) -> Result<Option<ThreadLocalStorage>, Malformed> {
        let image = Image::open(memory, BASE, 0x3000).unwrap();
        ThreadLocalStorage::open(memory, &image)
    }

    #[test]
    fn a_directory_is_read() {
        let words = [BASE + 0x2200, BASE + 0x2210, BASE + 0x2300, BASE + 0x2100, 8, 0];
        let memory = image_with(&words);
        let storage = opened(&memory).unwrap().unwrap();
        assert_eq!((storage.initialised, storage.zeroed, storage.index), (16, 8, BASE + 0x2300));
        assert_eq!(storage.callbacks(&memory).collect::<Vec<_>>(), [BASE + 0x1000]);
    }

    #[test]
    fn addresses_outside_the_image_are_refused() {
        let good = [BASE + 0x2200, BASE + 0x2210, BASE + 0x2300, BASE + 0x2100, 8, 0];
        for (index, value) in [(0, BASE + 0x2220), (1, BASE + 0x9000), (2, 0x7FFE_0000), (3, 4), (4, 0x8000_0000)] {
            let mut words = good;
            words[index] = value;
            assert_eq!(opened(&image_with(&words)), Err(Malformed), "{index}");
        }
    }
}
