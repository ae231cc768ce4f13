// Null and kernel pointers in the pointer arguments of the remaining services are refused.
// expect: exit 0
#include "test.h"

NTSTATUS NTAPI NtOpenProcess(PHANDLE process, ULONG access, PVOID object, PVOID client);
NTSTATUS NTAPI NtQueryInformationProcess(HANDLE process, ULONG class, PVOID buffer, ULONG length, PULONG done);
NTSTATUS NTAPI NtQuerySystemInformation(ULONG class, PVOID buffer, ULONG length, PULONG done);
NTSTATUS NTAPI NtQueryPerformanceCounter(PVOID counter, PVOID frequency);
NTSTATUS NTAPI NtQuerySystemTime(PVOID time);
NTSTATUS NTAPI NtRaiseHardError(NTSTATUS status, ULONG count, ULONG mask, PVOID parameters, ULONG options, PVOID response);
NTSTATUS NTAPI NtSetInformationFile(HANDLE file, PVOID io, PVOID buffer, ULONG length, ULONG class);
NTSTATUS NTAPI NtQueryAttributesFile(PVOID object, PVOID information);
NTSTATUS NTAPI NtFlushBuffersFile(HANDLE file, PVOID io);

static void refuse(PVOID pointer)
{
    HANDLE handle;
    DWORD buffer[12], object[6] = {24}, client[2] = {GetCurrentProcessId(), 0}, io[2];
    DWORD parameter = (DWORD)pointer;
    EXPECT_EQUAL(NtOpenProcess(pointer, PROCESS_ALL_ACCESS, object, client), VIOLATION);
    EXPECT_EQUAL(NtOpenProcess(&handle, PROCESS_ALL_ACCESS, pointer, client), VIOLATION);
    EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, 0, pointer, 24, NULL), VIOLATION);
    EXPECT_EQUAL(NtQuerySystemInformation(0, pointer, 44, NULL), VIOLATION);
    EXPECT_EQUAL(NtQueryPerformanceCounter(pointer, NULL), VIOLATION);
    EXPECT_EQUAL(NtQuerySystemTime(pointer), VIOLATION);
    EXPECT_EQUAL(NtRaiseHardError((NTSTATUS)0xC0000135, 1, 0, buffer, 1, pointer), VIOLATION);
    EXPECT_EQUAL(NtRaiseHardError((NTSTATUS)0xC0000135, 1, 0, pointer, 1, &handle), VIOLATION);
    EXPECT_EQUAL(NtRaiseHardError((NTSTATUS)0xC0000135, 1, 1, &parameter, 1, &handle), VIOLATION);
    EXPECT_EQUAL(NtSetInformationFile(GetStdHandle(STD_INPUT_HANDLE), pointer, buffer, 8, 14), VIOLATION);
    EXPECT_EQUAL(NtSetInformationFile(GetStdHandle(STD_INPUT_HANDLE), io, pointer, 8, 14), VIOLATION);
    EXPECT_EQUAL(NtQueryAttributesFile(pointer, buffer), pointer == NULL ? BAD_PARAMETER : VIOLATION);
    EXPECT_EQUAL(NtFlushBuffersFile(GetStdHandle(STD_OUTPUT_HANDLE), pointer), VIOLATION);
    if (pointer != NULL) {
        EXPECT_EQUAL(NtOpenProcess(&handle, PROCESS_ALL_ACCESS, object, pointer), VIOLATION);
        EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, 0, buffer, 24, pointer), VIOLATION);
        EXPECT_EQUAL(NtQuerySystemInformation(0, buffer, 44, pointer), VIOLATION);
        EXPECT_EQUAL(NtQueryPerformanceCounter(buffer, pointer), VIOLATION);
    }
}

static void test(void)
{
    static const DWORD hostile[] = {0, 0x1000, 0x7FFF0000, 0x80000000, 0x80100000, 0xC0000000, 0xFFFFFFF8};
    for (DWORD index = 0; index < sizeof hostile / sizeof *hostile; index++)
        refuse((PVOID)hostile[index]);
}
