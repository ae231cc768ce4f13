// A view of a file, a read and a write of it never disagree; a file that is mapped cannot be cut or deleted.
// expect: exit 0
#include "test.h"

static void test(void)
{
    DWORD done;
    char bytes[8] = {0};
    HANDLE file = CreateFileA("mapped.bin", GENERIC_READ | GENERIC_WRITE, 7, NULL, CREATE_NEW, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    EXPECT(CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL) == NULL);
    EXPECT_EQUAL(GetLastError(), ERROR_FILE_INVALID);
    EXPECT(WriteFile(file, "written", 7, &done, NULL));
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 3 * PAGE, NULL);
    EXPECT(section != NULL);
    EXPECT_EQUAL(GetFileSize(file, NULL), 3 * PAGE);
    volatile char *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    EXPECT(view != NULL);
    EXPECT(view[0] == 'w' && view[6] == 'n' && view[7] == 0 && view[3 * PAGE - 1] == 0);
    // Through the view, and read from the file.
    view[2 * PAGE] = 'v';
    EXPECT_EQUAL(SetFilePointer(file, 2 * PAGE, NULL, FILE_BEGIN), 2 * PAGE);
    EXPECT(ReadFile(file, bytes, 2, &done, NULL) && done == 2 && bytes[0] == 'v' && bytes[1] == 0);
    // To the file, and seen in the view.
    EXPECT(WriteFile(file, "file", 4, &done, NULL));
    EXPECT(view[2 * PAGE + 2] == 'f' && view[2 * PAGE + 5] == 'e');
    EXPECT(FlushViewOfFile((void *)view, 0) && FlushFileBuffers(file));
    EXPECT_EQUAL(SetFilePointer(file, PAGE, NULL, FILE_BEGIN), PAGE);
    EXPECT_ERROR(SetEndOfFile(file), ERROR_USER_MAPPED_FILE);
    EXPECT_ERROR(DeleteFileA("mapped.bin"), ERROR_ACCESS_DENIED);
    EXPECT_EQUAL(GetFileSize(file, NULL), 3 * PAGE);
    EXPECT(CloseHandle(section) && CloseHandle(file));
    // The view alone keeps it, and what is stored in it gets to the file.
    view[0] = 'W';
    EXPECT(UnmapViewOfFile((void *)view));
    file = CreateFileA("mapped.bin", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(file != INVALID_HANDLE_VALUE);
    EXPECT(ReadFile(file, bytes, 7, &done, NULL) && done == 7 && bytes[0] == 'W' && bytes[1] == 'r');
    EXPECT_EQUAL(SetFilePointer(file, 4, NULL, FILE_BEGIN), 4);
    EXPECT(SetEndOfFile(file));
    EXPECT_EQUAL(GetFileSize(file, NULL), 4);
    EXPECT(CloseHandle(file) && DeleteFileA("mapped.bin"));
}
