// kernel32's names of devices and drives: QueryDosDevice, DefineDosDevice, drives, volumes, and devices in every folder.
// expect: exit 0
#include "test.h"

static char text[4096];
static WCHAR wide[4096];

static BOOL same(const char *one, const char *other)
{
    while (*one != 0 && *one == *other)
        one++, other++;
    return *one == *other;
}

// Whether a list that an empty text ends has this one.
static BOOL listed(const char *list, const char *name)
{
    while (*list != 0) {
        if (same(list, name))
            return TRUE;
        list += length_of(list) + 1;
    }
    return FALSE;
}

static void queries(void)
{
    EXPECT_EQUAL(QueryDosDeviceA("C:", text, sizeof text), 25);
    EXPECT(same(text, "\\Device\\HarddiskVolume1") && text[24] == 0);
    EXPECT_EQUAL(QueryDosDeviceA("nul", text, sizeof text), 14);
    EXPECT(same(text, "\\Device\\Null"));
    EXPECT_EQUAL(QueryDosDeviceW(L"PIPE", wide, 19), 19);
    EXPECT(wide[0] == L'\\' && wide[16] == L'e' && wide[17] == 0 && wide[18] == 0);
    EXPECT_ERROR(QueryDosDeviceW(L"PIPE", wide, 18), ERROR_INSUFFICIENT_BUFFER);
    EXPECT_ERROR(QueryDosDeviceA("Z:", text, sizeof text), ERROR_FILE_NOT_FOUND);
    EXPECT_ERROR(QueryDosDeviceA("C:", NULL, 0), ERROR_INSUFFICIENT_BUFFER);
    DWORD length = QueryDosDeviceA(NULL, text, sizeof text);
    EXPECT(length > 20 && text[length - 1] == 0 && text[length - 2] == 0);
    EXPECT(listed(text, "C:") && listed(text, "NUL") && listed(text, "PIPE") && !listed(text, "Z:"));
    EXPECT_EQUAL(QueryDosDeviceW(NULL, wide, 4096), length);
    EXPECT_ERROR(QueryDosDeviceA(NULL, text, length - 1), ERROR_INSUFFICIENT_BUFFER);
}

static void definitions(void)
{
    HANDLE file = CreateFileA("C:\\defined", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE && CloseHandle(file));
    EXPECT(DefineDosDeviceA(0, "Q:", "C:\\"));
    EXPECT_EQUAL(GetLogicalDrives(), 1 << 2 | 1 << 16);
    EXPECT_EQUAL(GetFileAttributesA("Q:\\defined"), FILE_ATTRIBUTE_ARCHIVE);
    EXPECT_EQUAL(QueryDosDeviceA("q:", text, sizeof text), 9);
    EXPECT(same(text, "\\??\\C:\\"));
    EXPECT_ERROR(DefineDosDeviceA(DDD_REMOVE_DEFINITION | DDD_EXACT_MATCH_ON_REMOVE, "Q:", "C:\\x"), ERROR_FILE_NOT_FOUND);
    EXPECT(DefineDosDeviceW(DDD_REMOVE_DEFINITION | DDD_EXACT_MATCH_ON_REMOVE, L"Q:", L"C:\\"));
    EXPECT_EQUAL(GetLogicalDrives(), 1 << 2);
    EXPECT_ERROR(DefineDosDeviceA(DDD_REMOVE_DEFINITION, "Q:", NULL), ERROR_FILE_NOT_FOUND);
    EXPECT(DefineDosDeviceA(DDD_RAW_TARGET_PATH, "hidden", "\\Device\\HarddiskVolume1"));
    EXPECT_EQUAL(GetFileAttributesA("\\\\.\\hidden\\defined"), FILE_ATTRIBUTE_ARCHIVE);
    EXPECT(DefineDosDeviceA(DDD_REMOVE_DEFINITION, "hidden", NULL));
    EXPECT_ERROR(DefineDosDeviceA(0, "Q:", NULL), ERROR_INVALID_PARAMETER);
    EXPECT_ERROR(DefineDosDeviceA(0x100, "Q:", "C:\\"), ERROR_INVALID_PARAMETER);
    EXPECT(DeleteFileA("C:\\defined"));
}

