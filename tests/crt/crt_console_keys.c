// conio.h where nobody types: what was put back is there once, and nothing else waits.
// expect: exit 0
#include <conio.h>
#include "crt_check.h"

int main(void)
{
    CHECK(_kbhit() == 0);
    CHECK(_ungetch('x') == 'x' && _ungetch('y') == EOF && _ungetch(EOF) == EOF);
    CHECK(_kbhit() == 1 && _kbhit() == 1);
    CHECK(_getch() == 'x' && _kbhit() == 0);
    CHECK(_ungetch('z') == 'z' && _getche() == 'z' && _kbhit() == 0);
    return failures;
}
