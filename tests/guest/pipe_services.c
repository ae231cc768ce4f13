// NtCreateNamedPipeFile and NtFsControlFile with bad arguments: a status, and nothing is left behind.
// expect: exit 0
#include "test.h"

typedef struct {
    ULONG length;
    HANDLE root;
    PVOID name;
    ULONG flags;
    PVOID security, quality;
} ATTRIBUTES;
typedef struct {
    USHORT length, maximum;
    WCHAR *text;
} TEXT_STRING;

NTSTATUS NTAPI NtCreateNamedPipeFile(HANDLE *pipe, ULONG access, PVOID attributes, PVOID status, ULONG share, ULONG disposition, ULONG options, ULONG type, ULONG mode, ULONG completion, ULONG instances, ULONG in, ULONG out, PVOID timeout);
NTSTATUS NTAPI NtFsControlFile(HANDLE file, HANDLE event, PVOID routine, PVOID context, PVOID status, ULONG code, PVOID in, ULONG in_length, PVOID out, ULONG out_length);
NTSTATUS NTAPI NtOpenFile(HANDLE *file, ULONG access, PVOID attributes, PVOID status, ULONG share, ULONG options);

#define READ 0x80100000
#define PEEK 0x11400C

static WCHAR text[] = L"\\Device\\NamedPipe\\services";
static TEXT_STRING name = {sizeof text - 2, sizeof text, text};
static ATTRIBUTES attributes = {sizeof attributes, NULL, &name, 0x40, NULL, NULL};
static DWORD status[2];
static HANDLE pipe;

static NTSTATUS make(ULONG share, ULONG disposition, ULONG type)
{
    return NtCreateNamedPipeFile(&pipe, READ, &attributes, status, share, disposition, 0x20, type, 0, 0, 1, 0, 0, NULL);
}

static void test(void)
{
    HANDLE writer, second;
    DWORD answer[6];
    EXPECT_EQUAL(make(0, 2, 0), BAD_PARAMETER);
    EXPECT_EQUAL(make(2, 1, 0), BAD_PARAMETER);
    EXPECT_EQUAL(make(2, 2, 2), BAD_PARAMETER);
    EXPECT_EQUAL(make(4, 2, 0), BAD_PARAMETER);
    // Messages can only be read where there are any.
    EXPECT_EQUAL(NtCreateNamedPipeFile(&pipe, READ, &attributes, status, 2, 2, 0x20, 0, 1, 0, 1, 0, 0, NULL), BAD_PARAMETER);
    EXPECT_EQUAL(NtCreateNamedPipeFile(&pipe, READ, &attributes, status, 2, 2, 0x20, 0, 0, 0, 0, 0, 0, NULL), BAD_PARAMETER);
    EXPECT_EQUAL(NtCreateNamedPipeFile((PVOID)0x80000000, READ, &attributes, status, 2, 2, 0x20, 0, 0, 0, 1, 0, 0, NULL), VIOLATION);
    EXPECT_EQUAL(NtCreateNamedPipeFile(&pipe, READ, NULL, status, 2, 2, 0x20, 0, 0, 0, 1, 0, 0, NULL), BAD_PARAMETER);
    EXPECT_EQUAL(make(2, 2, 0), SUCCESS);
    EXPECT_EQUAL(status[1], 2);
    HANDLE server = pipe;
    // It is there, and there may be one only.
    EXPECT_EQUAL(make(2, 2, 0), 0xC0000022);
    EXPECT_EQUAL(make(2, 3, 0), 0xC00000AB);
    // The other end may write and not read, by either of its names, once.
    EXPECT_EQUAL(NtOpenFile(&writer, READ, &attributes, status, 0, 0x20), 0xC0000022);
    EXPECT_EQUAL(make(2, 3, 0), 0xC00000AB);
    EXPECT(CloseHandle(server));
    EXPECT_EQUAL(make(2, 2, 0), SUCCESS);
    writer = CreateFileA("\\\\.\\pipe\\SERVICES", GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(writer != INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(NtOpenFile(&second, 0x40100000, &attributes, status, 0, 0x20), 0xC00000AC);
    EXPECT_EQUAL(NtFsControlFile(pipe, NULL, NULL, NULL, status, PEEK, NULL, 0, answer, 15), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtFsControlFile(pipe, NULL, NULL, NULL, status, PEEK, NULL, 0, (PVOID)0x80000000, 16), VIOLATION);
    EXPECT_EQUAL(NtFsControlFile(pipe, NULL, NULL, NULL, NULL, PEEK, NULL, 0, answer, 16), VIOLATION);
    EXPECT_EQUAL(NtFsControlFile(pipe, NULL, NULL, NULL, status, PEEK, NULL, 0, answer, 16), SUCCESS);
    EXPECT(answer[0] == 3 && answer[1] == 0);
    EXPECT_EQUAL(NtFsControlFile(pipe, NULL, NULL, NULL, status, 0x11400D, NULL, 0, answer, 16), 0xC0000010);
    EXPECT(CloseHandle(pipe) && CloseHandle(writer));
}
