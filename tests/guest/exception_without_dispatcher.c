// The page of KiUserExceptionDispatcher is gone: every exception there is one more, until the stack ends it.
// expect: exception C0000005
#include "handler.h"

static void test(void)
{
    DWORD address = (DWORD)GetProcAddress(GetModuleHandleA("ntdll"), "KiUserExceptionDispatcher");
    EXPECT_EQUAL(protect_at((PVOID)(address & ~(PAGE - 1)), PAGE, PAGE_NOACCESS), SUCCESS);
    read_word(4);
}
