// The headers of an image are mapped read-only, and are there.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    volatile char *image = (volatile char *)GetModuleHandleA(NULL);
    EXPECT(image[0] == 'M' && image[1] == 'Z');
    image[0] = 0;
}
