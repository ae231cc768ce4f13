//! What is broken, and which commands say so, with what words.

use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::list::ListEntry;
use abi::nt::object::HandleTableEntry;
use abi::nt::thread::{Ethread, Kthread};
use mm::layout::FrameNumber;
use mm::machine::FrameBytes;
use mm::pte::PteCell;
use mm::section::{ControlArea, Subsection};

use super::{MODULES, PEB, STACK, Scene, WILD};

/// What is broken, how, and what some commands say then.
pub(super) struct Damage {
    pub(super) what: &'static str,
    pub(super) wreak: fn(&Scene),
    pub(super) said: &'static [(&'static str, &'static str)],
}

const fn damage(what: &'static str, wreak: fn(&Scene), said: &'static [(&'static str, &'static str)]) -> Damage {
    Damage { what, wreak, said }
}

const VERIFY: &str = "The audit found CORRUPTION";
const TREE: &str = "is no VAD: the tree is broken here";
const UNKNOWN: &str = "Nothing is known of it: a VAD tree is broken at";
const PROCESSES: &str = "The list of processes is broken behind";
const THREADS: &str = "The list of threads is broken behind";

pub(super) const DAMAGES: &[Damage] = &[
    damage("nothing", |_| (), &[("!verify", "The audit is clean"), ("!vad", "Total VADs:     9")]),
    // ---- VAD trees
    damage(
        "a VAD is its own left child",
        |scene| scene.word(scene.leaf().0, 0xC).set(scene.leaf().0.address()),
        &[("!vad", TREE), ("!verify", VERIFY), ("!address 10004", UNKNOWN)],
    ),
    damage(
        "a leaf leads back to the root",
        |scene| scene.word(scene.leaf().0, 0x10).set(scene.root().address()),
        &[("!vad", TREE), ("!verify", VERIFY), ("!address 10004", UNKNOWN)],
    ),
    damage(
        "the root is the child of a leaf, which it names",
        |scene| {
            scene.word(scene.leaf().0, 0x10).set(scene.root().address());
            scene.word(scene.root(), 8).set(scene.leaf().0.address());
        },
        &[("!vad", TREE), ("!verify", VERIFY), ("!address 10004", UNKNOWN)],
    ),
    damage(
        "two VADs are each other's parents",
        |scene| {
            let (leaf, parent) = scene.leaf();
            scene.word(parent, 8).set(leaf.address());
            scene.word(leaf, 0x10).set(parent.address());
        },
        &[("!vad", TREE), ("!verify", VERIFY)],
    ),
    damage(
        "a child leads nowhere",
        |scene| scene.word(scene.root(), 0xC).set(WILD[0]),
        &[("!vad", TREE), ("!verify", VERIFY), ("!address 10004", UNKNOWN)],
    ),
    damage(
        "a child is not aligned",
        |scene| scene.word(scene.root(), 0x10).set(WILD[1]),
        &[("!vad", TREE), ("!verify", VERIFY), ("!address 10004", UNKNOWN)],
    ),
    damage(
        "a child lies in the program's half",
        |scene| scene.word(scene.root(), 0x10).set(WILD[2]),
        &[("!vad", TREE), ("!verify", VERIFY)],
    ),
    damage(
        "a parent leads nowhere",
        |scene| scene.word(scene.leaf().0, 8).set(WILD[0]),
        &[("!vad", TREE), ("!verify", VERIFY)],
    ),
    damage(
        "a VAD ends before it begins",
        |scene| scene.word(scene.leaf().0, 0).set(0x7_0000),
        &[("!vad", TREE), ("!verify", VERIFY)],
    ),
    damage(
        "VADs are out of order",
        |scene| {
            let node = scene.leaf().0;
            (scene.word(node, 0).set(0x7_0000), scene.word(node, 4).set(0x7_0001));
        },
        &[("!vad", TREE), ("!verify", VERIFY)],
    ),
    damage(
        "the root leads nowhere",
        |scene| scene.stage.record(scene.process).vad_root.set(Link::new(WILD[0])),
        &[("!vad", TREE), ("!verify", VERIFY), ("!address 10004", UNKNOWN)],
    ),
    damage(
        "the hint leads nowhere",
        |scene| scene.stage.record(scene.process).vad_hint.set(Link::new(WILD[0])),
        &[("!verify", VERIFY), ("!address 10004", "the VAD hint of a process is broken at")],
    ),
    // ---- views and control areas
    damage(
        "a view's control area leads nowhere",
        |scene| scene.word(scene.view, 0x18).set(WILD[0]),
        &[("!vad", "????????"), ("!verify", "the VAD of a view is broken at")],
    ),
    damage(
        "a view's prototype PTEs lead nowhere",
        |scene| scene.word(scene.view, 0x1C).set(WILD[0]),
        &[("!verify", "the VAD of a view is broken at")],
    ),
    damage(
        "a segment leads nowhere",
        |scene| scene.word(scene.section, 0).set(WILD[1]),
        &[("!verify", "is broken at"), ("!vad", "????????")],
    ),
    damage(
        "a segment counts PTEs that are not there",
        |scene| {
            scene.stage.record(scene.stage.record(scene.section).segment.get()).total_number_of_ptes.set(0x1FFF_FFFF);
        },
        &[("!verify", "a segment is broken at")],
    ),
    damage(
        "a control area leads to itself",
        |scene| scene.word(scene.section, 4).set(scene.section.address()),
        &[("!verify", "the list of control areas is broken at")],
    ),
    damage(
        "a control area leads nowhere",
        |scene| scene.word(scene.section, 4).set(WILD[0]),
        &[("!verify", "the list of control areas is broken at")],
    ),
    damage(
        "subsections go in a circle",
        |scene| {
            let first: Link<Subsection> = scene.image.offset(size_of::<ControlArea>() as u32);
            scene.stage.record(first).next_subsection.set(first);
        },
        &[("!verify", "a chain of subsections is broken at")],
    ),
    damage(
        "subsections without an end",
        |scene| {
            let first: Link<Subsection> = scene.image.offset(size_of::<ControlArea>() as u32);
            scene.stage.record(first).next_subsection.set(first);
            scene.stage.record(scene.image).number_of_subsections.set(0xFFFF);
        },
        &[("!verify", "is broken at")],
    ),
    damage(
        "a subsection's PTEs lead nowhere",
        |scene| {
            let first: Link<Subsection> = scene.image.offset(size_of::<ControlArea>() as u32);
            scene.stage.record(first).subsection_base.set(Link::<PteCell>::new(WILD[0]));
        },
        &[("!verify", "a subsection is broken at")],
    ),
    damage("a file object leads nowhere", |scene| scene.word(scene.image, 0x24).set(WILD[0]), &[]),
    damage(
        "a file's name is longer than memory",
        |scene| {
            let file = scene.stage.record(scene.image).file_pointer.get();
            scene.stage.record(file).file_name.set(0xAFFF_FFF0, 0xFFFE);
        },
        &[],
    ),
    // ---- lists of processes, threads and address spaces
    damage(
        "a process leads to itself",
        |scene| {
            let links = scene.links(scene.process);
            scene.stage.record(links).flink.set(links);
        },
        &[("!process 0 0", PROCESSES), ("!process 500", "kd: there is no process 500")],
    ),
    damage(
        "a process leads nowhere",
        |scene| scene.stage.record(scene.links(scene.process)).flink.set(Link::new(WILD[0])),
        &[("!process 0 0", PROCESSES)],
    ),
    damage(
        "processes go in a circle without the head",
        |scene| {
            let [first, second] = [scene.process, scene.other].map(|process| scene.links(process));
            scene.stage.record(second).flink.set(first);
        },
        &[("!process 0 0", PROCESSES), ("!vm", "0500 other.exe")],
    ),
    damage(
        "the head leads nowhere",
        |scene| scene.stage.record(scene.stage.processes).flink.set(Link::new(WILD[1])),
        &[("!process 0 0", PROCESSES), ("!process 428", "kd: there is no process 428")],
    ),
    damage(
        "a thread leads to itself",
        |scene| {
            let links: Link<ListEntry> = scene.thread.offset(offset_of!(Ethread, thread_list_entry) as u32);
            scene.stage.record(links).flink.set(links);
        },
        &[("!process 428", THREADS), ("!thread 430", "kd: there is no such thread")],
    ),
    damage(
        "a thread leads nowhere",
        |scene| {
            let links: Link<ListEntry> = scene.thread.offset(offset_of!(Ethread, thread_list_entry) as u32);
            scene.stage.record(links).flink.set(Link::new(WILD[2]));
        },
        &[("!process 428", THREADS)],
    ),
    damage(
        "a wait goes in a circle",
        |scene| {
            let record = scene.stage.record(scene.thread);
            let first = scene.thread.offset(offset_of!(Kthread, wait_blocks) as u32);
            record.tcb.wait_block_list.set(Link::new(WILD[0]));
            record.tcb.wait_blocks[1].next_wait_block.set(first);
        },
        &[],
    ),
    damage(
        "an address space leads to itself",
        |scene| {
            let head = scene.stage.system.mm.address_space_list();
            let first = scene.stage.record(head).flink.get();
            scene.stage.record(first).flink.set(first);
        },
        &[("!verify", "the list of address spaces is broken at")],
    ),
    damage(
        "the page-directory-pointer table is elsewhere",
        |scene| scene.stage.record(scene.process).pae_top.set(WILD[0]),
        &[
            ("!verify", "the page-directory-pointer table of a process is broken at"),
            ("!address 10004", "Nothing is known of it"),
        ],
    ),
    damage(
        "the directory table is no RAM",
        |scene| scene.stage.record(scene.process).pcb.directory_table_base[0].set(0xFFFF_FFE0),
        &[],
    ),
    // ---- handle tables
    damage(
        "a handle table leads nowhere",
        |scene| scene.stage.record(scene.process).object_table.set(Link::new(WILD[0])),
        &[("!handle", "The process has no handle table.")],
    ),
    damage(
        "the entries of a handle table lead nowhere",
        |scene| scene.stage.record(scene.table).table_code.set(WILD[0]),
        &[("!handle 4", "this is no handle of the process")],
    ),
    damage(
        "a handle table of three levels leads to itself",
        |scene| {
            let page = scene.stage.record(scene.table).table_code.get() & !3;
            (0..512)
                .for_each(|index| scene.stage.record(Link::<HandleTableEntry>::new(page + index * 8)).object.set(page));
            scene.stage.record(scene.table).table_code.set(page | 2);
            scene.stage.record(scene.table).next_handle_needing_pool.set(u32::MAX);
        },
        &[("!handle", "lead to no object: the table is broken here")],
    ),
    damage(
        "a handle leads to no object",
        |scene| {
            let page = scene.stage.record(scene.table).table_code.get();
            scene.stage.record(Link::<HandleTableEntry>::new(page + 8)).object.set(WILD[0]);
        },
        &[("!handle 4", "????????")],
    ),
    damage(
        "an object has no type",
        |scene| {
            let page = scene.stage.record(scene.table).table_code.get();
            let header = scene.stage.record(Link::<HandleTableEntry>::new(page + 8)).object.get() & !7;
            scene.word(Link::<()>::new(header), 8).set(WILD[1]);
        },
        &[("!handle 4", "????????")],
    ),
    // ---- what a program says of itself
    damage(
        "the loader's list leads to itself",
        |scene| scene.store(MODULES[1], &[MODULES[1]]),
        &[("!dlls", "0x00200d00")],
    ),
    damage(
        "the loader's list leads nowhere",
        |scene| scene.store(MODULES[0], &[0x7000_0000]),
        &[("!dlls", "0x00200c00")],
    ),
    damage(
        "the loader's data is in the kernel",
        |scene| scene.store(PEB + 0xC, &[0xA000_0000]),
        &[("!peb", "Ldr                       a0000000")],
    ),
    damage(
        "an environment without an end",
        |scene| {
            (0x1000..0x2000).step_by(4).for_each(|at| scene.store(PEB + at, &[0x0041_0041]));
        },
        &[("!peb", "Environment:  00201000")],
    ),
    damage(
        "the PEB is in the kernel",
        |scene| scene.stage.record(scene.process).peb.set(0xFFFF_FFF0),
        &[("!peb", "PEB at fffffff0")],
    ),
    // ---- stacks
    damage("a frame leads to itself", |scene| scene.store(STACK, &[STACK]), &[("k", "00202000 00401111")]),
    damage("a frame leads down", |scene| scene.store(STACK + 0x10, &[STACK, 5]), &[("k", "00202010 00000005")]),
    damage("a frame is not there", |scene| scene.store(STACK, &[0x7000_0000]), &[("k", "70000000 ????????")]),
    // ---- the working-set list, pool
    damage(
        "the working-set list counts more than there can be",
        |scene| working_set_word(scene, 3, u32::MAX),
        &[("!ws", "pages, ")],
    ),
    damage(
        "the working-set list is elsewhere",
        |scene| working_set_word(scene, 5, 0x1_0000),
        &[("!ws 0 1", "0 pages, ")],
    ),
];

/// Writes a word of the head of the working-set list, in its frame.
fn working_set_word(scene: &Scene, index: u32, value: u32) {
    let frame = FrameNumber(scene.stage.record(scene.process).working_set_page.get());
    scene.stage.system.mm.machine.write(frame, index * 4, &value.to_le_bytes());
}
