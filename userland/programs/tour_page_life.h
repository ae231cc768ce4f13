// tour page-life: one page from its first touch through the working set, the lists and the paging file, and back.
#ifndef TOUR_PAGE_LIFE_H
#define TOUR_PAGE_LIFE_H

#include "tour_memory.h"

NTSTATUS NTAPI NtSetInformationProcess(HANDLE process, ULONG class, PVOID information, ULONG length);

enum { PROCESS_QUOTA_LIMITS = 1 };
enum { STANDBY = 2, MODIFIED = 3, ACTIVE = 6 };

// A page that shares its page table with this program's code, which is in use all the time: so its PTE can always be read.
#define LIFE_PAGE ((BYTE *)0x580000)

// EmptyWorkingSet: both limits at their highest mean "now, and as they are".
static void empty_working_set(void)
{
    DWORD limits[8] = {~0u, ~0u, ~0u, ~0u, ~0u, 0, 0, 0};
    NtSetInformationProcess(OWN_PROCESS, PROCESS_QUOTA_LIMITS, limits, sizeof limits);
}

static ULONGLONG life_entry(void)
{
    ULONGLONG entry;
    return read_virtual(pte_of((DWORD)LIFE_PAGE), &entry, sizeof entry) == 0 ? entry : 0;
}

static BOOL is_in_transition(ULONGLONG entry)
{
    return (entry & 0xC01) == 0x800;
}

static BOOL is_in_paging_file(ULONGLONG entry)
{
    return (entry & 0xC01) == 0 && entry >> 32 != 0;
}

static DWORD frame_in(ULONGLONG entry)
{
    return (DWORD)(entry >> 12) & 0xFFFFFF;
}

// Where the frame of a valid or transition entry is.
static DWORD location_of(ULONGLONG entry)
{
    return word_at(FRAME_DATABASE + frame_in(entry) * 28 + 12) >> 8 & 7;
}

// Prints the record of the frame that an entry names.
static void show_record(ULONGLONG entry)
{
    static const char *const places[] = {"Zeroed", "Free", "Standby", "Modified", "ModifiedNoWrite", "Bad", "active", "in transition"};
    DWORD frame = frame_in(entry), address = FRAME_DATABASE + frame * 28, words[7];
    if (read_virtual(address, words, sizeof words) != 0)
        stuck("    (the frame has no record)");
    DWORD place = words[3] >> 8 & 7;
    put("    record of frame ");
    put_short_hex(frame);
    put(" at ");
    put_hex(address);
    put(place < ACTIVE ? ": on the list " : ": ");
    put(places[place]);
    put(words[3] & 1 ? ", modified" : ", clean");
    if (place == ACTIVE) {
        put(", share count ");
        put_decimal(words[2]);
    }
    put(", reference count ");
    put_decimal(words[3] >> 16);
    put("\n    its OriginalPte contains ");
    ULONGLONG original = (ULONGLONG)words[5] << 32 | words[4];
    put_long_hex(original);
    put(": ");
    describe_entry(original);
    put("\n");
}

static ULONGLONG show_life(void)
{
    put("\n");
    ULONGLONG entry = show_entry("PTE", pte_of((DWORD)LIFE_PAGE));
    if (entry & 1 || is_in_transition(entry))
        show_record(entry);
    put("\n");
    return entry;
}

static BOOL is_on_standby(void)
{
    ULONGLONG entry = life_entry();
    return is_in_transition(entry) && location_of(entry) == STANDBY;
}

static BOOL is_out(void)
{
    return is_in_paging_file(life_entry());
}

// Whether so few frames can be had at once that the page writer should be at work: it has a disk to wait for, and wakes once a second.
static BOOL is_memory_short(void)
{
    MEMORYSTATUS memory;
    GlobalMemoryStatus(&memory);
    return memory.dwAvailPhys < memory.dwTotalPhys / 16;
}

