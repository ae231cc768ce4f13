// Tokens: who the user is, which privileges it has, switching them on and off, and what children get of that.
// expect: exit 0
// cc: -ladvapi32
#include "process.h"

static HANDLE token;
static DWORD buffer[128], needed;

static DWORD attributes_of(const char *name)
{
    LUID luid = {0, 0};
    EXPECT(LookupPrivilegeValueA(NULL, name, &luid));
    EXPECT(GetTokenInformation(token, TokenPrivileges, buffer, sizeof buffer, &needed));
    TOKEN_PRIVILEGES *privileges = (PVOID)buffer;
    for (DWORD index = 0; index < privileges->PrivilegeCount; index++)
        if (privileges->Privileges[index].Luid.LowPart == luid.LowPart)
            return privileges->Privileges[index].Attributes;
    return 0xFFFFFFFF;
}

static void set(const char *name, DWORD attributes, DWORD error)
{
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1}, before = {0};
    EXPECT(LookupPrivilegeValueA(NULL, name, &wanted.Privileges[0].Luid));
    wanted.Privileges[0].Attributes = attributes;
    SetLastError(77);
    EXPECT(AdjustTokenPrivileges(token, FALSE, &wanted, sizeof before, &before, &needed));
    EXPECT_EQUAL(GetLastError(), error);
}

static void people(void)
{
    SID_IDENTIFIER_AUTHORITY nt = {SECURITY_NT_AUTHORITY};
    PSID administrators = NULL;
    EXPECT(GetTokenInformation(token, TokenUser, buffer, sizeof buffer, &needed));
    PSID user = ((TOKEN_USER *)buffer)->User.Sid;
    EXPECT(IsValidSid(user) && GetLengthSid(user) == 28 && *GetSidSubAuthority(user, 4) == 500);
    EXPECT((BYTE *)user > (BYTE *)buffer && (BYTE *)user < (BYTE *)buffer + needed);
    EXPECT(AllocateAndInitializeSid(&nt, 2, 32, 544, 0, 0, 0, 0, 0, 0, &administrators));
    EXPECT(GetTokenInformation(token, TokenGroups, buffer, sizeof buffer, &needed));
    TOKEN_GROUPS *groups = (PVOID)buffer;
    DWORD member = 0;
    for (DWORD index = 0; index < groups->GroupCount; index++)
        member += EqualSid(groups->Groups[index].Sid, administrators);
    EXPECT_EQUAL(member, 1);
    EXPECT(FreeSid(administrators) == NULL);
    char name[32];
    DWORD room = 5;
    EXPECT_ERROR(GetUserNameA(name, &room), ERROR_INSUFFICIENT_BUFFER);
    EXPECT_EQUAL(room, 14);
    EXPECT(GetUserNameA(name, &room) && lstrcmpA(name, "Administrator") == 0);
}

static void refusals(void)
{
    LUID luid;
    TOKEN_PRIVILEGES none = {0};
    HANDLE query;
    EXPECT_ERROR(LookupPrivilegeValueA(NULL, "SeNothingPrivilege", &luid), ERROR_NO_SUCH_PRIVILEGE);
    EXPECT_ERROR(GetTokenInformation(token, TokenPrivileges, buffer, 8, &needed), ERROR_INSUFFICIENT_BUFFER);
    EXPECT_EQUAL(needed, 4 + 21 * 12);
    EXPECT_ERROR(GetTokenInformation(token, 99, buffer, 8, &needed), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(GetTokenInformation(token, TokenUser, (PVOID)0x80000000, 100, &needed), ERROR_NOACCESS);
    EXPECT_ERROR(GetTokenInformation(token, TokenUser, buffer, 100, NULL), ERROR_NOACCESS);
    EXPECT_ERROR(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &query), ERROR_NO_TOKEN);
    EXPECT_ERROR(AdjustTokenPrivileges(token, FALSE, NULL, 0, NULL, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(AdjustTokenPrivileges(token, FALSE, (PVOID)0x80000000, 0, NULL, NULL), ERROR_NOACCESS);
    none.PrivilegeCount = 0x10000000;
    EXPECT_ERROR(AdjustTokenPrivileges(token, FALSE, &none, 0, NULL, NULL), ERROR_INVALID_PARAMETER);
    EXPECT(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &query));
    EXPECT_ERROR(AdjustTokenPrivileges(query, TRUE, NULL, 0, NULL, NULL), ERROR_ACCESS_DENIED);
    EXPECT_ERROR(WaitForSingleObject(query, 0) != WAIT_FAILED, ERROR_ACCESS_DENIED);
    EXPECT(CloseHandle(query));
    EXPECT_ERROR(GetTokenInformation(query, TokenUser, buffer, 100, &needed), ERROR_INVALID_HANDLE);
}

static void test(void)
{
    const char *line = GetCommandLineA();
    EXPECT(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, &token));
    if (line[length_of(line) - 1] == '2') {
        EXPECT_EQUAL(attributes_of("SeDebugPrivilege"), SE_PRIVILEGE_ENABLED);
        EXPECT_EQUAL(attributes_of("SeChangeNotifyPrivilege"), SE_PRIVILEGE_ENABLED_BY_DEFAULT | SE_PRIVILEGE_ENABLED);
        return;
    }
    people();
    EXPECT_EQUAL(attributes_of("SeDebugPrivilege"), 0);
    EXPECT_EQUAL(attributes_of("SeLockMemoryPrivilege"), 0);
    EXPECT_EQUAL(attributes_of("SeCreateTokenPrivilege"), 0xFFFFFFFF);
    set("SeDebugPrivilege", SE_PRIVILEGE_ENABLED, 0);
    EXPECT_EQUAL(attributes_of("seDEBUGprivilege"), SE_PRIVILEGE_ENABLED);
    set("SeCreateTokenPrivilege", SE_PRIVILEGE_ENABLED, ERROR_NOT_ALL_ASSIGNED);
    EXPECT_EQUAL(run("C:\\tokens.exe 2"), 0);
    EXPECT(AdjustTokenPrivileges(token, TRUE, NULL, 0, NULL, NULL));
    EXPECT_EQUAL(attributes_of("SeDebugPrivilege"), 0);
    EXPECT_EQUAL(attributes_of("SeChangeNotifyPrivilege"), SE_PRIVILEGE_ENABLED_BY_DEFAULT);
    refusals();
    set("SeShutdownPrivilege", 4, 0);
    EXPECT_EQUAL(attributes_of("SeShutdownPrivilege"), 0xFFFFFFFF);
    EXPECT(CloseHandle(token));
}
