// Reading all memory, the kernel's too, through NtSystemDebugControl; and page-table entries in words.
#ifndef TOUR_MEMORY_H
#define TOUR_MEMORY_H

#include "tour_output.h"

enum { READ_VIRTUAL = 8, WRITE_VIRTUAL = 9, READ_PHYSICAL = 10 };
#define OWN_PROCESS ((HANDLE)-1)
#define PAGE 0x1000u
#define FRAME_DATABASE 0x81000000u

NTSTATUS NTAPI NtSystemDebugControl(ULONG command, PVOID input, ULONG input_length, PVOID output, ULONG output_length, ULONG *done);
NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE process, PVOID address, ULONG class, PVOID buffer, SIZE_T length, SIZE_T *done);
NTSTATUS NTAPI NtReadVirtualMemory(HANDLE process, PVOID address, PVOID buffer, SIZE_T size, SIZE_T *done);

// SYSDBG_VIRTUAL.
static NTSTATUS read_virtual(DWORD address, PVOID buffer, DWORD length)
{
    DWORD request[3] = {address, (DWORD)buffer, length};
    return NtSystemDebugControl(READ_VIRTUAL, request, sizeof request, NULL, 0, NULL);
}

// SYSDBG_PHYSICAL.
static NTSTATUS read_physical(ULONGLONG address, PVOID buffer, DWORD length)
{
    DWORD request[4] = {(DWORD)address, (DWORD)(address >> 32), (DWORD)buffer, length};
    return NtSystemDebugControl(READ_PHYSICAL, request, sizeof request, NULL, 0, NULL);
}

// The same request, the other way.
static inline NTSTATUS write_virtual(DWORD address, PVOID buffer, DWORD length)
{
    DWORD request[3] = {address, (DWORD)buffer, length};
    return NtSystemDebugControl(WRITE_VIRTUAL, request, sizeof request, NULL, 0, NULL);
}

static DWORD word_at(DWORD address)
{
    DWORD word;
    return read_virtual(address, &word, sizeof word) == 0 ? word : stuck("(a word that should be there is not)");
}

// What the option --stop is for: a debugger sets a breakpoint here, and finds on the stack what was just printed, an entry,
// one with a physical address or a word, and the low and high half of its address.
enum { STOP_ENTRY, STOP_PHYSICAL_ENTRY, STOP_WORD };
__attribute__((noinline, noclone, used)) void tour_stop(DWORD kind, DWORD low, DWORD high)
{
    __asm__ volatile("" : : "r"(kind), "r"(low), "r"(high) : "memory");
}

static BOOL stops;

static const char *protection_name(DWORD code)
{
    static const char *const names[] = {"NOACCESS",  "READONLY",  "EXECUTE",           "EXECUTE_READ",
                                        "READWRITE", "WRITECOPY", "EXECUTE_READWRITE", "EXECUTE_WRITECOPY"};
    return code == 16 ? "decommitted" : names[code & 7];
}

static void describe_valid(ULONGLONG entry)
{
    static const struct {
        int bit;
        const char *set, *clear;
    } flags[] = {{1, ", write", ", read"}, {9, ", copy when written", ""}, {2, ", user", ", kernel"},
                 {5, ", accessed", ""},    {6, ", dirty", ""},             {7, ", large", ""},
                 {8, ", global", ""},      {10, ", shared", ""},           {63, ", no execute", ""}};
    put("frame ");
    put_short_hex((DWORD)(entry >> 12) & 0xFFFFFF);
    for (unsigned index = 0; index < sizeof flags / sizeof *flags; index++)
        put(entry >> flags[index].bit & 1 ? flags[index].set : flags[index].clear);
}

// A pointer to a page directory says nothing else.
static void describe_pointer(ULONGLONG entry)
{
    put(entry & 1 ? "frame " : "not present, ");
    put_short_hex((DWORD)(entry >> 12) & 0xFFFFFF);
}

