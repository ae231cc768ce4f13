// What the DLLs note: a letter, a capital at their end; ! where the last argument is not what it should be for LoadLibrary.
static inline void note_order(DWORD reason, PVOID context, const char *letter)
{
    char text[64] = "", end[2] = {(char)(*letter & ~0x20), 0};
    if (reason == DLL_THREAD_ATTACH || reason == DLL_THREAD_DETACH)
        return;
    GetEnvironmentVariableA("order", text, sizeof text);
    lstrcatA(text, reason == DLL_PROCESS_DETACH ? end : letter);
    if (context != NULL)
        lstrcatA(text, "!");
    SetEnvironmentVariableA("order", text);
}
