// cc-library: msvcrt
// cc: -lntdll
// A view whose protection may not change: SEC_NO_CHANGE. Whatever is asked for is refused, until the view goes.
//
//     i686-w64-mingw32-gcc -o no_change.exe no_change.c -lntdll
#include <stdio.h>
#include <windows.h>
#include <winternl.h>

#ifndef SEC_NO_CHANGE
#define SEC_NO_CHANGE 0x00400000
#endif

NTSTATUS NTAPI NtCreateSection(HANDLE *section, ACCESS_MASK access, PVOID attributes, LARGE_INTEGER *size, ULONG protect, ULONG kind, HANDLE file);

int main(void)
{
    static const DWORD wanted[] = {PAGE_NOACCESS, PAGE_READONLY, PAGE_EXECUTE_READ, PAGE_WRITECOPY, PAGE_READWRITE};
    LARGE_INTEGER size = {.QuadPart = 0x10000};
    HANDLE section;
    // CreateFileMapping does not know the attribute.
    NTSTATUS status = NtCreateSection(&section, SECTION_ALL_ACCESS, NULL, &size, PAGE_READWRITE, SEC_COMMIT | SEC_NO_CHANGE, NULL);
    char *view = status != 0 ? NULL : MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    if (view == NULL) {
        fprintf(stderr, "a view: status %08lx, error %lu\n", status, GetLastError());
        return 1;
    }
    for (unsigned index = 0; index < sizeof wanted / sizeof *wanted; index++) {
        DWORD old;
        BOOL done = VirtualProtect(view, 0x10000, wanted[index], &old);
        printf("protection %2lx: ", wanted[index]);
        if (done)
            printf("it has that\n");
        else
            printf("error %lu\n", GetLastError());
    }
    view[0] = 1;
    printf("and it can be written\n");
    return 0;
}
