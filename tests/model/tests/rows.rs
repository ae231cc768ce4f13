//! The rows of `tests/rows`, each on the fixture: what is called, and what comes of it. A refusal changes nothing.
//!
//! The guest's programs `rows_*` run the same rows through the services.

use abi::memory::*;
use abi::status::NtStatus;
use mm::layout::{ALLOCATION_GRANULARITY, HIGHEST_VAD_ADDRESS, LOWEST_USER_ADDRESS, PAGE_SIZE};
use mm::protection::Access;
use mm::section::Place;
use mm::virtual_memory::Region;
use model::calls::Picture;
use model::machine::NoExecute;
use model::rows::fixture::{Plan, Scene, ViewCall};
use model::rows::{Row, read_distinct, report};
use model::system::Outcome;

/// The files of rows, and a scene that is kept for as long as nothing changes it.
struct Stage {
    plan: Plan,
    no_execute: NoExecute,
    scene: Option<(Scene, Picture)>,
}

impl Stage {
    fn new() -> Self {
        Self::with(NoExecute::Supported)
    }

    fn with(no_execute: NoExecute) -> Self {
        Self { plan: Plan::read(), no_execute, scene: None }
    }

    /// Runs the rows of `file`, of `columns` columns. The first `arguments` are what is called, and then comes the status. `call` returns what a
    /// success gives, which the columns after the status say.
    fn run<const RESULTS: usize>(
        mut self,
        file: &str,
        columns: usize,
        arguments: usize,
        call: impl Fn(&Plan, &Scene, &Row) -> Result<[u32; RESULTS], NtStatus>,
    ) {
        assert_eq!(columns, arguments + 1 + RESULTS);
        let rows = read_distinct(file, &self.plan.names, columns, arguments);
        let mut wrong = Vec::new();
        for row in &rows {
            let (mut scene, before) = self.scene.take().unwrap_or_else(|| self.build());
            let status = NtStatus(row.word(arguments));
            let expected = match status.is_success() {
                true => Ok(row.words(arguments + 1)),
                false => Err(status),
            };
            let found = call(&self.plan, &scene, row);
            if !agree(&found, &expected) {
                wrong.push(format!("{}: {found:x?}, not {expected:x?}", row.place));
            }
            if found.is_err() {
                assert!(scene.system.picture(scene.process) == before, "{}: something changed", row.place);
                self.scene = Some((scene, before));
            } else {
                scene.system.sound();
                scene.end();
            }
        }
        assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
        report::tell(file, rows.len());
    }

    fn build(&self) -> (Scene, Picture) {
        let mut scene = self.plan.build(self.no_execute);
        let picture = scene.system.picture(scene.process);
        (scene, picture)
    }
}

/// Whether what was found is what the row says. `ANY` stands for anything.
fn agree<const RESULTS: usize>(
    found: &Result<[u32; RESULTS], NtStatus>,
    expected: &Result<[u32; RESULTS], NtStatus>,
) -> bool {
    match (found, expected) {
        (Ok(found), Ok(expected)) => {
            found.iter().zip(expected).all(|(found, expected)| *expected == ANY || found == expected)
        }
        _ => found == expected,
    }
}

const LOWEST: u32 = 1;
const HIGHEST: u32 = 2;
const ANY: u32 = 3;

fn region(scene: &Scene, address: u32) -> Region {
    scene.system.query(scene.process, address)
}

/// The lowest or highest free range of `size` bytes, at a multiple of 64 KB and below an address with `zero_bits` high bits of 0, as a
/// walk from region to region finds it.
fn free_range(scene: &Scene, end: u32, size: u32, zero_bits: u32) -> Option<u32> {
    let limit = (u32::MAX >> zero_bits).min(HIGHEST_VAD_ADDRESS);
    let mut found = None;
    let mut at = LOWEST_USER_ADDRESS;
    while at <= limit {
        let region = region(scene, at);
        let last = (region.base + (region.size - 1)).min(limit);
        let first = at.next_multiple_of(ALLOCATION_GRANULARITY);
        if region.state == MEM_FREE && first <= last && last - first >= size - 1 {
            if end == LOWEST {
                return Some(first);
            }
            found = Some((last - (size - 1)) & !(ALLOCATION_GRANULARITY - 1));
        }
        at = region.base + region.size;
    }
    found
}

