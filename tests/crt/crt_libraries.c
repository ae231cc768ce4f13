// version, ole32, oleaut32 and shlwapi, and files that are loaded as data.
// expect: exit 0
// cc: -lversion -lole32 -loleaut32 -lshlwapi -luuid
#define COBJMACROS
#include <windows.h>
#include <objbase.h>
#include <oleauto.h>
#include <shlwapi.h>
#include "crt_check.h"

static void versions(void)
{
    static BYTE room[4096];
    // Where a call is refused they stay as they are.
    char *text = "";
    WCHAR *wide = L"";
    VS_FIXEDFILEINFO none = {0}, *fixed = &none;
    UINT length;
    DWORD nothing = 7, size = GetFileVersionInfoSizeA("C:\\resources.exe", &nothing);
    CHECK(size > 200 && size < sizeof room && nothing == 0);
    CHECK(GetFileVersionInfoA("C:\\resources.exe", 0, size, room));
    CHECK(VerQueryValueA(room, "\\", (void **)&fixed, &length) && length == sizeof *fixed);
    CHECK(fixed->dwSignature == 0xFEEF04BD && fixed->dwFileVersionMS == 0x10002 && fixed->dwFileVersionLS == 0x30004);
    CHECK(VerQueryValueA(room, "\\StringFileInfo\\040904e4\\FileDescription", (void **)&text, &length) && length == 21);
    CHECK_TEXT(text, "Resources for a test");
    CHECK(VerQueryValueW(room, L"\\stringfileinfo\\040904E4\\fileversion", (void **)&wide, &length) && wcscmp(wide, L"1.2.3.4") == 0);
    DWORD *translation;
    CHECK(VerQueryValueA(room, "\\VarFileInfo\\Translation", (void **)&translation, &length) && length == 4 && *translation == 0x04E40409);
    CHECK(!VerQueryValueA(room, "\\StringFileInfo\\040904e4\\None", (void **)&text, &length));
    CHECK(GetFileVersionInfoSizeA("C:\\child.exe", NULL) == 0 && GetLastError() == ERROR_RESOURCE_DATA_NOT_FOUND);
    CHECK(GetFileVersionInfoSizeW(L"C:\\nowhere.exe", NULL) == 0 && GetLastError() == ERROR_FILE_NOT_FOUND);
}

static BOOL CALLBACK count(HMODULE module, LPCSTR kind, LPSTR name, LONG_PTR counter)
{
    (void)module, (void)kind, (void)name;
    ++*(int *)counter;
    return TRUE;
}

