//! Object headers: making objects, counting references, letting them go.
//!
//! * **O1** `PointerCount` counts all references, `HandleCount` the handles among them.
//! * **O2** An object whose `PointerCount` is 0 belongs to whoever holds its [`Condemned`] value, and to nobody else.
//! * **O3** A type's counts of objects and handles are those of the objects whose header names it.
//!
//! Source: symbol types `_OBJECT_HEADER` and `_OBJECT_TYPE` of XP SP3.

use abi::cell::{Field, Link};
use abi::nt::list::ListEntry;
use abi::nt::name_space::{ObjectDirectory, ObjectSymbolicLink, name_info_of};
use abi::nt::object::{OBJECT_BODY, ObjectBody, ObjectHeader, ObjectType, object_flags};
use alloc::vec::Vec;
use mm::MemoryManager;
use mm::machine::Machine;
use mm::pool::Tag;
use mm::system::Exhausted;

use crate::kind::{DEFINITIONS, Definition, KINDS, Kind, Object};

const TABLE_LIST: Tag = Tag(*b"ObTl");
/// What the type information says of pools: nonpaged.
const NONPAGED: u32 = 0;

/// The types, and where objects live.
pub struct ObjectManager<'m, M> {
    pub(crate) mm: &'m MemoryManager<M>,
    types: [Field<Link<ObjectType>>; KINDS + 1],
    /// Head of the list of all handle tables.
    #[doc(alias = "HandleTableListHead")]
    pub(crate) tables: Link<ListEntry>,
    pub(crate) root: Field<Link<ObjectDirectory>>,
    /// `\GLOBAL??`, which `\??` leads to.
    #[doc(alias = "ObpGlobalDosDevicesDirectory")]
    pub(crate) dos_devices: Field<Link<ObjectDirectory>>,
}

/// An object that nobody refers to any more. What its body holds is given back by whoever has this value, who then hands it
/// to [`ObjectManager::delete`].
#[derive(Debug)]
#[must_use = "the object must be taken apart and deleted"]
pub struct Condemned {
    kind: Kind,
    body: Link<ObjectBody>,
}

impl Condemned {
    pub(crate) fn new(kind: Kind, body: Link<ObjectBody>) -> Self {
        Self { kind, body }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its body, where it is a `T`.
    pub fn body<T: Object>(&self) -> Option<Link<T>> {
        (self.kind == T::KIND).then(|| self.body.cast())
    }
}

/// The header in front of `body`.
pub const fn header_of<T>(body: Link<T>) -> Link<ObjectHeader> {
    Link::new(body.address().wrapping_sub(OBJECT_BODY))
}

impl<'m, M: Machine> ObjectManager<'m, M> {
    /// Makes the types and the name space.
    ///
    /// # Errors
    /// [`Exhausted`]; the system is starting and cannot go on.
    #[doc(alias = "ObInitSystem")]
    pub fn new(mm: &'m MemoryManager<M>) -> Result<Self, Exhausted> {
        let tables = mm.allocate_zeroed_pool(size_of::<ListEntry>() as u32, TABLE_LIST)?;
        mm::list::initialise(&mm.machine, tables);
        let types = [const { Field::<Link<ObjectType>>::NULL }; KINDS + 1];
        let (root, dos_devices) = (Field::<Link<ObjectDirectory>>::NULL, Field::<Link<ObjectDirectory>>::NULL);
        let this = Self { mm, types, tables, root, dos_devices };
        for definition in &DEFINITIONS {
            this.create_type(definition)?;
        }
        this.create_name_space()?;
        Ok(this)
    }

    /// Makes an object of type `T` with one reference. Its body is full of zeros.
    ///
    /// # Errors
    /// [`Exhausted`]; nothing has changed.
    #[doc(alias = "ObCreateObject")]
    pub fn create<T: Object>(&self) -> Result<Link<T>, Exhausted> {
        Ok(self.create_body(T::KIND.definition(), 0)?.cast())
    }

