// The other process of a tour: this very program once more, which does one thing at a time as it is told through memory that
// both share. What it has in its page tables is read by the first one, from the frames themselves.
#ifndef TOUR_OTHER_H
#define TOUR_OTHER_H

#include "tour_memory.h"

enum { OTHER_CALL = 1, OTHER_OPEN, OTHER_MAP, OTHER_READ, OTHER_WRITE, OTHER_UNMAP, OTHER_END };

struct other_request {
    DWORD what, argument, value, answer;
    char name[64];
};

#define OTHER_MEMORY "Local\\tour-request"
#define OTHER_ASKED "Local\\tour-asked"
#define OTHER_DONE "Local\\tour-done"

static struct other_request *request;
static HANDLE asked, done, other_process;
static DWORD other_id;

static void answer_request(HANDLE *section)
{
    switch (request->what) {
    case OTHER_CALL: request->answer = ((DWORD(WINAPI *)(void))request->argument)(); break;
    case OTHER_OPEN: *section = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, request->name), request->answer = *section != NULL; break;
    case OTHER_MAP: request->answer = (DWORD)MapViewOfFile(*section, request->argument, 0, 0, 0); break;
    case OTHER_READ: request->answer = *(volatile DWORD *)request->argument; break;
    case OTHER_WRITE: *(volatile DWORD *)request->argument = request->value; break;
    case OTHER_UNMAP:
        request->answer = UnmapViewOfFile((PVOID)request->argument) && (*section == NULL || CloseHandle(*section));
        *section = NULL;
        break;
    default: ExitProcess(0);
    }
}

// What the other process does: tour --other NUMBER, the number being that of the first.
static DWORD be_the_other(DWORD first)
{
    HANDLE memory = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, OTHER_MEMORY), section = NULL;
    HANDLE either[2] = {OpenEventA(EVENT_ALL_ACCESS, FALSE, OTHER_ASKED), OpenProcess(SYNCHRONIZE, FALSE, first)};
    done = OpenEventA(EVENT_ALL_ACCESS, FALSE, OTHER_DONE);
    request = MapViewOfFile(memory, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    if (request == NULL || either[0] == NULL || either[1] == NULL || done == NULL)
        return 1;
    // It ends with the first, whatever becomes of that.
    while (WaitForMultipleObjects(2, either, FALSE, INFINITE) == WAIT_OBJECT_0) {
        answer_request(&section);
        SetEvent(done);
    }
    return 1;
}

static void put_number_at(char *text, DWORD number)
{
    char digits[10];
    int count = 0;
    for (; count == 0 || number != 0; number /= 10)
        digits[count++] = (char)('0' + number % 10);
    while (count > 0)
        *text++ = digits[--count];
    *text = 0;
}

static void start_other(void)
{
    char path[MAX_PATH], line[MAX_PATH + 32] = "\"";
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    HANDLE memory = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof *request, OTHER_MEMORY);
    request = MapViewOfFile(memory, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    asked = CreateEventA(NULL, FALSE, FALSE, OTHER_ASKED);
    done = CreateEventA(NULL, FALSE, FALSE, OTHER_DONE);
    GetModuleFileNameA(NULL, path, sizeof path);
    lstrcatA(line, path);
    lstrcatA(line, "\" --other ");
    put_number_at(line + lstrlenA(line), GetCurrentProcessId());
    if (request == NULL || !CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &made))
        stuck("    (there is no second process)");
    other_process = made.hProcess;
    other_id = made.dwProcessId;
}

// Asks the other process for one thing, and waits for it.
static DWORD ask_other(DWORD what, DWORD argument, DWORD value)
{
    HANDLE either[2] = {done, other_process};
    request->what = what;
    request->argument = argument;
    request->value = value;
    SetEvent(asked);
    if (WaitForMultipleObjects(2, either, FALSE, INFINITE) != WAIT_OBJECT_0 && what != OTHER_END)
        stuck("    (the second process has ended)");
    return request->answer;
}

static void end_other(void)
{
    request->what = OTHER_END;
    SetEvent(asked);
    WaitForSingleObject(other_process, INFINITE);
}

// The _EPROCESS with a number, on the list of all that goes through ActiveProcessLinks.
static DWORD process_of(DWORD id)
{
    DWORD process = current_process();
    for (int steps = 0; steps < 1000 && word_at(process + 0x84) != id; steps++)
        process = word_at(process + 0x88) - 0x88;
    return process;
}

#define FRAME_BITS 0x0000000FFFFFF000ull

static ULONGLONG physical_long(ULONGLONG address)
{
    ULONGLONG value = 0;
    if (read_physical(address, &value, sizeof value) != 0)
        stuck("    (there is no RAM)");
    return value;
}

// Where in RAM another process has the PTE of an address; 0 where it has no page table for it.
static ULONGLONG pte_of_other(DWORD address)
{
    ULONGLONG table = word_at(process_of(other_id) + 0x18);
    ULONGLONG directory = physical_long(table + (address >> 30) * 8);
    ULONGLONG entry = physical_long((directory & FRAME_BITS) + (address >> 21 & 511) * 8);
    return entry & 1 ? (entry & FRAME_BITS) + (address >> 12 & 511) * 8 : 0;
}

// The PTEs of both processes, each with the share count of its frame. Returns that of this process.
static ULONGLONG show_both(DWORD mine, DWORD others)
{
    put("  this process:\n");
    ULONGLONG entry = show_entry("PTE", pte_of(mine));
    show_shares(entry);
    put("  the other:\n");
    ULONGLONG place = pte_of_other(others);
    if (place == 0)
        put("    (no page table: nothing was ever touched near there)\n");
    else
        show_shares(show_physical_entry("PTE", place));
    return entry;
}

#endif
