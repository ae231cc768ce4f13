//! The audit of pipes.

use alloc::vec::Vec;

use abi::cell::Link;
use abi::nt::file::FileObject;
use mm::layout::SYSTEM_RANGE_START;
use mm::machine::Machine;
use ob::ObjectManager;

use super::{BOTH, CAPACITY, End, PIPE, Pipe, PipeEnd};

/// What is wrong with a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipeCorruption {
    /// Its events do not say what there is to do.
    B1(Link<Pipe>),
    /// Its ends are not those that file objects lead to, or the list of vacant ones is wrong.
    B2(Link<Pipe>),
    /// Its buffer has more in it than fits.
    B3(Link<Pipe>),
}

/// A pipe, and how many file objects lead to each of its ends.
struct Found {
    pipe: Link<Pipe>,
    files: [u32; 2],
}

/// Checks B1 to B3 of all pipes; how many there are. `vacant` is the first on the list of those with a vacant end. Without memory
/// for a list nothing is checked.
///
/// # Errors
/// The first thing found wrong.
pub(crate) fn verify<M: Machine>(objects: &ObjectManager<'_, M>, vacant: Link<Pipe>) -> Result<u32, PipeCorruption> {
    let (mm, mut count) = (objects.memory(), 0);
    mm.each_pool_block(|_, tag| count += usize::from(tag == PIPE));
    let mut pipes = Vec::new();
    if pipes.try_reserve_exact(count).is_err() {
        return Ok(0);
    }
    mm.each_pool_block(|block, tag| {
        if tag == PIPE && pipes.len() < count {
            pipes.push(Found { pipe: block.cast(), files: [0; 2] });
        }
    });
    count_ends(objects, &mut pipes)?;
    let mut waiting = 0;
    for Found { pipe, files } in &pipes {
        verify_one(mm.machine.record(*pipe), *pipe, *files)?;
        waiting += usize::from(mm.machine.record(*pipe).vacant.get() != 0);
    }
    // No further than it should reach, so that a circle ends.
    let listed = core::iter::successors(vacant.some(), |pipe| mm.machine.record(*pipe).next.get().some());
    for (index, pipe) in listed.enumerate() {
        let is_one = pipes.iter().any(|found| found.pipe == pipe) && mm.machine.record(pipe).vacant.get() != 0;
        if !is_one || index == waiting {
            return Err(PipeCorruption::B2(pipe));
        }
        if index + 1 == waiting && mm.machine.record(pipe).next.get().is_null() {
            waiting = 0;
            break;
        }
    }
    if waiting == 0 { Ok(count as u32) } else { Err(PipeCorruption::B2(vacant)) }
}

/// Counts the file objects that lead to each end.
fn count_ends<M: Machine>(objects: &ObjectManager<'_, M>, pipes: &mut [Found]) -> Result<(), PipeCorruption> {
    let mut stray = None;
    objects.each_unnamed(|file: Link<FileObject>| {
        let record = objects.memory().machine.record(file);
        let word = record.fs_context2.get();
        if record.fs_context.get() != 0 || word < SYSTEM_RANGE_START {
            return;
        }
        let end = PipeEnd::of(word);
        match pipes.iter_mut().find(|found| found.pipe == end.pipe) {
            Some(found) => found.files[usize::from(end.end == End::Writes)] += 1,
            None => stray = Some(end.pipe),
        }
    });
    stray.map_or(Ok(()), |pipe| Err(PipeCorruption::B2(pipe)))
}

