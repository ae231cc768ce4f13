//! Time: the clock chip's date at the start, the timer's ticks since. The times themselves stand in KUSER_SHARED_DATA.

use abi::calendar::{Date, system_time as from_date};
use abi::cell::Link;
use abi::nt::user_shared_data::{KERNEL_SHARED_DATA, KuserSharedData};
use drivers::{clock_chip, timer};
use mm::machine::Records;

use crate::machine::HARDWARE;

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
    ke::clock::advance(shared_data(), timer::INCREMENT);
}

/// Units of 100 ns since the start.
pub fn interrupt_time() -> u64 {
    shared_data().interrupt_time.get()
}

/// Units of 100 ns since 1601.
pub fn system_time() -> u64 {
    shared_data().system_time.get()
}

/// Clocks of the timer since the start, and how many there are a second.
#[doc(alias = "KeQueryPerformanceCounter")]
pub fn performance_counter() -> (u64, u64) {
    let count = hal::interrupts::without(|| {
        let ticks = shared_data().tick_count.get();
        ticks * u64::from(timer::DIVISOR) + u64::from(timer::clocks_into_tick())
    });
    (count, u64::from(timer::FREQUENCY))
}

fn shared_data() -> &'static KuserSharedData {
    HARDWARE.record(Link::new(KERNEL_SHARED_DATA))
}
