//! The clock: what a tick of the timer changes, for programs and for the running thread.
//!
//! All of this runs in the clock interrupt (D4).
//!
//! Source: meaning of `_KUSER_SHARED_DATA`'s times as Windows headers give it; quantum accounting as Russinovich and
//! Solomon describe it.

use abi::nt::user_shared_data::KuserSharedData;
use mm::machine::Records;

use crate::dispatcher::Dispatcher;
use crate::thread::QUANTUM_OF_A_TICK;

/// Units of time in a millisecond: 100 ns each.
pub const UNITS_PER_MILLISECOND: u32 = 10_000;
/// The binary point of `TickCountMultiplier`.
const MULTIPLIER_SHIFT: u32 = 24;

/// Where the processor was when the tick came, or for whom something is; the number is NT's mode.
#[doc(alias = "KPROCESSOR_MODE")]
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// Ring 0.
    Kernel = 0,
    /// Ring 3.
    User = 1,
}

/// Sets the clock: ticks are `increment` units of 100 ns apart (at most 255 ms), and it is `system_time` (units of 100 ns
/// since 1601-01-01 UTC).
#[doc(alias = "KeSetSystemTime")]
pub fn start(shared: &KuserSharedData, increment: u32, system_time: u64) {
    let multiplier = (u64::from(increment) << MULTIPLIER_SHIFT) / u64::from(UNITS_PER_MILLISECOND);
    shared.tick_count_multiplier.set(multiplier as u32);
    shared.system_time.set(system_time);
}

/// One tick, `increment` units of 100 ns after the last; the time of day goes on by `adjustment`.
#[doc(alias = "KeUpdateSystemTime")]
pub fn advance(shared: &KuserSharedData, increment: u32, adjustment: u32) {
    shared.interrupt_time.set(shared.interrupt_time.get() + u64::from(increment));
    shared.system_time.set(shared.system_time.get() + u64::from(adjustment));
    let ticks = shared.tick_count.get() + 1;
    shared.tick_count.set(ticks);
    shared.tick_count_low.set(ticks as u32);
}

/// What a counter says next whose `latest` value was read before, where `count` was found: never less. A tick, `tick` counts, that the timer
/// has begun and the processor has not been told of is missing in `count`.
#[doc(alias = "KeQueryPerformanceCounter")]
pub fn going_on(latest: &mut u64, count: u64, tick: u32) -> u64 {
    let count = if count < *latest { count + u64::from(tick) } else { count };
    *latest = count.max(*latest);
    *latest
}

impl<R: Records> Dispatcher<'_, R> {
    /// Clock ticks that the processor spent in ring 0, the idle thread's among them, and in ring 3.
    pub fn processor_ticks(&self) -> (u32, u32) {
        let block = self.block();
        (block.kernel_time.get(), block.user_time.get())
    }

    /// How often the processor went from one thread to another.
    pub fn context_switches(&self) -> u32 {
        self.block().context_switches.get()
    }

    /// Charges one tick to the running thread, which was in `ring`, and requests the dispatcher where its turn is over or a
    /// timer may be due.
    #[doc(alias = "KeUpdateRunTime")]
    pub fn charge_tick(&self, ring: Ring) {
        let thread = self.current();
        let record = self.records.record(thread);
        let process = self.records.record(record.apc_state.process.get());
        let block = self.block();
        let counters = match ring {
            Ring::Kernel => [&block.kernel_time, &record.kernel_time, &process.kernel_time],
            Ring::User => [&block.user_time, &record.user_time, &process.user_time],
        };
        for counter in counters {
            counter.update(|ticks| ticks.wrapping_add(1));
        }
        if self.database.timer_count.get() > 0 {
            self.request();
        }
        if thread != self.idle_thread() {
            let left = record.quantum.get().saturating_sub(QUANTUM_OF_A_TICK);
            record.quantum.set(left);
            if left == 0 {
                block.quantum_end.set(1);
                self.request();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use abi::cell::Link;
    use abi::nt::user_shared_data::KERNEL_SHARED_DATA;

    use super::*;
    use crate::test_system::TestSystem;

    #[test]
    fn a_tick_moves_all_the_times_that_programs_see() {
        let system = TestSystem::new();
        let shared = system.records().record(Link::<KuserSharedData>::new(KERNEL_SHARED_DATA));
        start(shared, 156_250, 0x01C0_0000_0000_0000);
        assert_eq!(shared.tick_count_multiplier.get(), 0x0FA0_0000, "15.625 ms");
        (0..3).for_each(|_| advance(shared, 156_250, 156_250));
        assert_eq!(shared.interrupt_time.get(), 468_750);
        assert_eq!(shared.system_time.get(), 0x01C0_0000_0000_0000 + 468_750);
        assert_eq!((shared.tick_count.get(), shared.tick_count_low.get()), (3, 3));
    }

    #[test]
    fn a_counter_goes_on_where_a_tick_is_missing() {
        let mut latest = 0;
        // Found, and said. The tick of 100 comes late, then it is there; later one never comes, and then two.
        let rows = [(90, 90), (5, 105), (106, 106), (199, 199), (110, 210), (112, 212), (310, 310), (105, 310)];
        for (count, said) in rows {
            assert_eq!(going_on(&mut latest, count, 100), said, "{count}");
        }
    }

    #[test]
    fn a_turn_lasts_two_ticks() {
        let system = TestSystem::new();
        let [a, b] = [system.started(8), system.started(8)];
        let dispatcher = &system.dispatcher;
        assert_eq!(dispatcher.dispatch(0).unwrap().to, a);
        dispatcher.charge_tick(Ring::User);
        assert!(!dispatcher.is_requested());
        dispatcher.charge_tick(Ring::Kernel);
        assert!(dispatcher.is_requested());
        assert_eq!(dispatcher.dispatch(0).unwrap().to, b);
        let record = system.records().record(a);
        assert_eq!((record.user_time.get(), record.kernel_time.get()), (1, 1));
        assert_eq!(system.records().record(system.process).user_time.get(), 1);
    }
}
