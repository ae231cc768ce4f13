// NtSystemDebugControl with the kernel option `debug`: what it reads, and what it refuses. Says on standard output what was
// not as it should be.
// cc: -lntdll
#include "program.h"

typedef LONG NTSTATUS;
NTSTATUS NTAPI NtSystemDebugControl(ULONG command, PVOID in, ULONG in_length, PVOID out, ULONG out_length, ULONG *done);

enum { READ_VIRTUAL = 8, WRITE_VIRTUAL = 9, READ_PHYSICAL = 10, WRITE_PHYSICAL = 11 };
#define UNSUCCESSFUL 0xC0000001
#define BAD_CLASS 0xC0000003
#define BAD_LENGTH 0xC0000004
#define VIOLATION 0xC0000005
#define NOT_WRITTEN 0xDDDDDDDD

static DWORD failures;
static BYTE buffer[3 * 4096];
static DWORD done;

static void expect(int line, DWORD found, DWORD expected)
{
    if (found == expected)
        return;
    char text[] = "line 0000: 00000000 and not 00000000\n";
    for (int at = 8; at > 4; at--, line /= 10)
        text[at] = (char)('0' + line % 10);
    for (int at = 7; at >= 0; at--, found >>= 4, expected >>= 4) {
        text[11 + at] = "0123456789ABCDEF"[found & 15];
        text[28 + at] = "0123456789ABCDEF"[expected & 15];
    }
    write_text(STD_OUTPUT_HANDLE, text);
    failures++;
}
#define EXPECT(found, expected) expect(__LINE__, (DWORD)(found), (DWORD)(expected))

static NTSTATUS by_address(DWORD address, DWORD into, DWORD length)
{
    DWORD request[3] = {address, into, length};
    done = NOT_WRITTEN;
    return NtSystemDebugControl(READ_VIRTUAL, request, sizeof request, NULL, 0, &done);
}

static NTSTATUS by_frame(DWORD low, DWORD high, DWORD into, DWORD length)
{
    DWORD request[4] = {low, high, into, length};
    done = NOT_WRITTEN;
    return NtSystemDebugControl(READ_PHYSICAL, request, sizeof request, NULL, 0, &done);
}

