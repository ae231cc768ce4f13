//! Exceptions of Visual C++: `throw`, and the handler that every function with objects or `try` blocks registers.
//!
//! Such a function has its registration at EBP - 12: the next one, the handler, the state; the word before it is the stack pointer that
//! the code behind a `catch` wants. What its code for a `catch` returns is the address to go on at, in the function's frame. That
//! code runs below what was thrown, on the stack, under a registration of this file's own: by it an exception that leaves the `catch`
//! finds the `try` blocks in it, and the object is given up.
//!
//! Source: the published descriptions of Visual C++'s exceptions for 32-bit x86; `user_crt::cpp_exception` has the tables.

use core::arch::naked_asm;

use user_crt::cpp_exception::{CODE, Conversion, Function, Handler, OUTSIDE, Thrown, Try};
use user_support::memory::Memory;

use super::host::host;
use super::nt::{RaiseException, RtlUnwind};
use super::terminate::terminate;
use super::thread_data::block;

/// What a handler answers to leave an exception to others.
pub(super) const CONTINUE_SEARCH: u32 = 1;
/// Bits of an exception record's flags: an unwind is under way, or the last one of a thread.
pub(super) const UNWINDING: u32 = 2 | 4;
const UNWIND_FLAG: u32 = 2;
/// `EXCEPTION_NONCONTINUABLE`.
const NONCONTINUABLE: u32 = 1;
/// What `throw` marks its exceptions with.
const MARK: u32 = 0x1993_0520;
/// Offset of the flags in a record.
pub(super) const RECORD_FLAGS: u32 = 4;
/// Offset of the state in a registration.
const STATE: u32 = 8;
/// From a registration to EBP.
const TO_FRAME: u32 = 12;

/// What is kept on the stack of a `catch` that runs: words at these offsets. The first two are its registration.
mod catch {
    pub(super) const HANDLER: u32 = 4;
    pub(super) const RECORD: u32 = 8;
    pub(super) const OBJECT: u32 = 12;
    pub(super) const DESTRUCTOR: u32 = 16;
    pub(super) const REGISTRATION: u32 = 20;
    pub(super) const FUNCTION: u32 = 24;
    pub(super) const DEPTH: u32 = 28;
    pub(super) const STACK: u32 = 32;
    pub(super) const PREVIOUS: u32 = 36;
    pub(super) const WORDS: usize = 10;
}

/// Who asks for a handler: a function's registration, or one of its `catch` blocks.
#[derive(Clone, Copy)]
struct Asker {
    /// The function's registration.
    registration: u32,
    function: Function,
    /// In how many of the function's `catch` blocks the asker is.
    depth: u32,
    /// The registration through which the asker is asked.
    place: u32,
}

/// `throw`: raises an exception with an object and what is said of its type; neither for `throw;`.
///
/// # Safety
/// The object lives in the thrower's frame, and the description is the compiler's.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn _CxxThrowException(object: u32, description: u32) -> ! {
    let parameters = [MARK, object, description];
    // SAFETY: the parameters live until a handler has taken the exception.
    unsafe { RaiseException(CODE, NONCONTINUABLE, 3, parameters.as_ptr()) };
    terminate()
}

/// The handler of functions; EAX leads to the function's tables.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __CxxFrameHandler() {
    naked_asm!(
        "cld",
        "push eax",
        "push dword ptr [esp + 12]",
        "push dword ptr [esp + 12]",
        "call {asked}",
        "add esp, 12",
        "ret",
        asked = sym function_asked,
    )
}

extern "C" fn function_asked(record: u32, registration: u32, function: u32) -> u32 {
    let asker = Asker { registration, function: Function(function), depth: 0, place: registration };
    if !asker.function.is_known(&host()) {
        return CONTINUE_SEARCH;
    }
    if host().read_u32(record + RECORD_FLAGS) & UNWINDING != 0 {
        asker.undo_until(OUTSIDE);
        return CONTINUE_SEARCH;
    }
    asker.look_for_handler(record)
}

