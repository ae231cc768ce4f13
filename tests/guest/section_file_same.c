// NtAreMappedFilesTheSame: an image and what else shows its file.
// expect: exit 0
#include "section_file.h"

static void test(void)
{
    char *kernel32 = (char *)GetModuleHandleA("kernel32"), *ntdll = (char *)GetModuleHandleA("ntdll");
    HANDLE file = open_file(SOME_FILE, GENERIC_READ | GENERIC_EXECUTE), section = NULL;
    EXPECT_EQUAL(create_file_section(&section, file, 0, PAGE_READONLY, SEC_COMMIT), SUCCESS);
    char *data = view_of(section, PAGE_READONLY), *more = view_of(section, PAGE_READONLY);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(data, data), SUCCESS);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(data, data + PAGE + 7), SUCCESS);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(data, more), OTHER_FILE);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(ntdll, data), SUCCESS);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(data + 5, ntdll + PAGE), SUCCESS);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(kernel32, data), OTHER_FILE);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(kernel32, ntdll), OTHER_FILE);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(kernel32, kernel32 + PAGE), SUCCESS);
    HANDLE image = NULL;
    EXPECT_EQUAL(create_file_section(&image, file, 0, PAGE_EXECUTE, SEC_IMAGE), SUCCESS);
    PVOID again = NULL;
    SIZE_T size = 0;
    EXPECT_EQUAL(NtMapViewOfSection(image, OWN_PROCESS, &again, 0, 0, NULL, &size, VIEW_UNMAP, 0, PAGE_READONLY), IMAGE_NOT_AT_BASE);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(ntdll, again), SUCCESS);
    char *memory = view_of(section_of(PAGE, PAGE_READWRITE, SEC_COMMIT), PAGE_READWRITE);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(data, commit(PAGE)), CONFLICT);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(data, memory), CONFLICT);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(data, free_range(PAGE)), NOTHING_THERE);
    EXPECT_EQUAL(NtAreMappedFilesTheSame(NULL, data), NOTHING_THERE);
    EXPECT_EQUAL(NtAreMappedFilesTheSame((PVOID)0xFFFFFFFF, data), NOTHING_THERE);
}
