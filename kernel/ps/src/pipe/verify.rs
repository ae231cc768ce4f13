//! The audit of pipes.

use alloc::vec::Vec;

use abi::cell::Link;
use abi::nt::file::FileObject;
use mm::layout::SYSTEM_RANGE_START;
use mm::machine::{Machine, Records};
use mm::pool::Tag;
use ob::ObjectManager;

use super::name::NAME;
use super::{End, PIPE, Pipe, PipeEnd, PipeName};

/// What is wrong with a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipeCorruption {
    /// Its events do not say what there is to do.
    B1(Link<Pipe>),
    /// Its ends are not those that file objects lead to, or it is not where it should be on the list of its name.
    B2(Link<Pipe>),
    /// A name is not on its list, or is there for nothing.
    Name(Link<PipeName>),
    /// A queue has more in it than fits, or other pages than it says.
    B3(Link<Pipe>),
}

/// An instance, and how many file objects lead to each of its ends, and to none of them any more.
struct Found {
    pipe: Link<Pipe>,
    files: [u32; 3],
}

/// The blocks of pool with a tag. None without memory for a list.
fn blocks<M: Machine, T: abi::cell::Record>(objects: &ObjectManager<'_, M>, wanted: Tag) -> Option<Vec<Link<T>>> {
    let (mm, mut count) = (objects.memory(), 0);
    mm.each_pool_block(|_, tag| count += usize::from(tag == wanted));
    let mut found = Vec::new();
    found.try_reserve_exact(count).ok()?;
    mm.each_pool_block(|block, tag| {
        if tag == wanted && found.len() < count {
            found.push(block.cast());
        }
    });
    Some(found)
}

/// Checks B1 to B3 of all instances; how many there are. `first` is the first of the names. Without memory for lists nothing is checked.
///
/// # Errors
/// The first thing found wrong.
pub(crate) fn verify<M: Machine>(objects: &ObjectManager<'_, M>, first: Link<PipeName>) -> Result<u32, PipeCorruption> {
    let machine = &objects.memory().machine;
    let (Some(names), Some(instances)) = (blocks(objects, NAME), blocks(objects, PIPE)) else { return Ok(0) };
    let mut pipes = Vec::new();
    if pipes.try_reserve_exact(instances.len()).is_err() {
        return Ok(0);
    }
    pipes.extend(instances.iter().map(|pipe| Found { pipe: *pipe, files: [0; 3] }));
    count_ends(objects, &mut pipes)?;
    for Found { pipe, files } in &pipes {
        verify_one(machine, machine.record(*pipe), *pipe, *files)?;
    }
    for name in &names {
        let record: &PipeName = machine.record(*name);
        let own = |found: &&Found| machine.record(found.pipe).name.get() == *name;
        let served = |found: &&Found| machine.record(found.pipe).ends.get() & End::Server.bit() != 0;
        let count = pipes.iter().filter(own).filter(served).count();
        // No further than it should reach, so that a circle ends.
        let next = |pipe: &Link<Pipe>| machine.record(*pipe).next.get().some();
        let listed = core::iter::successors(record.first.get().some(), next).take(count + 1);
        for pipe in listed.clone() {
            if !pipes.iter().filter(own).filter(served).any(|found| found.pipe == pipe) {
                return Err(PipeCorruption::B2(pipe));
            }
        }
        let references = pipes.iter().filter(own).count() as u32;
        let counts = [record.instances.get(), record.references.get()];
        if listed.count() != count || counts != [count as u32, references] || references == 0 {
            return Err(PipeCorruption::Name(*name));
        }
    }
    let expected = names.iter().filter(|name| machine.record(**name).instances.get() > 0).count();
    let next = |name: &Link<PipeName>| machine.record(*name).next.get().some();
    let listed = core::iter::successors(first.some(), next).take(expected + 1);
    let is_listed = |name: &Link<PipeName>| names.contains(name) && machine.record(*name).instances.get() > 0;
    if let Some(stray) = listed.clone().find(|name| !is_listed(name)) {
        return Err(PipeCorruption::Name(stray));
    }
    if listed.count() == expected { Ok(pipes.len() as u32) } else { Err(PipeCorruption::Name(first)) }
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
        let place = if end.is_cut_off { 2 } else { end.end as usize };
        match pipes.iter_mut().find(|found| found.pipe == end.pipe) {
            Some(found) => found.files[place] += 1,
            None => stray = Some(end.pipe),
        }
    });
    stray.map_or(Ok(()), |pipe| Err(PipeCorruption::B2(pipe)))
}

