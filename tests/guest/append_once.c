// What is appended to a file is there once, or its beginning is, where it could not all be written: a write that has begun is not asked for again,
// however little memory there is.
// expect: exit 0
#include "test.h"

// The system writes 64 KB at a time.
enum { WRITES = 6, MOST = 0x34000 };

#undef RtlMoveMemory
VOID NTAPI RtlMoveMemory(PVOID to, const VOID *from, SIZE_T size);

static BYTE bytes[MOST], back[MOST];

// Where requests are refused a wrong result alone would not be told from a lack of memory: this is an end that nothing excuses.
static void is_wrong(const char *what)
{
    EXPECT(!what);
    put(what);
    RtlMoveMemory((PVOID)8, what, 4);
}

static BOOL is_there(HANDLE file, DWORD at, DWORD count)
{
    OVERLAPPED place = {.Offset = at};
    DWORD done = 0;
    if (count == 0 || !ReadFile(file, back, count, &done, &place))
        return TRUE;
    for (DWORD index = 0; index < done; index++)
        if (back[index] != bytes[index])
            return FALSE;
    return done == count;
}

static void test(void)
{
    DWORD before = 0, partly = 0;
    HANDLE file = CreateFileA("C:\\append.once", FILE_APPEND_DATA | FILE_READ_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE | DELETE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    if (file == INVALID_HANDLE_VALUE)
        return;
    for (DWORD round = 0; round < WRITES; round++) {
        DWORD count = MOST - round * 7000, done = 0;
        for (DWORD index = 0; index < count; index++)
            bytes[index] = (BYTE)(round + (index * 7 >> 3));
        BOOL written = WriteFile(file, bytes, count, &done, NULL);
        DWORD after = GetFileSize(file, NULL);
        if (after == INVALID_FILE_SIZE || after < before)
            break;
        EXPECT(written && done == count);
        if (written ? after - before != count : after - before >= count)
            is_wrong("more or less than was written\n");
        if (!is_there(file, before, after - before))
            is_wrong("something else than was written\n");
        partly += !written && after != before;
        before = after;
    }
    EXPECT_EQUAL(partly, 0);
    EXPECT(CloseHandle(file));
}
