// cc-library: msvcrt
// cc: -lpsapi
// Two drives: each has its own files, sizes, folders and changes; files go from one to the other as copies; what lies on D: is
// mapped, run and found by its device's name. D: is a disk with D:\data\one.txt ("on D:") and this program as D:\data\drives.exe.
#include <direct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#define PSAPI_VERSION 1
#include <psapi.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("line %d: %s, error %lu\n", __LINE__, #condition, GetLastError()); \
            exit(1); \
        } \
    } while (0)

static void put(const char *path, const char *text)
{
    DWORD done;
    HANDLE file = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    CHECK(file != INVALID_HANDLE_VALUE);
    CHECK(WriteFile(file, text, strlen(text), &done, NULL) && done == strlen(text));
    CloseHandle(file);
}

static int holds(const char *path, const char *text)
{
    char buffer[64] = "";
    DWORD done = 0;
    HANDLE file = CreateFileA(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return 0;
    CHECK(ReadFile(file, buffer, sizeof buffer - 1, &done, NULL));
    CloseHandle(file);
    return strlen(text) == done && !memcmp(buffer, text, done);
}

static void told(void)
{
    char device[64], drives[16];
    DWORD serial[2], sectors, bytes, free[2], all[2];
    CHECK(GetLogicalDrives() == 0xC);
    CHECK(GetLogicalDriveStringsA(sizeof drives, drives) == 8 && !memcmp(drives, "C:\\\0D:\\\0", 9));
    CHECK(GetDriveTypeA("D:\\") == DRIVE_FIXED && GetDriveTypeA("E:\\") == DRIVE_NO_ROOT_DIR);
    CHECK(QueryDosDeviceA("D:", device, sizeof device) && !strcmp(device, "\\Device\\HarddiskVolume2"));
    CHECK(GetDiskFreeSpaceA("C:\\", &sectors, &bytes, &free[0], &all[0]));
    CHECK(GetDiskFreeSpaceA("D:\\", &sectors, &bytes, &free[1], &all[1]) && all[0] != all[1]);
    CHECK(GetVolumeInformationA("C:\\", NULL, 0, &serial[0], NULL, NULL, NULL, 0));
    CHECK(GetVolumeInformationA("D:\\", NULL, 0, &serial[1], NULL, NULL, NULL, 0));
}

static void folders(void)
{
    char path[MAX_PATH];
    CHECK(_chdir("D:\\data") == 0 && _getdrive() == 4);
    CHECK(_chdir("C:\\WINDOWS") == 0 && _getdrive() == 3);
    CHECK(holds("d:one.txt", "on D:") && !holds("one.txt", "on D:"));
    CHECK(GetFullPathNameA("d:x\\..\\y", sizeof path, path, NULL) && !strcmp(path, "d:\\data\\y"));
    CHECK(_fullpath(path, "D:y", sizeof path) && !strcmp(path, "D:\\data\\y"));
    CHECK(_chdrive(4) == 0 && _getcwd(path, sizeof path) && !strcmp(path, "D:\\data"));
    CHECK(_chdrive(5) == -1 && _chdrive(3) == 0 && _getcwd(path, sizeof path) && !strcmp(path, "C:\\WINDOWS"));
}

static void across(void)
{
    put("C:\\two.txt", "from C:");
    CHECK(!MoveFileExA("C:\\two.txt", "D:\\two.txt", 0) && GetLastError() == ERROR_NOT_SAME_DEVICE);
    CHECK(holds("C:\\two.txt", "from C:") && !holds("D:\\two.txt", "from C:"));
    CHECK(CopyFileA("C:\\two.txt", "D:\\copy.txt", TRUE) && holds("D:\\copy.txt", "from C:"));
    CHECK(MoveFileExA("C:\\two.txt", "D:\\two.txt", MOVEFILE_COPY_ALLOWED));
    CHECK(holds("D:\\two.txt", "from C:") && !holds("C:\\two.txt", "from C:"));
    CHECK(MoveFileA("D:\\two.txt", "D:\\data\\three.txt") && holds("D:\\data\\three.txt", "from C:"));
    // The same name on both is two files.
    put("C:\\same.txt", "C");
    put("D:\\same.txt", "D");
    CHECK(holds("C:\\same.txt", "C") && holds("D:\\same.txt", "D"));
    CHECK(DeleteFileA("C:\\same.txt") && holds("D:\\same.txt", "D"));
}

static void changes(void)
{
    HANDLE there = FindFirstChangeNotificationA("D:\\data", TRUE, FILE_NOTIFY_CHANGE_FILE_NAME);
    HANDLE here = FindFirstChangeNotificationA("C:\\", TRUE, FILE_NOTIFY_CHANGE_FILE_NAME);
    CHECK(there != INVALID_HANDLE_VALUE && here != INVALID_HANDLE_VALUE);
    put("C:\\four.txt", "4");
    CHECK(WaitForSingleObject(here, 0) == WAIT_OBJECT_0 && WaitForSingleObject(there, 0) == WAIT_TIMEOUT);
    put("D:\\data\\four.txt", "4");
    CHECK(WaitForSingleObject(there, 0) == WAIT_OBJECT_0);
    CHECK(FindNextChangeNotification(here) && WaitForSingleObject(here, 0) == WAIT_TIMEOUT);
    FindCloseChangeNotification(here);
    put("D:\\data\\five.txt", "5");
    FindCloseChangeNotification(there);
}

static void mapped(void)
{
    char name[MAX_PATH];
    HANDLE file = CreateFileA("D:\\data\\one.txt", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    char *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    CHECK(view && !memcmp(view, "on D:", 5));
    CHECK(GetMappedFileNameA(GetCurrentProcess(), view, name, sizeof name));
    CHECK(!strcmp(name, "\\Device\\HarddiskVolume2\\data\\one.txt"));
    memcpy(view, "ON d:", 5);
    CHECK(FlushViewOfFile(view, 0) && UnmapViewOfFile(view));
    CloseHandle(section);
    CHECK(FlushFileBuffers(file));
    CloseHandle(file);
    CHECK(holds("D:\\data\\one.txt", "ON d:"));
    HANDLE volume = CreateFileA("\\\\.\\D:", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(volume != INVALID_HANDLE_VALUE && FlushFileBuffers(volume));
    CloseHandle(volume);
}

static void run(void)
{
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    DWORD code;
    CHECK(CreateProcessA("D:\\data\\drives.exe", "drives there", NULL, NULL, FALSE, 0, NULL, "D:\\data", &start, &made));
    WaitForSingleObject(made.hProcess, INFINITE);
    CHECK(GetExitCodeProcess(made.hProcess, &code) && code == 44);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        char path[MAX_PATH];
        CHECK(GetModuleFileNameA(NULL, path, sizeof path) && !_stricmp(path, "D:\\data\\drives.exe"));
        CHECK(_getcwd(path, sizeof path) && !strcmp(path, "D:\\data"));
        return 44;
    }
    told();
    folders();
    across();
    changes();
    mapped();
    run();
    printf("two drives\n");
    return 0;
}