/// What concerns one instance alone.
fn verify_one(records: &impl Records, record: &Pipe, pipe: Link<Pipe>, files: [u32; 3]) -> Result<(), PipeCorruption> {
    let [server, client, _] = files;
    let led_to = server | client << 1;
    let is_one_each = server <= 1 && client <= 1;
    let has_client = record.client.get().is_null() == (client == 0);
    if !is_one_each || record.ends.get() != led_to || record.files.get() != files.iter().sum() || !has_client {
        return Err(PipeCorruption::B2(pipe));
    }
    if !record.queues.iter().all(|queue| queue.is_sound(records)) {
        return Err(PipeCorruption::B3(pipe));
    }
    let events = [0, 1].map(|index| record.queues[index].readable.header.signal_state.get() != 0);
    if events == record.readable() { Ok(()) } else { Err(PipeCorruption::B1(pipe)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipe::PipeState;
    use crate::pipe::queue::{IN_PAGE, QueuePage};
    use model::machine::{NoExecute, SoftwareMachine};
    use model::system::System;

    type Objects<'m> = ObjectManager<'m, SoftwareMachine>;

    fn record<'a, T: abi::cell::Record>(objects: &Objects<'a>, link: Link<T>) -> &'a T {
        objects.memory().machine.record(link)
    }

    fn file(objects: &Objects<'_>, pipe: Link<Pipe>, end: End, is_cut_off: bool) -> Link<FileObject> {
        let file = objects.create::<FileObject>().unwrap();
        record(objects, file).fs_context2.set(PipeEnd { pipe, end, is_cut_off }.word());
        let own = record(objects, pipe);
        own.files.update(|files| files + 1);
        if !is_cut_off {
            own.ends.update(|ends| ends | end.bit());
        }
        file
    }

    /// An instance of `name` with these ends, on its list if it has a server.
    fn pipe(objects: &Objects<'_>, name: Link<PipeName>, ends: &[End], state: PipeState) -> Link<Pipe> {
        let pipe: Link<Pipe> = objects.memory().allocate_zeroed_pool(size_of::<Pipe>() as u32, PIPE).unwrap();
        let (own, shared) = (record(objects, pipe), record(objects, name));
        own.name.set(name);
        own.state.set(state as u32);
        shared.references.update(|count| count + 1);
        for end in ends {
            let file = file(objects, pipe, *end, false);
            match end {
                End::Client => own.client.set(file),
                End::Server => {
                    own.next.set(shared.first.get());
                    shared.first.set(pipe);
                    shared.instances.update(|count| count + 1);
                }
            }
        }
        for (queue, readable) in own.queues.iter().zip(own.readable()) {
            let page = objects.memory().allocate_pool_pages::<QueuePage>(1).unwrap();
            record(objects, page).next.set(Link::NULL);
            queue.begin(page);
            queue.readable.header.signal_state.set(readable.into());
        }
        pipe
    }

    #[test]
    fn the_audit_names_what_is_wrong_with_pipes() {
        use PipeCorruption::{B1, B2, B3, Name};
        let system = System::new(256, NoExecute::Supported);
        let objects = ObjectManager::new(&system.mm).unwrap();
        assert_eq!(verify(&objects, Link::NULL), Ok(0));
        // A file of another kind, and a stream.
        record(&objects, objects.create::<FileObject>().unwrap()).fs_context.set(0xA000_0000);
        record(&objects, objects.create::<FileObject>().unwrap()).fs_context2.set(3);
        let [one, other, gone] = [(); 3].map(|()| -> Link<PipeName> {
            objects.memory().allocate_zeroed_pool(size_of::<PipeName>() as u32, NAME).unwrap()
        });
        record(&objects, one).next.set(other);
        let whole = pipe(&objects, one, &[End::Server, End::Client], PipeState::Connected);
        let vacant = pipe(&objects, one, &[End::Server], PipeState::Listening);
        let last = pipe(&objects, other, &[End::Server], PipeState::Disconnected);
        let _thrown_out = file(&objects, last, End::Client, true);
        let left = pipe(&objects, gone, &[End::Client], PipeState::Closing);
        let audit = || verify(&objects, one);
        assert_eq!(audit(), Ok(4));

        let own = |pipe: Link<Pipe>| record(&objects, pipe);
        let shared = |name: Link<PipeName>| record(&objects, name);
        let event = |pipe: Link<Pipe>| &own(pipe).queues[0].readable.header.signal_state;
        let cases = [
            (event(whole), 1, B1(whole)),
            (event(left), 0, B1(left)),
            (&own(whole).state, PipeState::Closing as u32, B1(whole)),
            (&own(whole).ends, 1, B2(whole)),
            (&own(vacant).ends, 3, B2(vacant)),
            (&own(last).files, 1, B2(last)),
            (&own(whole).queues[0].count, IN_PAGE + 1, B3(whole)),
            (&own(whole).queues[1].pages, 2, B3(whole)),
            (&own(vacant).queues[1].start, IN_PAGE, B3(vacant)),
            (&shared(one).instances, 1, Name(one)),
            (&shared(gone).references, 2, Name(gone)),
        ];
        for (index, (word, value, expected)) in cases.into_iter().enumerate() {
            let before = word.get();
            word.set(value);
            assert_eq!(audit(), Err(expected), "case {index}");
            word.set(before);
            assert_eq!(audit(), Ok(4), "case {index}");
        }
        assert_eq!(verify(&objects, other), Err(Name(other)), "one is not on the list");
        shared(other).next.set(gone);
        assert_eq!(audit(), Err(Name(gone)), "it has no server");
        shared(other).next.set(one);
        assert_eq!(audit(), Err(Name(one)), "a circle");
        shared(other).next.set(Link::NULL);
        own(whole).next.set(last);
        assert_eq!(audit(), Err(B2(last)), "of another name");
        own(whole).next.set(Link::NULL);
        let second = file(&objects, whole, End::Server, false);
        assert_eq!(audit(), Err(B2(whole)), "two file objects for one end");
        let nowhere = Link::<Pipe>::new(whole.address() + 8);
        record(&objects, second).fs_context2.set(nowhere.address());
        assert_eq!(audit(), Err(B2(nowhere)), "no pipe");
    }
}
