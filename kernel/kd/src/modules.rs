//! Symbols of programs' images: those of the kernel, and those that `.reload` read from C:.

use abi::cell::Link;
use abi::nt::process::Eprocess;

use crate::symbols::{KERNEL, Symbols};
use crate::target::Name;

/// An image of a process whose symbols were read.
#[derive(Clone, Copy)]
pub struct Module<'a> {
    /// The process.
    pub process: Link<Eprocess>,
    /// Where the image is.
    pub base: u32,
    /// What it is called: its file's name, without what stands behind the dot.
    pub name: Name,
    /// The names of its functions, by distance from the base.
    pub symbols: Symbols<'a>,
}

/// A function that an address lies in.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Its image.
    pub module: &'a Module<'a>,
    /// Its number among those of the image.
    pub index: usize,
    /// Its name.
    pub name: &'a str,
    /// How far the address is from its beginning.
    pub offset: u32,
}

/// All names that mean addresses of a process.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// Those of the kernel's functions.
    pub kernel: Symbols<'a>,
    /// Those of images, of other processes as well.
    pub modules: &'a [Module<'a>],
    /// The process.
    pub process: Link<Eprocess>,
}

impl<'a> Names<'a> {
    /// None.
    pub fn none() -> Self {
        Self { kernel: Symbols::new(&[]), modules: &[], process: Link::NULL }
    }

    /// The images of the process.
    pub fn modules(&self) -> impl Iterator<Item = &'a Module<'a>> + use<'a> {
        let process = self.process;
        self.modules.iter().filter(move |module| module.process == process)
    }

    /// The function of an image that `address` lies in.
    pub fn place(&self, address: u32) -> Option<Place<'a>> {
        self.modules().find_map(|module| {
            let distance = address.checked_sub(module.base)?;
            let index = module.symbols.index_of(distance)?;
            let (start, name) = module.symbols.get(index)?;
            Some(Place { module, index, name, offset: distance - start })
        })
    }

    /// The address of the function that `text` names: `nt!` and its name, or an image, `!` and its name.
    pub fn find(&self, text: &str) -> Option<u32> {
        let of = |symbols: &Symbols<'a>, name: &str| {
            symbols.iter().find(|(_, known)| *known == name).map(|(address, _)| address)
        };
        if let Some(name) = text.strip_prefix(KERNEL) {
            return of(&self.kernel, name);
        }
        let (image, name) = text.split_once('!')?;
        let mut modules = self.modules().filter(|module| module.name.is_like(image));
        modules.find_map(|module| Some(module.base.wrapping_add(of(&module.symbols, name)?)))
    }
}
