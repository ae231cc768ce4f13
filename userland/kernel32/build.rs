//! Tells the linker what a DLL is, and which functions are `ntdll`'s own under another name.

/// Where the DLL is linked to lie.
const BASE: &str = "0x7C800000";

/// Names that lead to `ntdll`, as on Windows.
const FORWARDERS: [(&str, &str); 18] = [
    ("AddVectoredExceptionHandler", "RtlAddVectoredExceptionHandler"),
    ("DeleteCriticalSection", "RtlDeleteCriticalSection"),
    ("EnterCriticalSection", "RtlEnterCriticalSection"),
    ("HeapAlloc", "RtlAllocateHeap"),
    ("HeapFree", "RtlFreeHeap"),
    ("HeapReAlloc", "RtlReAllocateHeap"),
    ("HeapSize", "RtlSizeHeap"),
    ("InitializeCriticalSection", "RtlInitializeCriticalSection"),
    ("LeaveCriticalSection", "RtlLeaveCriticalSection"),
    ("RemoveVectoredExceptionHandler", "RtlRemoveVectoredExceptionHandler"),
    ("RtlCaptureContext", "RtlCaptureContext"),
    ("RtlFillMemory", "RtlFillMemory"),
    ("RtlMoveMemory", "RtlMoveMemory"),
    ("RtlUnwind", "RtlUnwind"),
    ("RtlZeroMemory", "RtlZeroMemory"),
    ("SetCriticalSectionSpinCount", "RtlSetCriticalSectionSpinCount"),
    ("TryEnterCriticalSection", "RtlTryEnterCriticalSection"),
    ("DebugBreak", "DbgBreakPoint"),
];

/// Second names of functions of this DLL.
const ALIASES: [(&str, &str); 8] = [
    ("GetSystemWindowsDirectoryA", "GetWindowsDirectoryA"),
    ("GetSystemWindowsDirectoryW", "GetWindowsDirectoryW"),
    ("lstrcat", "lstrcatA"),
    ("lstrcmp", "lstrcmpA"),
    ("lstrcmpi", "lstrcmpiA"),
    ("lstrcpy", "lstrcpyA"),
    ("lstrcpyn", "lstrcpynA"),
    ("lstrlen", "lstrlenA"),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../order/kernel32");
    println!("cargo::rerun-if-changed=../link");
    argument(&format!("/BASE:{BASE}"));
    argument("/NOENTRY");
    argument("/SUBSYSTEM:CONSOLE,4.0");
    for (name, target) in ALIASES {
        argument(&format!("/EXPORT:{name}={target}"));
    }
    for (name, target) in FORWARDERS {
        argument(&format!("/EXPORT:{name}=NTDLL.{target}"));
    }
}

fn argument(text: &str) {
    println!("cargo::rustc-link-arg-cdylib={text}");
}
