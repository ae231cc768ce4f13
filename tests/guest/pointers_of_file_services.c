// Null and kernel pointers in the pointer arguments of the file services are refused.
// expect: exit 0
#include "test.h"

typedef struct { USHORT length, maximum; const WCHAR *buffer; } String;
typedef struct { ULONG length; HANDLE root; const String *name; ULONG attributes; PVOID security, quality; } Object;

NTSTATUS NTAPI NtOpenFile(PHANDLE file, ULONG access, const Object *object, PVOID io, ULONG share, ULONG options);
NTSTATUS NTAPI NtReadFile(HANDLE file, HANDLE event, PVOID routine, PVOID context, PVOID io, PVOID buffer, ULONG length, PVOID offset, PULONG key);
NTSTATUS NTAPI NtWriteFile(HANDLE file, HANDLE event, PVOID routine, PVOID context, PVOID io, PVOID buffer, ULONG length, PVOID offset, PULONG key);
NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PVOID io, PVOID buffer, ULONG length, ULONG class);
NTSTATUS NTAPI NtQueryVolumeInformationFile(HANDLE file, PVOID io, PVOID buffer, ULONG length, ULONG class);
NTSTATUS NTAPI NtCreateSection(PHANDLE section, ULONG access, const Object *object, PVOID size, ULONG protect, ULONG attributes, HANDLE file);
NTSTATUS NTAPI NtDelayExecution(BOOLEAN alertable, PVOID interval);
NTSTATUS NTAPI NtDisplayString(const String *text);

static const WCHAR path[] = L"\\??\\C:\\WINDOWS\\system32\\ntdll.dll";
static const String name = {sizeof path - 2, sizeof path, path};
static const Object object = {sizeof object, NULL, &name, 0x40, NULL, NULL};

static void refuse(PVOID pointer, HANDLE file)
{
    HANDLE handle;
    DWORD io[2], buffer[8];
    const String bad_buffer = {8, 8, pointer};
    const Object bad_name = {sizeof bad_name, NULL, pointer, 0x40, NULL, NULL};
    const Object bad_text = {sizeof bad_text, NULL, &bad_buffer, 0x40, NULL, NULL};
    EXPECT_EQUAL(NtOpenFile(pointer, 0x100001, &object, io, 7, 0x60), VIOLATION);
    EXPECT_EQUAL(NtOpenFile(&handle, 0x100001, pointer, io, 7, 0x60), pointer == NULL ? BAD_PARAMETER : VIOLATION);
    EXPECT_EQUAL(NtOpenFile(&handle, 0x100001, &object, pointer, 7, 0x60), VIOLATION);
    if (pointer != NULL)
        EXPECT_EQUAL(NtOpenFile(&handle, 0x100001, &bad_name, io, 7, 0x60), VIOLATION);
    EXPECT_EQUAL(NtOpenFile(&handle, 0x100001, &bad_text, io, 7, 0x60), VIOLATION);
    EXPECT_EQUAL(NtReadFile(file, NULL, NULL, NULL, pointer, buffer, 4, NULL, NULL), VIOLATION);
    EXPECT_EQUAL(NtReadFile(file, NULL, NULL, NULL, io, pointer, 4, NULL, NULL), VIOLATION);
    EXPECT_EQUAL(NtWriteFile(GetStdHandle(STD_OUTPUT_HANDLE), NULL, NULL, NULL, pointer, buffer, 4, NULL, NULL), VIOLATION);
    EXPECT_EQUAL(NtWriteFile(GetStdHandle(STD_OUTPUT_HANDLE), NULL, NULL, NULL, io, pointer, 4, NULL, NULL), VIOLATION);
    EXPECT_EQUAL(NtQueryInformationFile(file, pointer, buffer, 24, 5), VIOLATION);
    EXPECT_EQUAL(NtQueryInformationFile(file, io, pointer, 24, 5), VIOLATION);
    EXPECT_EQUAL(NtQueryVolumeInformationFile(file, pointer, buffer, 8, 4), VIOLATION);
    EXPECT_EQUAL(NtQueryVolumeInformationFile(file, io, pointer, 8, 4), VIOLATION);
    EXPECT_EQUAL(NtCreateSection(pointer, 0xE, NULL, NULL, PAGE_EXECUTE, SEC_IMAGE, file), VIOLATION);
    EXPECT_EQUAL(NtDelayExecution(FALSE, pointer), VIOLATION);
    EXPECT_EQUAL(NtDisplayString(pointer), VIOLATION);
    EXPECT_EQUAL(NtDisplayString(&bad_buffer), VIOLATION);
}

static void test(void)
{
    static const DWORD hostile[] = {0, 0x1000, 0x7FFF0000, 0x80000000, 0x80100000, 0xC0000000, 0xFFFFFFF8};
    HANDLE file;
    DWORD io[2];
    EXPECT_EQUAL(NtOpenFile(&file, 0x1000A1, &object, io, 7, 0x60), SUCCESS);
    for (DWORD index = 0; index < sizeof hostile / sizeof *hostile; index++)
        refuse((PVOID)hostile[index], file);
    EXPECT_EQUAL(NtClose(file), SUCCESS);
}
