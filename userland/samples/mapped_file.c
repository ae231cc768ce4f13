// cc-library: msvcrt
// A file as memory: what is stored in the view is in the file. It makes NOTEPAD.EXE in the current directory if there is none, 512
// bytes long, and writes its first four through the view.
//
//     i686-w64-mingw32-gcc -o mapped_file.exe mapped_file.c
#include <stdio.h>
#include <windows.h>

int main(void)
{
    HANDLE file = CreateFile("NOTEPAD.EXE", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_ALWAYS,
                             FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        fprintf(stderr, "CreateFile: error %lu\n", GetLastError());
        return 1;
    }
    // The difference to shared memory is this handle. A file that is shorter grows.
    HANDLE section = CreateFileMapping(file, NULL, PAGE_READWRITE, 0, BUFSIZ, NULL);
    if (section == NULL) {
        fprintf(stderr, "CreateFileMapping: error %lu\n", GetLastError());
        return 1;
    }
    LPTSTR view = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, BUFSIZ);
    if (view == NULL) {
        fprintf(stderr, "MapViewOfFile: error %lu\n", GetLastError());
        return 1;
    }
    *(PDWORD)view = 0x12345678;
    return 0;
}
