//! The loader against a process of the test: sparse memory with page protections, and a folder of images.

use super::*;
use crate::image::Image;
use crate::image::build::Builder;
use crate::memory::Memory;
use crate::status::Status;
use crate::text::{ansi, wide};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::string::String;
use std::vec;
use std::vec::Vec;

const DATA: u32 = 0x7C99_0000;
const HEAP: u32 = 0x0014_0000;
const READ_ONLY: u32 = 0x02;
const CODE: u32 = 0x6000_0020;
const READABLE: u32 = 0x4000_0040;
const WRITABLE: u32 = 0xC000_0040;

struct Page {
    bytes: Vec<u8>,
    protection: u32,
}

/// A process whose memory faults (panics) where a real one would.
struct Fake {
    pages: RefCell<BTreeMap<u32, Page>>,
    files: HashMap<String, Vec<u8>>,
    heap: Cell<u32>,
    calls: RefCell<Vec<(u32, Reason, u32)>>,
    refusing: Option<u32>,
    storage: Cell<u32>,
}

impl Fake {
    fn new(files: &[(&str, Vec<u8>)]) -> Self {
        let fake = Self {
            pages: RefCell::default(),
            files: files.iter().map(|(path, bytes)| (path.to_lowercase(), bytes.clone())).collect(),
            heap: Cell::new(HEAP),
            calls: RefCell::default(),
            refusing: None,
            storage: Cell::new(0),
        };
        fake.put(DATA, &[0; 0x1000], 4);
        fake.put(HEAP, &[0; 0x10000], 4);
        initialise_lists(&fake, DATA);
        fake
    }

    fn put(&self, base: u32, bytes: &[u8], protection: u32) {
        for (index, chunk) in bytes.chunks(0x1000).enumerate() {
            let page = Page { bytes: chunk.to_vec(), protection };
            self.pages.borrow_mut().insert(base / 0x1000 + index as u32, page);
        }
    }

    fn is_free(&self, base: u32, size: u32) -> bool {
        self.pages.borrow().range(base / 0x1000..(base + size) / 0x1000).next().is_none()
    }

    /// Maps as the kernel does: at its base or, when that is taken, elsewhere; sections get their protection.
    fn map(&self, bytes: &[u8]) -> Mapped {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let (preferred, size) = (word(0x58 + 28), bytes.len() as u32);
        let base = [preferred, 0x0200_0000, 0x0300_0000].into_iter().find(|&base| self.is_free(base, size)).unwrap();
        self.put(base, bytes, READ_ONLY);
        for index in 0..usize::from(u16::from_le_bytes(bytes[0x46..0x48].try_into().unwrap())) {
            let header = 0x58 + 224 + 40 * index;
            let protection = if word(header + 36) & 0x8000_0000 != 0 { 4 } else { READ_ONLY };
            self.protect(base + word(header + 12), word(header + 8), protection).unwrap();
        }
        Mapped { base, size }
    }

    fn open(&self, bytes: &[u8]) -> Image {
        Image::open_whole(self, self.map(bytes).base, 0x1000).unwrap()
    }

    fn start(&self, program: Vec<u8>) -> Result<u32, LoadError> {
        let ntdll = Builder::new(0x7C92_0000, 0x3000).section(0x1000, 0x2000, READABLE);
        let ntdll = ntdll.exports(0x2000, "ntdll.dll", 1, &[("NtClose", 0x1000), ("RtlAllocateHeap", 0x1010)]).finish();
        let program = Program {
            image: self.open(&program),
            path: wide(b"C:\\work\\p.exe"),
            ntdll: self.open(&ntdll),
            ntdll_path: wide(b"C:\\WINDOWS\\system32\\ntdll.dll"),
        };
        start(self, &program)
    }

    fn names(&self, order: Order) -> Vec<String> {
        let name = |module: Module| String::from_utf8(ansi(&module.base_name(self))).unwrap();
        Module::all(self, order).map(name).collect()
    }

