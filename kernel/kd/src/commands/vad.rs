//! `!vad`: the VADs of a process, in order of address, or all of one VAD.
//!
//! The walk follows children and parents with a look at each link first, so that a broken tree ends the listing and not the
//! machine.

use core::fmt::Write;

use abi::cell::Link;
use abi::nt::process::{Eprocess, VadNode};
use mm::machine::Machine;
use mm::section::{ControlArea, ControlAreaFlags};
use mm::vad::{Mmvad, MmvadLong, MmvadShort, VadFlags, VadFlags2};

use super::{Arguments, Done, Problem};
use crate::names;
use crate::target::{Name, Target};

/// A node on the way through a tree, and how deep it is.
#[derive(Clone, Copy)]
pub(super) struct Place<'t> {
    pub(super) link: Link<VadNode>,
    pub(super) node: &'t MmvadShort,
    level: u32,
}

/// What backs the pages of a VAD.
#[expect(clippy::large_enum_variant, reason = "there is no heap, and one at a time")]
enum Backing {
    Private,
    File(Name),
    PagingFile { commit: u32 },
    Physical,
    Unknown,
}

/// `!vad [ROOT | PROCESS] [1]`.
pub(super) fn vad<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let address = arguments.number()?;
    let flags = arguments.number()?.unwrap_or(0);
    arguments.end()?;
    let root = match address {
        None | Some(0) => {
            target.context().ok_or(Problem::Say("there is no process: !vad needs an address"))?.vad_root.get()
        }
        Some(address) => match target.find_process(address) {
            Some((_, process)) => process.vad_root.get(),
            None => Link::new(address),
        },
    };
    if flags & 1 != 0 {
        return one(target, root, out);
    }
    listing(target, root, out)
}

fn listing<'a, M: Machine>(target: &Target<'_, M>, root: Link<VadNode>, out: &mut dyn Write) -> Done<'a> {
    writeln!(out, "VAD     level      start      end    commit")?;
    let (mut count, mut levels, mut deepest) = (0u32, 0u32, 0u32);
    for place in nodes(target, root) {
        let place = match place {
            Ok(place) => place,
            Err(link) => return Ok(writeln!(out, "{:08x} is no VAD: the tree is broken here", link.address())?),
        };
        row(target, place, out)?;
        count += 1;
        levels += place.level;
        deepest = deepest.max(place.level);
    }
    let average = levels.checked_div(count).unwrap_or(0);
    Ok(writeln!(out, "\nTotal VADs: {count:>5}  average level: {average:>4}  maximum depth: {deepest}")?)
}

fn row<M: Machine>(target: &Target<'_, M>, place: Place<'_>, out: &mut dyn Write) -> core::fmt::Result {
    let flags = place.node.flags();
    let (start, end) = (place.node.start().0, place.node.end().0);
    write!(out, "{:08x} {:>4} {start:>10x} {end:>8x} ", place.link.address(), place.level)?;
    match flags.commit_charge() {
        VadFlags::UNCOUNTED => write!(out, "{:>9} ", -1)?,
        charge => write!(out, "{:>9} ", charge.0)?,
    }
    let (kind, name) = (kind_of(flags), names::in_vad(flags.protection()));
    match backing(target, place.link, flags) {
        Backing::Physical => writeln!(out, "{kind:<12} {name:<18} \\Device\\PhysicalMemory"),
        Backing::Private => match special_words(flags).next() {
            None => writeln!(out, "{kind:<12} {name}"),
            Some(_) => {
                write!(out, "{kind:<12} {name:<18}")?;
                special_words(flags).try_for_each(|word| write!(out, " {word}"))?;
                writeln!(out)
            }
        },
        Backing::File(file) => writeln!(out, "{kind:<12} {name:<18} {file}"),
        Backing::PagingFile { commit } => {
            writeln!(out, "{kind:<12} {name:<18} Pagefile section, shared commit {commit:#x}")
        }
        Backing::Unknown => writeln!(out, "{kind:<12} {name:<18} ????????"),
    }
}

fn kind_of(flags: VadFlags) -> &'static str {
    let private = flags.has(VadFlags::PRIVATE_MEMORY);
    if flags.has(VadFlags::IMAGE_MAP) {
        "Mapped  Exe"
    } else if flags.has(VadFlags::PHYSICAL_MAPPING) {
        "Mapped  Phys"
    } else if private && flags.has(VadFlags::USER_PHYSICAL_PAGES) {
        "Private AWE"
    } else if private {
        "Private"
    } else {
        "Mapped"
    }
}

fn backing<M: Machine>(target: &Target<'_, M>, link: Link<VadNode>, flags: VadFlags) -> Backing {
    if flags.has(VadFlags::PRIVATE_MEMORY) {
        return Backing::Private;
    }
    let area = target.checked(link.cast::<Mmvad>()).and_then(|vad| target.checked(vad.control_area.get()));
    area.map_or(Backing::Unknown, |area| backing_of(target, area))
}

