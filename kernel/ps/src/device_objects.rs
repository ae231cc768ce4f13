//! The devices that names of files lead to, and the files on those that are no volumes.
//!
//! * **N6** Each device stands in `\Device` under its name, for good.
//!
//! Source: names and links of a running XP; those of the console, which has no device there, are Windows 8's.

use abi::cell::Link;
use abi::console::NEW_BUFFER;
use abi::nt::device::*;
use abi::nt::file::FileObject;
use abi::nt::string::UnicodeString;
use abi::status::NtStatus;
use alloc::vec::Vec;
use io::device::SECTOR;
use io::path::same_name;
use io::{OpenRequest, file_object};
use mm::system::Exhausted;
use ob::{Found, Kind, ObjectManager, ObjectName, Remainder};

use crate::console_buffers::FIRST;
use crate::executive::Executive;
use crate::files::{BUFFERS, Opened};
use crate::platform::{Platform, Stream};

/// Links to devices, and to the sides of the console.
const LINKS: [(&str, &str); 5] = [
    ("\\GLOBAL??\\PIPE", "\\Device\\NamedPipe"),
    ("\\GLOBAL??\\NUL", "\\Device\\Null"),
    ("\\GLOBAL??\\CON", "\\Device\\ConDrv\\Console"),
    ("\\GLOBAL??\\CONIN$", "\\Device\\ConDrv\\CurrentIn"),
    ("\\GLOBAL??\\CONOUT$", "\\Device\\ConDrv\\CurrentOut"),
];
/// Names on the console: its input, its output, and the side that the access wanted says.
const CURRENT_IN: &str = "\\CurrentIn";
const CURRENT_OUT: &str = "\\CurrentOut";
const EITHER_SIDE: &str = "\\Console";
/// Where a process that has no console asks for one.
const CONNECT: &str = "\\Connect";

/// The devices.
pub(crate) struct Devices {
    /// The volumes, C: first.
    pub volumes: Vec<Link<DeviceObject>>,
    /// Pipes.
    pub pipes: Link<DeviceObject>,
    /// What is written there is gone, and there is nothing to read.
    pub null: Link<DeviceObject>,
    /// The console.
    pub console: Link<DeviceObject>,
    /// What the console's files are called: input and output.
    sides: [UnicodeString; 2],
}

impl Devices {
    /// Makes them, with their names and the drive letters of `volumes` volumes.
    ///
    /// # Errors
    /// [`Exhausted`]; the system is starting and cannot go on.
    #[doc(alias = "IoCreateDevice")]
    pub fn create<P: Platform>(objects: &ObjectManager<'_, P>, volumes: usize) -> Result<Self, Exhausted> {
        let make = |path: &str, device_type: u32, sector_size: u16| {
            let device = objects.create_permanent::<DeviceObject>(path)?;
            let record = objects.memory().machine.record(device);
            record.kind.set(DEVICE_OBJECT_TYPE);
            record.size.set(size_of::<DeviceObject>() as u16);
            record.flags.set(DEVICE_HAS_NAME);
            record.device_type.set(device_type);
            record.sector_size.set(sector_size);
            record.stack_size.set(1);
            Ok::<_, Exhausted>(device)
        };
        let text = |text: &str| {
            let string = UnicodeString::empty();
            objects.set_text(&string, &text.encode_utf16().collect::<Vec<_>>()).map(|()| string)
        };
        let volume = |(number, letter): (usize, u8)| {
            let path = alloc::format!("\\Device\\HarddiskVolume{number}");
            let device = make(&path, FILE_DEVICE_DISK, SECTOR as u16)?;
            objects.create_permanent_link(&alloc::format!("\\GLOBAL??\\{}:", char::from(letter)), &path)?;
            Ok::<_, Exhausted>(device)
        };
        let devices = Self {
            volumes: (1..=volumes).zip(b'C'..=b'Z').map(volume).collect::<Result<_, _>>()?,
            pipes: make("\\Device\\NamedPipe", FILE_DEVICE_NAMED_PIPE, 0)?,
            null: make("\\Device\\Null", FILE_DEVICE_NULL, 0)?,
            console: make("\\Device\\ConDrv", FILE_DEVICE_CONSOLE, 0)?,
            sides: [text(CURRENT_IN)?, text(CURRENT_OUT)?],
        };
        LINKS.iter().try_for_each(|(path, target)| objects.create_permanent_link(path, target))?;
        Ok(devices)
    }

