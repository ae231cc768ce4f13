// A Windows program without a C library: it greets, shows its address space and touches some memory.
//
//     i686-w64-mingw32-gcc -Os -nostdlib -ffreestanding -mconsole -o hello.exe hello.c -lkernel32
//
// The linker enters it at mainCRTStartup, and kernel32.dll is all it imports. The same file runs on Windows and Wine.
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

static HANDLE output;

static void put(const char *text)
{
    DWORD written;
    WriteFile(output, text, (DWORD)lstrlenA(text), &written, NULL);
}

// A word as eight hexadecimal digits.
static void put_hex(DWORD word)
{
    char digits[9];
    for (int index = 7; index >= 0; index--, word >>= 4)
        digits[index] = "0123456789abcdef"[word & 15];
    digits[8] = 0;
    put(digits);
}

// A text in a column of the given width.
static void put_column(const char *text, int width)
{
    put(text);
    for (int length = lstrlenA(text); length < width; length++)
        put(" ");
}

static const char *state_name(DWORD state)
{
    switch (state) {
    case MEM_COMMIT: return "committed";
    case MEM_RESERVE: return "reserved";
    default: return "free";
    }
}

static const char *type_name(DWORD type)
{
    switch (type) {
    case MEM_PRIVATE: return "private";
    case MEM_MAPPED: return "mapped";
    case MEM_IMAGE: return "image";
    default: return "";
    }
}

static const char *protection_name(DWORD protection)
{
    switch (protection & 0xFF) {
    case 0: return "";
    case PAGE_NOACCESS: return "no access";
    case PAGE_READONLY: return "read";
    case PAGE_READWRITE: return "read write";
    case PAGE_WRITECOPY: return "read copy-on-write";
    case PAGE_EXECUTE: return "execute";
    case PAGE_EXECUTE_READ: return "execute read";
    case PAGE_EXECUTE_READWRITE: return "execute read write";
    case PAGE_EXECUTE_WRITECOPY: return "execute read copy-on-write";
    default: return "?";
    }
}

// The file that an image belongs to, without its folder.
static void put_image(PVOID base)
{
    char path[MAX_PATH];
    DWORD length = GetModuleFileNameA(base, path, sizeof path);
    while (length > 0 && path[length - 1] != '\\')
        length--;
    put(path + length);
}

static void show_address_space(void)
{
    MEMORY_BASIC_INFORMATION region;
    put("from     to        state     type    protection\r\n");
    for (DWORD at = 0; VirtualQuery((PVOID)at, &region, sizeof region); at += region.RegionSize) {
        if (region.State == MEM_FREE)
            continue;
        put_hex(at);
        put("-");
        put_hex(at + region.RegionSize - 1);
        put(" ");
        put_column(state_name(region.State), 10);
        put_column(type_name(region.Type), 8);
        if (region.Type == MEM_IMAGE) {
            put_column(protection_name(region.Protect), 28);
            put_image(region.AllocationBase);
        } else {
            put(protection_name(region.Protect));
            put(region.Protect & PAGE_GUARD ? " guard" : "");
        }
        put("\r\n");
    }
}

static BOOL use_memory(void)
{
    const DWORD size = 1024 * 1024;
    DWORD *words = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (words == NULL)
        return FALSE;
    BOOL zeroed = TRUE;
    for (DWORD index = 0; index < size / sizeof *words; index += 1024) {
        zeroed &= words[index] == 0;
        words[index] = index;
    }
    put("1 MB at ");
    put_hex((DWORD)words);
    put(zeroed ? ": 256 pages of zeros, each touched, " : ": not zeroed, ");
    BOOL released = VirtualFree(words, 0, MEM_RELEASE);
    put(released ? "and given back.\r\n" : "and not given back.\r\n");
    return zeroed && released;
}

void mainCRTStartup(void)
{
    output = GetStdHandle(STD_OUTPUT_HANDLE);
    put("Hello from ring 3, by way of kernel32 and ntdll.\r\n\r\n");
    show_address_space();
    put("\r\n");
    ExitProcess(use_memory() ? 0 : 1);
}