static void reads(void)
{
    DWORD word = 0;
    // The KPCR's pointer to itself.
    EXPECT(by_address(0xFFDFF01C, (DWORD)&word, 4), 0);
    EXPECT(word, 0xFFDFF000);
    EXPECT(done, 4);
    // Across pages, with neither end at a boundary.
    BYTE *pages = VirtualAlloc(NULL, 3 * 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    for (DWORD index = 0; index < 3 * 4096; index++)
        pages[index] = (BYTE)(index * 7 + (index >> 8));
    EXPECT(by_address((DWORD)pages + 5, (DWORD)buffer + 3, 3 * 4096 - 8), 0);
    EXPECT(done, 3 * 4096 - 8);
    BOOL same = TRUE;
    for (DWORD index = 0; index < 3 * 4096 - 8; index++)
        same &= buffer[3 + index] == pages[5 + index];
    EXPECT(same, TRUE);
    // The frame behind the first page, found by its PTE, has the same bytes.
    DWORD entry[2];
    EXPECT(by_address(0xC0000000 + ((DWORD)pages >> 12) * 8, (DWORD)entry, 8), 0);
    EXPECT(entry[0] & 1, 1);
    EXPECT(by_frame((entry[0] & ~4095u) + 9, entry[1] & 0xF, (DWORD)&word, 4), 0);
    EXPECT(word, *(DWORD *)(pages + 9));
    // Nothing is a success as well.
    EXPECT(by_address(0, 0, 0), 0);
    EXPECT(done, 0);
    EXPECT(*(volatile BYTE *)0x7FFE02D4, 1);
}

static void stops_where_nothing_is(void)
{
    BYTE *pages = VirtualAlloc(NULL, 2 * 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    // Nobody has touched them: reading must not.
    EXPECT(by_address((DWORD)pages, (DWORD)buffer, 4), UNSUCCESSFUL);
    EXPECT(done, 0);
    DWORD entry[2] = {1, 1};
    by_address(0xC0000000 + ((DWORD)pages >> 12) * 8, (DWORD)entry, 8);
    EXPECT(entry[0] & 1, 0);
    pages[0] = 1;
    EXPECT(by_address((DWORD)pages + 4000, (DWORD)buffer, 200), UNSUCCESSFUL);
    EXPECT(done, 96);
    EXPECT(by_address(0, (DWORD)buffer, 4), UNSUCCESSFUL);
    EXPECT(by_address(0x7FFF0000, (DWORD)buffer, 4), UNSUCCESSFUL);
    // Past the last address, and past all RAM.
    EXPECT(by_address(0xFFFFFFFC, (DWORD)buffer, 8), UNSUCCESSFUL);
    EXPECT(by_frame(0xFFFFF000, 0x7F, (DWORD)buffer, 4), UNSUCCESSFUL);
    EXPECT(by_frame(0xFFFFFFFC, 0xFFFFFFFF, (DWORD)buffer, 8), UNSUCCESSFUL);
    EXPECT(by_frame(0, 0x00100000, (DWORD)buffer, 4), UNSUCCESSFUL);
    EXPECT(done, 0);
}

static void writes(void)
{
    BYTE *pages = VirtualAlloc(NULL, 3 * 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD old, entry[2];
    pages[0] = pages[4096] = 1;
    for (DWORD index = 0; index < 3 * 4096; index++)
        buffer[index] = (BYTE)(index * 5 + (index >> 8));
    // Past the protection, across pages, up to the page that nobody has touched.
    VirtualProtect(pages, 4096, PAGE_READONLY, &old);
    DWORD request[4] = {(DWORD)pages + 5, (DWORD)buffer + 3, 3 * 4096 - 8, 0};
    EXPECT(NtSystemDebugControl(WRITE_VIRTUAL, request, 12, NULL, 0, &done), UNSUCCESSFUL);
    EXPECT(done, 2 * 4096 - 5);
    BOOL same = TRUE;
    for (DWORD index = 0; index < done; index++)
        same &= buffer[3 + index] == pages[5 + index];
    EXPECT(same, TRUE);
    // By the frame.
    EXPECT(by_address(0xC0000000 + ((DWORD)pages >> 12) * 8, (DWORD)entry, 8), 0);
    DWORD word = 0xFEEDF00D;
    request[0] = (entry[0] & ~4095u) + 16, request[1] = entry[1] & 0xF, request[2] = (DWORD)&word, request[3] = 4;
    EXPECT(NtSystemDebugControl(WRITE_PHYSICAL, request, 16, NULL, 0, &done), 0);
    EXPECT(*(DWORD *)(pages + 16), 0xFEEDF00D);
    // The write bit of the page table: what was read-only is not any more, at once.
    entry[0] |= 2;
    request[0] = 0xC0000000 + ((DWORD)pages >> 12) * 8, request[1] = (DWORD)entry, request[2] = 8;
    EXPECT(NtSystemDebugControl(WRITE_VIRTUAL, request, 12, NULL, 0, &done), 0);
    *(volatile BYTE *)pages = 7;
    entry[0] &= ~2u;
    EXPECT(NtSystemDebugControl(WRITE_VIRTUAL, request, 12, NULL, 0, &done), 0);
    // A buffer that is not there.
    request[0] = (DWORD)pages, request[1] = 0, request[2] = 4;
    EXPECT(NtSystemDebugControl(WRITE_VIRTUAL, request, 12, NULL, 0, &done), VIOLATION);
    request[1] = 0x80000000;
    EXPECT(NtSystemDebugControl(WRITE_VIRTUAL, request, 12, NULL, 0, &done), VIOLATION);
    EXPECT(*pages, 7);
}

static void refuses(void)
{
    DWORD request[4] = {0xFFDFF01C, (DWORD)buffer, 4, 0};
    EXPECT(NtSystemDebugControl(READ_VIRTUAL, request, 11, NULL, 0, NULL), BAD_LENGTH);
    EXPECT(NtSystemDebugControl(READ_VIRTUAL, request, 16, NULL, 0, NULL), BAD_LENGTH);
    EXPECT(NtSystemDebugControl(READ_PHYSICAL, request, 12, NULL, 0, NULL), BAD_LENGTH);
    EXPECT(NtSystemDebugControl(READ_VIRTUAL, NULL, 12, NULL, 0, NULL), VIOLATION);
    EXPECT(NtSystemDebugControl(READ_VIRTUAL, (PVOID)0x80000000, 12, NULL, 0, NULL), VIOLATION);
    EXPECT(NtSystemDebugControl(READ_VIRTUAL, request, 12, NULL, 0, (ULONG *)0xFFDFF01C), VIOLATION);
    EXPECT(NtSystemDebugControl(WRITE_VIRTUAL, request, 16, NULL, 0, NULL), BAD_LENGTH);
    EXPECT(NtSystemDebugControl(WRITE_PHYSICAL, request, 12, NULL, 0, NULL), BAD_LENGTH);
    EXPECT(NtSystemDebugControl(7, request, 12, NULL, 0, NULL), BAD_CLASS);
    EXPECT(NtSystemDebugControl(12, request, 12, NULL, 0, NULL), BAD_CLASS);
    EXPECT(NtSystemDebugControl(99, request, 12, NULL, 0, NULL), BAD_CLASS);
    EXPECT(by_address(0xFFDFF000, 0x80000000, 4), VIOLATION);
    EXPECT(by_address(0xFFDFF000, 0xFFFFFFFC, 8), VIOLATION);
    EXPECT(by_address(0xFFDFF000, (DWORD)buffer, 0xFFFFFFFF), VIOLATION);
    EXPECT(by_address(0xFFDFF000, 0, 4), VIOLATION);
    // A buffer that cannot be written, and one that ends before the request does.
    EXPECT(by_address(0xFFDFF000, 0x7FFE0000, 4), VIOLATION);
    BYTE *page = VirtualAlloc(NULL, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    EXPECT(by_address(0xFFDFF000, (DWORD)page + 4094, 4), VIOLATION);
}

void mainCRTStartup(void)
{
    reads();
    stops_where_nothing_is();
    writes();
    refuses();
    ExitProcess(failures == 0 ? 0 : 1);
}
