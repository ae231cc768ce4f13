//! The switch that makes requests for memory fail although there is some: every n-th for a frame, a pool block or commit.
//!
//! What a shortage finds wrong it finds at the moment of the shortage, which is never twice the same. The switch makes refusals
//! that are: whoever asks must be ready for one at each place, and a test can have one at each place in turn. Off, it costs each
//! request a load and a branch.
//!
//! A frame that is refused is there at once. So whoever waits for one ([`FaultOutcome::NoFrame`]) tries again without waiting,
//! and who needs two at a time keeps the first one for one more try: where every second request fails, two in a row never come.
//!
//! [`FaultOutcome::NoFrame`]: crate::fault::FaultOutcome::NoFrame

use core::fmt;
use core::str::FromStr;

use abi::cell::Field;

use crate::MemoryManager;
use crate::machine::Machine;

/// What can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A physical page.
    Frame,
    /// A block of the pool, or pages of it; and the larger blocks of the kernel's own heap.
    Pool,
    /// A charge to the commit account.
    Commit,
}

const REQUESTS: usize = 3;

/// Frames that one fault may need: the page's, its page table's, one for the working set's list and one for the hash table of that.
const FRAMES_OF_A_FAULT: u32 = 4;

/// Which request of each kind is refused: every n-th; 0 refuses none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intervals {
    /// Of those for frames.
    pub frames: u32,
    /// Of those for pool.
    pub pool: u32,
    /// Of those for commit.
    pub commit: u32,
}

impl Intervals {
    /// Every `n`-th request of each kind.
    pub const fn all(n: u32) -> Self {
        Self { frames: n, pool: n, commit: n }
    }
}

/// No interval: it must be 2 or more, for where everything is refused nothing can be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoInterval;

/// `7`, or some of `frames:7,pool:3,commit:50`.
impl FromStr for Intervals {
    type Err = NoInterval;

    fn from_str(text: &str) -> Result<Self, NoInterval> {
        let interval = |digits: &str| digits.parse().ok().filter(|n| *n >= 2).ok_or(NoInterval);
        let mut intervals = Self::default();
        for word in text.split(',') {
            match word.split_once(':') {
                None => intervals = Self::all(interval(word)?),
                Some(("frames", n)) => intervals.frames = interval(n)?,
                Some(("pool", n)) => intervals.pool = interval(n)?,
                Some(("commit", n)) => intervals.commit = interval(n)?,
                Some(_) => return Err(NoInterval),
            }
        }
        Ok(intervals)
    }
}

impl fmt::Display for Intervals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "frames:{},pool:{},commit:{}", self.frames, self.pool, self.commit)
    }
}

/// Requests are refused, or watched.
const REFUSES: u32 = 1;
/// There are processes whose commit is looked at.
const LIMITS: u32 = 2;

/// The switch, and what it counts.
#[derive(Debug)]
pub struct Failing {
    /// Not 0 where a request may be refused, or is watched ([`REFUSES`]), and where a process may have less than the system has
    /// ([`LIMITS`]): one word, so that one look at it does for both.
    armed: Field<u32>,
    every: [Field<u32>; REQUESTS],
    /// Requests since the last one refused.
    asked: [Field<u32>; REQUESTS],
    /// Requests of all kinds until one is refused; 0 where none is to be.
    countdown: Field<u32>,
    refused: Field<u32>,
}

impl Failing {
    pub(crate) const fn new() -> Self {
        Self {
            armed: Field::ZERO,
            every: [const { Field::ZERO }; REQUESTS],
            asked: [const { Field::ZERO }; REQUESTS],
            countdown: Field::ZERO,
            refused: Field::ZERO,
        }
    }

    /// From now on requests are refused at `intervals`; at none of them, they are only watched.
    pub fn arm(&self, intervals: Intervals) {
        for (cell, every) in self.every.iter().zip([intervals.frames, intervals.pool, intervals.commit]) {
            cell.set(every);
        }
        self.asked.iter().for_each(|asked| asked.set(0));
        self.countdown.set(0);
        self.rearm();
    }

    /// Of the requests from now on the `nth` is refused, whatever it is for, and no other.
    pub fn arm_once(&self, nth: u32) {
        self.arm(Intervals::default());
        self.countdown.set(nth);
    }

    /// Whether the request that [`Self::arm_once`] told has been refused.
    pub fn has_come(&self) -> bool {
        self.countdown.get() == 0
    }

    /// Requests are refused again as before they were [disarmed](Self::disarm): each kind's turns go on where they were.
    pub fn rearm(&self) {
        self.armed.update(|armed| armed | REFUSES);
    }

