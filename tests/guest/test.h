// What every guest test shares. A test is one program with one idea; it defines `static void test(void)`, checks with
// the EXPECT_ macros, and exits with 0 if all of them held. Tests that end in an exception never get that far.
//
// No C library: kernel32 and ntdll are all a test imports, and the linker enters it at mainCRTStartup.
#ifndef TEST_H
#define TEST_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

typedef LONG NTSTATUS;

#define OWN_PROCESS ((HANDLE)-1)
#define PAGE 0x1000u
#define GRANULARITY 0x10000u

// ---- Statuses -----------------------------------------------------------------------------------------------------

enum {
    SUCCESS = 0,
    IMAGE_NOT_AT_BASE = 0x40000003,
    PARTIAL_COPY = (int)0x8000000D,
    BAD_INFO_CLASS = (int)0xC0000003,
    LENGTH_MISMATCH = (int)0xC0000004,
    VIOLATION = (int)0xC0000005,
    BAD_HANDLE = (int)0xC0000008,
    BAD_PARAMETER = (int)0xC000000D,
    NO_MEMORY_LEFT = (int)0xC0000017,
    CONFLICT = (int)0xC0000018,
    NO_VIEW = (int)0xC0000019,
    UNABLE_TO_FREE = (int)0xC000001A,
    SECTION_MEMORY = (int)0xC000001B,
    NO_SERVICE = (int)0xC000001C,
    UNCOMMITTED = (int)0xC000002D,
    NAME_NOT_FOUND = (int)0xC0000034,
    BAD_PROTECTION = (int)0xC0000045,
    NOT_AT_BASE = (int)0xC000009F,
    NOT_ALLOCATED = (int)0xC00000A0,
    PARAMETER_1 = (int)0xC00000EF,
    PARAMETER_2 = (int)0xC00000F0,
    PARAMETER_3 = (int)0xC00000F1,
    PARAMETER_4 = (int)0xC00000F2,
    PARAMETER_5 = (int)0xC00000F3,
    PARAMETER_6 = (int)0xC00000F4,
    PARAMETER_8 = (int)0xC00000F6,
    PARAMETER_9 = (int)0xC00000F7,
    NO_COMMITMENT = (int)0xC000012D,
};

// ---- Services -----------------------------------------------------------------------------------------------------

NTSTATUS NTAPI NtAllocateVirtualMemory(HANDLE process, PVOID *base, ULONG zero_bits, SIZE_T *size, ULONG type, ULONG protect);
NTSTATUS NTAPI NtFreeVirtualMemory(HANDLE process, PVOID *base, SIZE_T *size, ULONG type);
NTSTATUS NTAPI NtProtectVirtualMemory(HANDLE process, PVOID *base, SIZE_T *size, ULONG protect, ULONG *old);
NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE process, PVOID address, ULONG class, PVOID buffer, SIZE_T length, SIZE_T *done);
NTSTATUS NTAPI NtReadVirtualMemory(HANDLE process, PVOID address, PVOID buffer, SIZE_T size, SIZE_T *done);
NTSTATUS NTAPI NtWriteVirtualMemory(HANDLE process, PVOID address, PVOID buffer, SIZE_T size, SIZE_T *done);
NTSTATUS NTAPI NtUnmapViewOfSection(HANDLE process, PVOID base);
NTSTATUS NTAPI NtClose(HANDLE handle);

// ---- Output -------------------------------------------------------------------------------------------------------

static int failures;

static inline DWORD length_of(const char *text)
{
    DWORD length = 0;
    while (text[length] != 0)
        length++;
    return length;
}

static inline void put_bytes(DWORD stream, const void *bytes, DWORD count)
{
    DWORD written;
    while (count != 0 && WriteFile(GetStdHandle(stream), bytes, count, &written, NULL) && written != 0) {
        bytes = (const char *)bytes + written;
        count -= written;
    }
}

static inline void put(const char *text)
{
    put_bytes(STD_OUTPUT_HANDLE, text, length_of(text));
}

static inline void put_hex(DWORD word)
{
    char digits[9] = {0};
    for (int index = 7; index >= 0; index--, word >>= 4)
        digits[index] = "0123456789ABCDEF"[word & 15];
    put(digits);
}

static inline void put_decimal(DWORD number)
{
    char digits[11] = {0};
    int at = 10;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    put(digits + at);
}

// ---- Checks -------------------------------------------------------------------------------------------------------