    fn pages(&self) -> Vec<u32> {
        self.pages.borrow().keys().copied().collect()
    }
}

impl Memory for Fake {
    fn read_u8(&self, address: u32) -> u8 {
        let pages = self.pages.borrow();
        let page = pages.get(&(address / 0x1000)).unwrap_or_else(|| panic!("read of {address:08x}"));
        page.bytes[(address % 0x1000) as usize]
    }
    fn read_u16(&self, address: u32) -> u16 {
        u16::from_le_bytes([self.read_u8(address), self.read_u8(address + 1)])
    }
    fn read_u32(&self, address: u32) -> u32 {
        u32::from(self.read_u16(address)) | u32::from(self.read_u16(address + 2)) << 16
    }
    fn read_bytes(&self, address: u32, bytes: &mut [u8]) {
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = self.read_u8(address + index as u32);
        }
    }
    fn write_u16(&self, address: u32, value: u16) {
        self.write_bytes(address, &value.to_le_bytes());
    }
    fn write_u32(&self, address: u32, value: u32) {
        self.write_bytes(address, &value.to_le_bytes());
    }
    fn write_bytes(&self, address: u32, bytes: &[u8]) {
        for (index, &byte) in bytes.iter().enumerate() {
            let address = address + index as u32;
            let mut pages = self.pages.borrow_mut();
            let page = pages.get_mut(&(address / 0x1000)).unwrap_or_else(|| panic!("write of {address:08x}"));
            assert_ne!(page.protection, READ_ONLY, "write to read-only {address:08x}");
            page.bytes[(address % 0x1000) as usize] = byte;
        }
    }
}

impl LoaderData for Fake {
    fn loader_data(&self) -> u32 {
        DATA
    }
}

impl Process for Fake {
    fn allocate(&self, bytes: u32) -> Option<u32> {
        let address = self.heap.get();
        self.heap.set((address + bytes + 7) & !7);
        Some(address)
    }
    fn free(&self, _: u32) {}
    fn protect(&self, address: u32, size: u32, protection: u32) -> Result<(), Status> {
        let protection = if matches!(protection, 2 | 0x20) { READ_ONLY } else { 4 };
        for page in address / 0x1000..(address + size).div_ceil(0x1000) {
            self.pages.borrow_mut().get_mut(&page).ok_or(Status::NOT_COMMITTED)?.protection = protection;
        }
        Ok(())
    }
    fn map_image(&self, path: &[u16]) -> Result<Mapped, Status> {
        let path = String::from_utf8(ansi(path)).unwrap().to_lowercase();
        let bytes = self.files.get(&path).ok_or(Status::OBJECT_NAME_NOT_FOUND)?;
        if bytes.starts_with(b"MZ") { Ok(self.map(bytes)) } else { Err(Status::INVALID_IMAGE_NOT_MZ) }
    }
    fn unmap(&self, base: u32) {
        let size = self.read_u32(base + 0x58 + 56);
        let mut pages = self.pages.borrow_mut();
        pages.retain(|page, _| !(base / 0x1000..(base + size) / 0x1000).contains(page));
    }
    fn call(&self, entry: u32, _: u32, reason: Reason, context: u32) -> bool {
        self.calls.borrow_mut().push((entry, reason, context));
        self.refusing != Some(entry)
    }
    fn thread_storage(&self) -> u32 {
        self.storage.get()
    }

    fn set_thread_storage(&self, array: u32) {
        self.storage.set(array);
    }
    fn search_folders(&self) -> Vec<Vec<u16>> {
        vec![wide(b"C:\\work\\"), wide(b"C:\\WINDOWS\\system32")]
    }
    fn current_directory(&self) -> Vec<u16> {
        wide(b"C:\\work")
    }
}

