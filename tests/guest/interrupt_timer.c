// Nor are the gates of devices.
// expect: exception C0000005
#define INSTRUCTION "int $0x30"
#include "instruction.h"