static void data_files(void)
{
    HMODULE file = LoadLibraryExA("C:\\resources.exe", NULL, LOAD_LIBRARY_AS_DATAFILE);
    CHECK(file != NULL && ((ULONG_PTR)file & 1) == 1 && *(WORD *)((ULONG_PTR)file & ~1) == 0x5A4D);
    HRSRC note = FindResourceA(file, "note", (LPCSTR)RT_RCDATA);
    CHECK(note != NULL && SizeofResource(file, note) == 12);
    const char *bytes = LockResource(LoadResource(file, note));
    CHECK(bytes != NULL && memcmp(bytes, "twelve bytes", 12) == 0);
    int found = 0;
    CHECK(EnumResourceNamesA(file, "CURVES", count, (LONG_PTR)&found) && found == 1);
    CHECK(FindResourceA(file, "nothing", (LPCSTR)RT_RCDATA) == NULL && GetLastError() == ERROR_RESOURCE_NAME_NOT_FOUND);
    CHECK(GetProcAddress(file, "x") == NULL && FreeLibrary(file));
    CHECK(LoadLibraryExA("C:\\no_image.exe", NULL, LOAD_LIBRARY_AS_DATAFILE) == NULL && GetLastError() == ERROR_BAD_EXE_FORMAT);
    CHECK(LoadLibraryExA("none", NULL, LOAD_LIBRARY_AS_DATAFILE) == NULL && GetLastError() == ERROR_FILE_NOT_FOUND);
    // Without initialiser and imports.
    HMODULE image = LoadLibraryExA("C:\\library.exe", NULL, DONT_RESOLVE_DLL_REFERENCES);
    CHECK(image != NULL && GetModuleHandleA("library.exe") == image && GetProcAddress(image, "library_add") != NULL && FreeLibrary(image));
    CHECK(GetModuleHandleA("library.exe") == NULL);
    image = LoadLibraryExA("C:\\library.exe", NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    CHECK(image != NULL && FreeLibrary(image));
}

static void components(void)
{
    static const CLSID shell_link = {0x00021401, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
    GUID guid, other;
    WCHAR text[40] = L"", *allocated = NULL;
    void *object = &guid;
    CHECK(CoCreateInstance(&shell_link, NULL, CLSCTX_ALL, &IID_IUnknown, &object) == CO_E_NOTINITIALIZED && object == NULL);
    CHECK(CoInitialize(NULL) == S_OK && CoInitializeEx(NULL, COINIT_APARTMENTTHREADED) == S_FALSE);
    CHECK(CoInitializeEx(NULL, COINIT_MULTITHREADED) == RPC_E_CHANGED_MODE);
    CHECK(CoCreateInstance(&shell_link, NULL, CLSCTX_ALL, &IID_IUnknown, &object) == REGDB_E_CLASSNOTREG);
    CoUninitialize();
    CoUninitialize();
    CHECK(StringFromGUID2(&shell_link, text, 40) == 39 && wcscmp(text, L"{00021401-0000-0000-C000-000000000046}") == 0);
    CHECK(StringFromGUID2(&shell_link, text, 38) == 0);
    CHECK(CLSIDFromString(text, &guid) == S_OK && memcmp(&guid, &shell_link, 16) == 0 && CLSIDFromString(L"Name", &guid) == CO_E_CLASSSTRING);
    CHECK(CoCreateGuid(&guid) == S_OK && CoCreateGuid(&other) == S_OK && memcmp(&guid, &other, 16) != 0 && guid.Data3 >> 12 == 4);
    CHECK(StringFromCLSID(&guid, &allocated) == S_OK && IIDFromString(allocated, &other) == S_OK && memcmp(&guid, &other, 16) == 0);
    allocated = CoTaskMemRealloc(allocated, 1000);
    CHECK(allocated != NULL && allocated[0] == '{');
    CoTaskMemFree(allocated);
    CoTaskMemFree(NULL);
}

static void automation(void)
{
    BSTR text = SysAllocString(L"text"), copy;
    CHECK(SysStringLen(text) == 4 && SysStringByteLen(text) == 8 && wcscmp(text, L"text") == 0 && SysStringLen(NULL) == 0);
    CHECK(SysReAllocStringLen(&text, L"a longer text", 8) && SysStringLen(text) == 8 && wcscmp(text, L"a longer") == 0);
    copy = SysAllocStringByteLen("abc", 3);
    CHECK(SysStringByteLen(copy) == 3 && memcmp(copy, "abc\0", 5) == 0);
    SysFreeString(copy);
    VARIANT first, second;
    VariantInit(&first);
    VariantInit(&second);
    V_VT(&first) = VT_BSTR;
    V_BSTR(&first) = text;
    CHECK(VariantCopy(&second, &first) == S_OK && V_BSTR(&second) != text && wcscmp(V_BSTR(&second), L"a longer") == 0);
    CHECK(VariantClear(&first) == S_OK && V_VT(&first) == VT_EMPTY && VariantClear(&second) == S_OK);
    V_VT(&first) = VT_I4;
    V_I4(&first) = 77;
    CHECK(VariantCopy(&second, &first) == S_OK && V_I4(&second) == 77);
    V_VT(&first) = 0x1FFF;
    CHECK(VariantClear(&first) == DISP_E_BADVARTYPE);
    CHECK(GetProcAddress(GetModuleHandleA("oleaut32.dll"), (LPCSTR)6) == (FARPROC)GetProcAddress(GetModuleHandleA("oleaut32.dll"), "SysFreeString"));
}

static void paths(void)
{
    char path[MAX_PATH] = "C:\\folder\\file.txt";
    CHECK(PathRemoveFileSpecA(path) && strcmp(path, "C:\\folder") == 0 && PathRemoveFileSpecA(path) && strcmp(path, "C:\\") == 0);
    CHECK(!PathRemoveFileSpecA(path));
    CHECK(PathCombineA(path, "C:\\a\\b", "..\\c.d") == path && strcmp(path, "C:\\a\\c.d") == 0);
    CHECK(PathCombineA(path, "a", "b") == path && strcmp(path, "a\\b") == 0);
    CHECK(strcmp(PathFindFileNameA("C:\\x\\y.z"), "y.z") == 0 && strcmp(PathFindExtensionA("C:\\x.y\\y"), "") == 0);
    CHECK(PathAppendA(path, "\\c") && strcmp(path, "a\\b\\c") == 0 && PathIsRelativeA(path) && !PathIsRelativeA("\\x"));
    CHECK(PathFileExistsA("C:\\WINDOWS") && PathIsDirectoryA("C:\\WINDOWS") && !PathFileExistsW(L"C:\\nowhere"));
    CHECK(strcmp(StrStrIA("Some TEXT", "text"), "TEXT") == 0 && StrStrA("Some TEXT", "text") == NULL && StrStrIW(L"a", L"") == NULL);
}

int main(void)
{
    versions();
    data_files();
    components();
    automation();
    paths();
    return failures;
}