    /// Makes an object behind `in_front` bytes for what stands in front of its header.
    pub(crate) fn create_body(&self, definition: &Definition, in_front: u32) -> Result<Link<ObjectBody>, Exhausted> {
        let block: Link<ObjectHeader> =
            self.mm.allocate_zeroed_pool(in_front + OBJECT_BODY + definition.body, definition.tag)?;
        let header: Link<ObjectHeader> = block.offset(in_front);
        let record = self.record(header);
        record.pointer_count.set(1);
        record.flags.set(object_flags::NEW_OBJECT | object_flags::KERNEL_OBJECT);
        let body = header.offset(OBJECT_BODY);
        // The type of types is its own.
        let own = if definition.kind == Kind::Type { body.cast() } else { Link::NULL };
        let kind = self.type_of(definition.kind).some().unwrap_or(own);
        record.object_type.set(kind);
        let kind = self.record(kind);
        let total = kind.total_number_of_objects.update(|count| count + 1);
        kind.high_water_number_of_objects.update(|most| most.max(total));
        Ok(body)
    }

    fn create_type(&self, definition: &Definition) -> Result<(), Exhausted> {
        let body: Link<ObjectType> = self.create_body(Kind::Type.definition(), 0)?.cast();
        let record = self.record(body);
        self.set_text(&record.name, &definition.name.encode_utf16().collect::<Vec<_>>())?;
        mm::list::initialise(&self.mm.machine, body.offset(core::mem::offset_of!(ObjectType, type_list) as u32));
        record.index.set(definition.kind as u32 + 1);
        record.key.set(u32::from_le_bytes(definition.tag.0));
        let information = &record.type_info;
        information.length.set(size_of_val(information) as u16);
        let [read, write, execute, all] = definition.generic;
        information.generic_mapping.generic_read.set(read);
        information.generic_mapping.generic_write.set(write);
        information.generic_mapping.generic_execute.set(execute);
        information.generic_mapping.generic_all.set(all);
        information.valid_access_mask.set(all);
        information.pool_type.set(NONPAGED);
        information.default_non_paged_pool_charge.set(definition.body);
        self.types[definition.kind as usize].set(body);
        Ok(())
    }

    /// Where objects live.
    pub fn memory(&self) -> &'m MemoryManager<M> {
        self.mm
    }

    /// The type object of `kind`.
    #[inline(always)]
    pub fn type_of(&self, kind: Kind) -> Link<ObjectType> {
        self.types[kind as usize].get()
    }

    /// The types, by index from 1 on, ended by a null link: what debuggers walk.
    #[doc(alias = "ObpObjectTypes")]
    pub fn types(&self) -> &[Field<Link<ObjectType>>] {
        &self.types
    }

    /// How many objects of `kind` there are.
    pub fn count(&self, kind: Kind) -> u32 {
        self.record(self.type_of(kind)).total_number_of_objects.get()
    }

    /// Calls `visit` with every object of type `T` that has no name, found by its tag in the pool, which is sound.
    pub fn each_unnamed<T: Object>(&self, mut visit: impl FnMut(Link<T>)) {
        let (tag, kind) = (T::KIND.definition().tag, self.type_of(T::KIND));
        self.mm.each_pool_block(|block, found| {
            // In front of a named one stands the name.
            if found == tag && self.record(block.cast::<ObjectHeader>()).object_type.get() == kind {
                visit(block.offset(OBJECT_BODY));
            }
        });
    }

    /// What the object at `body` is.
    pub fn kind_of<T>(&self, body: Link<T>) -> Kind {
        let kind = self.record(header_of(body)).object_type.get();
        let index = self.record(kind).index.get();
        DEFINITIONS[index as usize - 1].kind
    }

    /// One more reference to the object at `body`, to which the caller has one already.
    #[doc(alias = "ObReferenceObject")]
    pub fn reference<T>(&self, body: Link<T>) {
        let count = self.record(header_of(body)).pointer_count.update(|count| count + 1);
        debug_assert!(count > 1, "O2: {body:?} has been condemned");
    }

