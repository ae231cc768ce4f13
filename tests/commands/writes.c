// Writes to a file past the cache until somebody sets a flag in its memory, then reads back what it wrote last.
#include "program.h"

enum { CHUNK = 0x10000, CHUNKS = 32 };

static volatile DWORD enough;

static DWORD pattern(DWORD turn, DWORD chunk, DWORD index)
{
    return (turn * 0x9E3779B9u) ^ (chunk << 20) ^ index;
}

void mainCRTStartup(void)
{
    DWORD flags = FILE_FLAG_NO_BUFFERING | FILE_FLAG_WRITE_THROUGH;
    HANDLE file = CreateFileA("C:\\written.bin", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, flags, NULL);
    DWORD *words = VirtualAlloc(NULL, CHUNK, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD turn = 0, moved;
    if (file == INVALID_HANDLE_VALUE || words == NULL)
        ExitProcess(1);
    do {
        turn++;
        if (SetFilePointer(file, 0, NULL, FILE_BEGIN) != 0)
            ExitProcess(2);
        for (DWORD chunk = 0; chunk < CHUNKS; chunk++) {
            for (DWORD index = 0; index < CHUNK / 4; index++)
                words[index] = pattern(turn, chunk, index);
            if (!WriteFile(file, words, CHUNK, &moved, NULL) || moved != CHUNK)
                ExitProcess(3);
        }
        if (turn == 1) {
            write_text(STD_OUTPUT_HANDLE, "writing until ");
            write_address(STD_OUTPUT_HANDLE, &enough);
            write_text(STD_OUTPUT_HANDLE, "\n");
        }
    } while (!enough);
    if (SetFilePointer(file, 0, NULL, FILE_BEGIN) != 0)
        ExitProcess(4);
    for (DWORD chunk = 0; chunk < CHUNKS; chunk++) {
        if (!ReadFile(file, words, CHUNK, &moved, NULL) || moved != CHUNK)
            ExitProcess(5);
        for (DWORD index = 0; index < CHUNK / 4; index++)
            if (words[index] != pattern(turn, chunk, index))
                ExitProcess(6);
    }
    write_text(STD_OUTPUT_HANDLE, "all is as it was written\n");
    ExitProcess(7);
}
