// Writes numbered records through a view of a file, and files of their own, and says each number when its flush has returned:
// what it says must survive a loss of power. tests/runner/src/power_cut knows what they hold.
#include <windows.h>

#define RECORDS 400
#define RECORD_WORDS 16
#define FILES_EVERY 20

static HANDLE output;

static void fail(DWORD line)
{
    ExitProcess(line << 16 | (GetLastError() & 0xFFFF));
}

#define MUST(condition) do { if (!(condition)) fail(__LINE__); } while (0)

static void say(char kind, DWORD number)
{
    char text[16], *at = text + sizeof text;
    DWORD written;
    *--at = '\n';
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    *--at = ' ';
    *--at = kind;
    MUST(WriteFile(output, at, (DWORD)(text + sizeof text - at), &written, NULL));
}

static void write_record(volatile DWORD *record, DWORD number)
{
    DWORD value = (number + 1) * 0x9E3779B1u;
    record[0] = number + 1;
    for (DWORD word = 1; word < RECORD_WORDS; word++)
        record[word] = value << word | value >> (32 - word);
}

static void write_file(DWORD number)
{
    static unsigned char bytes[10000];
    char name[] = "C:\\kept\\a file that is kept 000000.bin", *at = name + sizeof name - 6, digits[8];
    DWORD length = 100 + number * 997 % 9000, written, count = 0, rest = number;
    for (DWORD byte = 0; byte < length; byte++)
        bytes[byte] = (unsigned char)(byte * 7 + number);
    // Without leading zeros: the name ends where the number does.
    do
        digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    at = name + sizeof "C:\\kept\\a file that is kept " - 1;
    while (count > 0)
        *at++ = digits[--count];
    lstrcpyA(at, ".bin");
    HANDLE file = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    MUST(file != INVALID_HANDLE_VALUE);
    MUST(WriteFile(file, bytes, length, &written, NULL) && written == length);
    MUST(FlushFileBuffers(file));
    MUST(CloseHandle(file));
    say('f', number);
}

void mainCRTStartup(void)
{
    output = GetStdHandle(STD_OUTPUT_HANDLE);
    MUST(CreateDirectoryA("C:\\kept", NULL));
    HANDLE file = CreateFileA("C:\\records.dat", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    MUST(file != INVALID_HANDLE_VALUE);
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, RECORDS * RECORD_WORDS * 4, NULL);
    MUST(section != NULL);
    volatile DWORD *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    MUST(view != NULL);
    for (DWORD number = 0; number < RECORDS; number++) {
        volatile DWORD *record = view + number * RECORD_WORDS;
        write_record(record, number);
        MUST(FlushViewOfFile((const void *)record, RECORD_WORDS * 4));
        MUST(FlushFileBuffers(file));
        say('r', number);
        if (number % FILES_EVERY == 0)
            write_file(number / FILES_EVERY);
    }
    MUST(UnmapViewOfFile((const void *)view) && CloseHandle(section) && CloseHandle(file));
    ExitProcess(0);
}