static void drives(void)
{
    EXPECT_EQUAL(GetLogicalDriveStringsA(sizeof text, text), 4);
    EXPECT(same(text, "C:\\") && text[4] == 0);
    EXPECT_EQUAL(GetLogicalDriveStringsA(4, text), 5);
    EXPECT_EQUAL(GetLogicalDriveStringsW(0, NULL), 5);
    EXPECT_EQUAL(GetLogicalDriveStringsW(5, wide), 4);
    EXPECT(wide[0] == L'C' && wide[3] == 0 && wide[4] == 0);
    EXPECT_EQUAL(GetDriveTypeA("C:\\"), DRIVE_FIXED);
    EXPECT_EQUAL(GetDriveTypeW(NULL), DRIVE_FIXED);
    EXPECT_EQUAL(GetDriveTypeA("Z:\\"), DRIVE_NO_ROOT_DIR);
}

static void volumes(void)
{
    char name[16], system[16];
    DWORD serial = 0, longest = 0, flags = 0;
    EXPECT(GetVolumeInformationA("C:\\", name, sizeof name, &serial, &longest, &flags, system, sizeof system));
    EXPECT(serial != 0 && longest == 255 && flags != 0 && same(system, "FAT"));
    EXPECT(GetVolumeInformationA(NULL, NULL, 0, NULL, NULL, NULL, NULL, 0));
    EXPECT(GetVolumeInformationW(L"C:\\", NULL, 0, NULL, NULL, NULL, wide, 4) && wide[2] == L'T' && wide[3] == 0);
    EXPECT_ERROR(GetVolumeInformationA("C:\\", NULL, 0, NULL, NULL, NULL, system, 3), ERROR_BAD_LENGTH);
    EXPECT_EQUAL(GetDriveTypeA("C:\\WINDOWS\\"), DRIVE_NO_ROOT_DIR);
    EXPECT_ERROR(GetVolumeInformationA("C:\\WINDOWS\\", NULL, 0, NULL, NULL, NULL, NULL, 0), ERROR_DIR_NOT_ROOT);
    EXPECT_ERROR(GetVolumeInformationA("C:", NULL, 0, NULL, NULL, NULL, NULL, 0), ERROR_INVALID_NAME);
    EXPECT_ERROR(GetVolumeInformationA("Z:\\", NULL, 0, NULL, NULL, NULL, NULL, 0), ERROR_PATH_NOT_FOUND);
}

static void devices(void)
{
    DWORD done;
    char bytes[4];
    static const char *const names[] = {"nul", "NUL", "C:\\nowhere\\nul.txt", "C:nul", "\\\\.\\NUL", "nul:"};
    for (DWORD index = 0; index < sizeof names / sizeof *names; index++) {
        HANDLE null = CreateFileA(names[index], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        EXPECT(null != INVALID_HANDLE_VALUE);
        EXPECT_EQUAL(GetFileType(null), FILE_TYPE_CHAR);
        EXPECT(WriteFile(null, "abcd", 4, &done, NULL) && done == 4);
        EXPECT(ReadFile(null, bytes, 4, &done, NULL) && done == 0);
        EXPECT_EQUAL(GetFileSize(null, NULL), 0);
        EXPECT(CloseHandle(null));
    }
    EXPECT_EQUAL(GetFileAttributesA("x\\nul"), FILE_ATTRIBUTE_ARCHIVE);
    EXPECT_EQUAL(GetFullPathNameA("x\\nul", sizeof text, text, NULL), 7);
    EXPECT(same(text, "\\\\.\\nul"));
    EXPECT(CreateFileA("lpt1", GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL) == INVALID_HANDLE_VALUE);
    EXPECT_EQUAL(GetLastError(), ERROR_FILE_NOT_FOUND);
    HANDLE volume = CreateFileA("\\\\.\\C:", 0, 3, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(volume != INVALID_HANDLE_VALUE && GetFileType(volume) == FILE_TYPE_DISK && CloseHandle(volume));
}

// What the attributes say of inheritance holds for files too.
static void inheritance(void)
{
    SECURITY_ATTRIBUTES security = {sizeof security, NULL, TRUE};
    DWORD flags = 0;
    HANDLE null = CreateFileA("nul", GENERIC_WRITE, 0, &security, OPEN_EXISTING, 0, NULL);
    EXPECT(GetHandleInformation(null, &flags) && flags == HANDLE_FLAG_INHERIT && CloseHandle(null));
    HANDLE file = CreateFileW(L"C:\\WINDOWS\\system32\\ntdll.dll", GENERIC_READ, 1, &security, OPEN_EXISTING, 0, NULL);
    EXPECT(GetHandleInformation(file, &flags) && flags == HANDLE_FLAG_INHERIT && CloseHandle(file));
    file = CreateFileW(L"C:\\WINDOWS\\system32\\ntdll.dll", GENERIC_READ, 1, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(GetHandleInformation(file, &flags) && flags == 0 && CloseHandle(file));
}

static void test(void)
{
    queries();
    definitions();
    drives();
    volumes();
    devices();
    inheritance();
}
