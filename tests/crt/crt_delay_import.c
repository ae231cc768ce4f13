// Delayed imports: the DLL is loaded by the first call, by name and by ordinal; one that is nowhere raises an exception.
// expect: exit 0
// cc: -ldelayed_library -ldelayed_absent -ldelayimp
#include <windows.h>
#include "crt_check.h"

int library_add(int left, int right);
int library_seventh(void);
int nothing_there(void);

static DWORD raised;

// ERROR_SEVERITY_ERROR, the facility of Visual C++, and the Win32 error.
static LONG WINAPI end_with_it(EXCEPTION_POINTERS *pointers)
{
    raised = pointers->ExceptionRecord->ExceptionCode;
    CHECK(raised == (0xC06D0000 | ERROR_MOD_NOT_FOUND));
    fflush(stdout);
    ExitProcess(failures);
}

int main(void)
{
    CHECK(GetModuleHandleA("library.exe") == NULL);
    CHECK(library_add(2, 3) == 5);
    CHECK(GetModuleHandleA("library.exe") != NULL);
    CHECK(library_add(20, 30) == 50);
    CHECK(library_seventh() == 1007);
    SetUnhandledExceptionFilter(end_with_it);
    nothing_there();
    return 1;
}