// A prototype PTE has no other to point to: what is in its place is the subsection.
static void describe_page_of_file(ULONGLONG entry)
{
    put("in the file, ");
    put(protection_name((DWORD)(entry >> 5) & 31));
    put(": the subsection at ");
    put_hex((DWORD)(entry >> 32));
    put(" knows where");
}

static void describe_entry(ULONGLONG entry)
{
    if (entry == 0) {
        put("empty: nothing is there");
    } else if (entry & 1) {
        describe_valid(entry);
    } else if (entry >> 10 & 1) {
        put("a page of a section: the prototype PTE at ");
        put_hex((DWORD)(entry >> 32));
        put(" knows it");
    } else if (entry >> 11 & 1) {
        put("in transition: still in frame ");
        put_short_hex((DWORD)(entry >> 12) & 0xFFFFFF);
    } else {
        put(entry >> 32 == 0 ? "demand zero, " : "in a paging file, ");
        put(protection_name((DWORD)(entry >> 5) & 31));
    }
}

static void put_entry(const char *name, const char *where, ULONGLONG address, ULONGLONG entry)
{
    put("    ");
    put(name);
    put(" at ");
    put(where);
    if (*where != 0)
        put_digits((DWORD)(address >> 32), 1);
    put_hex((DWORD)address);
    put(" contains ");
    put_long_hex(entry);
    put(": ");
    if (lstrcmpA(name, "PDPTE") == 0)
        describe_pointer(entry);
    else if (lstrcmpA(name, "prototype PTE") == 0 && (entry & 0x401) == 0x400)
        describe_page_of_file(entry);
    else
        describe_entry(entry);
    put("\n");
    if (stops)
        tour_stop(*where != 0 ? STOP_PHYSICAL_ENTRY : STOP_ENTRY, (DWORD)address, (DWORD)(address >> 32));
}

// Prints and returns the entry at a linear address.
static ULONGLONG show_entry(const char *name, DWORD address)
{
    ULONGLONG entry;
    if (read_virtual(address, &entry, sizeof entry) != 0)
        stuck("    (there is no page table)");
    put_entry(name, "", address, entry);
    return entry;
}

// Prints and returns the entry at a physical address.
static ULONGLONG show_physical_entry(const char *name, ULONGLONG address)
{
    ULONGLONG entry;
    if (read_physical(address, &entry, sizeof entry) != 0)
        stuck("    (there is no RAM)");
    put_entry(name, "physical ", address, entry);
    return entry;
}

// Prints the share count of the frame that a valid entry names, from the frame's record: MmPfnDatabase is an array of 28 bytes
// a frame, and the count the third word.
static inline DWORD show_shares(ULONGLONG entry)
{
    if (!(entry & 1))
        return 0;
    DWORD frame = (DWORD)(entry >> 12) & 0xFFFFFF, address = FRAME_DATABASE + frame * 28 + 8, count = word_at(address);
    put("    share count of frame ");
    put_short_hex(frame);
    put(" at ");
    put_hex(address);
    put(" contains ");
    put_hex(count);
    put(": ");
    put_decimal(count);
    put(count == 1 ? " PTE maps it\n" : " PTEs map it\n");
    if (stops)
        tour_stop(STOP_WORD, address, 0);
    return count;
}

// Where the self-map shows the PTE of an address.
static DWORD pte_of(DWORD address)
{
    return 0xC0000000 + (address >> 12) * 8;
}

// Shows the PTE of a page that was never touched, where there is a page table for it.
static inline void show_untouched(DWORD address)
{
    if (word_at(0xC0600000 + (address >> 21) * 8) & 1)
        show_entry("PTE", pte_of(address));
}

// The _EPROCESS of the running process: the KPCR at FFDFF000 has the current thread, the thread its process.
static DWORD current_process(void)
{
    DWORD thread = word_at(0xFFDFF124);
    return word_at(thread + 0x44);
}

#endif
