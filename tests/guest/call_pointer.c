// The shared page leads to a way into the kernel, and the way works: a service that succeeds, one that is refused.
// expect: exit 0
#include "system_call.h"

static void test(void)
{
    DWORD bad_handle = 0x7777;
    EXPECT_EQUAL(call_by_pointer(CLOSE_SERVICE, &bad_handle, 1), BAD_HANDLE);
    EXPECT(call_by_pointer(YIELD_SERVICE, NULL, 0) >= 0);
    EXPECT_EQUAL(call_by_gate(CLOSE_SERVICE, &bad_handle), BAD_HANDLE);
}
