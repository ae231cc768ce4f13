// A page of a DLL's code made writable: charged from then on, copied at the first write; who has the DLL elsewhere runs on as
// before.
// expect: exit 0
#include "process.h"

NTSTATUS NTAPI NtQueryInformationProcess(HANDLE process, ULONG class, PVOID buffer, ULONG length, ULONG *done);

#define HOOKED 0x1234567u

// Bytes of commit that the process is charged.
static DWORD charged(void)
{
    DWORD counters[11] = {0};
    EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, 3, counters, sizeof counters, NULL), SUCCESS);
    return counters[9];
}

static DWORD protect(char *code, DWORD protection)
{
    DWORD old = 0;
    EXPECT(VirtualProtect(code, 1, protection, &old));
    return old;
}

static void test(void)
{
    char *code = (char *)GetProcAddress(GetModuleHandleA("kernel32"), "GetTickCount");
    char *page = (char *)((DWORD)code & ~(PAGE - 1));
    if (number_in(GetCommandLineA()) != 0) {
        EXPECT(GetTickCount() != HOOKED);
        EXPECT_EQUAL(query(page).Protect, PAGE_EXECUTE_READ);
        return;
    }
    DWORD before = charged();
    EXPECT_EQUAL(protect(code, PAGE_EXECUTE_READWRITE), PAGE_EXECUTE_READ);
    EXPECT_EQUAL(query(page).Protect, PAGE_EXECUTE_WRITECOPY);
    EXPECT_EQUAL(charged(), before + PAGE);
    EXPECT_EQUAL(protect(code, PAGE_EXECUTE_READWRITE), PAGE_EXECUTE_WRITECOPY);
    EXPECT_EQUAL(charged(), before + PAGE);
    EXPECT_EQUAL(protect(code, PAGE_EXECUTE_READ), PAGE_EXECUTE_WRITECOPY);
    EXPECT_EQUAL(charged(), before);
    protect(code, PAGE_EXECUTE_READWRITE);
    // mov eax, HOOKED; ret
    static const BYTE hook[6] = {0xB8, 0x67, 0x45, 0x23, 0x01, 0xC3};
    BYTE saved[6];
    for (int index = 0; index < 6; index++) {
        saved[index] = ((volatile BYTE *)code)[index];
        ((volatile BYTE *)code)[index] = hook[index];
    }
    EXPECT_EQUAL(query(page).Protect, PAGE_EXECUTE_READWRITE);
    EXPECT_EQUAL(query(page).Type, MEM_IMAGE);
    EXPECT_EQUAL(charged(), before + PAGE);
    EXPECT_EQUAL(GetTickCount(), HOOKED);
    EXPECT_EQUAL(run("image_hook 1"), 0);
    EXPECT_EQUAL(GetTickCount(), HOOKED);
    for (int index = 0; index < 6; index++)
        ((volatile BYTE *)code)[index] = saved[index];
    EXPECT(GetTickCount() != HOOKED);
    EXPECT_EQUAL(protect(code, PAGE_EXECUTE_READ), PAGE_EXECUTE_READWRITE);
    EXPECT_EQUAL(query(page).Protect, PAGE_EXECUTE_READ);
    EXPECT_EQUAL(charged(), before + PAGE); // the copy is the process's own now
}
