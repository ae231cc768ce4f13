// Constants lie in a section that the image says is not writable.
// expect: exception C0000005
#include "test.h"

static const DWORD constants[] = {5, 6};

static void test(void)
{
    DWORD address = (DWORD)constants;
    EXPECT_EQUAL(query(constants).Type, MEM_IMAGE);
    EXPECT_EQUAL(read_word(address), 5);
    write_word(address, 7);
}
