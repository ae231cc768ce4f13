// What NtQueryInformationProcess and NtQuerySystemInformation tell: exact lengths, and this process among all.
// expect: exit 0
#include "test.h"

NTSTATUS NTAPI NtOpenProcess(PHANDLE process, ULONG access, PVOID object, PVOID client);
NTSTATUS NTAPI NtQueryInformationProcess(HANDLE process, ULONG class, PVOID buffer, ULONG length, PULONG done);
NTSTATUS NTAPI NtSetInformationProcess(HANDLE process, ULONG class, PVOID buffer, ULONG length);
NTSTATUS NTAPI NtQuerySystemInformation(ULONG class, PVOID buffer, ULONG length, PULONG done);

static DWORD buffer[0x1000];

static void process_classes(void)
{
    static const struct { ULONG class, length; } rows[] = {
        {0, 24}, {1, 32}, {3, 44}, {3, 48}, {4, 32}, {7, 4}, {12, 4}, {18, 2}, {20, 4}, {22, 4}, {24, 4}, {26, 4},
    };
    for (DWORD row = 0; row < sizeof rows / sizeof *rows; row++) {
        ULONG done = 0, length = rows[row].length, class = rows[row].class;
        EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, class, buffer, length, &done), SUCCESS);
        EXPECT_EQUAL(done, length);
        EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, class, buffer, length - 1, NULL), LENGTH_MISMATCH);
        EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, class, buffer, length + 1, NULL), LENGTH_MISMATCH);
        EXPECT_EQUAL(NtQueryInformationProcess((HANDLE)0x7FFC, class, buffer, length, NULL), BAD_HANDLE);
        EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, class, (PVOID)0x80000000, length, NULL), VIOLATION);
    }
    EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, 2, buffer, 48, NULL), BAD_INFO_CLASS);
    EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, 0, buffer, 24, NULL), SUCCESS);
    EXPECT_EQUAL(buffer[0], 0x103); // STILL_ACTIVE
    EXPECT_EQUAL(buffer[3], 8);
    EXPECT_EQUAL(buffer[4], GetCurrentProcessId());
    EXPECT_EQUAL(buffer[5], 4); // System started it
    EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, 1, buffer, 32, NULL), SUCCESS);
    EXPECT_EQUAL(buffer[2], 50 * PAGE);
    EXPECT_EQUAL(buffer[3], 345 * PAGE);
    EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, 20, buffer, 4, NULL), SUCCESS);
    EXPECT_EQUAL(buffer[0], 3); // the standard handles
}

static void image_name(void)
{
    static const char expected[] = "\\Device\\HarddiskVolume1\\process_information.exe";
    ULONG done = 0, bytes = (sizeof expected - 1) * 2;
    EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, 27, buffer, 8, &done), LENGTH_MISMATCH);
    EXPECT_EQUAL(done, 8 + bytes + 2);
    EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, 27, buffer, done, &done), SUCCESS);
    EXPECT_EQUAL(buffer[0], bytes | (bytes + 2) << 16);
    EXPECT_EQUAL(buffer[1], (DWORD)(buffer + 2));
    for (DWORD index = 0; index < sizeof expected; index++)
        EXPECT_EQUAL(((WORD *)(buffer + 2))[index], expected[index]);
}

static void priority_class(void)
{
    static const struct { BYTE class, priority; } rows[] = {{1, 4}, {3, 13}, {4, 24}, {5, 6}, {6, 10}, {2, 8}};
    BYTE class[2] = {0};
    for (DWORD row = 0; row < sizeof rows / sizeof *rows; row++) {
        class[1] = rows[row].class;
        EXPECT_EQUAL(NtSetInformationProcess(OWN_PROCESS, 18, class, 2), SUCCESS);
        EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, 0, buffer, 24, NULL), SUCCESS);
        EXPECT_EQUAL(buffer[3], rows[row].priority);
        EXPECT_EQUAL(NtQueryInformationProcess(OWN_PROCESS, 18, class, 2, NULL), SUCCESS);
        EXPECT_EQUAL(class[1], rows[row].class);
        EXPECT_EQUAL(NtQuerySystemInformation(5, buffer, sizeof buffer, NULL), SUCCESS);
        const DWORD *entry = buffer;
        while (entry[17] != GetCurrentProcessId())
            entry += entry[0] / 4;
        EXPECT_EQUAL(entry[46 + 11], rows[row].priority); // the thread's base priority goes along
    }
    for (BYTE wrong = 7; wrong != 1; wrong = wrong == 7 ? 0 : 1) {
        class[1] = wrong;
        EXPECT_EQUAL(NtSetInformationProcess(OWN_PROCESS, 18, class, 2), BAD_PARAMETER);
    }
    EXPECT_EQUAL(NtSetInformationProcess(OWN_PROCESS, 18, class, 1), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtSetInformationProcess(OWN_PROCESS, 18, NULL, 2), VIOLATION);
    EXPECT_EQUAL(NtSetInformationProcess(OWN_PROCESS, 99, class, 2), BAD_INFO_CLASS);
}

