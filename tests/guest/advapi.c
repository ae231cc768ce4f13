// advapi32 beside tokens: random bytes that differ, and a registry in which nothing is found.
// expect: exit 0
// cc: -ladvapi32
#include "test.h"
#include <wincrypt.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

static void random_bytes(void)
{
    static BYTE one[4096], other[4096];
    HCRYPTPROV provider = 0;
    DWORD counts[256] = {0}, same = 0, most = 0;
    EXPECT(CryptAcquireContextA(&provider, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT) && provider != 0);
    EXPECT(CryptGenRandom(provider, sizeof one, one));
    EXPECT(SystemFunction036(other, sizeof other));
    for (DWORD index = 0; index < sizeof one; index++) {
        same += one[index] == other[index];
        counts[one[index]]++;
    }
    for (DWORD value = 0; value < 256; value++)
        most = counts[value] > most ? counts[value] : most;
    // Each of 256 values 16 times on average.
    EXPECT(same < 60 && most < 60);
    EXPECT_ERROR(CryptGenRandom(1, 4, one), ERROR_INVALID_PARAMETER);
    EXPECT(CryptReleaseContext(provider, 0));
}

static void registry(void)
{
    HKEY key = NULL;
    DWORD kind, size = 4, word;
    EXPECT_EQUAL(RegOpenKeyExA(HKEY_LOCAL_MACHINE, "SOFTWARE\\Vadose", 0, KEY_READ, &key), ERROR_FILE_NOT_FOUND);
    EXPECT_EQUAL(RegOpenKeyExW(HKEY_CURRENT_USER, NULL, 0, KEY_READ, &key), ERROR_SUCCESS);
    EXPECT_EQUAL(RegQueryValueExA(key, "value", NULL, &kind, (BYTE *)&word, &size), ERROR_FILE_NOT_FOUND);
    EXPECT_EQUAL(RegSetValueExA(key, "value", 0, REG_DWORD, (BYTE *)&word, 4), ERROR_ACCESS_DENIED);
    EXPECT_EQUAL(RegCloseKey(key), ERROR_SUCCESS);
    EXPECT_EQUAL(RegCloseKey((HKEY)0x1234), ERROR_INVALID_HANDLE);
    EXPECT_EQUAL(RegOpenKeyA((HKEY)0x1234, "x", &key), ERROR_INVALID_HANDLE);
}

static void test(void)
{
    random_bytes();
    registry();
}
