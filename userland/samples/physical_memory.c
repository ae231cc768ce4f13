// cc-library: msvcrt
// cc: -lntdll -ladvapi32
// Physical memory: a section shows it by its own addresses. This program reads the date in the machine's firmware and, where there is a
// screen of text, its first line; then it stores something in a page of its own and finds it where it really is.
//
//     i686-w64-mingw32-gcc -o physical_memory.exe physical_memory.c -lntdll -ladvapi32
#include <stdio.h>
#include <string.h>
#include <windows.h>
#include <winternl.h>

#define PAGE 4096u
#define READ_IT 0x0004    // SECTION_MAP_READ

NTSTATUS NTAPI NtOpenSection(HANDLE *section, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes);
NTSTATUS NTAPI NtMapViewOfSection(HANDLE section, HANDLE process, PVOID *base, ULONG_PTR zero_bits, SIZE_T commit, LARGE_INTEGER *offset, SIZE_T *size, ULONG inherit, ULONG type, ULONG protect);

static HANDLE section;

// What is at a physical address, as far as the end of its page at least.
static const volatile char *look_at(ULONGLONG address, SIZE_T bytes)
{
    LARGE_INTEGER offset = {.QuadPart = address};
    PVOID base = NULL;
    SIZE_T size = bytes;
    NTSTATUS status = NtMapViewOfSection(section, GetCurrentProcess(), &base, 0, 0, &offset, &size, 2, 0, PAGE_READONLY);
    if (status != 0) {
        fprintf(stderr, "NtMapViewOfSection: status %08lx\n", status);
        ExitProcess(1);
    }
    // A view begins with a page.
    return (char *)base + address % PAGE;
}

static BOOL open_physical_memory(void)
{
    static WCHAR path[] = L"\\Device\\PhysicalMemory";
    UNICODE_STRING name = {sizeof path - sizeof *path, sizeof path, path};
    OBJECT_ATTRIBUTES attributes = {sizeof attributes, NULL, &name, 0x40, NULL, NULL};
    NTSTATUS status = NtOpenSection(&section, READ_IT, &attributes);
    if (status != 0)
        fprintf(stderr, "NtOpenSection: status %08lx\n", status);
    return status == 0;
}

static void print(const char *what, const volatile char *text, unsigned length, unsigned step)
{
    printf("%s\"", what);
    for (unsigned index = 0; index < length; index++) {
        char unit = text[index * step];
        putchar(unit >= ' ' && unit <= '~' ? unit : '.');
    }
    printf("\"\n");
}

// A page of which the program knows the frame: one that it maps itself.
static BOOL own_page(ULONG_PTR *frame, char **page)
{
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    HANDLE token;
    ULONG_PTR count = 1;
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    *page = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
    return OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)
        && LookupPrivilegeValue(NULL, SE_LOCK_MEMORY_NAME, &wanted.Privileges[0].Luid)
        && AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) && *page != NULL
        && AllocateUserPhysicalPages(GetCurrentProcess(), &count, frame) && MapUserPhysicalPages(*page, 1, frame);
}

int main(void)
{
    ULONG_PTR frame;
    char *page;
    if (!open_physical_memory())
        return 1;
    print("firmware of ", look_at(0xFFFF5, 8), 8, 1);
    print("screen      ", look_at(0xB8000, 160), 40, 2);
    if (!own_page(&frame, &page)) {
        fprintf(stderr, "a page of one's own: error %lu\n", GetLastError());
        return 1;
    }
    strcpy(page, "Here I am.");
    printf("frame %lx at %p: ", (unsigned long)frame, page);
    print("", look_at((ULONGLONG)frame * PAGE, 10), 10, 1);
    return 0;
}
