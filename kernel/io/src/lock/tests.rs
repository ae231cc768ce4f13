use super::*;
use crate::fuzz::Random;
use crate::test_volume::*;
use crate::write::tests::{TestVolume, make};

const PROCESSES: [u32; 2] = [0xA000_1000, 0xA000_2000];

fn owner(process: u32, file: Link<FileObject>, key: u32) -> LockOwner {
    LockOwner { process: Link::new(process), file, key }
}

fn range(first: u64, length: u64) -> ByteRange {
    ByteRange::new(first, length).unwrap()
}

fn request(owner: LockOwner, first: u64, length: u64, excludes: bool, fails: bool) -> LockRequest {
    LockRequest { owner, range: range(first, length), excludes, fails }
}

/// A volume with a file that is open twice.
fn with_files(test: impl FnOnce(&TestVolume<'_, '_>, Link<FileObject>, Link<FileObject>)) {
    with_volume(Format::Fat12, |volume, _| {
        let (one, two) = (make(volume, "locked").unwrap(), make(volume, "locked").unwrap());
        test(volume, one, two);
        for (file, process) in [one, two].into_iter().flat_map(|file| PROCESSES.map(|process| (file, process))) {
            volume.unlock_all(file, Link::new(process), |_| panic!("somebody still waits"));
        }
        [one, two].into_iter().for_each(|file| volume.close_file(file));
    });
}

#[test]
fn a_lock_keeps_the_others_out_and_its_owner_from_writing_what_is_shared() {
    with_files(|volume, one, two| {
        let (mine, theirs) = (owner(PROCESSES[0], one, 0), owner(PROCESSES[0], two, 0));
        let others = [theirs, owner(PROCESSES[1], one, 0), owner(PROCESSES[0], one, 1)];
        let lock = |owner, first, length, excludes| volume.lock_range(&request(owner, first, length, excludes, true));
        assert_eq!(lock(mine, 10, 10, true), Ok(Locked::Done));
        assert_eq!(lock(mine, 30, 10, false), Ok(Locked::Done));
        let check = |owner: &LockOwner, first, length, intent| volume.check_locks(owner, first, length, intent);
        let conflict = Err(NtStatus::FILE_LOCK_CONFLICT);
        for other in &others {
            assert_eq!(check(other, 0, 10, Intent::Write), Ok(()), "before it");
            assert_eq!(check(other, 0, 11, Intent::Read), conflict);
            assert_eq!(check(other, 19, 1, Intent::Write), conflict);
            assert_eq!(check(other, 20, 10, Intent::Write), Ok(()), "between them");
            assert_eq!(check(other, 39, 9, Intent::Read), Ok(()), "shared");
            assert_eq!(check(other, 39, 9, Intent::Write), conflict);
            assert_eq!(check(other, 15, 0, Intent::Read), Ok(()), "nothing at all");
            assert_eq!(lock(*other, 30, 10, false), Ok(Locked::Done));
            assert_eq!(lock(*other, 30, 10, true), Err(NtStatus::LOCK_NOT_GRANTED));
            assert_eq!(lock(*other, 12, 1, false), Err(NtStatus::LOCK_NOT_GRANTED));
        }
        assert_eq!(check(&mine, 10, 10, Intent::Read), Ok(()));
        assert_eq!(check(&mine, 10, 10, Intent::Write), Ok(()));
        assert_eq!(check(&mine, 30, 1, Intent::Read), Ok(()));
        assert_eq!(check(&mine, 30, 1, Intent::Write), conflict);
        assert_eq!(lock(mine, 19, 1, true), Err(NtStatus::LOCK_NOT_GRANTED), "not twice");
        assert_eq!(lock(mine, 5, 10, false), Ok(Locked::Done), "but over its own it may share");
        assert_eq!(check(&mine, 10, 1, Intent::Write), conflict);
        assert_eq!(volume.fcb(one).lock_count.get(), 6);
    });
}

