//! Tokens: who a process works for, and what that user may do.
//!
//! What XP allocates behind the fixed part with whatever length it needs has a fixed length here: every token has room for the
//! same groups and privileges.
//!
//! Source: symbol type `_TOKEN` of XP SP3; `SID`, `SID_AND_ATTRIBUTES` and `LUID_AND_ATTRIBUTES` of public headers.

use crate::assert_layout;
use crate::cell::{Field, Field64, Record};

/// Privileges that there is room for.
pub const PRIVILEGES: usize = 24;
/// The user and groups that there is room for.
pub const USER_AND_GROUPS: usize = 6;
/// Words of all their security identifiers that there is room for.
pub const SID_WORDS: usize = 28;

/// A token.
#[doc(alias = "_TOKEN")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Token {
    pub source_name: [Field<u8>; 8],
    pub source_identifier: Field64,
    pub token_id: Field64,
    pub authentication_id: Field64,
    pub parent_token_id: Field64,
    pub expiration_time: Field64,
    pub token_lock: Field<u32>,
    pub reserved_34: Field<u32>,
    pub audit_policy: Field64,
    pub modified_id: Field64,
    pub session_id: Field<u32>,
    pub user_and_group_count: Field<u32>,
    pub restricted_sid_count: Field<u32>,
    pub privilege_count: Field<u32>,
    pub variable_length: Field<u32>,
    pub dynamic_charged: Field<u32>,
    pub dynamic_available: Field<u32>,
    pub default_owner_index: Field<u32>,
    /// Address of `user_and_groups_part`.
    pub user_and_groups: Field<u32>,
    pub restricted_sids: Field<u32>,
    pub primary_group: Field<u32>,
    /// Address of `privileges_part`.
    pub privileges: Field<u32>,
    pub dynamic_part: Field<u32>,
    pub default_dacl: Field<u32>,
    /// 1 a process's, 2 a thread's.
    pub token_type: Field<u32>,
    pub impersonation_level: Field<u32>,
    pub token_flags: Field<u32>,
    pub token_in_use: Field<u32>,
    pub proxy_data: Field<u32>,
    pub audit_data: Field<u32>,
    pub originating_logon_session: Field64,
    /// NT's `VariablePart` begins here.
    pub privileges_part: [LuidAndAttributes; PRIVILEGES],
    pub user_and_groups_part: [SidAndAttributes; USER_AND_GROUPS],
    pub sids_part: [Field<u32>; SID_WORDS],
}
impl Record for Token {}
assert_layout!(Token, 0x260, {
    source_identifier: 8, token_id: 0x10, authentication_id: 0x18, parent_token_id: 0x20, expiration_time: 0x28,
    audit_policy: 0x38, modified_id: 0x40, session_id: 0x48, user_and_group_count: 0x4C, privilege_count: 0x54,
    default_owner_index: 0x64, user_and_groups: 0x68, primary_group: 0x70, privileges: 0x74, default_dacl: 0x7C,
    token_type: 0x80, impersonation_level: 0x84, token_in_use: 0x8C, originating_logon_session: 0x98,
    privileges_part: 0xA0,
});

/// A privilege and what is true of it.
#[doc(alias = "_LUID_AND_ATTRIBUTES")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct LuidAndAttributes {
    pub luid: Field64,
    pub attributes: Field<u32>,
}
impl Record for LuidAndAttributes {}
assert_layout!(LuidAndAttributes, 0xC, { luid: 0, attributes: 8 });

/// A user or group and what is true of it.
#[doc(alias = "_SID_AND_ATTRIBUTES")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct SidAndAttributes {
    /// Address of the identifier.
    pub sid: Field<u32>,
    pub attributes: Field<u32>,
}
impl Record for SidAndAttributes {}
assert_layout!(SidAndAttributes, 8, { sid: 0, attributes: 4 });

/// All words of a token, to be copied.
#[repr(C)]
#[derive(Debug)]
pub struct TokenWords(pub [Field<u32>; size_of::<Token>() / 4]);
impl Record for TokenWords {}
