// tour cow: copy on write, seen in the page tables of two processes; and what it is that it protects from.
#ifndef TOUR_COW_H
#define TOUR_COW_H

#include "tour_other.h"

typedef DWORD(WINAPI *number_function)(void);

// Functions of kernel32 without arguments, whose answers are numbers that do not change.
static const char *const SUBJECTS[] = {"GetACP", "GetOEMCP", "GetVersion", "GetCurrentThread", "IsDebuggerPresent"};
#define HOOK_SIZE 6

// The first of them from `from` on whose first bytes lie in one page, which is not `page`.
static DWORD find_subject(unsigned from, DWORD page, const char **name)
{
    for (unsigned index = from; index < sizeof SUBJECTS / sizeof *SUBJECTS; index++) {
        DWORD address = (DWORD)GetProcAddress(GetModuleHandleA("kernel32.dll"), SUBJECTS[index]);
        *name = SUBJECTS[index];
        if (address != 0 && (address & (PAGE - 1)) <= PAGE - HOOK_SIZE && address >> 12 != page)
            return address;
    }
    return stuck("    (there is no such function)");
}

// mov eax, NUMBER; ret
static void make_hook(BYTE *code, DWORD number)
{
    code[0] = 0xB8;
    for (int index = 0; index < 4; index++)
        code[1 + index] = (BYTE)(number >> (8 * index));
    code[5] = 0xC3;
}

static void copy_code(volatile BYTE *to, const BYTE *from)
{
    for (int index = 0; index < HOOK_SIZE; index++)
        to[index] = from[index];
}

// Calls the function here and there, and says what it answered.
static BOOL show_calls(const char *name, DWORD address, DWORD mine, DWORD others)
{
    DWORD here = ((number_function)address)(), there = ask_other(OTHER_CALL, address, 0);
    put("\n    ");
    put(name);
    put("() here: ");
    put_decimal(here);
    put("    in the other process: ");
    put_decimal(there);
    put("\n\n");
    return here == mine && there == others;
}

static NTSTATUS write_entry(DWORD cell, ULONGLONG entry)
{
    return write_virtual(cell, &entry, sizeof entry);
}

// The part of the tour that the memory manager knows of. Returns whether all was as it should be.
static BOOL hook_with_a_copy(void)
{
    const char *name;
    DWORD address = find_subject(0, 0, &name), old, plain = ((number_function)address)();
    BYTE hook[HOOK_SIZE];
    put("1. Two processes share a page of a DLL\n\n"
        "This program has started itself once more. Both have kernel32.dll, and the code of its function ");
    put(name);
    put(" at ");
    put_hex(address);
    put(".\nEach calls it:\n");
    BOOL fine = show_calls(name, address, plain, plain);
    ULONGLONG before = show_both(address, address);
    put("\nOne frame of RAM serves both. Its share count is the number of PTEs that map it, the shell's among them if it runs.\n\n"
        "2. One of them asks to write\n\n"
        "VirtualProtect is asked for PAGE_EXECUTE_READWRITE, here.\n\n");
    if (!VirtualProtect((PVOID)address, HOOK_SIZE, PAGE_EXECUTE_READWRITE, &old))
        return FALSE;
    // Touched again, so that the entry is there to be seen.
    plain = ((number_function)address)();
    ULONGLONG open = show_both(address, address);
    put("\nThe page may be written now, the program thinks. The processor still may not: the bit is clear, and bit 9, which is\n"
        "the memory manager's own, says why. Nothing has been copied: to want to write is no write.\n\n"
        "3. It writes\n\n"
        "Six bytes of the function become mov eax, 4242 and ret. The first store faults, and the fault makes the copy:\n\n");
    make_hook(hook, 4242);
    copy_code((volatile BYTE *)address, hook);
    FlushInstructionCache(GetCurrentProcess(), (PVOID)address, HOOK_SIZE);
    ULONGLONG copy = show_both(address, address);
    fine &= show_calls(name, address, 4242, plain);
    put("This process has a frame of its own, and is hooked. The other, and all that start later, have the page as it was.\n\n");
    return fine && (before & open & copy & 1) && (open & 0x202) == 0x200 && (copy & 0x602) == 2 &&
           (before ^ open) >> 12 << 36 == 0 && (before ^ copy) >> 12 << 36 != 0;
}

// The part that it does not know of.
static BOOL hook_past_it(BOOL stop_inside)
{
    const char *name, *first;
    DWORD address = find_subject(1, find_subject(0, 0, &first) >> 12, &name), plain = ((number_function)address)();
    BYTE hook[HOOK_SIZE], code[HOOK_SIZE];
    for (int index = 0; index < HOOK_SIZE; index++)
        code[index] = ((volatile BYTE *)address)[index];
    put("4. Past copy on write\n\n"
        "All this hangs on one fault, and the fault on one bit. ");
    put(name);
    put(" is in another page, that both share:\n");
    BOOL fine = show_calls(name, address, plain, plain);
    ULONGLONG before = show_both(address, address);
    put("\nVirtualProtect is not asked. Instead the debugger's service (NtSystemDebugControl) writes the PTE, as any driver could:\n"
        "the same entry with bit 1 set.\n\n");
    if (write_entry(pte_of(address), before | 2) != 0)
        return FALSE;
    show_both(address, address);
    put("\nThen six bytes are stored, mov eax, 6666 and ret. There is no fault:\n\n");
    make_hook(hook, 6666);
    copy_code((volatile BYTE *)address, hook);
    ULONGLONG after = show_both(address, address);
    fine &= show_calls(name, address, 6666, 6666);
    put("The frame is the same, the share count is the same, and both processes are hooked, with all that ever load the DLL:\n"
        "the page will not even be read from its file again as long as it is in memory.\n\n"
        "The audit of the kernel's debugger, !verify, finds a PTE that allows what no VAD does. Its rule is T3, and it names\n"
        "the page: ");
    put_hex(address & ~(PAGE - 1));
    put(". (tour --break cow stops here for the debugger.)\n");
    if (stop_inside)
        DebugBreak();
    // Everything as it was, the entry with its Dirty bit too, so that nothing is left to write anywhere.
    copy_code((volatile BYTE *)address, code);
    fine &= write_entry(pte_of(address), before) == 0;
    put("\nThe bytes and the entry are put back.\n");
    return fine && ((number_function)address)() == plain && (after ^ before) >> 12 << 36 == 0;
}

static DWORD tour_cow(BOOL stop_inside)
{
    start_other();
    BOOL fine = hook_with_a_copy();
    fine = hook_past_it(stop_inside) && fine;
    end_other();
    return fine ? 0 : 1;
}

#endif