fn backing_of<M: Machine>(target: &Target<'_, M>, area: &ControlArea) -> Backing {
    if ControlAreaFlags::from_bits_truncate(area.flags.get()).contains(ControlAreaFlags::PHYSICAL_MEMORY) {
        return Backing::Physical;
    }
    let name = target.file_name(area);
    if !name.is_empty() {
        return Backing::File(name);
    }
    match target.checked(area.segment.get()) {
        Some(segment) => Backing::PagingFile { commit: segment.number_of_committed_pages.get() },
        None => Backing::Unknown,
    }
}

/// Levels below the root after which a way down is taken for a circle: a balanced tree with a node for each page has fewer.
pub const DEEPEST: u32 = 32;

/// The nodes of the tree with `root` in order of address, and the link to what is none.
pub fn vad_nodes<'t, 'm, M: Machine>(
    target: &'t Target<'m, M>,
    root: Link<VadNode>,
) -> impl Iterator<Item = Result<(Link<VadNode>, &'t MmvadShort), Link<VadNode>>> + use<'t, 'm, M> {
    nodes(target, root).map(|place| place.map(|place| (place.link, place.node)))
}

/// The same with their levels.
pub(super) fn nodes<'t, 'm, M: Machine>(target: &'t Target<'m, M>, root: Link<VadNode>) -> InOrder<'t, 'm, M> {
    InOrder { target, next: Step::Begin(root), after: None }
}

/// The nodes of a tree in order of address, by their own links. Each is where its parent says, names that parent, and lies behind the one before: so
/// none comes twice.
pub(super) struct InOrder<'t, 'm, M> {
    target: &'t Target<'m, M>,
    next: Step<'t>,
    /// The last page of the node before.
    after: Option<u32>,
}

#[derive(Clone, Copy)]
enum Step<'t> {
    Begin(Link<VadNode>),
    After(Place<'t>),
    End,
}

impl<'t, M: Machine> InOrder<'t, '_, M> {
    fn place(&self, link: Link<VadNode>, level: u32) -> Result<Place<'t>, Link<VadNode>> {
        let node = self.target.checked(link.cast::<MmvadShort>());
        let is_node = |node: &&MmvadShort| node.start() <= node.end() && level <= DEEPEST;
        node.filter(is_node).map(|node| Place { link, node, level }).ok_or(link)
    }

    /// The child at `link` of `parent`.
    fn child(&self, link: Link<VadNode>, parent: Place<'t>) -> Result<Place<'t>, Link<VadNode>> {
        let child = self.place(link, parent.level + 1)?;
        if child.node.parent() == parent.link { Ok(child) } else { Err(link) }
    }

    /// The leftmost node below and with `place`.
    fn leftmost(&self, mut place: Place<'t>) -> Result<Place<'t>, Link<VadNode>> {
        while let Some(left) = place.node.left_child().some() {
            place = self.child(left, place)?;
        }
        Ok(place)
    }

    /// The node after `place`, in order: null where it was the last.
    fn after(&self, place: Place<'t>) -> Result<Option<Place<'t>>, Link<VadNode>> {
        if let Some(right) = place.node.right_child().some() {
            return self.leftmost(self.child(right, place)?).map(Some);
        }
        let mut child = place;
        while child.level > 0 {
            let parent = self.place(child.node.parent(), child.level - 1)?;
            if parent.node.left_child() == child.link {
                return Ok(Some(parent));
            }
            if parent.node.right_child() != child.link {
                return Err(child.link);
            }
            child = parent;
        }
        Ok(None)
    }

    fn step(&self) -> Result<Option<Place<'t>>, Link<VadNode>> {
        match self.next {
            Step::Begin(root) if !root.is_null() => {
                let root = self.place(root, 0)?;
                self.leftmost(root).map(Some)
            }
            Step::After(place) => self.after(place),
            _ => Ok(None),
        }
    }
}

impl<'t, M: Machine> Iterator for InOrder<'t, '_, M> {
    type Item = Result<Place<'t>, Link<VadNode>>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.step().and_then(|place| match place {
            Some(place) if self.after.is_some_and(|after| place.node.start().0 <= after) => Err(place.link),
            place => Ok(place),
        });
        self.next = Step::End;
        if let Ok(Some(place)) = found {
            (self.next, self.after) = (Step::After(place), Some(place.node.end().0));
        }
        found.transpose()
    }
}

