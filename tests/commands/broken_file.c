// Writes, flushes and reads back a file on a disk on which the test lets some of that fail. The first argument says what: the exit
// status is the error that came, or 0.
#include <windows.h>

#define BYTES 0x8000

static unsigned char bytes[BYTES];

static DWORD error_of(BOOL good)
{
    return good ? 0 : GetLastError();
}

static DWORD read(void)
{
    DWORD done = 0;
    HANDLE file = CreateFileA("C:\\victim.bin", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return 1000 + GetLastError();
    DWORD error = error_of(ReadFile(file, bytes, BYTES, &done, NULL));
    CloseHandle(file);
    return error;
}

// What cannot be written stays in memory, and is told by who asks for it to be on the disk.
static DWORD write(void)
{
    DWORD done = 0, error;
    HANDLE file = CreateFileA("C:\\victim.bin", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return 1000 + GetLastError();
    for (DWORD byte = 0; byte < BYTES; byte++)
        bytes[byte] = (unsigned char)(byte * 3);
    if (!WriteFile(file, bytes, BYTES, &done, NULL) || done != BYTES)
        return 2000 + GetLastError();
    error = error_of(FlushFileBuffers(file));
    // The bytes are those that were written, whatever became of the disk.
    SetFilePointer(file, 0, NULL, FILE_BEGIN);
    for (DWORD byte = 0; byte < BYTES; byte++)
        bytes[byte] = 0;
    if (!ReadFile(file, bytes, BYTES, &done, NULL) || done != BYTES)
        return 3000 + GetLastError();
    for (DWORD byte = 0; byte < BYTES; byte++)
        if (bytes[byte] != (unsigned char)(byte * 3))
            return 4000;
    CloseHandle(file);
    return error;
}

void mainCRTStartup(void)
{
    const char *line = GetCommandLineA();
    while (*line != 0 && *line != ' ')
        line++;
    while (*line == ' ')
        line++;
    ExitProcess(*line == 'r' ? read() : write());
}