#[test]
fn a_lock_is_given_up_exactly_as_it_was_taken_and_the_one_that_excludes_first() {
    with_files(|volume, one, two| {
        let mine = owner(PROCESSES[0], one, 7);
        let not_locked = Err(NtStatus::RANGE_NOT_LOCKED);
        let unlock = |owner: LockOwner, first, length| volume.unlock_range(&owner, range(first, length), |_| {});
        assert_eq!(unlock(mine, 0, 4), not_locked);
        assert_eq!(volume.lock_range(&request(mine, 0, 4, true, true)), Ok(Locked::Done));
        assert_eq!(volume.lock_range(&request(mine, 0, 4, false, true)), Ok(Locked::Done));
        for wrong in [owner(PROCESSES[1], one, 7), owner(PROCESSES[0], two, 7), owner(PROCESSES[0], one, 0)] {
            assert_eq!(unlock(wrong, 0, 4), not_locked);
        }
        assert_eq!((unlock(mine, 0, 3), unlock(mine, 1, 3), unlock(mine, 0, 5)), (not_locked, not_locked, not_locked));
        let other = owner(PROCESSES[1], two, 0);
        assert_eq!(unlock(mine, 0, 4), Ok(()));
        assert_eq!(volume.check_locks(&other, 0, 4, Intent::Read), Ok(()), "the other one only shares");
        assert_eq!(volume.check_locks(&other, 0, 4, Intent::Write), Err(NtStatus::FILE_LOCK_CONFLICT));
        assert_eq!(unlock(mine, 0, 4), Ok(()));
        assert_eq!((unlock(mine, 0, 4), volume.fcb(one).lock_count.get()), (not_locked, 0));
    });
}

#[test]
fn who_waits_gets_it_when_it_is_given_up_and_the_oldest_first() {
    with_files(|volume, one, two| {
        let (mine, theirs, third) =
            (owner(PROCESSES[0], one, 0), owner(PROCESSES[1], two, 0), owner(PROCESSES[1], two, 1));
        let wait = |owner, first, length| match volume.lock_range(&request(owner, first, length, true, false)) {
            Ok(Locked::Waits(wait)) => wait,
            other => panic!("{other:?}"),
        };
        volume.lock_range(&request(mine, 0, 10, true, true)).unwrap();
        let waits = [wait(theirs, 0, 2), wait(third, 1, 2), wait(third, 5, 2)];
        let mut ended = Vec::new();
        assert_eq!(volume.unlock_range(&mine, range(0, 10), |event| ended.push(event)), Ok(()));
        assert_eq!(ended, [waits[0].cast(), waits[2].cast()], "the second is in the way of the first");
        assert_eq!(volume.lock_range(&request(mine, 0, 1, true, true)), Err(NtStatus::LOCK_NOT_GRANTED));
        assert_eq!(volume.end_lock_wait(two, waits[0]), Ok(()));
        assert_eq!(volume.end_lock_wait(two, waits[2]), Ok(()));
        assert_eq!(volume.end_lock_wait(two, waits[1]), Err(NtStatus::CANCELLED), "given up");
        assert_eq!((volume.fcb(one).lock_count.get(), volume.fcb(one).lock_waits.get()), (2, Link::NULL));
        // A handle that goes takes locks and waits along, and others come in.
        let (late, mine) = (wait(owner(PROCESSES[0], two, 0), 5, 2), wait(mine, 5, 2));
        volume.unlock_all(two, Link::new(PROCESSES[0]), |event| assert_eq!(event, late.cast()));
        assert_eq!(volume.end_lock_wait(two, late), Err(NtStatus::RANGE_NOT_LOCKED));
        volume.unlock_all(two, Link::new(PROCESSES[1]), |event| assert_eq!(event, mine.cast()));
        assert_eq!(volume.end_lock_wait(one, mine), Ok(()));
        assert_eq!(volume.fcb(one).lock_count.get(), 1);
    });
}

#[test]
fn a_directory_has_no_locks_and_a_file_only_so_many() {
    with_files(|volume, one, _| {
        let (folder, _) =
            crate::write::tests::open(volume, "", abi::access::GENERIC_READ, abi::file::FILE_OPEN, 0).unwrap();
        let (own, on_folder) = (owner(PROCESSES[0], one, 0), owner(PROCESSES[0], folder, 0));
        assert_eq!(volume.lock_range(&request(on_folder, 0, 1, true, true)), Err(NtStatus::INVALID_PARAMETER));
        assert_eq!(volume.unlock_range(&on_folder, range(0, 1), |_| {}), Err(NtStatus::INVALID_PARAMETER));
        volume.close_file(folder);
        // From the end, so that each goes first.
        for first in (0..u64::from(MOST_LOCKS)).rev() {
            assert_eq!(volume.lock_range(&request(own, first, 1, false, true)), Ok(Locked::Done));
        }
        let one_more = request(own, u64::MAX, 1, false, true);
        assert_eq!(volume.lock_range(&one_more), Err(NtStatus::INSUFFICIENT_RESOURCES));
        volume.unlock_range(&own, range(0, 1), |_| {}).unwrap();
        assert_eq!(volume.lock_range(&one_more), Ok(Locked::Done));
    });
}

/// A lock as the model has it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Naive {
    owner: LockOwner,
    first: u64,
    length: u64,
    excludes: bool,
}

