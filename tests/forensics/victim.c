// The process that others do something to: it says that it runs, and then that it finds its functions changed.
#include "image.h"

void mainCRTStartup(void) {
    // Before anybody knows that it is there.
    DWORD version = GetVersion();
    HANDLE runs = OpenEventA(EVENT_MODIFY_STATE, FALSE, "image.victim");
    if (!runs || !SetEvent(runs)) fail("no event\n");
    HANDLE hooked = OpenEventA(EVENT_MODIFY_STATE, FALSE, "image.hooked");
    if (hooked) {
        while (GetVersion() == version) Sleep(10);
        SetEvent(hooked);
    }
    wait_for_ever();
}
