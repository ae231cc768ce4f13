//! Every command on a system in which somebody has written over links, counts and tables: each prints what it finds and ends.
//!
//! [`DAMAGES`] is the list. All of [`commands`] are carried out on each of them. What is
//! followed by the memory manager itself (`!verify`, `!address`) is looked at first (`kd::whole`).

use abi::cell::{Field, Link};
use abi::memory::PAGE_READWRITE;
use abi::nt::list::ListEntry;
use abi::nt::object::HandleTable;
use abi::nt::process::{Eprocess, VadNode};
use abi::nt::thread::Ethread;
use core::mem::offset_of;
use kd::bugcheck::Registers;
use kd::commands::After;

use mm::section::{ControlArea, ControlAreaFlags};
use mm::vad::{Mmvad, MmvadShort};
use model::image::TestImage;
use model::sections::whole;

use crate::stage::Stage;

mod list;
use list::{DAMAGES, Damage};

/// An address of the kernel half where nothing is, one that is not aligned, and one of a program's half.
const WILD: [u32; 3] = [0xAFF0_0000, 0xA000_0013, 0x0012_0004];
/// Lines after which a listing of this system is taken for endless.
const MOST_LINES: usize = 600;
const PEB: u32 = 0x20_0000;
const LOADER: u32 = PEB + 0x400;
const MODULES: [u32; 2] = [PEB + 0xC00, PEB + 0xD00];
const STACK: u32 = PEB + 0x2000;

/// A system with something of everything, and where it is.
struct Scene {
    stage: Stage,
    process: Link<Eprocess>,
    other: Link<Eprocess>,
    table: Link<HandleTable>,
    thread: Link<Ethread>,
    view: Link<Mmvad>,
    section: Link<ControlArea>,
    image: Link<ControlArea>,
}

impl Scene {
    fn new() -> Self {
        let mut stage = Stage::of(512);
        let image = stage.system.add_image(TestImage::plain(0x40_0000, 7)).expect("room");
        let (table, _) = crate::objects::with_handles(&mut stage);
        let process = stage.process;
        for base in [0x1_0000, 0x3_0000, 0x5_0000, 0x7_0000, 0x9_0000] {
            stage.system.commit_at(process, base, 0x2000);
        }
        stage.system.commit_at(process, PEB, 0x4000);
        stage.system.space(process).map_image(image, None).expect("room");
        let section = stage.system.add_memory(0x4000, PAGE_READWRITE, ControlAreaFlags::COMMIT).expect("memory");
        let (base, _) = stage.system.map(process, section, &whole(PAGE_READWRITE)).expect("room");
        let data = stage.system.add_data(vec![1; 0x3000], ControlAreaFlags::empty()).expect("room");
        stage.system.map(process, data, &whole(PAGE_READWRITE)).expect("room");
        let name = stage.file("\\dir\\demo.exe");
        stage.record(image).file_pointer.set(name);
        let vad = stage.system.space(process).vads().find(mm::layout::VirtualPage(base >> 12)).expect("mapped");
        let thread = stage.thread(process, 0x42C, 5);
        stage.thread(process, 0x430, 2);
        let other = stage.start(0x500, "other.exe");
        stage.process = process;
        stage.debugging = true;
        let mut scene = Self { stage, process, other, table, thread, view: vad.cast(), section, image };
        scene.tell_itself();
        scene.stage.system.space(process);
        scene.stage.is_attached = true;
        scene
    }

    /// What the program knows of itself, and its stack.
    fn tell_itself(&mut self) {
        self.stage.record(self.process).peb.set(PEB);
        self.stage.record(self.thread).tcb.teb.set(PEB + 0x3000);
        self.store(PEB, &[0, 0, 0x40_0000, LOADER, PEB + 0x800, 0, 0]);
        let head = LOADER + 0xC;
        self.store(LOADER, &[0x28, 1, 0, MODULES[0], MODULES[1]]);
        self.store(MODULES[0], &[MODULES[1], head, 0, 0, 0, 0, 0x40_0000]);
        self.store(MODULES[1], &[head, MODULES[0], 0, 0, 0, 0, 0x7C92_0000]);
        self.store(PEB + 0x848, &[PEB + 0x1000]);
        self.store(PEB + 0x1000, &[0x003D_0041, 0x0000_0031, 0]);
        self.store(STACK, &[STACK + 0x10, 0x40_1111, 0, 0, 0, 0x40_2222]);
        self.stage.registers = Some(Registers { pointers: [0x40_1000, STACK - 8, STACK], ..Registers::default() });
    }

    fn store(&self, address: u32, words: &[u32]) {
        for (at, byte) in (address..).zip(words.iter().flat_map(|word| word.to_le_bytes())) {
            self.stage.system.store(self.process, at, byte).expect("committed");
        }
    }

