//! What the processor can do, as CPUID tells it.

use core::arch::x86::__cpuid_count;
use core::sync::atomic::{AtomicBool, Ordering};

use raw_cpuid::{CpuId, CpuIdResult};

use crate::page_tables::{flush_user, write_back_caches};
use crate::registers::{cr4, set_cr4, write_model_specific};

/// Physical address bits that a PAE entry of this kernel can name.
const HIGHEST_ADDRESS_BITS: u8 = 36;
const CR4_FXSR: u32 = 1 << 9;
const CR4_SSE_EXCEPTIONS: u32 = 1 << 10;

/// Features that the kernel makes use of.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    /// "GenuineIntel" and the like.
    pub vendor: [u8; 12],
    /// Family with the extended family added.
    pub family: u8,
    /// Model with the extended model.
    pub model: u8,
    /// Stepping.
    pub stepping: u8,
    /// SYSENTER and SYSEXIT, working.
    pub fast_system_call: bool,
    /// FXSAVE and FXRSTOR.
    pub fxsave: bool,
    /// SSE registers and instructions.
    pub sse: bool,
    /// 3DNow!, for KUSER_SHARED_DATA.
    pub amd_3dnow: bool,
    /// MMX, for KUSER_SHARED_DATA.
    pub mmx: bool,
    /// SSE2, for KUSER_SHARED_DATA.
    pub sse2: bool,
    /// SSE3, for KUSER_SHARED_DATA.
    pub sse3: bool,
    /// Bit 63 of a page-table entry forbids execution. The entry code has enabled it then.
    pub no_execute: bool,
    /// A table says what the caching bits of an entry mean.
    pub attribute_table: bool,
    /// Bits of a physical address: 32 to 36.
    pub address_bits: u8,
}

/// The register of the page attribute table.
const ATTRIBUTE_TABLE: u32 = 0x277;
/// The table as the processor starts with it, but that PWT and PCD together (entries 3 and 7) mean write combining.
///
/// Source: Intel SDM volume 3, section 11.12.
const ATTRIBUTES: u64 = 0x0107_0406_0107_0406;

static HAS_SSE: AtomicBool = AtomicBool::new(false);
static HAS_FXSAVE: AtomicBool = AtomicBool::new(false);

/// Whether SSE is there and [`enable_sse`] has run.
#[inline(always)]
pub(crate) fn has_sse() -> bool {
    HAS_SSE.load(Ordering::Relaxed)
}

/// Whether FXSAVE is there and [`enable_sse`] has run.
#[inline(always)]
pub(crate) fn has_fxsave() -> bool {
    HAS_FXSAVE.load(Ordering::Relaxed)
}

/// Asks the processor.
#[doc(alias = "KiGetFeatureBits")]
pub fn features() -> Features {
    let cpuid = CpuId::with_cpuid_reader(|leaf, subleaf| {
        let result = __cpuid_count(leaf, subleaf);
        CpuIdResult { eax: result.eax, ebx: result.ebx, ecx: result.ecx, edx: result.edx }
    });
    let info = cpuid.get_feature_info();
    let extended = cpuid.get_extended_processor_and_feature_identifiers();
    let has = |test: fn(&raw_cpuid::FeatureInfo) -> bool| info.as_ref().is_some_and(test);
    let mut vendor = [0; 12];
    if let Some(text) = cpuid.get_vendor_info() {
        vendor.copy_from_slice(text.as_str().as_bytes());
    }
    let (family, model, stepping) =
        info.as_ref().map_or((0, 0, 0), |info| (info.family_id(), info.model_id(), info.stepping_id()));
    // The first Pentium Pros report SYSENTER and do not have it.
    let early_pentium_pro = family == 6 && model < 3 && stepping < 3;
    Features {
        vendor,
        family,
        model,
        stepping,
        fast_system_call: has(|info| info.has_sysenter_sysexit()) && !early_pentium_pro,
        fxsave: has(|info| info.has_fxsave_fxstor()),
        sse: has(|info| info.has_sse()) && has(|info| info.has_fxsave_fxstor()),
        amd_3dnow: extended.as_ref().is_some_and(|extended| extended.has_3dnow()),
        mmx: has(|info| info.has_mmx()),
        sse2: has(|info| info.has_sse2()),
        sse3: has(|info| info.has_sse3()),
        no_execute: extended.as_ref().is_some_and(|extended| extended.has_execute_disable()),
        attribute_table: has(|info| info.has_pat()),
        address_bits: address_bits(
            cpuid.get_processor_capacity_feature_info().map(|info| info.physical_address_bits()),
            has(|info| info.has_pse36()),
        ),
    }
}

/// CPUID 80000008 says, or else PSE-36 means 36 bits, or else there are 32.
fn address_bits(reported: Option<u8>, pse36: bool) -> u8 {
    let bits = reported.filter(|bits| *bits >= 32).unwrap_or(if pse36 { 36 } else { 32 });
    bits.min(HIGHEST_ADDRESS_BITS)
}

/// Lets entries ask for write combining where the processor has a page attribute table. None has done so yet.
#[doc(alias = "KiInitializePAT")]
pub fn enable_write_combining(features: &Features) {
    if !features.attribute_table {
        return;
    }
    write_back_caches();
    // SAFETY: the processor has the register, and no entry in use is of a kind whose meaning changes.
    unsafe { write_model_specific(ATTRIBUTE_TABLE, ATTRIBUTES) };
    write_back_caches();
    flush_user();
}

/// Lets programs use SSE where the processor has it: the kernel keeps its registers per thread.
pub fn enable_sse(features: &Features) {
    if features.fxsave {
        let sse = if features.sse { CR4_SSE_EXCEPTIONS } else { 0 };
        // SAFETY: both bits only enable instructions that the kernel itself does not compile to.
        unsafe { set_cr4(cr4() | CR4_FXSR | sse) };
    }
    HAS_FXSAVE.store(features.fxsave, Ordering::Relaxed);
    HAS_SSE.store(features.sse, Ordering::Relaxed);
}
