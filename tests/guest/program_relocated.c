// A program linked to lie where the shared page is gets another place, and the addresses in its data with it.
// expect: exit 0
// cc: -Wl,--image-base,0x7FFE0000
#include "test.h"

static int number = 5;
static int *volatile pointer = &number;

static void test(void)
{
    char *base = (char *)GetModuleHandleA(NULL);
    EXPECT(base != (char *)0x7FFE0000 && (DWORD)base % GRANULARITY == 0);
    EXPECT((char *)pointer > base && (char *)pointer < base + 0x10000 && *pointer == 5);
    EXPECT_EQUAL(query(base + PAGE).Protect, PAGE_EXECUTE_READ);
}