fn dll(base: u32) -> Builder {
    Builder::new(base, 0x4000)
        .section(0x1000, 0x1000, CODE)
        .section(0x2000, 0x1000, READABLE)
        .section(0x3000, 0x1000, WRITABLE)
}

fn program(imports: &[(&str, &[&str])]) -> (Vec<u8>, Vec<u32>) {
    let (builder, tables) = dll(0x40_0000).program().entry(0x1000).imports(0x2000, imports);
    (builder.finish(), tables)
}

/// kernel32 with a function, a forwarder and an initialiser; imports from ntdll.
fn kernel32() -> Vec<u8> {
    let builder = dll(0x7C80_0000).entry(0x1080).bytes(0x2100, b"NTDLL.RtlAllocateHeap\0");
    let builder = builder.exports(0x2000, "KERNEL32.dll", 1, &[("HeapAlloc", 0x2100), ("Sleep", 0x1040)]);
    builder.directory(0, 0x2000, 0x200).imports(0x2400, &[("ntdll.dll", &["NtClose"])]).0.finish()
}

const KERNEL32: &str = "C:\\WINDOWS\\system32\\kernel32.dll";

#[test]
fn a_program_gets_its_addresses_through_forwarders_and_ordinals() {
    let fake = Fake::new(&[(KERNEL32, kernel32())]);
    let (program, tables) = program(&[("KERNEL32.dll", &["Sleep", "HeapAlloc", "#2"])]);
    assert_eq!(fake.start(program), Ok(0x40_1000));
    let slots: Vec<u32> = (0..3).map(|slot| fake.read_u32(0x40_0000 + tables[0] + 4 * slot)).collect();
    assert_eq!(slots, [0x7C80_1040, 0x7C92_1010, 0x7C80_1040]);
    assert_eq!(fake.names(Order::Load), ["p.exe", "ntdll.dll", "KERNEL32.dll"]);
    assert_eq!(fake.names(Order::Initialisation), ["ntdll.dll", "KERNEL32.dll"]);
    assert_eq!(*fake.calls.borrow(), [(0x7C80_1080, Reason::ProcessAttach, 1)]);
    assert!(Module::all(&fake, Order::Load).all(|module| module.load_count(&fake) == 0xFFFF));
    shut_down(&fake);
    assert_eq!(fake.calls.borrow().last(), Some(&(0x7C80_1080, Reason::ProcessDetach, 1)));
}

#[test]
fn names_are_found_by_their_index_through_forwarders_too() {
    let builder = dll(0x7C80_0000).bytes(0x2100, b"NTDLL.RtlAllocateHeap\0").bytes(0x2120, b"NTDLL.#1\0");
    let symbols = [("HeapAlloc", 0x2100), ("HeapFree", 0x2100), ("Nap", 0x2120), ("Sleep", 0x1040)];
    let builder = builder.exports(0x2000, "KERNEL32.dll", 1, &symbols).directory(0, 0x2000, 0x200);
    // One name is not in the index, and is found all the same.
    let fake = Fake::new(&[(KERNEL32, builder.name_index(0x800, &["HeapAlloc", "HeapFree", "Nap", "Slee_"]).finish())]);
    let (program, tables) = program(&[("kernel32.dll", &["Sleep", "HeapFree", "HeapAlloc", "Nap", "#4"])]);
    assert_eq!(fake.start(program), Ok(0x40_1000));
    let slots: Vec<u32> = (0..5).map(|slot| fake.read_u32(0x40_0000 + tables[0] + 4 * slot)).collect();
    assert_eq!(slots, [0x7C80_1040, 0x7C92_1010, 0x7C92_1010, 0x7C92_1000, 0x7C80_1040]);
    let kernel32 = Module::named(&fake, &wide(b"KERNEL32.DLL")).unwrap();
    let find = |name| procedure_address(&fake, kernel32, Symbol::Name { name, hint: 0 });
    assert_eq!((find(b"HeapFree"), find(b"Sleep")), (Ok(0x7C92_1010), Ok(0x7C80_1040)));
    assert!(matches!(find(b"Slee_"), Err(LoadError::SymbolNotFound { .. })), "the name at its number is another");
}

