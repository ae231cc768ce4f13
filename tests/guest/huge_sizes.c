// Huge sizes and counts in every service that takes one: refused, never the machine.
// expect: exit 0
#include "test.h"

NTSTATUS NTAPI NtReadFile(HANDLE file, HANDLE event, PVOID routine, PVOID context, PVOID io, PVOID buffer, ULONG length, PVOID offset, PULONG key);
NTSTATUS NTAPI NtWriteFile(HANDLE file, HANDLE event, PVOID routine, PVOID context, PVOID io, PVOID buffer, ULONG length, PVOID offset, PULONG key);
NTSTATUS NTAPI NtDisplayString(PVOID text);
NTSTATUS NTAPI NtRaiseHardError(NTSTATUS status, ULONG count, ULONG mask, PVOID parameters, ULONG options, PULONG response);

static void test(void)
{
    static const SIZE_T sizes[] = {0x7FFFFFFF, 0x80000000, 0xFFFFF000, 0xFFFFFFFF};
    static char buffer[64] __attribute__((aligned(4)));
    DWORD io[2];
    ULONG response;
    for (DWORD index = 0; index < 4; index++) {
        SIZE_T size = sizes[index], done;
        EXPECT(allocate_at(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) < 0);
        EXPECT(free_at(buffer, size, MEM_DECOMMIT) < 0);
        EXPECT(protect_at(buffer, size, PAGE_READONLY) < 0);
        EXPECT(NtReadVirtualMemory(OWN_PROCESS, buffer, buffer, size, &done) < 0);
        EXPECT(NtWriteVirtualMemory(OWN_PROCESS, buffer, buffer, size, &done) < 0);
        EXPECT_EQUAL(NtQueryVirtualMemory(OWN_PROCESS, NULL, 0, buffer, size, NULL), VIOLATION);
        EXPECT_EQUAL(NtWriteFile(GetStdHandle(STD_OUTPUT_HANDLE), NULL, NULL, NULL, io, buffer, size, NULL, NULL), VIOLATION);
        EXPECT(NtRaiseHardError(SUCCESS, size, 0, buffer, 1, &response) < 0);
    }
    // A string whose length leads out of mapped memory, and one of odd length.
    struct { USHORT length, maximum; PVOID buffer; } text = {0xFFFE, 0xFFFE, commit(PAGE)};
    EXPECT_EQUAL(NtDisplayString(&text), VIOLATION);
    text.length = 3;
    EXPECT(NtDisplayString(&text) < 0);
}