#[test]
fn allocate() {
    Stage::new().run("allocate", 9, 5, |_, scene, row| {
        let [zero_bits, kind, protect, base, size] = row.words(0);
        let free = match row.word(6) {
            end @ (LOWEST | HIGHEST) => free_range(scene, end, size, zero_bits),
            _ => None,
        };
        let (at, bytes) = scene.allocate(zero_bits, kind, protect, base, size)?;
        let now = region(scene, at).protect;
        // Where it is to be anywhere, it is where the walk says.
        let told = if free == Some(at) { row.word(6) } else { at };
        Ok([told, bytes, now])
    });
}

#[test]
fn free() {
    Stage::new().run("free", 6, 3, |_, scene, row| {
        let [kind, base, size] = row.words(0);
        let (at, bytes) = scene.system.free(scene.process, kind, base, size)?;
        let then = region(scene, at);
        let state = if kind == MEM_RELEASE { MEM_FREE } else { MEM_RESERVE };
        assert!(then.state == state && then.size >= bytes, "{}: {then:x?}", row.place);
        Ok([at, bytes])
    });
}

#[test]
fn protect() {
    Stage::new().run("protect", 6, 3, |_, scene, row| {
        let [base, size, new] = row.words(0);
        let old = scene.system.protect(scene.process, base, size, new)?;
        Ok([old, region(scene, base).protect])
    });
}

#[test]
fn query() {
    Stage::new().run("query", 9, 1, |_, scene, row| {
        let region = scene.system.space(scene.process).query(row.word(0))?;
        let Region { base, allocation_base, allocation_protect, size, state, protect, kind } = region;
        Ok([base, allocation_base, allocation_protect, size, state, protect, kind])
    });
}

/// What NtMapViewOfSection is called with in columns 0 to 8.
fn view_call(row: &Row) -> ViewCall {
    ViewCall {
        section: row[0] as usize,
        base: row.word(1),
        zero_bits: row.word(2),
        commit: row.word(3),
        offset: row[4],
        size: row.word(5),
        disposition: row.word(6),
        kind: row.word(7),
        protect: row.word(8),
    }
}

#[test]
fn map_view() {
    Stage::new().run("map_view", 13, 9, |_, scene, row| {
        let call = view_call(row);
        let free = match row.word(10) {
            end @ (LOWEST | HIGHEST) => free_range(scene, end, row.word(11), call.zero_bits),
            _ => None,
        };
        let mapped = scene.map(&call)?;
        let at = mapped.start.address().0;
        let told = if free == Some(at) { row.word(10) } else { at };
        let status = if mapped.place == Place::AtBase { NtStatus::SUCCESS } else { NtStatus::IMAGE_NOT_AT_BASE };
        assert_eq!(status.0, row.word(9), "{}", row.place);
        Ok([told, mapped.pages.0 * PAGE_SIZE, region(scene, at).protect])
    });
}

#[test]
fn unmap_view() {
    Stage::new().run("unmap_view", 2, 1, |_, scene, row| {
        scene.unmap(row.word(0))?;
        let region = region(scene, row.word(0));
        assert_eq!(region.state, MEM_FREE, "{}", row.place);
        Ok([])
    });
}

#[test]
fn create_section() {
    Stage::new().run("create_section", 7, 4, |_, scene, row| {
        let section = scene.create_section(row.word(0), row[1], row.word(2), row.word(3))?;
        let told = [u32::try_from(section.limits.size).expect("a small one"), scene.attributes(&section)];
        scene.close(section);
        Ok(told)
    });
}

/// The status that a program is told of an access.
fn told(outcome: Outcome) -> u32 {
    let status = match outcome {
        Outcome::Done => NtStatus::SUCCESS,
        Outcome::AccessViolation => NtStatus::ACCESS_VIOLATION,
        Outcome::GuardPage => NtStatus::GUARD_PAGE_VIOLATION,
        Outcome::InPageError => NtStatus::IN_PAGE_ERROR,
        Outcome::NoFrame => NtStatus::NO_MEMORY,
    };
    status.0
}