    /// One reference fewer; with the last the object is the caller's, to take apart.
    #[doc(alias = "ObDereferenceObject")]
    #[must_use = "the last reference leaves an object to delete"]
    pub fn release<T>(&self, body: Link<T>) -> Option<Condemned> {
        let header = self.record(header_of(body));
        debug_assert!(header.pointer_count.get() > 0, "O1: {body:?} has no reference left");
        if header.pointer_count.update(|count| count - 1) > 0 {
            return None;
        }
        debug_assert!(header.handle_count.get() == 0, "O1: {body:?} still has handles");
        Some(Condemned { kind: self.kind_of(body), body: body.cast() })
    }

    /// Gives the memory of an object back, whose body holds nothing any more.
    #[doc(alias = "ObpFreeObject")]
    pub fn delete(&self, condemned: Condemned) {
        let kind = self.record(self.type_of(condemned.kind));
        kind.total_number_of_objects.update(|count| count - 1);
        if let Some(link) = condemned.body::<ObjectSymbolicLink>() {
            self.forget_target(link);
        }
        let header = header_of(condemned.body);
        let in_front = u32::from(self.record(header).name_info_offset.get());
        if in_front != 0 {
            self.forget_text(&self.record(name_info_of(header)).name);
        }
        self.mm.free_pool(Link::<ObjectHeader>::new(header.address() - in_front));
    }

    /// References to the object at `body`.
    pub fn references<T>(&self, body: Link<T>) -> u32 {
        self.record(header_of(body)).pointer_count.get()
    }

    pub(crate) fn record<T: abi::cell::Record>(&self, link: Link<T>) -> &'m T {
        self.mm.machine.record(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::nt::process::Eprocess;
    use abi::nt::thread::Ethread;
    use model::machine::NoExecute;
    use model::system::System;

    #[test]
    fn an_object_is_one_tagged_block_that_ends_with_its_body() {
        let system = System::new(256, NoExecute::Supported);
        let objects = ObjectManager::new(&system.mm).unwrap();
        let process = objects.create::<Eprocess>().unwrap();
        let header = header_of(process);
        assert_eq!(system.mm.pool_tag(header), Tag(*b"Pro\xE3"));
        assert_eq!(objects.kind_of(process), Kind::Process);
        let name = &objects.record(objects.type_of(Kind::Process)).name;
        assert_eq!(name.length.get(), 14);
        let first = objects.record(Link::<Field<u16>>::new(name.buffer.get())).get();
        assert_eq!(first, u16::from(b'P'));
    }

    #[test]
    fn the_type_of_types_is_its_own() {
        let system = System::new(256, NoExecute::Supported);
        let objects = ObjectManager::new(&system.mm).unwrap();
        let kind = objects.type_of(Kind::Type);
        assert_eq!(objects.record(header_of(kind)).object_type.get(), kind);
        assert_eq!(objects.count(Kind::Type), KINDS as u32);
        assert!(objects.types().last().unwrap().get().is_null());
    }

    #[test]
    fn objects_without_names_are_found_in_the_pool() {
        let system = System::new(256, NoExecute::Supported);
        let objects = ObjectManager::new(&system.mm).unwrap();
        let mut threads: Vec<Link<Ethread>> = (0..3).map(|_| objects.create().unwrap()).collect();
        objects.create::<Eprocess>().unwrap();
        objects.delete(objects.release(threads.remove(1)).unwrap());
        let mut found = Vec::new();
        objects.each_unnamed(|thread: Link<Ethread>| found.push(thread));
        found.sort_by_key(|thread| thread.address());
        threads.sort_by_key(|thread| thread.address());
        assert_eq!(found, threads);
    }

    #[test]
    fn the_last_reference_condemns_and_deleting_gives_the_memory_back() {
        let system = System::new(256, NoExecute::Supported);
        let objects = ObjectManager::new(&system.mm).unwrap();
        let before = system.mm.pool_bytes_in_use();
        let thread = objects.create::<Ethread>().unwrap();
        objects.reference(thread);
        assert!(objects.release(thread).is_none());
        let condemned = objects.release(thread).expect("the last reference");
        assert_eq!(condemned.body::<Ethread>(), Some(thread));
        assert_eq!(condemned.body::<Eprocess>(), None);
        objects.delete(condemned);
        assert_eq!(objects.count(Kind::Thread), 0);
        assert_eq!(system.mm.pool_bytes_in_use(), before);
    }
}
