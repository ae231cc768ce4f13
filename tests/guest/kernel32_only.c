// The smallest program of its kind: no C library, five functions of kernel32, and one page of memory of its own.
// expect: exit 3
// stdout: ok
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

void mainCRTStartup(void)
{
    DWORD written = 0;
    char *page = VirtualAlloc(NULL, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (page == NULL)
        ExitProcess(1);
    page[0] = 'o', page[1] = 'k', page[2] = '\n';
    if (!WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), page, 3, &written, NULL) || written != 3)
        ExitProcess(2);
    ExitProcess(VirtualFree(page, 0, MEM_RELEASE) ? 3 : 4);
}
