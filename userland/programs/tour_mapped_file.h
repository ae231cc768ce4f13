// tour mapped-file: a file as memory. How its pages come in, who shares them, and when what is stored gets back to it.
#ifndef TOUR_MAPPED_FILE_H
#define TOUR_MAPPED_FILE_H

#include "tour_other.h"
#include "tour_shared_memory.h"

#define MAPPED_NAME "C:\\tour-mapped-file.bin"
#define DIRTY_BIT 0x40u
#define COPY_BIT 0x200u

// Reads the first four bytes of a view.
static DWORD first_word(const BYTE *view)
{
    return *(const volatile DWORD *)view;
}

static ULONGLONG show_page(const BYTE *view, DWORD *shares)
{
    ULONGLONG entry = show_entry("PTE", pte_of((DWORD)view));
    *shares = show_shares(entry);
    return entry;
}

static BYTE *map_view(HANDLE section, DWORD access)
{
    BYTE *view = MapViewOfFile(section, access, 0, 0, 0);
    return view != NULL ? view : (BYTE *)stuck("    (no view)");
}

// A file that is on the disk already: that of this program.
static BOOL bring_in_a_page(void)
{
    char path[MAX_PATH];
    GetModuleFileNameA(NULL, path, sizeof path);
    put("1. A page comes in from its file\n\nThis program's own file, ");
    put(path);
    put(", is mapped once more, as data and not as a program.\nThat makes other pages of it. Its view's first PTE and the prototype "
        "PTE before it is read:\n\n");
    HANDLE file = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
    BYTE *view = map_view(section, FILE_MAP_READ);
    DWORD cell = prototype_of((DWORD)view), shares;
    show_untouched((DWORD)view);
    show_entry("prototype PTE", cell);
    DWORD word = first_word(view) & 0xFFFF;
    put("\nThe first two bytes are ");
    put(word == 0x5A4D ? "MZ" : "not MZ");
    put(". They had to be read, so the thread waited for the disk:\n\n");
    ULONGLONG entry = show_page(view, &shares), prototype = show_entry("prototype PTE", cell);
    put("\nThe prototype PTE allows what any view might; this one may read.\n\n");
    BOOL fine = UnmapViewOfFile(view) && CloseHandle(section) && CloseHandle(file);
    return fine && word == 0x5A4D && (entry & prototype & 1) && !(entry & 2) && shares == 1;
}

// One frame under two views, and under ReadFile and WriteFile.
static BOOL share_with_the_file(HANDLE file, const BYTE *view, const BYTE *second)
{
    DWORD number = 0x11111111, done, shares;
    put("2. A file, two views, ReadFile and WriteFile\n\n" MAPPED_NAME
        " is new. WriteFile puts the number 11111111 (hexadecimal) at its beginning; a\nsection of two pages makes it longer, and has "
        "two views, at ");
    put_hex((DWORD)view);
    put(" and ");
    put_hex((DWORD)second);
    put(":\n\n");
    show_untouched((DWORD)view);
    show_entry("prototype PTE", prototype_of((DWORD)view));
    put("\nWhat WriteFile wrote is in memory, in the pages that views map. The first view reads ");
    put_hex(first_word(view));
    put(":\n\n");
    BOOL fine = first_word(view) == number;
    ULONGLONG one = show_page(view, &shares);
    fine &= shares == 1;
    put("\nThe second reads ");
    put_hex(first_word(second));
    put(":\n\n");
    fine &= first_word(second) == number;
    ULONGLONG other = show_page(second, &shares);
    fine &= shares == 2 && (one ^ other) >> 12 << 36 == 0;
    number = 0x22222222;
    fine &= SetFilePointer(file, 0, NULL, FILE_BEGIN) == 0 && WriteFile(file, &number, sizeof number, &done, NULL);
    put("\nWriteFile writes 22222222. The views read ");
    put_hex(first_word(view));
    put(" and ");
    put_hex(first_word(second));
    put(": there is one copy of the page, and it is no one's.\n\n");
    return fine && first_word(view) == number && first_word(second) == number;
}