/// The handler of a `catch` that runs.
extern "C" fn catch_asked(record: u32, node: u32, _context: u32, _dispatcher: u32) -> u32 {
    let word = |offset: u32| host().read_u32(node + offset);
    let (registration, depth) = (word(catch::REGISTRATION), word(catch::DEPTH));
    if host().read_u32(record + RECORD_FLAGS) & UNWINDING == 0 {
        let asker = Asker { registration, function: Function(word(catch::FUNCTION)), depth, place: node };
        return asker.look_for_handler(record);
    }
    let again = Thrown::of(&host(), record).is_some_and(|thrown| thrown.object == word(catch::OBJECT));
    leave_catch(node, again);
    CONTINUE_SEARCH
}

/// A `catch` is left: what it caught is given up, unless it goes on as an exception, or an outer `catch` has it too.
fn leave_catch(node: u32, goes_on: bool) {
    let word = |offset: u32| host().read_u32(node + offset);
    let object = word(catch::OBJECT);
    set_innermost(word(catch::PREVIOUS));
    host().write_u32(word(catch::REGISTRATION) - 4, word(catch::STACK));
    let mut other = word(catch::PREVIOUS);
    let mut needed = goes_on || object == 0;
    while other != 0 {
        needed |= host().read_u32(other + catch::OBJECT) == object;
        other = host().read_u32(other + catch::PREVIOUS);
    }
    let destructor = word(catch::DESTRUCTOR);
    if !needed && destructor != 0 {
        // SAFETY: the compiler says that this function ends the object's life.
        let destructor: extern "thiscall" fn(u32) = unsafe { core::mem::transmute(destructor) };
        destructor(object);
    }
}

/// The innermost `catch` of the thread that runs; 0 for none.
fn innermost() -> u32 {
    // SAFETY: the block is the running thread's own.
    unsafe { (*block()).innermost_catch }
}

fn set_innermost(node: u32) {
    // SAFETY: the block is the running thread's own.
    unsafe { (*block()).innermost_catch = node };
}

impl Asker {
    fn frame(&self) -> u32 {
        self.registration + TO_FRAME
    }

    fn state(&self) -> i32 {
        host().read_u32(self.registration + STATE).cast_signed()
    }

    fn set_state(&self, state: i32) {
        host().write_u32(self.registration + STATE, state.cast_unsigned());
    }

    /// Runs the code that undoes states until `state` is reached.
    fn undo_until(&self, state: i32) {
        while self.state() != state {
            let Some((next, code)) = self.function.undo(&host(), self.state()) else { terminate() };
            self.set_state(next);
            if code != 0 {
                // SAFETY: the compiler made the code for this frame.
                unsafe { call_in_frame(code, self.frame(), 0) };
            }
        }
    }

    /// Lets the `catch` have the exception that takes it, and never comes back if there is one.
    fn look_for_handler(&self, record: u32) -> u32 {
        let mut record = record;
        let mut thrown = Thrown::of(&host(), record);
        if thrown.is_some_and(Thrown::is_again) {
            let caught = innermost();
            if caught == 0 {
                terminate();
            }
            record = host().read_u32(caught + catch::RECORD);
            thrown = Thrown::of(&host(), record);
        }
        // The list is gone before the way goes on elsewhere.
        let found = {
            let tries = self.function.tries_around(&host(), self.state(), self.depth);
            tries.iter().find_map(|block| block.find(&host(), thrown).map(|(handler, how)| (*block, handler, how)))
        };
        match found {
            Some((block, handler, conversion)) => self.catch(record, thrown, block, handler, conversion),
            None => CONTINUE_SEARCH,
        }
    }

    fn make_variable(&self, handler: Handler, conversion: Conversion) {
        let variable = self.frame().wrapping_add_signed(handler.variable);
        match conversion {
            Conversion::None => {}
            Conversion::Word(word) => host().write_u32(variable, word),
            Conversion::Bytes { from, count } => {
                // SAFETY: the compiler says that the object is so large, and that the variable has room for it.
                unsafe { (variable as *mut u8).copy_from(from as *const u8, count as usize) };
            }
            Conversion::Constructor { from, code, most_derived: false } => {
                // SAFETY: the compiler says that this is the copy constructor.
                let constructor: extern "thiscall" fn(u32, u32) = unsafe { core::mem::transmute(code) };
                constructor(variable, from);
            }
            Conversion::Constructor { from, code, most_derived: true } => {
                // SAFETY: the same, of a class with a virtual base.
                let constructor: extern "thiscall" fn(u32, u32, u32) = unsafe { core::mem::transmute(code) };
                constructor(variable, from, 1);
            }
        }
    }