#[test]
fn access_pairs() {
    Stage::new().run("access_pairs", 8, 4, |plan, scene, row| {
        let [made_of, protect, access, view_protect] = row.words(0);
        let size = if made_of == 0 { 0x1000 } else { 0 };
        let section = scene.create_section(made_of, size, protect, SEC_COMMIT).expect("a section");
        let call = ViewCall { base: plan.names["AT_GAP"] as u32, protect: view_protect, ..ViewCall::default() };
        let mapped = scene.map_section(&section, access, &call);
        scene.close(section);
        let at = mapped?.start.address().0;
        let [load, store] =
            [Access::Read, Access::Write].map(|access| told(scene.system.access(scene.process, at, access)));
        Ok([load, store, region(scene, at).protect])
    });
}

#[test]
fn lock() {
    Stage::new().run("lock", 7, 4, |plan, scene, row| {
        let [what, base, size, kind] = row.words(0);
        if what == plan.names["UNLOCKING"] as u32 {
            let (at, bytes) = scene.unlock(base, size, kind)?;
            return Ok([at, bytes]);
        }
        let ((at, bytes), was_locked) = scene.lock(base, size, kind)?;
        let status = if was_locked { NtStatus::WAS_LOCKED } else { NtStatus::SUCCESS };
        assert_eq!(status.0, row.word(4), "{}", row.place);
        Ok([at, bytes])
    });
}

#[test]
fn flush() {
    Stage::new().run("flush", 5, 2, |_, scene, row| {
        let view = scene.flush(row.word(0), row.word(1))?;
        Ok([view.base(), view.bytes()])
    });
}

/// The names of files are not the memory manager's: which file it is, is.
#[test]
fn mapped_file() {
    Stage::new().run("mapped_file", 3, 1, |_, scene, row| scene.name_at(row.word(0)).map(|last| [u32::from(last)]));
}

/// An access is no service: it changes something, whatever comes of it.
fn run_access(no_execute: NoExecute) {
    let plan = Plan::read();
    let named = |name: &str| plan.names[name] as u32;
    let kinds = [named("LOADING"), named("STORING"), named("EXECUTING")];
    let rows = read_distinct("access", &plan.names, 6, 3);
    // Without NX nobody can tell a fetch from a load.
    let as_loading = |row: &Row| {
        let alike = |other: &&Row| other.words::<2>(0) == row.words::<2>(0) && other.word(2) == kinds[0];
        rows.iter().find(alike).unwrap_or_else(|| panic!("{}: no row of LOADING", row.place)).clone()
    };
    for row in &rows {
        let scene = plan.build(no_execute);
        let [address, protect, kind] = row.words(0);
        let (access, row) = match kind {
            kind if kind == kinds[0] => (Access::Read, row.clone()),
            kind if kind == kinds[1] => (Access::Write, row.clone()),
            _ if no_execute == NoExecute::Absent => (Access::Execute, as_loading(row)),
            _ => (Access::Execute, row.clone()),
        };
        scene
            .system
            .protect(scene.process, address, 1, protect)
            .unwrap_or_else(|status| panic!("{}: {status}", row.place));
        let twice = [0; 2].map(|_: u32| told(scene.system.access(scene.process, address, access)));
        let found = [twice[0], twice[1], region(&scene, address).protect];
        assert_eq!(found, row.words(3), "{}: {found:x?}", row.place);
        scene.end();
    }
    report::tell("access", if no_execute == NoExecute::Supported { rows.len() } else { 0 });
}

#[test]
fn access() {
    run_access(NoExecute::Supported);
}

#[test]
fn access_without_nx() {
    run_access(NoExecute::Absent);
}

/// What the files have altogether; a row that is lost is missed.
#[test]
fn there_are_many_rows() {
    const FILES: [(&str, usize); 12] = [
        ("allocate", 9),
        ("free", 6),
        ("protect", 6),
        ("query", 9),
        ("map_view", 13),
        ("unmap_view", 2),
        ("create_section", 7),
        ("access_pairs", 8),
        ("lock", 7),
        ("flush", 5),
        ("mapped_file", 3),
        ("access", 6),
    ];
    let names = Plan::read().names;
    let rows: usize = FILES.iter().map(|(file, columns)| read_distinct(file, &names, *columns, *columns).len()).sum();
    assert!(rows >= 1785, "{rows} rows");
}