// A view that may be stored to, and changes no file.
static BOOL copy_when_written(HANDLE section, const BYTE *view)
{
    DWORD shares;
    BYTE *copy = map_view(section, FILE_MAP_COPY);
    put("3. A view that keeps what it is told to itself\n\nA third view, of FILE_MAP_COPY, is at ");
    put_hex((DWORD)copy);
    put(" and reads ");
    put_hex(first_word(copy));
    put(":\n\n");
    ULONGLONG before = show_page(copy, &shares);
    BOOL fine = shares == 3 && (before & (COPY_BIT | 2)) == COPY_BIT;
    *(volatile DWORD *)copy = 0x33333333;
    put("\n33333333 is stored there:\n\n");
    ULONGLONG after = show_page(copy, &shares);
    fine &= shares == 1 && (before ^ after) >> 12 << 36 != 0;
    put("\nThe first view still reads ");
    put_hex(first_word(view));
    put(", from the frame it had:\n\n");
    ULONGLONG first = show_page(view, &shares);
    put("\n");
    fine &= shares == 2 && (before ^ first) >> 12 << 36 == 0 && first_word(view) == 0x22222222;
    return UnmapViewOfFile(copy) && fine;
}

// From the view to the file.
static BOOL make_it_last(HANDLE file, BYTE *view)
{
    DWORD number = 0, done, shares;
    put("4. What is stored gets to the file\n\n44444444 is stored through the first view. The processor notes it in the PTE:\n\n");
    *(volatile DWORD *)view = 0x44444444;
    ULONGLONG stored = show_page(view, &shares);
    BOOL fine = FlushViewOfFile(view, 0);
    put("\nFlushViewOfFile takes note of that bit, clears it, and writes the page to the file:\n\n");
    ULONGLONG flushed = show_page(view, &shares);
    fine &= SetFilePointer(file, 0, NULL, FILE_BEGIN) == 0 && ReadFile(file, &number, sizeof number, &done, NULL);
    put("\nReadFile reads ");
    put_hex(number);
    put(". FlushFileBuffers would have the disk empty its own memory too.\n\n");
    return fine && number == 0x44444444 && (stored & DIRTY_BIT) && !(flushed & DIRTY_BIT) && (flushed & 1);
}

static DWORD tour_mapped_file(void)
{
    BOOL fine = bring_in_a_page();
    HANDLE file = CreateFileA(MAPPED_NAME, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, CREATE_ALWAYS,
                              FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD number = 0x11111111, done;
    fine &= file != INVALID_HANDLE_VALUE && WriteFile(file, &number, sizeof number, &done, NULL);
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 2 * PAGE, NULL);
    if (file == INVALID_HANDLE_VALUE || section == NULL)
        return stuck("    (" MAPPED_NAME " cannot be made)");
    BYTE *view = map_view(section, FILE_MAP_ALL_ACCESS), *second = map_view(section, FILE_MAP_ALL_ACCESS);
    fine &= share_with_the_file(file, view, second);
    fine &= copy_when_written(section, view);
    fine &= make_it_last(file, view);
    put("5. The end\n\nWhile a view is there the file cannot be deleted. DeleteFile: ");
    BOOL kept = !DeleteFileA(MAPPED_NAME) && GetLastError() == ERROR_ACCESS_DENIED;
    put(kept ? "ERROR_ACCESS_DENIED" : "something else");
    fine &= UnmapViewOfFile(view) && UnmapViewOfFile(second) && CloseHandle(section) && CloseHandle(file);
    BOOL gone = DeleteFileA(MAPPED_NAME) && GetFileAttributesA(MAPPED_NAME) == INVALID_FILE_ATTRIBUTES;
    put(".\nWith the views and the handles closed: ");
    put(gone ? "it is gone.\n" : "it is still there.\n");
    return fine && kept && gone ? 0 : 1;
}

#endif
