// printf formats as the library does, not as C99: exponents of three digits, capital pointers, infinity by its own name.
// expect: exit 0
// stdout: [   42|42   |00042|+42|ff|0XFF|017]
// stdout: [1.500000|1.500000e+010|1e+010|0.0001|3]
// stdout: [1.#INF|-1.#IND|1.#INF00]
// stdout: [00ABCDEF|12345678901|ffffffffffffffff]
// stdout: [te|  text|wide|A|(null)]
// stdout: [100% q 8]
#include <stdio.h>

int main(void)
{
    volatile double zero = 0.0;
    double infinity = 1.0 / zero, indefinite = zero / zero;
    char *volatile null = NULL;
    int count = 0;
    printf("[%5d|%-5d|%05d|%+d|%x|%#X|%#o]\n", 42, 42, 42, 42, 255, 255, 15);
    printf("[%f|%e|%g|%g|%.0f]\n", 1.5, 1.5e10, 1e10, 0.0001, 2.5);
    printf("[%g|%g|%f]\n", infinity, indefinite, infinity);
    printf("[%p|%I64d|%I64x]\n", (void *)0xABCDEF, 12345678901LL, -1LL);
    printf("[%.2s|%6s|%S|%c|%s]\n", "text", "text", L"wide", 'A', null);
    const char *unknown = "[100%% %q %n";
    printf(unknown, &count);
    printf("%d]\n", count);
    return 0;
}