    fn links(&self, process: Link<Eprocess>) -> Link<ListEntry> {
        process.offset(offset_of!(Eprocess, active_process_links) as u32)
    }

    fn root(&self) -> Link<VadNode> {
        self.stage.record(self.process).vad_root.get()
    }

    fn node(&self, link: Link<VadNode>) -> &MmvadShort {
        self.stage.record(link.cast())
    }

    /// A leaf of the tree, and its parent.
    fn leaf(&self) -> (Link<VadNode>, Link<VadNode>) {
        let mut at = self.root();
        while let Some(left) = self.node(at).left_child().some() {
            at = left;
        }
        (at, self.node(at).parent())
    }

    /// The word at `offset` of a structure, as `ed` reaches it.
    fn word<T>(&self, link: Link<T>, offset: u32) -> &Field<u32> {
        self.stage.record(Link::new(link.address() + offset))
    }
}

/// Every command that looks at something, at the things of `scene`.
fn commands(scene: &Scene) -> Vec<String> {
    let [process, other, thread] = [scene.process.address(), scene.other.address(), scene.thread.address()];
    let [view, section, image] = [scene.view.address(), scene.section.address(), scene.image.address()];
    let (root, table) = (scene.root().address(), scene.table.address());
    let mut all: Vec<String> = [
        "!process",
        "!process 0 3",
        "!process 428",
        "!process 7",
        "!thread",
        "!thread 42c",
        "!thread 77",
        "!vad",
        "!vad 0",
        "!handle",
        "!handle 4",
        "!handle 0 3 500",
        "!handle fffffffc",
        "!pte 10000",
        "!pte 400000",
        "!vtop 10000",
        "!pfn 1",
        "!memusage",
        "!vm",
        "!vm 1",
        "!ws",
        "!ws 0 1",
        "!ws 500 1",
        "!moves",
        "!verify",
        "!address 10004",
        "!address 400000",
        "!address a0000000",
        "!ca 400000",
        "!peb",
        "!teb",
        "!dlls",
        "db",
        "u",
        "k",
        "r",
        "ln 80100000",
        "x nt!*",
        "dt *",
        "s -d 10000 L800 1",
        ".process",
        ".process 500",
        ".truth",
        "bl",
        "bp 10000",
        "bc *",
    ]
    .map(str::to_owned)
    .into();
    for address in
        [process, other, thread, view, section, image, root, table].into_iter().chain(WILD).chain([0, u32::MAX])
    {
        for command in [
            "!process",
            "!thread",
            "!vad",
            "!handle",
            "!pte",
            "!vtop",
            "!pfn",
            "!ws",
            "!address",
            "!ca",
            "!pool",
            "!peb",
            "!teb",
            "!dlls",
            ".process",
            "db",
            "dw",
            "dd",
            "dq",
            "da",
            "du",
            "!db",
            "!dd",
            "u",
            "ln",
            "dt _EPROCESS",
            "dt -r2 _MMVAD",
        ] {
            all.push(format!("{command} {address:x}"));
        }
        all.push(format!("!vad {address:x} 1"));
        all.push(format!("!handle 0 3 {address:x}"));
        all.push(format!("s -b {address:x} L40 1"));
        // To what is there already, where there is anything.
        all.push(format!("eb {address:x} zz"));
    }
    all
}

#[test]
fn every_command_ends_on_every_damage() {
    for Damage { what, wreak, said } in DAMAGES {
        let mut scene = Scene::new();
        let lines = commands(&scene);
        wreak(&scene);
        for line in lines {
            let (text, after) = scene.stage.carry_out(&line);
            let count = text.lines().count();
            assert!(count <= MOST_LINES, "{what}: {line} prints {count} lines\n{}", &text[..2000]);
            assert!(matches!(after, After::Stay | After::Process(_)), "{what}: {line}");
        }
        for (command, words) in *said {
            let text = scene.stage.say(command);
            assert!(text.contains(words), "{what}: {command} does not say {words:?}:\n{text}");
        }
    }
}

#[test]
fn a_pool_page_whose_headers_are_wrong_is_told_to_its_end() {
    let mut scene = Scene::new();
    let page = scene.thread.address() & !0xFFF;
    scene.stage.debugging = true;
    for size in ["0", "1", "1ff", "ffff"] {
        // All sizes of the page at once: the walk cannot leave it.
        for at in (page..page + 0x1000).step_by(0x80) {
            scene.stage.expect(&format!("ew {:x} {size}", at + 2), "");
        }
        let said = scene.stage.say(&format!("!pool {:x}", page + 0x100));
        assert!(said.lines().count() <= 0x202, "{said}");
    }
}