    /// From now on nothing is refused.
    pub fn disarm(&self) {
        self.armed.update(|armed| armed & !REFUSES);
    }

    /// Whether the commit of each process is to be looked at ([`AddressSpace::ask`](crate::address_space::AddressSpace)).
    pub fn look_at_processes(&self, looks: bool) {
        self.armed.update(|armed| if looks { armed | LIMITS } else { armed & !LIMITS });
    }

    /// Whether either is on.
    #[inline(always)]
    pub(crate) fn is_attentive(&self) -> bool {
        self.armed.get() != 0
    }

    /// Whether requests are refused or watched.
    #[inline(always)]
    pub fn is_armed(&self) -> bool {
        self.armed.get() & REFUSES != 0
    }

    /// How many requests were refused since the start; wraps around.
    #[inline(always)]
    pub fn refused(&self) -> u32 {
        self.refused.get()
    }

    /// What was refused since the count was `before` is missed by nobody.
    pub(crate) fn retract(&self, before: u32) {
        self.refused.set(before);
    }

    /// Whether this request is to be refused.
    #[inline(always)]
    pub fn refuses(&self, request: Request) -> bool {
        self.is_attentive() && self.is_due(request)
    }

    #[cold]
    #[inline(never)]
    fn is_due(&self, request: Request) -> bool {
        if !self.is_armed() {
            return false;
        }
        let (every, asked) = (self.every[request as usize].get(), &self.asked[request as usize]);
        let in_turn = every != 0 && asked.update(|count| count + 1) >= every;
        if in_turn {
            asked.set(0);
        }
        let counted = self.countdown.get() == 1;
        self.countdown.update(|count| count.saturating_sub(1));
        if in_turn || counted {
            self.refused.update(|count| count.wrapping_add(1));
        }
        in_turn || counted
    }
}

impl<M: Machine> MemoryManager<M> {
    /// Whether whoever was refused a frame may ask again at once: the switch refused it, and there are frames. Else it has to wait, because
    /// in the kernel nobody else runs meanwhile: what one frame too few was there for would be asked for for ever.
    pub fn may_ask_again(&self) -> bool {
        self.failing().is_armed() && self.available_frames() >= FRAMES_OF_A_FAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(failing: &Failing, requests: &[Request]) -> Vec<bool> {
        requests.iter().map(|request| failing.refuses(*request)).collect()
    }

    #[test]
    fn each_kind_has_its_own_turn() {
        use Request::{Commit, Frame, Pool};
        let failing = Failing::new();
        assert_eq!(refused(&failing, &[Frame; 9]), [false; 9]);
        failing.arm(Intervals { frames: 2, pool: 3, commit: 0 });
        let rows = [(Frame, false), (Pool, false), (Frame, true), (Frame, false), (Pool, false), (Commit, false)];
        let more = [(Pool, true), (Commit, false), (Frame, true), (Pool, false)];
        for (index, (request, expected)) in rows.into_iter().chain(more).enumerate() {
            assert_eq!(failing.refuses(request), expected, "{index}");
        }
        assert_eq!(failing.refused(), 3);
        failing.disarm();
        assert_eq!(refused(&failing, &[Frame; 9]), [false; 9]);
        failing.rearm();
        assert_eq!(refused(&failing, &[Pool, Frame, Pool]), [false, false, true], "where it was");
        failing.arm(Intervals::all(2));
        assert_eq!(refused(&failing, &[Frame, Frame]), [false, true], "counted anew");
    }

    #[test]
    fn one_request_of_all_is_refused() {
        let failing = Failing::new();
        failing.arm_once(3);
        let all = [Request::Frame, Request::Pool, Request::Commit, Request::Frame, Request::Pool, Request::Commit];
        assert!(!failing.has_come());
        assert_eq!(refused(&failing, &all), [false, false, true, false, false, false]);
        assert!(failing.has_come());
        assert_eq!(refused(&failing, &all), [false; 6]);
        assert_eq!(failing.refused(), 1);
    }

    #[test]
    fn intervals_are_read() {
        assert_eq!("7".parse(), Ok(Intervals::all(7)));
        assert_eq!("frames:2".parse(), Ok(Intervals { frames: 2, pool: 0, commit: 0 }));
        assert_eq!("commit:50,pool:3".parse(), Ok(Intervals { frames: 0, pool: 3, commit: 50 }));
        assert_eq!("9,pool:3".parse(), Ok(Intervals { frames: 9, pool: 3, commit: 9 }));
        for text in ["", "1", "0", "-2", "x", "frames", "frames:", "frames:1", "disk:3", "7,", "frames:7 pool:3"] {
            assert_eq!(text.parse::<Intervals>(), Err(NoInterval), "{text}");
        }
    }
}
