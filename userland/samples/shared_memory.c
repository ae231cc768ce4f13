// cc-library: msvcrt
// Shared memory, in three calls: a section without a file, by a name; a view of it; a word in the view. It prints where the view is.
// While one process has it open, any other has the same memory by OpenFileMapping and the name.
//
//     i686-w64-mingw32-gcc -o shared_memory.exe shared_memory.c
#include <stdio.h>
#include <windows.h>

#define NAME "Shared memory"

int main(void)
{
    // A kernel object over pages of RAM: none is taken yet.
    HANDLE section = CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, BUFSIZ, NAME);
    if (section == NULL) {
        fprintf(stderr, "CreateFileMapping: error %lu\n", GetLastError());
        return 1;
    }
    // Addresses that stand for them. Still there is no page.
    LPTSTR view = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, BUFSIZ);
    if (view == NULL) {
        fprintf(stderr, "MapViewOfFile: error %lu\n", GetLastError());
        return 1;
    }
    // The first touch brings it.
    *(PDWORD)view = 0x12345678;
    printf("%p", view);
    return 0;
}