#[test]
fn an_import_is_a_loaded_module_only_by_its_whole_file_name() {
    let named = |name: &str, base| dll(base).exports(0x2000, name, 1, &[("f", 0x1000)]).finish();
    let files =
        [("C:\\work\\plain", named("plain", 0x1000_0000)), ("C:\\work\\plain.dll", named("plain.dll", 0x1100_0000))];
    let fake = Fake::new(&files);
    // A final dot asks for no extension; without a dot there is one, and case does not matter.
    let (program, tables) =
        program(&[("plain.", &["f"]), ("PLAIN", &["f"]), ("Plain.DLL", &["f"]), ("plain.", &["f"])]);
    fake.start(program).unwrap();
    let slots: Vec<u32> = tables.iter().map(|table| fake.read_u32(0x40_0000 + table)).collect();
    assert_eq!(slots, [0x1000_1000, 0x1100_1000, 0x1100_1000, 0x1000_1000]);
    assert_eq!(fake.names(Order::Load), ["p.exe", "ntdll.dll", "plain", "PLAIN.dll"]);
}

#[test]
fn what_every_program_needs_is_counted_only_where_it_came_later() {
    let fake = Fake::new(&[(KERNEL32, kernel32())]);
    fake.start(program(&[]).0).unwrap();
    let name = wide(b"kernel32.dll");
    let count = || Module::named(&fake, &name).map(|module| module.load_count(&fake));
    assert_eq!((count(), require(&fake, &name), count()), (None, Ok(()), Some(1)));
    assert_eq!((require(&fake, &name), count()), (Ok(()), Some(2)));
    let fake = Fake::new(&[(KERNEL32, kernel32())]);
    fake.start(program(&[("kernel32.dll", &["Sleep"])]).0).unwrap();
    assert_eq!(require(&fake, &name), Ok(()));
    assert_eq!(Module::named(&fake, &name).unwrap().load_count(&fake), 0xFFFF);
}

#[test]
fn tables_are_closed_again_after_binding() {
    let fake = Fake::new(&[(KERNEL32, kernel32())]);
    let (program, tables) = program(&[("KERNEL32.dll", &["Sleep"])]);
    fake.start(program).unwrap();
    let page = (0x40_0000 + tables[0]) / 0x1000;
    assert_eq!(fake.pages.borrow()[&page].protection, READ_ONLY);
}

#[test]
fn what_is_missing_is_named() {
    let fake = Fake::new(&[(KERNEL32, kernel32())]);
    let missing = fake.start(program(&[("nosuch.dll", &["f"])]).0);
    assert_eq!(missing, Err(LoadError::DllNotFound { name: wide(b"nosuch.dll") }));
    let fake = Fake::new(&[(KERNEL32, kernel32())]);
    let missing = fake.start(program(&[("KERNEL32.dll", &["Nap"])]).0);
    let dll = wide(b"KERNEL32.dll");
    assert_eq!(missing, Err(LoadError::SymbolNotFound { name: b"Nap".to_vec(), dll: dll.clone() }));
    let fake = Fake::new(&[(KERNEL32, kernel32())]);
    let missing = fake.start(program(&[("KERNEL32.dll", &["#77"])]).0);
    assert_eq!(missing, Err(LoadError::OrdinalNotFound { ordinal: 77, dll }));
}

#[test]
fn a_file_that_is_no_image_is_named_with_its_status() {
    let fake = Fake::new(&[("C:\\work\\text.dll", b"hello".to_vec())]);
    let refused = fake.start(program(&[("text.dll", &["f"])]).0);
    let path = wide(b"C:\\work\\text.dll");
    assert_eq!(refused, Err(LoadError::BadImage { path, status: Status::INVALID_IMAGE_NOT_MZ }));
}

