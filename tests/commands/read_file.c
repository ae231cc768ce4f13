// Reads C:\large.bin from its start to its end, 64 KB at a time, and prints how fast that went.
#include <windows.h>

static unsigned char bytes[0x10000];

static void print(ULONGLONG number)
{
    static const char start[] = "bench disk_read: ", end[] = " KB a second\n";
    char digits[24], text[80];
    DWORD count = 0, length = 0, written;
    do
        digits[count++] = (char)('0' + (DWORD)(number % 10));
    while ((number /= 10) != 0);
    for (const char *at = start; *at != 0; at++)
        text[length++] = *at;
    while (count > 0)
        text[length++] = digits[--count];
    for (const char *at = end; *at != 0; at++)
        text[length++] = *at;
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text, length, &written, NULL);
}

void mainCRTStartup(void)
{
    LARGE_INTEGER frequency, began, ended;
    ULONGLONG all = 0;
    DWORD count;
    HANDLE file = CreateFileA("C:\\large.bin", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    if (file == INVALID_HANDLE_VALUE)
        ExitProcess(GetLastError());
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&began);
    do {
        if (!ReadFile(file, bytes, sizeof bytes, &count, NULL))
            ExitProcess(GetLastError());
        for (DWORD at = 0; at < count; at += 4096)
            if (bytes[at] != (unsigned char)((all + at) >> 12))
                ExitProcess(1);
        all += count;
    } while (count != 0);
    QueryPerformanceCounter(&ended);
    print(all / 1024 * (ULONGLONG)frequency.QuadPart / (ULONGLONG)(ended.QuadPart - began.QuadPart));
    ExitProcess(all == 64 << 20 ? 0 : 2);
}
