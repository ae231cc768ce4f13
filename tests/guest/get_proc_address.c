// GetProcAddress: names, ordinals, forwarders, and what is not there.
// expect: exit 0
#include "test.h"

static void test(void)
{
    HMODULE kernel32 = GetModuleHandleA("KERNEL32"), ntdll = GetModuleHandleW(L"ntdll.dll");
    EXPECT(kernel32 != NULL && ntdll != NULL && kernel32 != ntdll);
    EXPECT(GetProcAddress(kernel32, "HeapAlloc") == GetProcAddress(ntdll, "RtlAllocateHeap"));
    // The same service under both of its names: two stubs, both in ntdll.
    char *first = (PVOID)GetProcAddress(ntdll, "NtClose"), *second = (PVOID)GetProcAddress(ntdll, "ZwClose");
    EXPECT(query(first - (DWORD)first % PAGE).AllocationBase == ntdll && query(second - (DWORD)second % PAGE).AllocationBase == ntdll);
    EXPECT_ERROR(GetProcAddress(kernel32, "heapalloc"), ERROR_PROC_NOT_FOUND);
    EXPECT_ERROR(GetProcAddress(kernel32, "NoSuchFunction"), ERROR_PROC_NOT_FOUND);
    EXPECT_ERROR(GetProcAddress(kernel32, ""), ERROR_PROC_NOT_FOUND);
    EXPECT_ERROR(GetProcAddress(kernel32, (PCSTR)0xFFFF), ERROR_INVALID_ORDINAL);
    EXPECT(GetModuleHandleA(NULL) == (HMODULE)0x400000);
    EXPECT_ERROR(GetModuleHandleA("libgcc_s_dw2-1.dll"), ERROR_MOD_NOT_FOUND);
}