#[test]
fn hostile_tables_are_refused_with_the_image_named() {
    let fake = Fake::new(&[]);
    let path = wide(b"C:\\work\\p.exe");
    let hostile = dll(0x40_0000).program().entry(0x1000).directory(1, 0x3FF0, 40).finish();
    let status = Status::INVALID_IMAGE_FORMAT;
    assert_eq!(fake.start(hostile), Err(LoadError::BadImage { path: path.clone(), status }));
    let fake = Fake::new(&[(KERNEL32, kernel32())]);
    // The address table lies in the headers, which stay read-only.
    let (builder, _) = dll(0x40_0000).program().imports(0x2000, &[("KERNEL32.dll", &["Sleep"])]);
    assert_eq!(fake.start(builder.words(0x2010, &[0x800]).finish()), Err(LoadError::BadImage { path, status }));
}

#[test]
fn an_image_away_from_its_base_is_relocated_and_its_code_closed_again() {
    let moved = dll(0x40_0000).words(0x1000, &[0x40_1010]).words(0x2000, &[0x1000, 12, 0x3000]);
    let fake = Fake::new(&[("C:\\work\\moved.dll", moved.directory(5, 0x2000, 12).finish())]);
    fake.start(program(&[]).0).unwrap();
    let module = load_library(&fake, &wide(b"moved")).unwrap();
    assert_eq!(module.base(&fake), 0x0200_0000);
    assert_eq!(fake.read_u32(0x0200_1000), 0x0200_1010);
    assert_eq!(fake.pages.borrow()[&0x2001].protection, READ_ONLY);
}

