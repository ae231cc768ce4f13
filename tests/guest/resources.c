// Resources by type, name and language, as windres put them into the program.
// expect: exit 0
#include "test.h"

#define GERMAN 0x407
#define ENGLISH 0x409
#define CURVES "CURVES"

static const void *bytes_of(HRSRC resource)
{
    return LockResource(LoadResource(NULL, resource));
}

static void find(void)
{
    HRSRC note = FindResourceA(NULL, "note", (PCSTR)RT_RCDATA);
    EXPECT_EQUAL(SizeofResource(NULL, note), 12);
    EXPECT(all_bytes((const char *)bytes_of(note) + 4, 1, 'v'));
    // Capitals do not matter, #7 is 7, and a base is as good as NULL.
    EXPECT(FindResourceW(GetModuleHandleA(NULL), L"NOTE", L"#10") == note);
    HRSRC english = FindResourceA(NULL, "#7", CURVES), german = FindResourceExA(NULL, CURVES, "#7", GERMAN);
    EXPECT(english != NULL && german != NULL && english != german);
    EXPECT(FindResourceExW(NULL, L"curves", (PCWSTR)7, ENGLISH) == english);
    EXPECT_EQUAL(SizeofResource(NULL, english), 6);
    EXPECT_EQUAL(SizeofResource(NULL, german), 8);
    EXPECT_EQUAL(((const WORD *)bytes_of(german))[3], 7);
    EXPECT(!FreeResource(LoadResource(NULL, german)));
    // They lie in the image, and are read-only there.
    EXPECT(GetModuleHandleA(NULL) == query(bytes_of(note)).AllocationBase);
}

static void refuse(void)
{
    EXPECT_ERROR(FindResourceA(NULL, "nothing", (PCSTR)RT_RCDATA), ERROR_RESOURCE_NAME_NOT_FOUND);
    EXPECT_ERROR(FindResourceA(NULL, "note", "NOTHING"), ERROR_RESOURCE_TYPE_NOT_FOUND);
    EXPECT_ERROR(FindResourceExA(NULL, CURVES, "#7", 0x40C), ERROR_RESOURCE_LANG_NOT_FOUND);
    // Where no image lies there is no directory of resources either.
    EXPECT_ERROR(FindResourceA((HMODULE)0x12340000, "note", (PCSTR)RT_RCDATA), ERROR_RESOURCE_DATA_NOT_FOUND);
    EXPECT_ERROR(FindResourceA(GetModuleHandleA("kernel32"), "note", (PCSTR)RT_RCDATA), ERROR_RESOURCE_DATA_NOT_FOUND);
    EXPECT_ERROR(LoadResource(NULL, NULL), ERROR_INVALID_HANDLE);
    EXPECT_ERROR(SizeofResource(NULL, NULL), ERROR_INVALID_HANDLE);
}

static int types, named_types, names;

static BOOL CALLBACK count_type(HMODULE module, PSTR type, LONG_PTR parameter)
{
    (void)module;
    EXPECT_EQUAL(parameter, 0x55);
    types++;
    named_types += (DWORD)type > 0xFFFF && lstrcmpiA(type, CURVES) == 0;
    return TRUE;
}

static BOOL CALLBACK count_name(HMODULE module, PCWSTR type, PWSTR name, LONG_PTR parameter)
{
    (void)module, (void)parameter;
    EXPECT(type == (PCWSTR)RT_STRING && (DWORD)name < 0x10000);
    names++;
    // The listing ends where the answer is no.
    return FALSE;
}

static BOOL CALLBACK note_language(HMODULE module, PCSTR type, PCSTR name, WORD language, LONG_PTR parameter)
{
    (void)module, (void)type, (void)name;
    *(DWORD *)parameter = *(DWORD *)parameter << 16 | language;
    return TRUE;
}

static void list(void)
{
    DWORD languages = 0;
    EXPECT(EnumResourceTypesA(NULL, count_type, 0x55));
    EXPECT_EQUAL(types, 4);
    EXPECT_EQUAL(named_types, 1);
    EXPECT(!EnumResourceNamesW(NULL, (PCWSTR)RT_STRING, count_name, 0));
    EXPECT_EQUAL(names, 1);
    EXPECT(EnumResourceLanguagesA(NULL, CURVES, "#7", (ENUMRESLANGPROCA)note_language, (LONG_PTR)&languages));
    EXPECT_EQUAL(languages, GERMAN << 16 | ENGLISH);
    EXPECT_ERROR(EnumResourceNamesA(NULL, "NOTHING", NULL, 0), ERROR_RESOURCE_TYPE_NOT_FOUND);
}

static void test(void)
{
    find();
    refuse();
    list();
}
