// Paging files on a disk of their own. `first` runs where the system made one of 8 MB that may grow to 12: what is told of it, who may
// open it, others made beside it, and commit up to the last page. `second` runs after a restart, with one of 4 MB. The exit status is the
// line that was wrong, or 0.
// cc: -lpsapi -ladvapi32 -lntdll
#include "program.h"
#define PSAPI_VERSION 1
#include <psapi.h>

typedef LONG NTSTATUS;
typedef struct {
    USHORT length, maximum;
    const WCHAR *text;
} NAME;
typedef struct {
    ULONG next, size, in_use, peak;
    NAME name;
    WCHAR text[40];
} PAGE_FILE;

NTSTATUS NTAPI NtCreatePagingFile(NAME *name, ULONGLONG *minimum, ULONGLONG *maximum, ULONG priority);
NTSTATUS NTAPI NtQuerySystemInformation(ULONG class, void *buffer, ULONG length, ULONG *returned);
NTSTATUS NTAPI NtAllocateVirtualMemory(HANDLE process, PVOID *base, ULONG zero_bits, SIZE_T *size, ULONG type, ULONG protect);

#define PAGE 0x1000u
#define MB 0x100000u
#define PAGES(mb) ((mb) * (MB / PAGE))
#define TOO_MANY ((NTSTATUS)0xC0000097)
#define MISMATCH ((NTSTATUS)0xC0000004)
#define PARAMETER_2 ((NTSTATUS)0xC00000F0)
#define PARAMETER_3 ((NTSTATUS)0xC00000F1)
#define NO_COMMITMENT ((NTSTATUS)0xC000012D)
#define REQUIRE(condition) do { if (!(condition)) ExitProcess(__LINE__); } while (0)

static NTSTATUS create(const WCHAR *text, DWORD minimum, DWORD maximum)
{
    NAME name = {(USHORT)(lstrlenW(text) * 2), (USHORT)(lstrlenW(text) * 2), text};
    ULONGLONG sizes[2] = {(ULONGLONG)minimum * MB, (ULONGLONG)maximum * MB};
    return NtCreatePagingFile(&name, &sizes[0], &sizes[1], 0);
}

static PERFORMANCE_INFORMATION performance(void)
{
    PERFORMANCE_INFORMATION information;
    REQUIRE(GetPerformanceInfo(&information, sizeof information) && information.cb == sizeof information);
    return information;
}

// Attributes and size of a file that may not be opened.
static DWORD size_of(const char *path, DWORD *attributes)
{
    WIN32_FIND_DATAA found;
    HANDLE search = FindFirstFileA(path, &found);
    if (search == INVALID_HANDLE_VALUE)
        return 0;
    FindClose(search);
    *attributes = found.dwFileAttributes;
    return found.nFileSizeLow;
}

static void privilege(void)
{
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1, .Privileges[0].Attributes = SE_PRIVILEGE_ENABLED};
    HANDLE token;
    REQUIRE(LookupPrivilegeValueA(NULL, "SeCreatePagefilePrivilege", &wanted.Privileges[0].Luid));
    REQUIRE(OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token));
    REQUIRE(AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) && GetLastError() == 0);
    CloseHandle(token);
}

static void told_of_the_first(void)
{
    PAGE_FILE file;
    ULONG returned = 0;
    REQUIRE(NtQuerySystemInformation(18, &file, 63, &returned) == MISMATCH && returned == 64);
    REQUIRE(NtQuerySystemInformation(18, &file, sizeof file, &returned) == 0 && returned == 64);
    REQUIRE(file.next == 0 && file.size == PAGES(8) && file.in_use <= file.peak && file.peak < file.size);
    REQUIRE(file.name.length == 38 && file.name.text == file.text);
    REQUIRE(lstrcmpW(file.text, L"\\??\\C:\\pagefile.sys") == 0);
}