/// All of one VAD.
fn one<'a, M: Machine>(target: &Target<'_, M>, link: Link<VadNode>, out: &mut dyn Write) -> Done<'a> {
    let Some(node) = target.checked(link.cast::<MmvadShort>()) else {
        return Ok(writeln!(out, "VAD @ {:08x}\n  ????????", link.address())?);
    };
    let flags = node.flags();
    let short = flags.has(VadFlags::PRIVATE_MEMORY) && !flags.has(VadFlags::NO_CHANGE);
    let mapped = target.checked(link.cast::<Mmvad>()).filter(|_| !short);
    let flags2 = mapped.map_or(VadFlags2::default(), Mmvad::flags2);
    let long = target.checked(link.cast::<MmvadLong>()).filter(|_| flags2.has(VadFlags2::LONG_VAD));
    let area = mapped.map_or(0, |vad| vad.control_area.get().address());
    let first = mapped.map_or(0, |vad| vad.first_prototype_pte.get().address());
    let last = mapped.map_or(0, |vad| vad.last_contiguous_pte.get().address());
    let [flink, blink] = long.map_or([0; 2], |vad| [0, 1].map(|index: usize| vad.secured[index].get()));
    let extended = long.map_or(0, |vad| vad.extended.get());
    let charge = flags.commit_charge().0;
    let offset = flags2.file_offset();
    let (start, end) = (node.start().0, node.end().0);
    writeln!(out, "VAD @ {:08x}", link.address())?;
    writeln!(out, "  Start VPN:     {start:>9x}  End VPN: {end:>8x}  Control Area:  {area:08x}")?;
    writeln!(out, "  First ProtoPte: {first:08x}  Last PTE {last:08x}  Commit Charge  {charge:>8x} ({charge}.)")?;
    writeln!(
        out,
        "  Secured.Flink  {flink:>9x}  Blink    {blink:>8x}  Banked/Extend: {extended:>8x} Offset {offset:x}"
    )?;
    out.write_str("  ")?;
    for word in flag_words(flags, mapped.map(Mmvad::flags2)) {
        write!(out, "{word} ")?;
    }
    Ok(writeln!(out, "{}", names::in_vad(flags.protection()))?)
}

/// The flags, by name, of private memory that is something special.
fn special_words(flags: VadFlags) -> impl Iterator<Item = &'static str> {
    let words = [
        (VadFlags::USER_PHYSICAL_PAGES, "UserPhysicalPages"),
        (VadFlags::LARGE_PAGES, "LargePages"),
        (VadFlags::WRITE_WATCH, "WriteWatch"),
    ];
    words.into_iter().filter(move |(flag, _)| flags.has(*flag)).map(|(_, word)| word)
}

/// The flags that are set, by name; a view that children inherit is shared.
fn flag_words(flags: VadFlags, flags2: Option<VadFlags2>) -> impl Iterator<Item = &'static str> {
    let first = [
        (VadFlags::PRIVATE_MEMORY, "PrivateMemory"),
        (VadFlags::IMAGE_MAP, "ImageMap"),
        (VadFlags::PHYSICAL_MAPPING, "PhysicalMapping"),
        (VadFlags::USER_PHYSICAL_PAGES, "UserPhysicalPages"),
        (VadFlags::MEM_COMMIT, "MemCommit"),
        (VadFlags::NO_CHANGE, "NoChange"),
        (VadFlags::WRITE_WATCH, "WriteWatch"),
        (VadFlags::LARGE_PAGES, "LargePages"),
    ];
    let second = [
        (VadFlags2::INHERIT, "ViewShare"),
        (VadFlags2::COPY_ON_WRITE, "CopyOnWrite"),
        (VadFlags2::SEC_NO_CHANGE, "SecNoChange"),
        (VadFlags2::ONE_SECURED, "OneSecured"),
        (VadFlags2::MULTIPLE_SECURED, "MultipleSecured"),
        (VadFlags2::READ_ONLY, "ReadOnly"),
        (VadFlags2::EXTENDABLE_FILE, "ExtendableFile"),
    ];
    let second = second.into_iter().filter(move |(flag, _)| flags2.is_some_and(|set| set.has(*flag)));
    first
        .into_iter()
        .filter(move |(flag, _)| flags.has(*flag))
        .map(|(_, word)| word)
        .chain(second.map(|(_, word)| word))
}

/// The image that `address` lies in: where it begins, and its name.
pub(crate) fn image_at<M: Machine>(target: &Target<'_, M>, process: &Eprocess, address: u32) -> Option<(u32, Name)> {
    let (link, node) = vad_at(target, process, address >> 12)?;
    let flags = node.flags();
    match backing(target, link, flags) {
        Backing::File(name) if flags.has(VadFlags::IMAGE_MAP) => Some((node.start().address().0, name)),
        _ => None,
    }
}

/// The images that `process` has mapped: where each is, and its file.
pub fn images_of<M: Machine>(target: &Target<'_, M>, process: Link<Eprocess>) -> impl Iterator<Item = (u32, Name)> {
    let root = target.checked(process).map_or(Link::NULL, |record| record.vad_root.get());
    nodes(target, root).map_while(Result::ok).filter_map(|place| {
        let flags = place.node.flags();
        match backing(target, place.link, flags) {
            Backing::File(name) if flags.has(VadFlags::IMAGE_MAP) => Some((place.node.start().address().0, name)),
            _ => None,
        }
    })
}

/// The VAD of `process` that covers `page`, where the way down to it is whole.
pub(super) fn vad_at<'t, M: Machine>(
    target: &'t Target<'_, M>,
    process: &Eprocess,
    page: u32,
) -> Option<(Link<VadNode>, &'t MmvadShort)> {
    let mut at = process.vad_root.get();
    for _ in 0..=DEEPEST {
        let node = target.checked(at.cast::<MmvadShort>())?;
        if page < node.start().0 {
            at = node.left_child();
        } else if page > node.end().0 {
            at = node.right_child();
        } else {
            return Some((at, node));
        }
    }
    None
}
