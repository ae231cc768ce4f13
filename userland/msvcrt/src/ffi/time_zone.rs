//! The time zone of the C library: what the variable TZ says, or the system's.
//!
//! It is looked for when somebody first needs it, and by `_tzset`. Until then the variables say what Windows' library says.
//!
//! Source: documented behaviour of _tzset and its variables.

use abi::time_zone::{Season, TimeZone, ZONE_WORDS};
use user_crt::time_zone::parse;
use user_ffi::c_string;
use user_support::text::ansi;

use super::environment::getenv;
use super::export::Export;
use super::lock::{TIME, with};
use super::nt::GetTimeZoneInformation;

/// Bytes of a name, with the zero.
const NAME: usize = 64;

/// Seconds that local time is behind UTC in winter.
#[unsafe(no_mangle)]
pub static _timezone: Export<i32> = Export::new(8 * 3600);
/// Whether there is summer time.
#[unsafe(no_mangle)]
pub static _daylight: Export<i32> = Export::new(1);
/// Seconds that summer time adds to that.
#[unsafe(no_mangle)]
pub static _dstbias: Export<i32> = Export::new(-3600);
/// The names of the time zone, without and with summer time.
#[unsafe(no_mangle)]
pub static _tzname: Export<[*const u8; 2]> = Export::new([c"PST".as_ptr().cast(), c"PDT".as_ptr().cast()]);

/// The zone, and whether it has been looked for.
static ZONE: Export<[u32; ZONE_WORDS]> = Export::new([0; ZONE_WORDS]);
static IS_KNOWN: Export<bool> = Export::new(false);
/// Where `_tzname` leads to once it has.
static NAMES: [Export<[u8; NAME]>; 2] = [const { Export::new([0; NAME]) }; 2];

/// Looks for the time zone.
#[unsafe(no_mangle)]
pub extern "C" fn _tzset() {
    let set = set_by_variable().unwrap_or_else(of_system);
    with(TIME, || keep(set));
}

/// A zone and its names.
type Set = (TimeZone, [alloc::vec::Vec<u8>; 2]);

fn set_by_variable() -> Option<Set> {
    // SAFETY: the name is a string.
    let value = unsafe { getenv(c"TZ".as_ptr().cast()) };
    if value == 0 {
        return None;
    }
    // SAFETY: the environment holds strings.
    parse(unsafe { c_string(value as *const u8) })
}

fn of_system() -> Set {
    /// `TIME_ZONE_ID_INVALID`.
    const INVALID: u32 = u32::MAX;
    let mut words = [0; ZONE_WORDS];
    // SAFETY: the structure has so many words.
    if unsafe { GetTimeZoneInformation(&mut words) } == INVALID {
        words = abi::time_zone::UTC.0;
    }
    let zone = TimeZone(words);
    (zone, zone.names().map(|name| ansi(&name[..name.iter().position(|unit| *unit == 0).unwrap_or(name.len())])))
}

fn keep((zone, names): Set) {
    let has_summer = zone.has_summer() && zone.bias_of(Season::Summer) != zone.bias_of(Season::Winter);
    let winter = if has_summer { Season::Winter } else { Season::Always };
    let seconds = |season| (60 * zone.bias_of(season)) as i32;
    _timezone.set(seconds(winter));
    _daylight.set(has_summer.into());
    _dstbias.set(if has_summer { seconds(Season::Summer) - seconds(winter) } else { 0 });
    for (place, name) in NAMES.iter().zip(names) {
        let mut bytes = [0; NAME];
        bytes[..NAME - 1].iter_mut().zip(name).for_each(|(to, from)| *to = from);
        place.set(bytes);
    }
    _tzname.set([0, 1].map(|index: usize| NAMES[index].address().cast_const().cast()));
    ZONE.set(zone.0);
    IS_KNOWN.set(true);
}

/// The zone that counts.
pub(super) fn zone() -> TimeZone {
    if !IS_KNOWN.get() {
        _tzset();
    }
    TimeZone(ZONE.get())
}

/// Calls `work` with the names of the zone that counts.
pub(super) fn with_names<R>(work: impl FnOnce([&[u8]; 2]) -> R) -> R {
    if !IS_KNOWN.get() {
        _tzset();
    }
    let names = [NAMES[0].get(), NAMES[1].get()];
    work([0, 1].map(|index: usize| &names[index][..names[index].iter().position(|byte| *byte == 0).unwrap_or(NAME)]))
}
