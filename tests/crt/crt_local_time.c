// Local time: the system's zone with its summer time, what the variable TZ says, and the variables that tell of it.
// expect: exit 0
// cc: -ladvapi32
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <windows.h>
#include "crt_check.h"

// The functions and variables of the DLL, whatever the compiler's headers make of their names.
extern __declspec(dllimport) int _daylight;
extern __declspec(dllimport) long _dstbias;
extern __declspec(dllimport) long _timezone;
extern __declspec(dllimport) char *_tzname[2];

static const TIME_ZONE_INFORMATION berlin = {-60, L"MEZ", {0, 10, 0, 5, 3, 0, 0, 0}, 0, L"MESZ", {0, 3, 0, 5, 2, 0, 0, 0}, -60};

// 2004-01-01 00:00:00 and 2004-07-01 00:00:00, UTC.
static const time_t winter = 1072915200, summer = 1088640000;

static int set_clock(DWORD enable)
{
    TOKEN_PRIVILEGES wanted = {1, {{{0, 0}, enable ? SE_PRIVILEGE_ENABLED : 0}}};
    HANDLE token;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token))
        return 0;
    int done = LookupPrivilegeValueA(NULL, "SeSystemtimePrivilege", &wanted.Privileges[0].Luid)
        && AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) && GetLastError() == 0;
    CloseHandle(token);
    return done;
}

static void check(const struct tm *date, int day, int hour, int is_summer, const char *zone)
{
    char text[20];
    CHECK(date != NULL);
    if (date == NULL)
        return;
    CHECK(date->tm_mday == day && date->tm_hour == hour && date->tm_isdst == is_summer);
    CHECK(strftime(text, sizeof text, "%H %Z", date) == 3 + strlen(zone));
    CHECK_TEXT(text + 3, zone);
}

static void variable(void)
{
    CHECK(_timezone == 8 * 3600 && _daylight == 1 && _dstbias == -3600);
    CHECK_TEXT(_tzname[1], "PDT");
    CHECK(_putenv("TZ=EST5EDT") == 0);
    _tzset();
    CHECK(_timezone == 5 * 3600 && _daylight == 1 && _dstbias == -3600);
    CHECK_TEXT(_tzname[0], "EST");
    CHECK_TEXT(_tzname[1], "EDT");
    check(localtime(&winter), 31, 19, 0, "EST");
    check(localtime(&summer), 30, 20, 1, "EDT");
    check(gmtime(&summer), 1, 0, 0, "EST");
    CHECK_TEXT(ctime(&winter), "Wed Dec 31 19:00:00 2003\n");
    CHECK(_putenv("TZ=ABC-3:30") == 0);
    check(localtime(&summer), 30, 20, 1, "EDT");
    _tzset();
    CHECK(_timezone == -12600 && _daylight == 0 && _tzname[1][0] == 0);
    check(localtime(&summer), 1, 3, 0, "ABC");
    CHECK(_putenv("TZ=") == 0);
}

static void system_zone(void)
{
    TIME_ZONE_INFORMATION before;
    CHECK(GetTimeZoneInformation(&before) == TIME_ZONE_ID_UNKNOWN);
    _tzset();
    CHECK(_timezone == 0 && _daylight == 0 && _dstbias == 0);
    check(localtime(&summer), 1, 0, 0, "UTC");
    if (!set_clock(TRUE) || !SetTimeZoneInformation(&berlin)) {
        CHECK(0);
        return;
    }
    _tzset();
    CHECK(SetTimeZoneInformation(&before) && set_clock(FALSE));
    // The library has its own copy by now.
    CHECK(_timezone == -3600 && _daylight == 1 && _dstbias == -3600);
    CHECK_TEXT(_tzname[0], "MEZ");
    CHECK_TEXT(_tzname[1], "MESZ");
    check(localtime(&winter), 1, 1, 0, "MEZ");
    check(localtime(&summer), 1, 2, 1, "MESZ");
    struct tm date = {.tm_mday = 1, .tm_mon = 6, .tm_year = 104, .tm_hour = 2, .tm_isdst = -1};
    CHECK(mktime(&date) == summer && date.tm_isdst == 1 && date.tm_yday == 182);
    date.tm_isdst = 0;
    CHECK(mktime(&date) == summer + 3600 && date.tm_hour == 3 && date.tm_isdst == 1);
    struct tm new_year = {.tm_mday = 1, .tm_year = 104, .tm_hour = 1, .tm_isdst = -1};
    CHECK(mktime(&new_year) == winter && new_year.tm_isdst == 0);
    struct tm early = {.tm_mday = 1, .tm_year = 70, .tm_hour = 0, .tm_isdst = 0};
    CHECK(mktime(&early) == -1);
    early.tm_hour = 1;
    CHECK(mktime(&early) == 0);
    // The last hour of summer, and the first one of winter: 2004-10-31.
    time_t change = 1099184399;
    check(localtime(&change), 31, 2, 1, "MESZ");
    change++;
    check(localtime(&change), 31, 2, 0, "MEZ");
}

int main(void)
{
    variable();
    system_zone();
    return failures != 0;
}
