// Functions of kernel32 that ordinary tools import: drives, dates, versions, search paths, memory, lists, pointers, threads' work.
// expect: exit 0
#define _WIN32_WINNT 0x0600
#include <windows.h>
#include <stdlib.h>
#include "crt_check.h"

static void drives(void)
{
    char text[64], system[16];
    DWORD serial = 0, longest = 0, flags = 0;
    CHECK(GetDriveTypeA("C:\\") == DRIVE_FIXED && GetDriveTypeA(NULL) == DRIVE_FIXED && GetDriveTypeW(L"C:\\WINDOWS") == DRIVE_NO_ROOT_DIR);
    CHECK(GetDriveTypeA("Q:\\") == DRIVE_NO_ROOT_DIR && GetLogicalDrives() == 4);
    CHECK(GetLogicalDriveStringsA(sizeof text, text) == 4 && memcmp(text, "C:\\\0\0", 5) == 0 && GetLogicalDriveStringsW(0, NULL) == 5);
    CHECK(GetVolumeInformationA("C:\\", text, sizeof text, &serial, &longest, &flags, system, sizeof system));
    CHECK(strncmp(system, "FAT", 3) == 0 && longest == 255 && serial != 0 && (flags & FILE_CASE_PRESERVED_NAMES));
    CHECK(!GetVolumeInformationA("C:\\WINDOWS", NULL, 0, NULL, NULL, NULL, NULL, 0) && GetLastError() == ERROR_INVALID_NAME);
    CHECK(!GetVolumeInformationA("Q:\\", NULL, 0, NULL, NULL, NULL, NULL, 0) && GetLastError() == ERROR_PATH_NOT_FOUND);
    CHECK(GetVolumePathNameA("C:\\WINDOWS\\x", text, sizeof text) && strcmp(text, "C:\\") == 0);
}

static void dates(void)
{
    char text[64];
    SYSTEMTIME when = {2004, 8, 0, 4, 15, 7, 9, 0}, local;
    CHECK(GetDateFormatA(LOCALE_USER_DEFAULT, 0, &when, NULL, text, sizeof text) == 9 && strcmp(text, "8/4/2004") == 0);
    CHECK(GetDateFormatA(0x409, DATE_LONGDATE, &when, NULL, text, sizeof text) == 27 && strcmp(text, "Wednesday, August 04, 2004") == 0);
    CHECK(GetDateFormatA(0x409, 0, &when, "ddd',' dd MMM yyyy", NULL, 0) == 17);
    CHECK(GetDateFormatA(0x409, DATE_LONGDATE, &when, "d", text, 4) == 0 && GetLastError() == ERROR_INVALID_FLAGS);
    CHECK(GetTimeFormatA(0x409, TIME_NOSECONDS, &when, NULL, text, sizeof text) == 8 && strcmp(text, "3:07 PM") == 0);
    CHECK(GetTimeFormatA(0x409, 0, &when, "HH:mm:ss", text, 3) == 0 && GetLastError() == ERROR_INSUFFICIENT_BUFFER);
    TIME_ZONE_INFORMATION zone;
    CHECK(GetTimeZoneInformation(&zone) == TIME_ZONE_ID_UNKNOWN && zone.Bias == 0 && wcscmp(zone.StandardName, L"UTC") == 0);
    zone.Bias = -90;
    CHECK(SystemTimeToTzSpecificLocalTime(&zone, &when, &local) && local.wHour == 16 && local.wMinute == 37 && local.wDayOfWeek == 3);
    FILETIME time;
    WORD date, clock;
    CHECK(DosDateTimeToFileTime(0x3104, 0x78E4, &time) && FileTimeToSystemTime(&time, &local));
    CHECK(local.wYear == 2004 && local.wMonth == 8 && local.wDay == 4 && local.wHour == 15 && local.wMinute == 7 && local.wSecond == 8);
    CHECK(FileTimeToDosDateTime(&time, &date, &clock) && date == 0x3104 && clock == 0x78E4);
    CHECK(!DosDateTimeToFileTime(0, 0, &time) && GetLastError() == ERROR_INVALID_PARAMETER);
}