    /// Unwinds to the `try` block, runs the code of its `catch`, and goes on behind it.
    fn catch(&self, record: u32, thrown: Option<Thrown>, block: Try, handler: Handler, conversion: Conversion) -> ! {
        self.make_variable(handler, conversion);
        // SAFETY: the asker's frame is still there, since it was asked.
        unsafe { RtlUnwind(self.place, 0, record as *mut u8, 0) };
        host().write_u32(record + RECORD_FLAGS, host().read_u32(record + RECORD_FLAGS) & !UNWIND_FLAG);
        self.undo_until(block.low);
        self.set_state(block.high + 1);
        let mut node = [0u32; catch::WORDS];
        let at = node.as_mut_ptr() as u32;
        for (offset, word) in [
            (catch::HANDLER, catch_asked as *const () as u32),
            (catch::RECORD, record),
            (catch::OBJECT, thrown.map_or(0, |thrown| thrown.object)),
            (catch::DESTRUCTOR, thrown.map_or(0, |thrown| thrown.destructor(&host()))),
            (catch::REGISTRATION, self.registration),
            (catch::FUNCTION, self.function.0),
            (catch::DEPTH, self.depth + 1),
            (catch::STACK, host().read_u32(self.registration - 4)),
            (catch::PREVIOUS, innermost()),
        ] {
            host().write_u32(at + offset, word);
        }
        set_innermost(at);
        // SAFETY: the compiler made the code for this frame; the node lives until it has returned.
        let goes_on_at = unsafe { call_in_frame(handler.code, self.frame(), at) };
        leave_catch(at, false);
        // SAFETY: the address is in the function whose frame this is, and nothing of this one is needed any more.
        unsafe { go_on(goes_on_at, self.registration) }
    }
}

/// Calls code of a function with EBP as in its frame, under the registration `node` unless that is 0; what it returns.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn call_in_frame(code: u32, frame: u32, node: u32) -> u32 {
    naked_asm!(
        "push ebp",
        "mov ebp, esp",
        "push ebx",
        "push esi",
        "push edi",
        "mov ecx, [ebp + 16]",
        "test ecx, ecx",
        "jz 2f",
        "mov eax, fs:[0]",
        "mov [ecx], eax",
        "mov fs:[0], ecx",
        "2:",
        "push ebp",
        "mov eax, [ebp + 8]",
        "mov ebp, [ebp + 12]",
        "call eax",
        "pop ebp",
        "mov ecx, [ebp + 16]",
        "test ecx, ecx",
        "jz 3f",
        "mov ecx, [ecx]",
        "mov fs:[0], ecx",
        "3:",
        "pop edi",
        "pop esi",
        "pop ebx",
        "pop ebp",
        "ret",
    )
}

/// Goes on at `code` in the frame of a function, with the stack as it wants it.
#[unsafe(naked)]
unsafe extern "C" fn go_on(code: u32, registration: u32) -> ! {
    naked_asm!(
        "mov eax, [esp + 4]",
        "mov ecx, [esp + 8]",
        "mov esp, [ecx - 4]",
        "lea ebp, [ecx + {to_frame}]",
        "jmp eax",
        to_frame = const TO_FRAME,
    )
}

/// The beginning of a function that is compiled for size: makes its frame and its registration, with the handler in EAX.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _EH_prolog() {
    naked_asm!(
        "push -1",
        "push eax",
        "push dword ptr fs:[0]",
        "mov eax, [esp + 12]",
        "mov [esp + 12], ebp",
        "lea ebp, [esp + 12]",
        "mov fs:[0], esp",
        "push eax",
        "ret",
    )
}