/// What concerns one pipe alone.
fn verify_one(record: &Pipe, pipe: Link<Pipe>, files: [u32; 2]) -> Result<(), PipeCorruption> {
    let (ends, vacant) = (record.ends.get(), record.vacant.get());
    let bit = |end: End, files: u32| if files == 0 { 0 } else { end as u32 };
    let led_to = bit(End::Reads, files[0]) | bit(End::Writes, files[1]);
    let sound = ends != 0 && ends & !BOTH == 0 && vacant & (ends | !BOTH) == 0;
    if !sound || ends != led_to || files.iter().any(|count| *count > 1) {
        return Err(PipeCorruption::B2(pipe));
    }
    if record.count.get() > CAPACITY || record.start.get() >= CAPACITY {
        return Err(PipeCorruption::B3(pipe));
    }
    let events = [&record.readable, &record.writable].map(|event| event.header.signal_state.get() != 0);
    if events == record.busy() { Ok(()) } else { Err(PipeCorruption::B1(pipe)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm::machine::Records;
    use model::machine::{NoExecute, SoftwareMachine};
    use model::system::System;

    type Objects<'m> = ObjectManager<'m, SoftwareMachine>;

    fn record<'a, T: abi::cell::Record>(objects: &Objects<'a>, link: Link<T>) -> &'a T {
        objects.memory().machine.record(link)
    }

    /// A pipe with these ends, of which one may be vacant, on the list before `next`.
    fn pipe(objects: &Objects<'_>, ends: &[End], vacant: u32, next: Link<Pipe>) -> Link<Pipe> {
        let pipe: Link<Pipe> = objects.memory().allocate_zeroed_pool(size_of::<Pipe>() as u32, PIPE).unwrap();
        let own = record(objects, pipe);
        own.vacant.set(vacant);
        own.next.set(next);
        for end in ends {
            own.ends.update(|ends| ends | *end as u32);
            file(objects, pipe, *end);
        }
        for (event, set) in [&own.readable, &own.writable].into_iter().zip(own.busy()) {
            event.header.signal_state.set(set.into());
        }
        pipe
    }

    fn file(objects: &Objects<'_>, pipe: Link<Pipe>, end: End) -> Link<FileObject> {
        let file = objects.create::<FileObject>().unwrap();
        record(objects, file).fs_context2.set(PipeEnd { pipe, end }.word());
        file
    }

    #[test]
    fn the_audit_names_what_is_wrong_with_pipes() {
        use PipeCorruption::{B1, B2, B3};
        let system = System::new(256, NoExecute::Supported);
        let objects = ObjectManager::new(&system.mm).unwrap();
        assert_eq!(verify(&objects, Link::NULL), Ok(0));
        // A file of another kind, and a stream.
        record(&objects, objects.create::<FileObject>().unwrap()).fs_context.set(0xA000_0000);
        record(&objects, objects.create::<FileObject>().unwrap()).fs_context2.set(3);
        let whole = pipe(&objects, &[End::Reads, End::Writes], 0, Link::NULL);
        let over = pipe(&objects, &[End::Writes], 0, Link::NULL);
        let last = pipe(&objects, &[End::Reads], 2, Link::NULL);
        let first = pipe(&objects, &[End::Writes], 1, last);
        let audit = || verify(&objects, first);
        assert_eq!(audit(), Ok(4));

        let own = |pipe: Link<Pipe>| record(&objects, pipe);
        let events =
            |pipe: Link<Pipe>| [&own(pipe).readable, &own(pipe).writable].map(|event| &event.header.signal_state);
        let cases = [
            (events(whole)[0], 1, B1(whole)),
            (events(whole)[1], 0, B1(whole)),
            (events(over)[0], 0, B1(over)),
            (&own(whole).count, 1, B1(whole)),
            (&own(whole).ends, 1, B2(whole)),
            (&own(over).ends, 3, B2(over)),
            (&own(over).ends, 4, B2(over)),
            (&own(last).vacant, 1, B2(last)),
            (&own(last).vacant, 0, B1(last)),
            (&own(over).vacant, 1, B1(over)),
            (&own(whole).count, CAPACITY + 1, B3(whole)),
            (&own(whole).start, CAPACITY, B3(whole)),
        ];
        for (index, (word, value, expected)) in cases.into_iter().enumerate() {
            let before = word.get();
            word.set(value);
            assert_eq!(audit(), Err(expected), "case {index}");
            word.set(before);
            assert_eq!(audit(), Ok(4), "case {index}");
        }
        assert_eq!(verify(&objects, last), Err(B2(last)), "one is not on the list");
        assert_eq!(verify(&objects, Link::NULL), Err(B2(Link::NULL)));
        own(last).next.set(first);
        assert!(matches!(audit(), Err(B2(_))), "a circle");
        own(last).next.set(whole);
        assert_eq!(audit(), Err(B2(whole)));
        own(last).next.set(Link::NULL);
        let second = file(&objects, whole, End::Reads);
        assert_eq!(audit(), Err(B2(whole)), "two file objects for one end");
        let nowhere = Link::<Pipe>::new(whole.address() + 8);
        record(&objects, second).fs_context2.set(nowhere.address());
        assert_eq!(audit(), Err(B2(nowhere)), "no pipe");
    }
}