static void system_classes(void)
{
    ULONG done = 0;
    EXPECT_EQUAL(NtQuerySystemInformation(0, buffer, 43, NULL), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtQuerySystemInformation(0, buffer, 45, NULL), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtQuerySystemInformation(2, buffer, 311, NULL), LENGTH_MISMATCH);
    EXPECT(NtQuerySystemInformation(2, buffer, 400, &done) == SUCCESS && done == 312);
    EXPECT(buffer[11] > 100 && buffer[12] > 0 && buffer[12] <= buffer[14] && buffer[14] <= buffer[13] && buffer[15] > 0);
    EXPECT_EQUAL(NtQuerySystemInformation(3, buffer, 49, NULL), LENGTH_MISMATCH);
    EXPECT(NtQuerySystemInformation(3, buffer, 16, &done) == SUCCESS && done == 16);
    EXPECT(buffer[1] > 0 && buffer[3] >= buffer[1]);
    EXPECT_EQUAL(NtQuerySystemInformation(8, buffer, 47, NULL), LENGTH_MISMATCH);
    EXPECT(NtQuerySystemInformation(8, buffer, 48, &done) == SUCCESS && done == 48);
    EXPECT_EQUAL(NtQuerySystemInformation(9999, buffer, 48, NULL), BAD_INFO_CLASS);
}

static BOOL is_called(const DWORD *entry, const char *name)
{
    const WORD *units = (const WORD *)entry[15];
    DWORD length = length_of(name);
    if ((entry[14] & 0xFFFF) != length * 2)
        return FALSE;
    for (DWORD index = 0; index <= length; index++)
        if (units[index] != (BYTE)name[index])
            return FALSE;
    return TRUE;
}

static void process_list(void)
{
    ULONG needed = 0, done = 0, found = 0;
    EXPECT_EQUAL(NtQuerySystemInformation(5, buffer, 0, &needed), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtQuerySystemInformation(5, buffer, needed - 1, &done), LENGTH_MISMATCH);
    EXPECT_EQUAL(done, needed);
    EXPECT_EQUAL(NtQuerySystemInformation(5, buffer, needed, &done), SUCCESS);
    EXPECT_EQUAL(done, needed);
    const DWORD *entry = buffer;
    EXPECT_EQUAL(entry[17], 0); // the Idle process, without a name
    EXPECT_EQUAL(entry[14], 0);
    EXPECT_EQUAL(entry[1], 1);
    entry += entry[0] / 4;
    EXPECT(entry[17] == 4 && is_called(entry, "System") && entry[1] >= 2);
    for (;; entry += entry[0] / 4) {
        if (entry[17] == GetCurrentProcessId()) {
            found++;
            EXPECT(is_called(entry, "process_informa")); // fifteen letters are kept
            EXPECT_EQUAL(entry[1], 1);
            EXPECT_EQUAL(entry[18], 4);
            EXPECT_EQUAL(entry[19], 3);
            const DWORD *thread = entry + 46;
            EXPECT_EQUAL(thread[8], GetCurrentProcessId());
            EXPECT_EQUAL(thread[9], GetCurrentThreadId());
            EXPECT_EQUAL(thread[13], 2); // running
        }
        if (entry[0] == 0)
            break;
    }
    EXPECT_EQUAL(found, 1);
}

static void opening(void)
{
    HANDLE handle;
    DWORD object[6] = {24}, name[6] = {24, 0, 1}, client[2] = {GetCurrentProcessId(), GetCurrentThreadId()};
    EXPECT(NtOpenProcess(&handle, PROCESS_QUERY_INFORMATION, object, client) == SUCCESS && NtClose(handle) == SUCCESS);
    EXPECT_EQUAL(NtOpenProcess(&handle, PROCESS_QUERY_INFORMATION, name, client), (NTSTATUS)0xC0000030);
    EXPECT_EQUAL(NtOpenProcess(&handle, PROCESS_QUERY_INFORMATION, object, NULL), (NTSTATUS)0xC0000030);
    client[1] += 0x1000;
    EXPECT_EQUAL(NtOpenProcess(&handle, PROCESS_QUERY_INFORMATION, object, client), (NTSTATUS)0xC000000B);
    client[0] = 0xFFFC, client[1] = 0;
    EXPECT_EQUAL(NtOpenProcess(&handle, PROCESS_QUERY_INFORMATION, object, client), (NTSTATUS)0xC000000B);
}

static void test(void)
{
    process_classes();
    image_name();
    priority_class();
    system_classes();
    process_list();
    opening();
}
