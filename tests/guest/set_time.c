// Setting the clock: by date, by local date, its speed and the time zone; who may; and what waits for a time of day.
// expect: exit 0

#include "test.h"

NTSTATUS NTAPI NtSetSystemTime(const LARGE_INTEGER *time, LARGE_INTEGER *before);
NTSTATUS NTAPI NtSetSystemInformation(ULONG class, const void *information, ULONG length);
NTSTATUS NTAPI NtOpenProcessToken(HANDLE process, ACCESS_MASK access, HANDLE *token);
NTSTATUS NTAPI NtAdjustPrivilegesToken(HANDLE token, BOOLEAN all, TOKEN_PRIVILEGES *wanted, ULONG length, TOKEN_PRIVILEGES *before, ULONG *needed);

#define NOT_HELD (int)0xC0000061
#define SECOND 10000000ll

static LONGLONG now(void)
{
    FILETIME time;
    GetSystemTimeAsFileTime(&time);
    return (LONGLONG)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

static void privilege(BOOL on)
{
    HANDLE token;
    TOKEN_PRIVILEGES wanted = {1, {{{12, 0}, on ? SE_PRIVILEGE_ENABLED : 0}}};
    EXPECT_EQUAL(NtOpenProcessToken(OWN_PROCESS, TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token), SUCCESS);
    EXPECT_EQUAL(NtAdjustPrivilegesToken(token, FALSE, &wanted, 0, NULL, NULL), SUCCESS);
    EXPECT(CloseHandle(token));
}

static void services(void)
{
    LARGE_INTEGER time, before = {.QuadPart = 77};
    time.QuadPart = now();
    EXPECT_EQUAL(NtSetSystemTime(&time, &before), NOT_HELD);
    EXPECT(before.QuadPart == 77);
    privilege(TRUE);
    LONGLONG start = now();
    time.QuadPart = start + 1000 * SECOND;
    EXPECT_EQUAL(NtSetSystemTime(&time, &before), SUCCESS);
    EXPECT(before.QuadPart >= start && before.QuadPart < start + 20 * SECOND);
    EXPECT(now() >= start + 1000 * SECOND && now() < start + 1020 * SECOND);
    time.QuadPart = now() - 1000 * SECOND;
    EXPECT_EQUAL(NtSetSystemTime(&time, NULL), SUCCESS);
    LARGE_INTEGER bad[3] = {{.QuadPart = 0}, {.QuadPart = -5}, {.QuadPart = 0x2000000000000001}};
    for (int index = 0; index < 3; index++)
        EXPECT_EQUAL(NtSetSystemTime(&bad[index], NULL), BAD_PARAMETER);
    EXPECT_EQUAL(NtSetSystemTime((LARGE_INTEGER *)0x80001000, NULL), VIOLATION);
    EXPECT_EQUAL(NtSetSystemTime(&time, (LARGE_INTEGER *)0x80001000), VIOLATION);
    EXPECT_EQUAL(NtSetSystemTime(NULL, NULL), VIOLATION);
    DWORD words[2] = {0, 0};
    EXPECT_EQUAL(NtSetSystemInformation(28, words, 12), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtSetSystemInformation(28, words, 8), PARAMETER_2);
    EXPECT_EQUAL(NtSetSystemInformation(28, (void *)0x80001000, 8), VIOLATION);
    EXPECT_EQUAL(NtSetSystemInformation(44, words, 8), LENGTH_MISMATCH);
    EXPECT_EQUAL(NtSetSystemInformation(9999, words, 8), BAD_INFO_CLASS);
    privilege(FALSE);
    EXPECT_EQUAL(NtSetSystemInformation(28, words, 8), NOT_HELD);
    EXPECT(now() >= start && now() < start + 20 * SECOND);
}

static void dates(void)
{
    SYSTEMTIME date = {2004, 8, 0, 25, 13, 14, 15, 16}, read;
    LONGLONG start = now();
    DWORD ticks = GetTickCount();
    EXPECT(SetSystemTime(&date));
    GetSystemTime(&read);
    EXPECT_EQUAL(read.wYear, 2004);
    EXPECT_EQUAL(read.wMonth, 8);
    EXPECT_EQUAL(read.wDayOfWeek, 3);
    EXPECT_EQUAL(read.wDay, 25);
    EXPECT_EQUAL(read.wHour, 13);
    EXPECT_EQUAL(read.wMinute, 14);
    EXPECT(read.wSecond >= 15 && read.wSecond < 40);
    date.wMonth = 13;
    EXPECT_ERROR(SetSystemTime(&date), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(SetLocalTime(&date), ERROR_INVALID_PARAMETER);
    date.wMonth = 9;
    EXPECT(SetLocalTime(&date));
    GetLocalTime(&read);
    EXPECT(read.wYear == 2004 && read.wMonth == 9 && read.wDay == 25 && read.wHour == 13);
    // What counts from the start goes on as if nothing had been.
    EXPECT(GetTickCount() - ticks < 20000);
    FILETIME back = {(DWORD)start, (DWORD)(start >> 32)};
    EXPECT(FileTimeToSystemTime(&back, &date));
    EXPECT(SetSystemTime(&date));
    // The functions have the privilege for themselves only.
    LARGE_INTEGER time = {.QuadPart = start};
    EXPECT_EQUAL(NtSetSystemTime(&time, NULL), NOT_HELD);
}

// A timer for a time of day comes when the clock is set to it, one for a while does not.
static void timers(void)
{
    HANDLE absolute = CreateWaitableTimerA(NULL, TRUE, NULL), relative = CreateWaitableTimerA(NULL, TRUE, NULL);
    LARGE_INTEGER due, time;
    due.QuadPart = now() + 3600 * SECOND;
    EXPECT(SetWaitableTimer(absolute, &due, 0, NULL, NULL, FALSE));
    due.QuadPart = -3600 * SECOND;
    EXPECT(SetWaitableTimer(relative, &due, 0, NULL, NULL, FALSE));
    EXPECT_EQUAL(WaitForSingleObject(absolute, 0), WAIT_TIMEOUT);
    privilege(TRUE);
    time.QuadPart = now() + 3601 * SECOND;
    EXPECT_EQUAL(NtSetSystemTime(&time, NULL), SUCCESS);
    EXPECT_EQUAL(WaitForSingleObject(absolute, 5000), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(relative, 0), WAIT_TIMEOUT);
    time.QuadPart = now() - 3601 * SECOND;
    EXPECT_EQUAL(NtSetSystemTime(&time, NULL), SUCCESS);
    privilege(FALSE);
    EXPECT(CloseHandle(absolute) && CloseHandle(relative));
}

static void speed(void)
{
    DWORD adjustment = 0, increment = 0;
    BOOL disabled = 9;
    EXPECT(GetSystemTimeAdjustment(&adjustment, &increment, &disabled));
    DWORD own = increment;
    // A tick is 10 ms, as exactly as the timer can count.
    EXPECT(adjustment == own && own > 99900 && own < 100100 && disabled == TRUE);
    EXPECT_ERROR(SetSystemTimeAdjustment(0, FALSE), ERROR_INVALID_PARAMETER);
    EXPECT(SetSystemTimeAdjustment(1000000, FALSE));
    EXPECT(GetSystemTimeAdjustment(&adjustment, &increment, &disabled));
    EXPECT(adjustment == 1000000 && increment == own && disabled == FALSE);
    LONGLONG start = now();
    DWORD ticks = GetTickCount();
    Sleep(100);
    ticks = GetTickCount() - ticks;
    LONGLONG units = now() - start;
    EXPECT(SetSystemTimeAdjustment(77, TRUE));
    // Ten times as fast as the other clock.
    EXPECT(units > ticks * 90000ll && units < ticks * 130000ll);
    EXPECT(GetSystemTimeAdjustment(&adjustment, &increment, &disabled));
    EXPECT(adjustment == own && increment == own && disabled == TRUE);
}

static const TIME_ZONE_INFORMATION berlin = {-60, {'M', 'E', 'Z'}, {0, 10, 0, 5, 3, 0, 0, 0}, 0, {'M', 'E', 'S', 'Z'}, {0, 3, 0, 5, 2, 0, 0, 0}, -60};

static void conversions(void)
{
    SYSTEMTIME summer = {2026, 7, 3, 1, 22, 30, 0, 5}, winter = {2026, 12, 4, 31, 23, 30, 0, 0}, read;
    EXPECT(SystemTimeToTzSpecificLocalTime((TIME_ZONE_INFORMATION *)&berlin, &summer, &read));
    EXPECT(read.wDay == 2 && read.wHour == 0 && read.wMinute == 30 && read.wMilliseconds == 5 && read.wDayOfWeek == 4);
    EXPECT(TzSpecificLocalTimeToSystemTime((TIME_ZONE_INFORMATION *)&berlin, &read, &read));
    EXPECT(read.wDay == 1 && read.wHour == 22);
    EXPECT(SystemTimeToTzSpecificLocalTime((TIME_ZONE_INFORMATION *)&berlin, &winter, &read));
    EXPECT(read.wYear == 2027 && read.wMonth == 1 && read.wDay == 1 && read.wHour == 0);
    EXPECT(SystemTimeToTzSpecificLocalTime(NULL, &winter, &read));
    EXPECT(read.wDay == 31 && read.wHour == 23);
    TIME_ZONE_INFORMATION bad = berlin;
    bad.DaylightDate.wDay = 6;
    EXPECT_ERROR(SystemTimeToTzSpecificLocalTime(&bad, &winter, &read), ERROR_INVALID_PARAMETER);
    winter.wHour = 24;
    EXPECT_ERROR(TzSpecificLocalTimeToSystemTime(NULL, &winter, &read), ERROR_INVALID_PARAMETER);
}

static void zone(void)
{
    TIME_ZONE_INFORMATION before, read;
    EXPECT_EQUAL(GetTimeZoneInformation(&before), TIME_ZONE_ID_UNKNOWN);
    EXPECT(before.Bias == 0 && before.StandardName[0] == 'U' && before.StandardName[2] == 'C');
    EXPECT_ERROR(SetTimeZoneInformation(&berlin), ERROR_PRIVILEGE_NOT_HELD);
    LONGLONG start = now();
    SYSTEMTIME summer = {2026, 7, 0, 1, 12, 0, 0, 0}, winter = {2026, 1, 0, 1, 12, 0, 0, 0};
    EXPECT(SetSystemTime(&summer));
    privilege(TRUE);
    EXPECT(SetTimeZoneInformation(&berlin));
    EXPECT_EQUAL(GetTimeZoneInformation(&read), TIME_ZONE_ID_DAYLIGHT);
    EXPECT(read.Bias == -60 && read.DaylightBias == -60 && read.DaylightName[3] == 'Z' && read.StandardDate.wMonth == 10);
    GetLocalTime(&summer);
    EXPECT_EQUAL(summer.wHour, 14);
    FILETIME utc = {0, 0x01000000}, local;
    EXPECT(FileTimeToLocalFileTime(&utc, &local));
    ULARGE_INTEGER wide = {.LowPart = local.dwLowDateTime, .HighPart = local.dwHighDateTime};
    EXPECT(wide.QuadPart - 0x0100000000000000 == 7200 * SECOND);
    EXPECT(LocalFileTimeToFileTime(&local, &utc) && utc.dwLowDateTime == 0 && utc.dwHighDateTime == 0x01000000);
    EXPECT(SetSystemTime(&winter));
    EXPECT_EQUAL(GetTimeZoneInformation(&read), TIME_ZONE_ID_STANDARD);
    GetLocalTime(&winter);
    EXPECT_EQUAL(winter.wHour, 13);
    winter.wHour = 1;
    EXPECT(SetLocalTime(&winter));
    GetSystemTime(&winter);
    EXPECT_EQUAL(winter.wHour, 0);
    read.StandardDate.wMonth = 13;
    EXPECT_ERROR(SetTimeZoneInformation(&read), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(SetTimeZoneInformation((void *)0x80001000), ERROR_NOACCESS);
    EXPECT(SetTimeZoneInformation(&before));
    EXPECT_EQUAL(GetTimeZoneInformation(&read), TIME_ZONE_ID_UNKNOWN);
    LARGE_INTEGER time = {.QuadPart = start};
    EXPECT_EQUAL(NtSetSystemTime(&time, NULL), SUCCESS);
    privilege(FALSE);
}

static void test(void)
{
    services();
    dates();
    timers();
    speed();
    conversions();
    zone();
}