impl Naive {
    /// Whether they have a byte in common, or one is a place within the other: by trying all places of a short file.
    fn meets(&self, first: u64, length: u64) -> bool {
        // Of no bytes there is only the place between two, of which the one before the file's start is none.
        let within = |place: u64, first: u64, length: u64| place > first && place < first + length;
        match (self.length, length) {
            (0, 0) => false,
            (0, _) => within(self.first, first, length),
            (_, 0) => within(first, self.first, self.length),
            _ => (self.first..self.first + self.length).any(|byte| (first..first + length).contains(&byte)),
        }
    }

    fn lets(&self, owner: &LockOwner, first: u64, length: u64, intent: Intent) -> bool {
        let harmless = match (self.excludes, intent) {
            (true, Intent::Read | Intent::Write | Intent::Share) => self.owner == *owner,
            (true, Intent::Exclude) | (false, Intent::Write | Intent::Exclude) => false,
            (false, Intent::Read | Intent::Share) => true,
        };
        harmless || !self.meets(first, length)
    }
}

#[derive(Default)]
struct Model {
    locks: Vec<Naive>,
    waits: Vec<(Link<LockWait>, Naive)>,
}

impl Model {
    fn free(&self, lock: &Naive) -> bool {
        let intent = if lock.excludes { Intent::Exclude } else { Intent::Share };
        self.locks.iter().all(|held| held.lets(&lock.owner, lock.first, lock.length, intent))
    }

    /// Those who wait and go on now.
    fn grant(&mut self) -> Vec<Link<LockWait>> {
        let mut granted = Vec::new();
        for (wait, lock) in core::mem::take(&mut self.waits) {
            match self.free(&lock) {
                true => {
                    self.locks.push(lock);
                    granted.push(wait);
                }
                false => self.waits.push((wait, lock)),
            }
        }
        granted
    }
}

fn step(volume: &TestVolume<'_, '_>, model: &mut Model, random: &mut Random, files: [Link<FileObject>; 2]) {
    let own = owner(PROCESSES[random.below(2)], files[random.below(2)], random.below(2) as u32);
    let (first, length) = (random.below(12) as u64, random.below(6) as u64);
    let mut ended = Vec::new();
    match random.below(8) {
        0..3 => {
            let wanted = Naive { owner: own, first, length, excludes: random.below(2) == 0 };
            let fails = random.below(3) > 0;
            let answer = volume.lock_range(&request(own, first, length, wanted.excludes, fails));
            match (model.free(&wanted), fails, answer) {
                (true, _, Ok(Locked::Done)) => model.locks.push(wanted),
                (false, true, Err(NtStatus::LOCK_NOT_GRANTED)) => {}
                (false, false, Ok(Locked::Waits(wait))) => model.waits.push((wait, wanted)),
                wrong => panic!("{wanted:?}: {wrong:?}"),
            }
        }
        3..5 => {
            // Something that is there, mostly.
            let (own, first, length) = match model.locks.len() {
                0 => (own, first, length),
                count => {
                    let lock = model.locks[random.below(count)];
                    (lock.owner, lock.first, lock.length)
                }
            };
            let is_it = |lock: &Naive| lock.owner == own && (lock.first, lock.length) == (first, length);
            let found = model.locks.iter().position(|lock| is_it(lock) && lock.excludes);
            let found = found.or_else(|| model.locks.iter().position(is_it));
            let answer = volume.unlock_range(&own, range(first, length), |event| ended.push(event));
            assert_eq!(answer, found.map(|_| ()).ok_or(NtStatus::RANGE_NOT_LOCKED));
            if let Some(found) = found {
                model.locks.remove(found);
                settle(volume, model, ended, &[]);
            }
        }
        5 => {
            let gone = |lock: &Naive| lock.owner.file == own.file && lock.owner.process == own.process;
            let all = random.below(4) == 0;
            if all {
                volume.unlock_all(own.file, own.process, |event| ended.push(event));
                model.locks.retain(|lock| !gone(lock));
                let over: Vec<_> = model.waits.extract_if(.., |(_, lock)| gone(lock)).collect();
                let over: Vec<_> = over.iter().map(|(wait, _)| *wait).collect();
                over.iter().for_each(|wait| {
                    assert_eq!(volume.end_lock_wait(own.file, *wait), Err(NtStatus::RANGE_NOT_LOCKED));
                });
                settle(volume, model, ended, &over);
            } else if !model.waits.is_empty() {
                let (wait, lock) = model.waits.remove(random.below(model.waits.len()));
                assert_eq!(volume.end_lock_wait(lock.owner.file, wait), Err(NtStatus::CANCELLED));
            }
        }
        _ => {
            let intent = if random.below(2) == 0 { Intent::Read } else { Intent::Write };
            let free = length == 0 || model.locks.iter().all(|lock| lock.lets(&own, first, length, intent));
            let answer = volume.check_locks(&own, first, length as u32, intent);
            assert_eq!(answer.is_ok(), free, "{own:?} {first} {length} {intent:?} {:?}", model.locks);
        }
    }
}

