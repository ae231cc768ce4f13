// memcpy, memmove and memset move every byte and no other, whatever length, place and overlap, and leave the direction flag clear.
// expect: exit 0
#include "test.h"

#define LONGEST 41
#define SPAN (3 * LONGEST)

typedef PVOID(__cdecl *Move)(PVOID target, const void *source, SIZE_T length);
typedef PVOID(__cdecl *Fill)(PVOID target, int byte, SIZE_T length);

static BYTE bytes[SPAN], expected[SPAN];

static void number(void)
{
    for (int index = 0; index < SPAN; index++)
        bytes[index] = expected[index] = (BYTE)(index + 1);
}

static BOOL as_expected(void)
{
    for (int index = 0; index < SPAN; index++)
        if (bytes[index] != expected[index])
            return FALSE;
    return TRUE;
}

static DWORD direction(void)
{
    DWORD flags;
    __asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
    return flags & 0x400;
}

static void move(Move routine, DWORD target, DWORD source, DWORD length)
{
    number();
    for (DWORD index = 0; index < length; index++)
        expected[target + index] = (BYTE)(source + index + 1);
    EXPECT_EQUAL(routine(bytes + target, bytes + source, length), bytes + target);
    EXPECT(as_expected());
    EXPECT_EQUAL(direction(), 0);
}

static void test(void)
{
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    Move copy = (Move)(PVOID)GetProcAddress(ntdll, "memcpy"), overlapping = (Move)(PVOID)GetProcAddress(ntdll, "memmove");
    Fill fill_bytes = (Fill)(PVOID)GetProcAddress(ntdll, "memset");
    for (DWORD length = 0; length <= LONGEST; length++) {
        for (DWORD start = 0; start < 4; start++) {
            move(copy, start, 2 * LONGEST - 4 + start / 2, length);
            move(copy, 2 * LONGEST - 4 + start, start / 2, length);
            number();
            for (DWORD index = 0; index < length; index++)
                expected[start + index] = 0xA5;
            EXPECT_EQUAL(fill_bytes(bytes + start, 0x77A5, length), bytes + start);
            EXPECT(as_expected());
        }
        for (DWORD target = 0; target < 2 * LONGEST - 4; target++)
            move(overlapping, target, LONGEST, length);
    }
}
