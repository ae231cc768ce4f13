// Data of an image is copied when it is first written: before that it is the file's, to all who map it.
// expect: exit 0
#include "test.h"

static volatile DWORD value[2048] = {0x12345678};

static void test(void)
{
    volatile DWORD *second = &value[1024 + 512];
    EXPECT_EQUAL(query((PVOID)((DWORD)second & ~(PAGE - 1))).Protect, PAGE_WRITECOPY);
    EXPECT_EQUAL(value[0], 0x12345678);
    EXPECT_EQUAL(*second, 0);
    EXPECT_EQUAL(query((PVOID)((DWORD)second & ~(PAGE - 1))).Protect, PAGE_WRITECOPY);
    *second = 5;
    EXPECT_EQUAL(query((PVOID)((DWORD)second & ~(PAGE - 1))).Protect, PAGE_READWRITE);
    EXPECT_EQUAL(*second, 5);
    EXPECT_EQUAL(query((PVOID)value).AllocationProtect, PAGE_EXECUTE_WRITECOPY);
    EXPECT_EQUAL(query((PVOID)value).Type, MEM_IMAGE);
}
