//! What a thread finds about itself at FS:0: `_TEB`. All pointers are addresses of the program.
//!
//! Source: symbol types of XP SP3; `winternl.h` for the part that Windows documents.

use super::thread::ClientId;
use crate::assert_layout;
use crate::cell::{Field, Record};

/// The part of the TEB that structured exception handling uses.
#[doc(alias = "_NT_TIB")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct NtTib {
    /// The innermost exception handler's record; FFFFFFFF ends the chain.
    pub exception_list: Field<u32>,
    /// Address just past the stack.
    pub stack_base: Field<u32>,
    /// Lowest committed address of the stack that is no guard page.
    pub stack_limit: Field<u32>,
    pub sub_system_tib: Field<u32>,
    pub fiber_data: Field<u32>,
    pub arbitrary_user_pointer: Field<u32>,
    #[doc(alias = "Self")]
    pub self_pointer: Field<u32>,
}
impl Record for NtTib {}
assert_layout!(NtTib, 0x1C, { exception_list: 0, stack_base: 4, stack_limit: 8, self_pointer: 0x18 });

/// Thread environment block.
#[doc(alias = "_TEB")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Teb {
    pub nt_tib: NtTib,
    pub environment_pointer: Field<u32>,
    pub client_id: ClientId,
    pub active_rpc_handle: Field<u32>,
    pub thread_local_storage_pointer: Field<u32>,
    pub process_environment_block: Field<u32>,
    pub last_error_value: Field<u32>,
    pub count_of_owned_critical_sections: Field<u32>,
    pub reserved_3c: [Field<u32>; 750],
    pub last_status_value: Field<u32>,
    pub reserved_bf8: [Field<u32>; 133],
    /// Lowest address of the stack's reservation.
    pub deallocation_stack: Field<u32>,
    pub tls_slots: [Field<u32>; 64],
    pub reserved_f10: [Field<u32>; 25],
    pub in_debug_print: Field<u8>,
    /// Not 0: whoever ends the thread gives its stack back.
    pub free_stack_on_termination: Field<u8>,
    pub has_fiber_data: Field<u8>,
    pub ideal_processor: Field<u8>,
    pub reserved_f78: [Field<u32>; 7],
    pub tls_expansion_slots: Field<u32>,
    pub reserved_f98: [Field<u32>; 8],
}
impl Record for Teb {}
assert_layout!(Teb, 0xFB8, {
    nt_tib: 0, client_id: 0x20, thread_local_storage_pointer: 0x2C, process_environment_block: 0x30, last_error_value: 0x34,
    count_of_owned_critical_sections: 0x38, last_status_value: 0xBF4, deallocation_stack: 0xE0C, tls_slots: 0xE10,
    free_stack_on_termination: 0xF75,
    tls_expansion_slots: 0xF94,
});