// Stores to page after page of `pages` until memory is so short that `done` holds; whether it ever did.
static BOOL press(BYTE *pages, DWORD count, BOOL (*done)(void))
{
    for (DWORD round = 0; round < 4; round++) {
        for (DWORD page = 0; page < count; page++) {
            pages[page * PAGE] = (BYTE)(round + 1);
            if (page % 16 == 0 && is_memory_short())
                Sleep(20);
            if (done())
                return TRUE;
        }
    }
    return done();
}

// From demand zero to the Modified list.
static BOOL first_touch(void)
{
    put("1. Demand zero\n\nThe page ");
    put_hex((DWORD)LIFE_PAGE);
    put(" is committed. That is a promise: no frame is behind it.\n");
    show_life();
    put("2. Active\n\nThe program stores 2A there. The fault takes a frame of zeros:\n");
    *(volatile BYTE *)LIFE_PAGE = 0x2A;
    ULONGLONG entry = show_life();
    if (!(entry & 1))
        return FALSE;
    put("3. Trimmed\n\nEmptyWorkingSet takes all pages away that can be. This one has been stored to, and has no copy anywhere: its frame goes\n"
        "to the Modified list, and the PTE keeps its number.\n");
    empty_working_set();
    entry = show_life();
    return is_in_transition(entry) && location_of(entry) == MODIFIED;
}

// From the Modified list to Standby and back.
static BOOL written(BYTE *pages, DWORD count)
{
    put("4. Written\n\nThe program needs memory, more and more. When few frames are left the modified page writer writes what is on its list to the\n"
        "paging file. The page is still there, but clean: it could be given to somebody else at once.\n");
    if (!press(pages, count, is_on_standby))
        return FALSE;
    show_life();
    put("5. Soft fault\n\nThe program reads the byte. The frame is taken off its list again; no disk is asked:\n\n    the byte is ");
    put_digits(*(volatile BYTE *)LIFE_PAGE, 2);
    put("\n");
    ULONGLONG entry = show_life();
    return (entry & 1) && !(entry & 0x40) && *(volatile BYTE *)LIFE_PAGE == 0x2A;
}

// From Standby to the paging file and back.
static BOOL repurposed(BYTE *pages, DWORD count)
{
    put("6. Trimmed once more\n\nIt was not stored to since it was written: it goes straight to Standby.\n");
    empty_working_set();
    ULONGLONG entry = show_life();
    if (!is_in_transition(entry) || location_of(entry) != STANDBY)
        return FALSE;
    put("7. Repurposed\n\nAgain the program needs memory, until the oldest frame of Standby is this one. Somebody else has it now, and the PTE gets back what\n"
        "OriginalPte had kept for it:\n");
    if (!press(pages, count, is_out))
        return FALSE;
    show_life();
    put("8. Hard fault\n\nThe program reads the byte. The thread waits while the page is read into another frame:\n\n    the byte is ");
    put_digits(*(volatile BYTE *)LIFE_PAGE, 2);
    put("\n");
    entry = show_life();
    return (entry & 1) && *(volatile BYTE *)LIFE_PAGE == 0x2A;
}

static DWORD tour_page_life(void)
{
    MEMORYSTATUS memory;
    GlobalMemoryStatus(&memory);
    // All of RAM and a bit, so that the page is the one that has to go.
    DWORD count = memory.dwTotalPhys / PAGE + 512;
    BOOL there = VirtualAlloc(LIFE_PAGE, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) == LIFE_PAGE;
    BYTE *pages = VirtualAlloc(NULL, count * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!there || pages == NULL)
        return stuck("tour: this needs a paging file about as large as RAM: give the machine a disk, and little RAM\n");
    BOOL whole = first_touch() && written(pages, count) && repurposed(pages, count);
    if (whole) {
        put("The page has been everywhere, and its byte is what it was.\n");
    } else {
        put("\n    (that was not to happen: the page is elsewhere)\n");
        show_life();
    }
    VirtualFree(pages, 0, MEM_RELEASE);
    VirtualFree(LIFE_PAGE, 0, MEM_RELEASE);
    return whole ? 0 : 1;
}

#endif
