//! Work that looks at what may be broken, and ends where it meets a fault: the debugger's commands.
//!
//! * **T1** What is attempted holds nothing that must be given back: no lock, no value whose end matters. Whoever attempts it has them.

use core::arch::global_asm;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::interrupts;
use crate::registers::{FLAGS_INTERRUPT, flags};

/// Stack pointer of the attempt under way; 0 where there is none.
static PLACE: AtomicU32 = AtomicU32::new(0);
/// More than a kernel stack has: what lies further below the attempt's place is on another stack.
const STACK: u32 = 0x1_0000;

unsafe extern "C" {
    fn vadose_attempt(work: extern "C" fn(*mut ()), argument: *mut (), place: *mut u32) -> u32;
    fn vadose_give_up(place: u32) -> !;
}

// vadose_attempt(work, argument, place) -> 0, or 1 where vadose_give_up(*place) was called in it.
global_asm!(
    "
.section .text
.global vadose_attempt, vadose_give_up
vadose_attempt:
    push ebp
    push ebx
    push esi
    push edi
    mov eax, [esp + 28]
    mov [eax], esp
    mov eax, [esp + 20]
    mov ecx, [esp + 24]
    mov ebp, esp
    and esp, -16
    sub esp, 12
    push ecx
    call eax
    mov esp, ebp
    xor eax, eax
vadose_attempt_ends:
    pop edi
    pop esi
    pop ebx
    pop ebp
    ret
vadose_give_up:
    mov esp, [esp + 4]
    mov eax, 1
    cld
    jmp vadose_attempt_ends
"
);

type Work<'a> = &'a mut dyn FnMut();

extern "C" fn run(work: *mut ()) {
    // SAFETY: `attempt` hands it over, and waits for this call with the only reference to it.
    unsafe { (*work.cast::<Work<'_>>())() };
}

/// Does `work`, which is as T1 says; whether it came to its end, and was not given up.
pub fn attempt(mut work: impl FnMut()) -> bool {
    let mut work: Work<'_> = &mut work;
    let enabled = flags() & FLAGS_INTERRUPT != 0;
    let before = PLACE.load(Ordering::Relaxed);
    // SAFETY: `run` takes what is handed to it. Where it is given up its frames are left as they are, and so are those of the trap: T1.
    let given_up = unsafe { vadose_attempt(run, (&raw mut work).cast(), PLACE.as_ptr()) };
    PLACE.store(before, Ordering::Relaxed);
    if enabled {
        interrupts::enable();
    }
    given_up == 0
}

/// Gives up the attempt on whose stack this is called, if there is one; else returns.
#[cold]
pub fn give_up() {
    let here = 0_u32;
    let below = PLACE.load(Ordering::Relaxed).checked_sub(core::ptr::from_ref(&here) as u32);
    if below.is_some_and(|below| below < STACK) {
        // SAFETY: `attempt` has not returned, for it takes its place back then: its frame is where it says, above this one.
        unsafe { vadose_give_up(PLACE.load(Ordering::Relaxed)) };
    }
}