static inline void expect_word(int line, const char *what, DWORD actual, DWORD expected)
{
    if (actual == expected)
        return;
    failures++;
    put("line ");
    put_decimal((DWORD)line);
    put(": ");
    put(what);
    put(" is ");
    put_hex(actual);
    put(", not ");
    put_hex(expected);
    put("\n");
}

#define EXPECT(condition) expect_word(__LINE__, #condition, (condition) ? 1 : 0, 1)
#define EXPECT_EQUAL(actual, expected) expect_word(__LINE__, #actual, (DWORD)(actual), (DWORD)(expected))
// The last error is set to a value that no function gives, so that one left alone is seen.
#define EXPECT_ERROR(call, error) \
    do { \
        SetLastError(0x12345678); \
        EXPECT(!(call)); \
        EXPECT_EQUAL(GetLastError(), error); \
    } while (0)

// ---- Accesses the compiler knows nothing about ----------------------------------------------------------------------

static inline DWORD read_word(DWORD address)
{
    DWORD word;
    __asm__ volatile("movl (%1), %0" : "=r"(word) : "r"(address) : "memory");
    return word;
}

static inline BYTE read_byte(DWORD address)
{
    BYTE byte;
    __asm__ volatile("movb (%1), %0" : "=q"(byte) : "r"(address) : "memory");
    return byte;
}

static inline void write_word(DWORD address, DWORD word)
{
    __asm__ volatile("movl %0, (%1)" : : "r"(word), "r"(address) : "memory");
}

static inline void call_address(DWORD address)
{
    __asm__ volatile("call *%0" : : "r"(address) : "eax", "ecx", "edx", "memory", "cc");
}

// ---- Memory -------------------------------------------------------------------------------------------------------

// The address of a range that is free, `size` bytes from a multiple of 64 KB on.
static inline char *free_range(SIZE_T size)
{
    char *range = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_NOACCESS);
    EXPECT(range != NULL && VirtualFree(range, 0, MEM_RELEASE));
    return range;
}

static inline char *reserve(SIZE_T size)
{
    char *range = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_READWRITE);
    EXPECT(range != NULL);
    return range;
}

static inline char *commit(SIZE_T size)
{
    char *range = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    EXPECT(range != NULL);
    return range;
}

static inline NTSTATUS allocate_at(PVOID base, SIZE_T size, ULONG type, ULONG protect)
{
    return NtAllocateVirtualMemory(OWN_PROCESS, &base, 0, &size, type, protect);
}

static inline NTSTATUS free_at(PVOID base, SIZE_T size, ULONG type)
{
    return NtFreeVirtualMemory(OWN_PROCESS, &base, &size, type);
}

static inline NTSTATUS protect_at(PVOID base, SIZE_T size, ULONG protect)
{
    ULONG old;
    return NtProtectVirtualMemory(OWN_PROCESS, &base, &size, protect, &old);
}

static inline MEMORY_BASIC_INFORMATION query(const volatile void *address)
{
    MEMORY_BASIC_INFORMATION region = {0};
    EXPECT_EQUAL(NtQueryVirtualMemory(OWN_PROCESS, (PVOID)address, 0, &region, sizeof region, NULL), SUCCESS);
    return region;
}

// The region at `address` has this size, state and protection.
static inline void expect_region(int line, const volatile void *address, SIZE_T size, DWORD state, DWORD protect)
{
    MEMORY_BASIC_INFORMATION region = query(address);
    expect_word(line, "BaseAddress", (DWORD)region.BaseAddress, (DWORD)address);
    expect_word(line, "RegionSize", region.RegionSize, size);
    expect_word(line, "State", region.State, state);
    expect_word(line, "Protect", region.Protect, protect);
}
#define EXPECT_REGION(address, size, state, protect) expect_region(__LINE__, address, size, state, protect)

// Every byte of a range has this value.
static inline BOOL all_bytes(const char *bytes, SIZE_T count, char value)
{
    for (SIZE_T index = 0; index < count; index++)
        if (bytes[index] != value)
            return FALSE;
    return TRUE;
}

static inline void fill(volatile char *bytes, SIZE_T count, char value)
{
    for (SIZE_T index = 0; index < count; index++)
        bytes[index] = value;
}

// ---- Entry --------------------------------------------------------------------------------------------------------

#ifndef NO_ENTRY
static void test(void);

void mainCRTStartup(void)
{
    test();
    ExitProcess(failures == 0 ? 0 : 1);
}
#endif

#endif
