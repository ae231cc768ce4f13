// VirtualFree is stricter than the service: a release takes no size.
// expect: exit 0
#include "test.h"

static void test(void)
{
    char *range = commit(4 * PAGE);
    EXPECT_ERROR(VirtualFree(range, PAGE, MEM_RELEASE), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(VirtualFree(range, 4 * PAGE, MEM_RELEASE), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(VirtualFree(range, 0, 0), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(VirtualFree(range + PAGE, 0, MEM_RELEASE), ERROR_INVALID_ADDRESS);
    EXPECT_ERROR(VirtualFree(free_range(PAGE), 0, MEM_RELEASE), ERROR_INVALID_ADDRESS);
    EXPECT(VirtualFree(range, PAGE, MEM_DECOMMIT));
    EXPECT(VirtualFree(range, 0, MEM_RELEASE));
    EXPECT_ERROR(VirtualFree(range, 0, MEM_RELEASE), ERROR_INVALID_ADDRESS);
}
