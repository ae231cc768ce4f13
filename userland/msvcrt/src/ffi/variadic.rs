//! Functions with variable arguments. On the stack these are one after the other, so that a pointer to the first is all
//! that a `va_list` is; the shims make one. (Rust's own variadic functions are not stable.)

/// Declares a function of `fixed` named arguments and `...` that calls `target` with the named ones and a pointer to
/// the others: `bytes` is the size of the named ones.
macro_rules! variadic {
    ($($(#[$meta:meta])* $name:ident $bytes:literal $pushes:literal $target:ident;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// The arguments fit the format.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            core::arch::naked_asm!(
                concat!("lea eax, [esp + 4 + ", $bytes, "]"), // the first of the variable arguments
                "push eax",
                // Each push moves the next one to the same place.
                concat!(".rept ", $pushes, "\n push dword ptr [esp + 4 + ", $bytes, "]\n .endr"),
                "call {target}",
                concat!("add esp, 4 + ", $bytes),
                "ret",
                target = sym $target,
            )
        }
    )*};
}

pub(super) use variadic;
