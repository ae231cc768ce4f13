// A program whose TLS directory leads out of it is refused.
// expect: loader
// message: C000007B
#include "test.h"

const IMAGE_TLS_DIRECTORY32 _tls_used = {0x80000000, 0x80001000, 0x7FFE0000, 0xC0000000, 0xFFFFFFFF, 0};

static void test(void)
{
}