static void texts(void)
{
    char text[260];
    WCHAR wide[64];
    SetEnvironmentVariableA("MORE", "value");
    CHECK(ExpandEnvironmentStringsA("<%more%> %NONE%", text, sizeof text) == 15 && strcmp(text, "<value> %NONE%") == 0);
    CHECK(ExpandEnvironmentStringsW(L"%MORE%", wide, 3) == 6);
    char *part = NULL;
    CHECK(SearchPathA(NULL, "kernel32", ".dll", sizeof text, text, &part) == 32);
    CHECK_TEXT(text, "C:\\WINDOWS\\system32\\kernel32.dll");
    CHECK(part == text + 20);
    CHECK(SearchPathA("C:\\nowhere;C:\\", "child.exe", NULL, sizeof text, text, NULL) == 12);
    CHECK(SearchPathA(NULL, "none", NULL, sizeof text, text, NULL) == 0 && GetLastError() == ERROR_FILE_NOT_FOUND);
    HANDLE file = CreateFileA("C:\\A longer name.text", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    CloseHandle(file);
    CHECK(GetShortPathNameA("C:\\A longer name.text", text, sizeof text) == 15 && GetLongPathNameA(text, text, sizeof text) == 21);
    CHECK_TEXT(text, "C:\\A longer name.text");
    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileExW(L"\\\\?\\C:\\A longer*", FindExInfoStandard, &found, FindExSearchNameMatch, NULL, 0);
    CHECK(search != INVALID_HANDLE_VALUE && wcscmp(found.cFileName, L"A longer name.text") == 0 && FindClose(search));
    CHECK(FindFirstFileW(L"\\\\?\\C:\\none", &found) == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND);
    CHECK(FindFirstFileExW(L"*", 7, &found, 0, NULL, 0) == INVALID_HANDLE_VALUE && GetLastError() == ERROR_NOT_SUPPORTED);
    CHECK(DeleteFileA("C:\\A longer name.text"));
}

static void versions(void)
{
    OSVERSIONINFOEXA wanted = {.dwOSVersionInfoSize = sizeof wanted, .dwMajorVersion = 5, .dwMinorVersion = 1};
    DWORDLONG mask = VerSetConditionMask(VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER_EQUAL), VER_MINORVERSION, VER_GREATER_EQUAL);
    CHECK(VerifyVersionInfoA(&wanted, VER_MAJORVERSION | VER_MINORVERSION, mask));
    wanted.dwMajorVersion = 6;
    wanted.dwMinorVersion = 0;
    CHECK(!VerifyVersionInfoA(&wanted, VER_MAJORVERSION | VER_MINORVERSION, mask) && GetLastError() == ERROR_OLD_WIN_VERSION);
    CHECK(!VerifyVersionInfoA(&wanted, VER_MAJORVERSION, 0) && GetLastError() == ERROR_BAD_ARGUMENTS);
    CPINFOEXA page;
    CHECK(GetCPInfoExA(CP_ACP, 0, &page) && page.CodePage == 1252 && strcmp(page.CodePageName, "1252  (ANSI - Latin I)") == 0);
    CHECK(MulDiv(7, 5, 2) == 18 && MulDiv(-7, 5, 2) == -18 && MulDiv(1, 1, 0) == -1);
}

static void memory(void)
{
    MEMORYSTATUSEX large = {.dwLength = sizeof large};
    MEMORYSTATUS small;
    CHECK(GlobalMemoryStatusEx(&large) && large.ullTotalPhys > 16 << 20 && large.ullAvailPhys < large.ullTotalPhys && large.dwMemoryLoad < 100);
    CHECK(large.ullTotalVirtual == 0x7FFE0000 && large.ullAvailVirtual < large.ullTotalVirtual);
    GlobalMemoryStatus(&small);
    CHECK(small.dwLength == sizeof small && small.dwTotalVirtual == 0x7FFE0000 && small.dwTotalPhys > 16 << 20);
    large.dwLength = 1;
    CHECK(!GlobalMemoryStatusEx(&large) && GetLastError() == ERROR_INVALID_PARAMETER);
    SIZE_T least, most;
    FILETIME idle, kernel, user;
    BOOL wow = 7;
    CHECK(GetProcessWorkingSetSize(GetCurrentProcess(), &least, &most) && GetSystemTimes(&idle, &kernel, &user));
    CHECK(IsWow64Process(GetCurrentProcess(), &wow) && wow == 0);
    PVOID (WINAPI *encode)(PVOID) = (void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), "EncodePointer");
    PVOID (WINAPI *decode)(PVOID) = (void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), "DecodePointer");
    CHECK(encode(&large) != &large && decode(encode(&large)) == &large && decode(encode(NULL)) == NULL);
}

static SLIST_HEADER list;
static SLIST_ENTRY entries[3];
static volatile LONG calls;
static HANDLE called;

static DWORD WINAPI work(void *argument)
{
    InterlockedExchangeAdd(&calls, (LONG)(INT_PTR)argument);
    SetEvent(called);
    return 0;
}

static void CALLBACK tell(void *argument, BOOLEAN in_time)
{
    work((void *)((INT_PTR)argument + in_time));
}

static void threads(void)
{
    InitializeSListHead(&list);
    CHECK(InterlockedPushEntrySList(&list, entries) == NULL && InterlockedPushEntrySList(&list, entries + 1) == entries);
    CHECK(QueryDepthSList(&list) == 2 && InterlockedPopEntrySList(&list) == entries + 1);
    CHECK(InterlockedFlushSList(&list) == entries && InterlockedPopEntrySList(&list) == NULL && QueryDepthSList(&list) == 0);
    called = CreateEventA(NULL, FALSE, FALSE, NULL);
    CHECK(QueueUserWorkItem(work, (void *)5, 0) && WaitForSingleObject(called, 5000) == 0 && calls == 5);
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL), wait = NULL, timer = NULL;
    CHECK(RegisterWaitForSingleObject(&wait, event, tell, (void *)10, INFINITE, WT_EXECUTEONLYONCE));
    CHECK(SignalObjectAndWait(event, called, 5000, FALSE) == 0 && calls == 15);
    CHECK(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE));
    CHECK(CreateTimerQueueTimer(&timer, NULL, tell, (void *)100, 10, 0, 0) && WaitForSingleObject(called, 5000) == 0 && calls == 116);
    CHECK(DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE));
    CloseHandle(event);
    CloseHandle(called);
}

int main(void)
{
    drives();
    dates();
    texts();
    versions();
    memory();
    threads();
    return failures;
}