    pub fn all(&self) -> impl Iterator<Item = Link<DeviceObject>> {
        self.volumes.iter().copied().chain([self.pipes, self.null, self.console])
    }
}

/// Where a name of a file leads: a device, and what to look for there.
pub(crate) struct Place<'n> {
    pub device: Link<DeviceObject>,
    /// From the device on, with a backslash in front; empty for the device itself.
    pub rest: Remainder<'n>,
}

impl<P: Platform> Executive<P> {
    /// Where `name`, of a file, leads to. Its case does not matter.
    ///
    /// # Errors
    /// Those of the look-up; OBJECT_NAME_NOT_FOUND; OBJECT_TYPE_MISMATCH for an object that is no device; OBJECT_PATH_NOT_FOUND
    /// where the name begins at an open file that nothing lies below.
    #[doc(alias = "IopParseFile")]
    pub(crate) fn locate<'n>(&self, name: &ObjectName<'n>) -> Result<Place<'n>, NtStatus> {
        let name = ObjectName { attributes: name.attributes | abi::access::OBJ_CASE_INSENSITIVE, ..*name };
        let (body, rest) = match self.objects().look_up(&name, Kind::File)? {
            Found::Beyond(body, rest) => (body, rest),
            Found::Object(_) => return Err(NtStatus::OBJECT_TYPE_MISMATCH),
            Found::Vacant(_) => return Err(NtStatus::OBJECT_NAME_NOT_FOUND),
        };
        if self.objects().kind_of(body) == Kind::Device {
            return Ok(Place { device: body.cast(), rest });
        }
        let file: Link<FileObject> = body.cast();
        let device = self.machine_record(file).device_object.get();
        let rest = match self.opened(file) {
            Opened::File => self.volume_of(file).path_below(file, rest.units())?.into(),
            Opened::Null => rest,
            Opened::Device if rest.units().is_empty() => rest,
            Opened::Device if device == self.devices.pipes => below_device(rest.units())?.into(),
            _ => return Err(NtStatus::OBJECT_PATH_NOT_FOUND),
        };
        Ok(Place { device, rest })
    }

    /// PROCESS_DEVICEMAP_INFORMATION: a bit for each drive letter that stands for something, and a byte for each of 32 that says
    /// what. All processes have the same.
    #[doc(alias = "ObQueryDeviceMapInformation")]
    pub(crate) fn device_map(&self) -> [u32; 9] {
        /// `DOSDEVICE_DRIVE_CALCULATE`, `DOSDEVICE_DRIVE_FIXED`.
        const OTHER: u32 = 1;
        const FIXED: u32 = 3;
        let mut map = [0; 9];
        for (drive, letter) in (b'A'..=b'Z').enumerate() {
            let path = [b'\\', b'?', b'?', b'\\', letter, b':'].map(u16::from);
            let name = ObjectName { root: None, path: &path, attributes: abi::access::OBJ_CASE_INSENSITIVE };
            let kind = match self.objects().look_up(&name, Kind::File) {
                Ok(Found::Beyond(device, _)) if self.volume_at(device.cast()).is_some() => FIXED,
                Err(_) | Ok(Found::Vacant(_)) if !self.is_link(&name) => continue,
                _ => OTHER,
            };
            map[0] |= 1 << drive;
            map[1 + drive / 4] |= kind << (8 * (drive % 4));
        }
        map
    }

    /// Whether `name` is a symbolic link's, wherever that leads.
    fn is_link(&self, name: &ObjectName<'_>) -> bool {
        matches!(self.objects().look_up(name, Kind::SymbolicLink), Ok(Found::Object(_)))
    }

    /// Opens the side of the console that is called `name` there: its output is the screen buffer that is shown.
    pub(crate) fn open_console(&self, name: &[u16], writes: bool) -> Result<Link<FileObject>, NtStatus> {
        let is = |other: &str| same_name(name, other.encode_utf16());
        if is(CONNECT) {
            return self.create_stream(Stream::Console);
        }
        self.need_console()?;
        match () {
            () if is(CURRENT_IN) => self.create_stream(Stream::ConsoleInput),
            () if is(EITHER_SIDE) && !writes => self.create_stream(Stream::ConsoleInput),
            () if is(CURRENT_OUT) || is(EITHER_SIDE) => self.create_buffer_file(self.take_shown_buffer()),
            () if is(NEW_BUFFER) => self.create_buffer_file(self.make_screen_buffer()?),
            () => Err(NtStatus::OBJECT_NAME_NOT_FOUND),
        }
    }

    /// A file object for a screen buffer, which counts it already.
    fn create_buffer_file(&self, buffer: u32) -> Result<Link<FileObject>, NtStatus> {
        let file = self.create_stream(Stream::Console).inspect_err(|_| self.leave_buffer(buffer))?;
        if buffer != FIRST {
            self.machine_record(file).fs_context2.set(BUFFERS + buffer);
        }
        Ok(file)
    }

    /// A file object that stands for `device` itself, with one reference.
    pub(crate) fn create_device_file(
        &self,
        device: Link<DeviceObject>,
        request: &OpenRequest,
    ) -> Result<Link<FileObject>, NtStatus> {
        let object = self.objects().create::<FileObject>()?;
        file_object::lead_to(self.objects(), object, device);
        self.machine_record(object).flags.set(request.flags());
        Ok(object)
    }

    /// A file object for a stream, with one reference.
    pub(crate) fn create_stream(&self, stream: Stream) -> Result<Link<FileObject>, NtStatus> {
        let object = self.objects().create::<FileObject>()?;
        let record = self.machine_record(object);
        let (device, name) = match stream {
            Stream::ConsoleInput => (self.devices.console, Some(&self.devices.sides[0])),
            Stream::Console => (self.devices.console, Some(&self.devices.sides[1])),
            // To a program they are pipes.
            _ => (self.devices.pipes, None),
        };
        file_object::lead_to(self.objects(), object, device);
        record.fs_context2.set(stream.number());
        if let Some(name) = name {
            record.file_name.set(name.buffer.get(), name.length.get());
        }
        Ok(object)
    }

    /// The whole name of what `file` stands for: its device's, and its own from there on.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    #[doc(alias = "IopQueryName")]
    pub(crate) fn path_of_file(&self, file: Link<FileObject>) -> Result<Vec<u16>, NtStatus> {
        let record = self.machine_record(file);
        let mut path = self.objects().path_of(record.device_object.get())?;
        let name = self.objects().text(&record.file_name)?;
        path.try_reserve_exact(name.len()).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        path.extend(name);
        Ok(path)
    }

    /// Checks N5 and N6.
    ///
    /// # Errors
    /// The device that is wrong, or null where file objects lead nowhere.
    pub(crate) fn verify_devices(&self) -> Result<(), Link<DeviceObject>> {
        let mut files = 0;
        for device in self.devices.all() {
            let record = self.machine_record(device);
            if record.kind.get() != DEVICE_OBJECT_TYPE || self.objects().name_of(device).is_none() {
                return Err(device);
            }
            files += record.reference_count.get();
        }
        if files == self.objects().count(Kind::File) { Ok(()) } else { Err(Link::NULL) }
    }
}

/// The path, from a device on, of what is called `name` on it.
fn below_device(name: &[u16]) -> Result<Vec<u16>, NtStatus> {
    let mut path = crate::buffer::room(name.len() + 1)?;
    path.push(u16::from(b'\\'));
    path.extend_from_slice(name);
    Ok(path)
}
