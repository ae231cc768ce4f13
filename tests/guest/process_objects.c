// Processes that are made and never run: NtCreateProcessEx refuses as XP does, what it makes can be worked on like any
// process, and goes with its last handle, as do all that only it has.
// expect: exit 0
#include "test.h"

NTSTATUS NTAPI NtCreateProcess(PHANDLE handle, ULONG access, PVOID object, HANDLE parent, BOOLEAN inherit, HANDLE section, HANDLE debug, HANDLE exception);
NTSTATUS NTAPI NtCreateProcessEx(PHANDLE handle, ULONG access, PVOID object, HANDLE parent, ULONG flags, HANDLE section, HANDLE debug, HANDLE exception, ULONG job);
NTSTATUS NTAPI NtCreateSection(PHANDLE handle, ULONG access, PVOID object, PVOID size, ULONG protect, ULONG kind, HANDLE file);
NTSTATUS NTAPI NtQueryInformationProcess(HANDLE process, ULONG class, PVOID buffer, ULONG length, PULONG done);
NTSTATUS NTAPI NtOpenProcess(PHANDLE process, ULONG access, PVOID object, PVOID client);
NTSTATUS NTAPI NtTerminateProcess(HANDLE process, NTSTATUS status);

static HANDLE image_section(const char *path, ULONG access)
{
    HANDLE section = NULL, file = CreateFileA(path, GENERIC_READ | GENERIC_EXECUTE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(NtCreateSection(&section, access, NULL, NULL, PAGE_EXECUTE, SEC_IMAGE, file), SUCCESS);
    CloseHandle(file);
    return section;
}

static NTSTATUS create(HANDLE parent, ULONG flags, HANDLE section, HANDLE debug, HANDLE exception, ULONG job)
{
    HANDLE process = NULL;
    NTSTATUS status = NtCreateProcessEx(&process, PROCESS_ALL_ACCESS, NULL, parent, flags, section, debug, exception, job);
    if (status == SUCCESS)
        NtClose(process);
    return status;
}

static void refusals(HANDLE section)
{
    HANDLE process, unfit = image_section("C:\\echo.exe", SECTION_QUERY);
    DWORD object[6] = {20};
    EXPECT_EQUAL(create(OWN_PROCESS, 0, section, NULL, NULL, 0), SUCCESS);
    EXPECT_EQUAL(create(OWN_PROCESS, 0xF, section, NULL, NULL, 0), SUCCESS);
    EXPECT_EQUAL(create(NULL, 0, section, NULL, NULL, 0), BAD_PARAMETER);
    EXPECT_EQUAL(create(OWN_PROCESS, 0x10, section, NULL, NULL, 0), BAD_PARAMETER);
    EXPECT_EQUAL(create(OWN_PROCESS, 0, section, NULL, NULL, 1), BAD_PARAMETER);
    EXPECT_EQUAL(create((HANDLE)0x7FFC, 0, section, NULL, NULL, 0), BAD_HANDLE);
    EXPECT_EQUAL(create(section, 0, section, NULL, NULL, 0), (NTSTATUS)0xC0000024);
    EXPECT_EQUAL(create(OWN_PROCESS, 0, (HANDLE)0x7FFC, NULL, NULL, 0), BAD_HANDLE);
    EXPECT_EQUAL(create(OWN_PROCESS, 0, unfit, NULL, NULL, 0), (NTSTATUS)0xC0000022);
    EXPECT_EQUAL(create(OWN_PROCESS, 0, section, (HANDLE)0x7FFC, NULL, 0), BAD_HANDLE);
    EXPECT_EQUAL(create(OWN_PROCESS, 0, section, section, NULL, 0), (NTSTATUS)0xC0000024);
    EXPECT_EQUAL(create(OWN_PROCESS, 0, section, NULL, section, 0), (NTSTATUS)0xC0000024);
    EXPECT_EQUAL(NtCreateProcessEx(&process, PROCESS_ALL_ACCESS, object, OWN_PROCESS, 0, section, NULL, NULL, 0), BAD_PARAMETER);
    EXPECT_EQUAL(NtCreateProcessEx(NULL, PROCESS_ALL_ACCESS, NULL, OWN_PROCESS, 0, section, NULL, NULL, 0), VIOLATION);
    EXPECT_EQUAL(NtCreateProcessEx((PVOID)0x80000000, PROCESS_ALL_ACCESS, NULL, OWN_PROCESS, 0, section, NULL, NULL, 0), VIOLATION);
    EXPECT_EQUAL(NtCreateProcessEx(&process, PROCESS_ALL_ACCESS, (PVOID)0x80000000, OWN_PROCESS, 0, section, NULL, NULL, 0), VIOLATION);
    EXPECT_EQUAL(NtCreateProcessEx(&process, SYNCHRONIZE, NULL, OWN_PROCESS, 0, section, NULL, NULL, 0), SUCCESS);
    EXPECT_EQUAL(NtTerminateProcess(process, 1), (NTSTATUS)0xC0000022);
    NtClose(process);
    NtClose(unfit);
}

static void one_process(HANDLE section)
{
    HANDLE process, again;
    DWORD basic[6], word = 0, object[6] = {24}, client[2] = {0};
    EXPECT_EQUAL(NtCreateProcess(&process, PROCESS_ALL_ACCESS, NULL, OWN_PROCESS, TRUE, section, NULL, NULL), SUCCESS);
    EXPECT_EQUAL(NtQueryInformationProcess(process, 0, basic, sizeof basic, NULL), SUCCESS);
    EXPECT_EQUAL(basic[0], 0x103);
    EXPECT_EQUAL(basic[5], GetCurrentProcessId());
    EXPECT(basic[4] != GetCurrentProcessId() && basic[4] % 4 == 0);
    // It has what its image and the PEB say, and the handles that could be inherited: the standard ones.
    EXPECT_EQUAL(NtReadVirtualMemory(process, (PVOID)(basic[1] + 8), &word, 4, NULL), SUCCESS);
    EXPECT_EQUAL(word, 0x400000);
    EXPECT_EQUAL(NtReadVirtualMemory(process, (PVOID)word, &word, 4, NULL), SUCCESS);
    EXPECT_EQUAL(word & 0xFFFF, 0x5A4D);
    EXPECT_EQUAL(NtQueryInformationProcess(process, 20, &word, 4, NULL), SUCCESS);
    EXPECT_EQUAL(word, 3);
    PVOID base = NULL;
    SIZE_T size = PAGE;
    EXPECT_EQUAL(NtAllocateVirtualMemory(process, &base, 0, &size, MEM_COMMIT, PAGE_READWRITE), SUCCESS);
    EXPECT_EQUAL(NtWriteVirtualMemory(process, base, "seen", 4, NULL), SUCCESS);
    EXPECT(NtReadVirtualMemory(process, base, &word, 4, NULL) == SUCCESS && word == 0x6E656573);
    client[0] = basic[4];
    EXPECT_EQUAL(NtOpenProcess(&again, PROCESS_ALL_ACCESS, object, client), SUCCESS);
    EXPECT_EQUAL(NtClose(process), SUCCESS);
    EXPECT_EQUAL(NtTerminateProcess(again, 5), SUCCESS); // it has no threads: only its handles go
    EXPECT_EQUAL(NtQueryInformationProcess(again, 20, &word, 4, NULL), SUCCESS);
    EXPECT_EQUAL(word, 0);
    EXPECT_EQUAL(NtClose(again), SUCCESS);
    EXPECT_EQUAL(NtOpenProcess(&again, PROCESS_ALL_ACCESS, object, client), (NTSTATUS)0xC000000B);
}

// As many as can be, each a child of the one before it and with a handle to it: the first handle closed takes all along.
static void as_many_as_can_be(HANDLE section)
{
    HANDLE process = NULL, parent = OWN_PROCESS;
    DWORD object[6] = {24, 0, 0, 2 /* OBJ_INHERIT */}, count = 0;
    NTSTATUS status;
    for (;; count++) {
        status = NtCreateProcessEx(&process, PROCESS_ALL_ACCESS, object, OWN_PROCESS, 4, section, NULL, NULL, 0);
        if (status != SUCCESS)
            break;
        if (parent != OWN_PROCESS)
            NtClose(parent);
        parent = process;
    }
    EXPECT(status == (NTSTATUS)0xC000009A || status == NO_COMMITMENT || status == NO_MEMORY_LEFT);
    EXPECT(count >= 100);
    EXPECT_EQUAL(NtClose(parent), SUCCESS);
    EXPECT_EQUAL(create(OWN_PROCESS, 0, section, NULL, NULL, 0), SUCCESS);
}

static void test(void)
{
    HANDLE section = image_section("C:\\echo.exe", SECTION_ALL_ACCESS);
    refusals(section);
    one_process(section);
    for (int round = 0; round < 3; round++)
        as_many_as_can_be(section);
    NtClose(section);
}
