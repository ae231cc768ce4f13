// What data execution prevention does for this program, which is not marked: the exit code has the system's policy in bits 4 and 5, in bit 2
// whether data runs, in bit 1 whether the program can be covered for good, in bit 0 whether data runs after that.
// cc: -Wl,--disable-nxcompat
#include "program.h"


// mov eax, 1; ret
static char code[] = {(char)0xB8, 1, 0, 0, 0, (char)0xC3};

static LONG CALLBACK skip(EXCEPTION_POINTERS *pointers)
{
    CONTEXT *context = pointers->ContextRecord;
    context->Eip = *(DWORD *)context->Esp;
    context->Esp += 4;
    context->Eax = 0;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static int runs(void)
{
    return ((int (*)(void))code)();
}

void mainCRTStartup(void)
{
    AddVectoredExceptionHandler(1, skip);
    UINT answer = (UINT)GetSystemDEPPolicy() << 4;
    answer |= (UINT)runs() << 2;
    answer |= (UINT)SetProcessDEPPolicy(1) << 1;
    answer |= (UINT)runs();
    ExitProcess(answer);
}
