// A program with a TLS directory: its template is copied, its index is set, and its callback comes before the entry point.
// expect: exit 0
#include "test.h"

static volatile DWORD template[4] = {11, 22, 33, 0};
DWORD storage_index = 0x7777;
static volatile DWORD called;

static void NTAPI callback(PVOID base, DWORD reason, PVOID context)
{
    (void)context;
    called = base == (PVOID)GetModuleHandleA(NULL) ? reason : 99;
}

static const PVOID callbacks[] = {(PVOID)callback, NULL};
// The linker finds the directory by its name.
const IMAGE_TLS_DIRECTORY32 _tls_used = {(DWORD)template, (DWORD)&template[3], (DWORD)&storage_index, (DWORD)callbacks, 8, 0};

static void test(void)
{
    DWORD **array;
    __asm__("mov %%fs:0x2C, %0" : "=r"(array));
    EXPECT_EQUAL(storage_index, 0);
    EXPECT_EQUAL(called, DLL_PROCESS_ATTACH);
    DWORD *block = array[storage_index];
    EXPECT(block != template);
    EXPECT(block[0] == 11 && block[1] == 22 && block[2] == 33 && block[3] == 0 && block[4] == 0);
    block[0] = 12;
    EXPECT_EQUAL(template[0], 11);
}
