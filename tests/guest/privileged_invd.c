// Throwing the caches away is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "invd"
#include "instruction.h"