/// Those whose wait has ended are those of the model.
fn settle(volume: &TestVolume<'_, '_>, model: &mut Model, ended: Vec<Link<Kevent>>, over: &[Link<LockWait>]) {
    let granted = model.grant();
    let expected: Vec<Link<Kevent>> = over.iter().chain(&granted).map(|wait| wait.cast()).collect();
    assert_eq!(ended, expected);
    for wait in granted {
        // Which file it was does not matter once it is over.
        assert_eq!(volume.end_lock_wait(Link::NULL, wait), Ok(()));
    }
}

#[test]
fn random_locks_are_those_of_a_naive_list() {
    with_files(|volume, one, two| {
        for seed in 0..40u64 {
            let (mut random, mut model) = (Random((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)), Model::default());
            for number in 0..400 {
                step(volume, &mut model, &mut random, [one, two]);
                let audit = volume.verify_locks(volume.fcb_of(one), &|_, _| true);
                assert_eq!(audit, Ok(()), "seed {seed}, step {number}");
                assert_eq!(volume.fcb(one).lock_count.get() as usize, model.locks.len(), "seed {seed}, step {number}");
            }
            for (file, process) in [one, two].into_iter().flat_map(|file| PROCESSES.map(|process| (file, process))) {
                volume.unlock_all(file, Link::new(process), |_| {});
            }
            for (wait, lock) in model.waits {
                // Some got their locks when the others went, and gave them up at once.
                let _ = volume.end_lock_wait(lock.owner.file, wait);
            }
            for (file, process) in [one, two].into_iter().flat_map(|file| PROCESSES.map(|process| (file, process))) {
                volume.unlock_all(file, Link::new(process), |_| {});
            }
            assert_eq!(volume.fcb(one).lock_count.get(), 0);
        }
    });
}

#[test]
fn the_audit_names_what_is_wrong_with_locks() {
    with_files(|volume, one, two| {
        let fcb = volume.fcb(one);
        let own = owner(PROCESSES[0], one, 0);
        for (first, excludes) in [(0, true), (10, false), (20, false)] {
            volume.lock_range(&request(own, first, 5, excludes, true)).unwrap();
        }
        let other = owner(PROCESSES[1], two, 0);
        let Ok(Locked::Waits(wait)) = volume.lock_range(&request(other, 0, 5, true, false)) else { panic!("no wait") };
        let locks: Vec<Link<RangeLock>> = volume.locks(fcb).map(|(lock, _)| lock).collect();
        let audit = || volume.verify_locks(volume.fcb_of(one), &|process, _| process.address() != 0xBAD0);
        assert_eq!(audit(), Ok(()));

        fcb.lock_count.set(2);
        assert_eq!(audit(), Err(LockCorruption::L1 { found: 3, recorded: 2 }));
        fcb.lock_count.set(3);
        let first = &volume.record(locks[1]).info.starting_byte;
        first.set(30);
        assert!(
            matches!(audit(), Err(LockCorruption::L1 { .. })),
            "its last byte is another, and the next begins before"
        );
        first.set(10);
        let excludes = &volume.record(locks[2]).info.exclusive_lock;
        let (begin, end) = (&volume.record(locks[2]).info.starting_byte, &volume.record(locks[2]).info.ending_byte);
        excludes.set(1);
        begin.set(14);
        end.set(18);
        assert_eq!(audit(), Ok(()), "it may have been there before the other");
        volume.record(locks[2]).info.key.set(1);
        assert_eq!(audit(), Err(LockCorruption::L2(locks[2])));
        volume.record(locks[2]).info.key.set(0);
        let wanted = &volume.record(volume.record(wait).lock.get()).info;
        wanted.starting_byte.set(100);
        assert_eq!(audit(), Err(LockCorruption::L3(wait)));
        wanted.starting_byte.set(0);
        wanted.process_id.set(Link::new(0xBAD0));
        assert_eq!(audit(), Err(LockCorruption::L4(volume.record(wait).lock.get())));
        wanted.process_id.set(other.process);
        volume.record(locks[0]).info.process_id.set(Link::new(0xBAD0));
        assert_eq!(audit(), Err(LockCorruption::L4(locks[0])));
        volume.record(locks[0]).info.process_id.set(own.process);
        volume.record(one).lock_operation.set(0);
        assert_eq!(audit(), Err(LockCorruption::L4(locks[0])));
        volume.record(one).lock_operation.set(1);
        assert_eq!(volume.end_lock_wait(two, wait), Err(NtStatus::CANCELLED));
        assert_eq!(audit(), Ok(()));
    });
}