/// a imports b, b imports a; both have initialisers.
fn circle() -> [(&'static str, Vec<u8>); 2] {
    let a = dll(0x1000_0000).entry(0x10A0).exports(0x2800, "a.dll", 1, &[("fa", 0x1000)]);
    let b = dll(0x1100_0000).entry(0x10B0).exports(0x2800, "b.dll", 1, &[("fb", 0x1000)]);
    let a = a.imports(0x2000, &[("b.dll", &["fb"])]).0.finish();
    let b = b.imports(0x2000, &[("a.dll", &["fa"])]).0.finish();
    [("C:\\work\\a.dll", a), ("C:\\work\\b.dll", b)]
}

#[test]
fn circles_load_once_and_leave_together() {
    let fake = Fake::new(&circle());
    fake.start(program(&[]).0).unwrap();
    let before = fake.pages();
    let a = load_library(&fake, &wide(b"A.DLL")).unwrap();
    assert_eq!(fake.names(Order::Initialisation), ["ntdll.dll", "b.dll", "A.DLL"]);
    assert_eq!(load_library(&fake, &wide(b"a")), Ok(a));
    assert_eq!(a.load_count(&fake), 2);
    free_library(&fake, a);
    assert_eq!(fake.names(Order::Load).len(), 4);
    free_library(&fake, a);
    assert_eq!(fake.names(Order::Load), ["p.exe", "ntdll.dll"]);
    assert_eq!(fake.pages(), before);
    let attach = [(0x1100_10B0, Reason::ProcessAttach, 0), (0x1000_10A0, Reason::ProcessAttach, 0)];
    let detach = [(0x1000_10A0, Reason::ProcessDetach, 0), (0x1100_10B0, Reason::ProcessDetach, 0)];
    assert_eq!(*fake.calls.borrow(), [attach, detach].concat());
}

#[test]
fn a_failed_load_leaves_nothing_behind() {
    let mut files = circle().to_vec();
    let c = dll(0x1200_0000).imports(0x2000, &[("a.dll", &["fa"]), ("nosuch.dll", &["f"])]).0.finish();
    files.push(("C:\\work\\c.dll", c));
    let mut fake = Fake::new(&files);
    fake.start(program(&[]).0).unwrap();
    let before = fake.pages();
    assert_eq!(load_library(&fake, &wide(b"c")), Err(LoadError::DllNotFound { name: wide(b"nosuch.dll") }));
    assert_eq!((fake.pages(), fake.names(Order::Load).len()), (before.clone(), 2));
    assert!(fake.calls.borrow().is_empty());
    fake.refusing = Some(0x1000_10A0);
    assert_eq!(load_library(&fake, &wide(b"a")), Err(LoadError::InitialiserFailed { dll: wide(b"a.dll") }));
    assert_eq!((fake.pages(), fake.names(Order::Load).len()), (before, 2));
    assert_eq!(fake.calls.borrow().last(), Some(&(0x1100_10B0, Reason::ProcessDetach, 0)));
}

#[test]
fn a_circle_of_forwarders_ends() {
    let text = b"loop.again\0";
    let forward = dll(0x1000_0000).bytes(0x2100, text).exports(0x2000, "loop.dll", 1, &[("again", 0x2100)]);
    let fake = Fake::new(&[("C:\\work\\loop.dll", forward.directory(0, 0x2000, 0x200).finish())]);
    fake.start(program(&[]).0).unwrap();
    let module = load_library(&fake, &wide(b"loop")).unwrap();
    let symbol = Symbol::Name { name: b"again", hint: 0 };
    let error = LoadError::SymbolNotFound { name: b"again".to_vec(), dll: wide(b"loop.dll") };
    assert_eq!(procedure_address(&fake, module, symbol), Err(error));
}

#[test]
fn what_a_forwarder_leads_to_stays_with_all_it_imports() {
    let named = |base, name| dll(base).exports(0x2800, name, 1, &[("f", 0x1000)]);
    let forwarder = dll(0x1300_0000).bytes(0x2100, b"b.f\0").exports(0x2000, "forwarder.dll", 1, &[("f", 0x2100)]);
    let fake = Fake::new(&[
        ("C:\\work\\a.dll", named(0x1000_0000, "a.dll").imports(0x2000, &[("b.dll", &["f"])]).0.finish()),
        ("C:\\work\\b.dll", named(0x1100_0000, "b.dll").imports(0x2000, &[("c.dll", &["f"])]).0.finish()),
        ("C:\\work\\c.dll", named(0x1200_0000, "c.dll").finish()),
        ("C:\\work\\forwarder.dll", forwarder.directory(0, 0x2000, 0x200).finish()),
    ]);
    fake.start(program(&[]).0).unwrap();
    let [a, forwarder] = ["a", "forwarder"].map(|name| load_library(&fake, &wide(name.as_bytes())).unwrap());
    assert_eq!(procedure_address(&fake, forwarder, Symbol::Name { name: b"f", hint: 0 }), Ok(0x1100_1000));
    free_library(&fake, a);
    free_library(&fake, forwarder);
    assert_eq!(fake.names(Order::Load), ["p.exe", "ntdll.dll", "b.dll", "c.dll"]);
}

#[test]
fn thread_local_storage_of_the_program() {
    let directory = [0x40_3000, 0x40_3004, 0x40_3010, 0x40_3020, 4, 0];
    let builder = dll(0x40_0000).program().entry(0x1000).words(0x2000, &directory).directory(9, 0x2000, 24);
    let fake = Fake::new(&[]);
    fake.start(builder.words(0x3000, &[0x1234_5678]).words(0x3010, &[99]).words(0x3020, &[0x40_1050]).finish())
        .unwrap();
    assert_eq!(fake.read_u32(0x40_3010), 0);
    let block = fake.read_u32(fake.storage.get());
    assert_eq!((fake.read_u32(block), fake.read_u32(block + 4)), (0x1234_5678, 0));
    assert_eq!(*fake.calls.borrow(), [(0x40_1050, Reason::ProcessAttach, 1)]);
}