static void nobody_opens_it(void)
{
    DWORD attributes = 0;
    REQUIRE(size_of("C:\\pagefile.sys", &attributes) == 8 * MB);
    REQUIRE(attributes == (FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM));
    HANDLE file = CreateFileA("C:\\pagefile.sys", GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    REQUIRE(file == INVALID_HANDLE_VALUE && GetLastError() == ERROR_SHARING_VIOLATION);
    REQUIRE(GetFileAttributesA("C:\\pagefile.sys") == INVALID_FILE_ATTRIBUTES && GetLastError() == ERROR_SHARING_VIOLATION);
    REQUIRE(!DeleteFileA("C:\\pagefile.sys") && GetLastError() == ERROR_SHARING_VIOLATION);
    REQUIRE(!MoveFileA("C:\\pagefile.sys", "C:\\other.sys") && GetLastError() == ERROR_SHARING_VIOLATION);
    file = CreateFileA("C:\\other.sys", GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    REQUIRE(file != INVALID_HANDLE_VALUE && CloseHandle(file));
    REQUIRE(!MoveFileExA("C:\\other.sys", "C:\\pagefile.sys", MOVEFILE_REPLACE_EXISTING) && GetLastError() == ERROR_ACCESS_DENIED);
    REQUIRE(DeleteFileA("C:\\other.sys"));
}

static DWORD files, pages;

static BOOL count(PVOID context, PENUM_PAGE_FILE_INFORMATION file, LPCSTR name)
{
    REQUIRE(context == &files && file->cb == sizeof *file && file->PeakUsage >= file->TotalInUse);
    if (files++ == 0)
        REQUIRE(lstrcmpA(name, "C:\\pagefile.sys") == 0);
    pages += (DWORD)file->TotalSize;
    return TRUE;
}

static void others(void)
{
    WCHAR name[] = L"\\??\\C:\\page_a.sys";
    DWORD attributes, limit = (DWORD)performance().CommitLimit;
    REQUIRE(create(L"\\??\\C:\\second.sys", 1, 1) == 0);
    REQUIRE(performance().CommitLimit == limit + PAGES(1));
    // The same again may make it larger, never smaller.
    REQUIRE(create(L"\\??\\C:\\Second.SYS", 2, 4) == 0);
    REQUIRE(performance().CommitLimit == limit + PAGES(2) && size_of("C:\\second.sys", &attributes) == 2 * MB);
    REQUIRE(create(L"\\??\\C:\\second.sys", 1, 4) == PARAMETER_2);
    REQUIRE(create(L"\\??\\C:\\second.sys", 2, 3) == PARAMETER_3);
    for (int index = 0; index < 14; index++, name[12]++)
        REQUIRE(create(name, 1, 1) == 0);
    REQUIRE(performance().CommitLimit == limit + PAGES(16));
    REQUIRE(create(name, 1, 1) == TOO_MANY && size_of("C:\\page_o.sys", &attributes) == 0);
    REQUIRE(create(L"\\??\\C:\\second.sys", 3, 4) == 0);
    REQUIRE(EnumPageFilesA(count, &files) && files == 16 && pages == PAGES(8 + 3 + 14));
}

// Commits until it is refused: paging files grow to what they may have, and then the limit is reached to the page.
static void commit_everything(void)
{
    PERFORMANCE_INFORMATION before = performance(), after;
    DWORD size = (DWORD)(before.CommitLimit + PAGES(5)) * PAGE, attributes, last = 0;
    char *start = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_READWRITE);
    REQUIRE(start != NULL);
    for (DWORD step = 64; step != 0; step /= 8)
        while (last + step <= size / PAGE && VirtualAlloc(start + last * PAGE, step * PAGE, MEM_COMMIT, PAGE_READWRITE))
            last += step;
    REQUIRE(GetLastError() == ERROR_COMMITMENT_LIMIT);
    after = performance();
    REQUIRE(after.CommitLimit == before.CommitLimit + PAGES(4 + 1));
    REQUIRE(after.CommitTotal == after.CommitLimit && after.CommitPeak == after.CommitLimit);
    PVOID base = start + last * PAGE;
    SIZE_T bytes = 1;
    REQUIRE(NtAllocateVirtualMemory((HANDLE)-1, &base, 0, &bytes, MEM_COMMIT, PAGE_READWRITE) == NO_COMMITMENT);
    REQUIRE(VirtualFree(start, 0, MEM_RELEASE));
    REQUIRE(size_of("C:\\pagefile.sys", &attributes) == 12 * MB && size_of("C:\\second.sys", &attributes) == 4 * MB);
    REQUIRE(performance().CommitTotal < before.CommitTotal + 16);
}

static void first(void)
{
    told_of_the_first();
    nobody_opens_it();
    privilege();
    others();
    commit_everything();
}

static void second(void)
{
    DWORD attributes;
    REQUIRE(size_of("C:\\pagefile.sys", &attributes) == 4 * MB);
    REQUIRE(size_of("C:\\second.sys", &attributes) == 4 * MB && SetFileAttributesA("C:\\second.sys", FILE_ATTRIBUTE_NORMAL));
    REQUIRE(DeleteFileA("C:\\second.sys"));
    REQUIRE(EnumPageFilesA(count, &files) && files == 1 && pages == PAGES(4));
}

void mainCRTStartup(void)
{
    const char *line = GetCommandLineA();
    if (line[text_length(line) - 1] == 't')
        first();
    else
        second();
    ExitProcess(0);
}
