// Names as long as a UNICODE_STRING can be are refused, and however often, the kernel keeps its memory.
// expect: exit 0
#include "test.h"

NTSTATUS NTAPI NtOpenFile(PHANDLE handle, ULONG access, PVOID object, PVOID io, ULONG share, ULONG options);
NTSTATUS NTAPI NtQueryAttributesFile(PVOID object, PVOID information);

static void test(void)
{
    WORD *text = (WORD *)commit(0x10000);
    for (DWORD index = 0; index < 0x8000; index++)
        text[index] = 'a';
    struct { WORD length, maximum; WORD *text; } name = {0xFFFE, 0xFFFE, text};
    DWORD object[6] = {24, 0, (DWORD)&name, 0x40}, io[2];
    for (int round = 0; round < 300; round++) {
        HANDLE handle;
        BYTE information[40];
        EXPECT(NtOpenFile(&handle, GENERIC_READ, object, io, 0, 0x20) < 0);
        EXPECT(NtQueryAttributesFile(object, information) < 0);
    }
}
