//! Time: the clock chip's date at the start, the timer's ticks since. The times themselves stand in KUSER_SHARED_DATA.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use abi::calendar::{Date, date as to_date, system_time as from_date};
use abi::cell::Link;
use abi::nt::user_shared_data::{KERNEL_SHARED_DATA, KuserSharedData};
use drivers::{clock_chip, timer};
use mm::machine::Records;
use spin::Mutex;

use crate::machine::HARDWARE;

/// What a tick adds to the clock, and whether nobody has said otherwise.
#[doc(alias = "KeTimeAdjustment")]
static ADJUSTMENT: AtomicU32 = AtomicU32::new(timer::INCREMENT);
#[doc(alias = "KeTimeSynchronization")]
static OWN_SPEED: AtomicBool = AtomicBool::new(true);

/// Reads the date and starts counting.
pub fn initialise() {
    let now = clock_chip::read();
    let date =
        Date { year: now.year, month: now.month, day: now.day, hour: now.hour, minute: now.minute, second: now.second };
    ke::clock::start(shared_data(), timer::INCREMENT, from_date(date));
    timer::initialise();
}

/// A timer interrupt: touches only atomics.
pub fn tick() {
    ke::clock::advance(shared_data(), timer::INCREMENT, ADJUSTMENT.load(Ordering::Relaxed));
}

/// Units of 100 ns since the start.
pub fn interrupt_time() -> u64 {
    shared_data().interrupt_time.get()
}

/// Units of 100 ns since 1601.
pub fn system_time() -> u64 {
    shared_data().system_time.get()
}

/// Sets the clock, and the clock chip for the next start.
#[doc(alias = "KeSetSystemTime")]
pub fn set_system_time(time: u64) {
    hal::interrupts::without(|| shared_data().system_time.set(time));
    let Date { year, month, day, hour, minute, second } = to_date(time);
    clock_chip::write(clock_chip::Reading { year, month, day, hour, minute, second });
}

/// Units of 100 ns that the clock goes on with a tick, how many a tick is long, and whether it goes at its own speed.
pub fn adjustment() -> (u32, u32, bool) {
    (ADJUSTMENT.load(Ordering::Relaxed), timer::INCREMENT, OWN_SPEED.load(Ordering::Relaxed))
}

/// Makes the clock go on by `adjustment` with a tick, or at its own speed.
pub fn set_adjustment(adjustment: Option<u32>) {
    ADJUSTMENT.store(adjustment.unwrap_or(timer::INCREMENT), Ordering::Relaxed);
    OWN_SPEED.store(adjustment.is_none(), Ordering::Relaxed);
}

/// Tells programs how far local time is behind.
pub fn set_time_zone_bias(bias: u64, season: u32) {
    let shared = shared_data();
    shared.time_zone_bias.set(bias);
    shared.time_zone_id.set(season);
}

/// Clocks of the timer since the start, and how many there are a second.
#[doc(alias = "KeQueryPerformanceCounter")]
pub fn performance_counter() -> (u64, u64) {
    static LATEST: Mutex<u64> = Mutex::new(0);
    let tick = u32::from(timer::DIVISOR);
    let count = hal::interrupts::without(|| {
        let count = shared_data().tick_count.get() * u64::from(tick) + u64::from(timer::clocks_since_tick());
        // An emulator may be late with the interrupt.
        ke::clock::going_on(&mut LATEST.lock(), count, tick)
    });
    (count, u64::from(timer::FREQUENCY))
}

fn shared_data() -> &'static KuserSharedData {
    HARDWARE.record(Link::new(KERNEL_SHARED_DATA))
}
