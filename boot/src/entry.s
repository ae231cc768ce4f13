// From the boot loader to the higher half. Symbols are virtual addresses; until paging is on, code here
// subtracts BASE from each.

.set BASE, 0x80000000
.set SELF_MAPPED_DIRECTORIES, 0xC0600000

// Page-table entries: Valid 1, Write 2, Accessed 20, Dirty 40, Global 100.
.set POINTER, 0x001
.set TABLE, 0x063
.set READ, 0x121
.set READ_WRITE, 0x163

// ---------------------------------------------------------------------------------------------------------
// The first page of the image.

.section .headers, "a"
image_headers:
    .ascii "MZ"
    .fill 0x3A, 1, 0
    .long pe_header - image_headers

.balign 8
multiboot2_header:
    .long 0xE85250D6
    .long 0
    .long multiboot2_header_end - multiboot2_header
    .long -(0xE85250D6 + (multiboot2_header_end - multiboot2_header))
    .short 6, 0             // modules start at page boundaries
    .long 8
    .short 0, 0             // end
    .long 8
multiboot2_header_end:

.balign 4
multiboot1_header:
    .set MULTIBOOT1_FLAGS, 3    // modules at page boundaries, memory map wanted
    .long 0x1BADB002
    .long MULTIBOOT1_FLAGS
    .long -(0x1BADB002 + MULTIBOOT1_FLAGS)

// What an image of Windows has: debuggers and forensics tools take the page that begins with "MZ" for where the kernel is, and the record
// behind RSDS for the name of its symbols. Identifier and time stamp are the build's, and filled in after linking.
.set MACHINE_I386, 0x14C
.set CHARACTERISTICS, 0x103     // 32-bit, executable, without relocations
.set PE32, 0x10B
.set SUBSYSTEM_NATIVE, 1
.set DEBUG_CODEVIEW, 2
.set CODE, 0x60000020           // executed and read
.set CONSTANTS, 0x40000040      // read
.set VARIABLES, 0xC0000040      // read and written

.balign 8
pe_header:
    .ascii "PE\0\0"
    .short MACHINE_I386, 3
    .long 0                     // time stamp
    .long 0, 0
    .short pe_sections - pe_optional, CHARACTERISTICS
pe_optional:
    .short PE32
    .byte 0, 0
    .long image_text_size, image_data_size, 0
    .long image_entry_rva, image_text_rva, image_data_rva, image_start
    .long 0x1000, 0x1000        // alignment in memory and in a file
    .short 5, 1, 5, 1, 5, 1     // version of the system, the image and the subsystem
    .long 0, image_size, 0x1000, 0
    .short SUBSYSTEM_NATIVE, 0
    .long 0x40000, 0x1000, 0x100000, 0x1000
    .long 0, 16
    .fill 6, 8, 0
    .long debug_directory - image_headers, debug_directory_end - debug_directory
    .fill 9, 8, 0
pe_sections:
    .ascii ".text\0\0\0"
    .long image_text_size, image_text_rva, image_text_size, image_text_rva, 0, 0, 0, CODE
    .ascii ".rdata\0\0"
    .long image_rodata_size, image_rodata_rva, image_rodata_size, image_rodata_rva, 0, 0, 0, CONSTANTS
    .ascii ".data\0\0\0"
    .long image_data_size, image_data_rva, image_data_size, image_data_rva, 0, 0, 0, VARIABLES

.balign 4
debug_directory:
    .long 0, 0, 0, DEBUG_CODEVIEW
    .long symbols_record_end - symbols_record
    .long symbols_record - image_headers, symbols_record - image_headers
debug_directory_end:

.balign 4
symbols_record:
    .ascii "RSDS"
    .fill 16, 1, 0              // GUID
    .long 1                     // age
    .asciz "ntkrnlpa.pdb"
symbols_record_end:

// ---------------------------------------------------------------------------------------------------------
// Pages the processor walks from its first paged instruction on, and the start-up stack. See kernel.ld.

.section .pages, "aw", @nobits
.balign 4096
.global boot_pointers, boot_page_directories, boot_window_table, boot_hyperspace_table, boot_top_table
.global boot_stack_bottom, boot_stack_top
boot_pointers:              .skip 0x1000
boot_page_directories:      .skip 0x4000
boot_image_tables:          .skip 0x2000
boot_window_table:          .skip 0x1000
boot_hyperspace_table:      .skip 0x1000
boot_top_table:             .skip 0x1000
boot_stack_bottom:          .skip 0x10000
boot_stack_top:

.section .bss
.balign 8
.global boot_time_stamp, boot_no_execute
boot_time_stamp:            .skip 8
boot_no_execute:            .skip 4

// ---------------------------------------------------------------------------------------------------------
// 32-bit entry: eax = the loader's magic, ebx = physical address of its information, paging off, interrupts off.

.section .text.entry, "ax"
.global boot_entry
boot_entry:
    cli
    cld
    mov esp, offset boot_stack_top - BASE
    push ebx
    push eax

    cmp eax, 0x36D76289
    je 1f
    cmp eax, 0x2BADB002
    mov esi, offset message_loader - BASE
    jne boot_refuse
1:
    // A processor that has CPUID lets bit 21 of EFLAGS change.
    pushfd
    pop eax
    mov ecx, eax
    xor eax, 0x200000
    push eax
    popfd
    pushfd
    pop eax
    xor eax, ecx
    mov esi, offset message_pae - BASE
    test eax, 0x200000
    jz boot_refuse

    // Time-stamp counter 4, model-specific registers 5, PAE 6, cmpxchg8b 8.
    mov eax, 1
    cpuid
    and edx, 0x170
    cmp edx, 0x170
    jne boot_refuse

    rdtsc
    mov [boot_time_stamp - BASE], eax
    mov [boot_time_stamp - BASE + 4], edx

    // Bit 63 of entries where the processor has NX.
    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb 2f
    mov eax, 0x80000001
    cpuid
    test edx, 0x100000
    jz 2f
    mov dword ptr [boot_no_execute - BASE], 0x80000000
2:
    call boot_fill_directories
    call boot_map_image

    mov eax, cr4
    or eax, 0x20
    mov cr4, eax
    cmp dword ptr [boot_no_execute - BASE], 0
    je 3f
    mov ecx, 0xC0000080
    rdmsr
    or eax, 0x800
    wrmsr
3:
    mov eax, offset boot_pointers - BASE
    mov cr3, eax
    mov eax, cr0
    and eax, 0x9FFAFFF3     // caches on, EM and TS off
    or eax, 0x80050022      // PG, AM, WP, NE, MP
    mov cr0, eax
    mov eax, offset boot_high
    jmp eax

// In the higher half: the identity map goes.
boot_high:
    // The identity map is of 2 MB: the stack may lie behind them.
    add esp, BASE
    pop eax
    pop ebx
    mov esp, offset boot_stack_top
    mov dword ptr [SELF_MAPPED_DIRECTORIES], 0
    mov dword ptr [SELF_MAPPED_DIRECTORIES + 4], 0
    mov dword ptr [SELF_MAPPED_DIRECTORIES + 8], 0
    mov dword ptr [SELF_MAPPED_DIRECTORIES + 12], 0
    mov ecx, cr3
    mov cr3, ecx
    mov esi, eax
    mov edi, ebx
    mov eax, 1
    cpuid
    test edx, 0x2000        // PGE
    jz 4f
    mov eax, cr4
    or eax, 0x80
    mov cr4, eax
4:
    xor ebp, ebp
    sub esp, 8
    push edi
    push esi
    call vadose_start
    ud2

// Pointer page, directories, self-map, and the identity map of the image for the jump (the same page tables serve both).
boot_fill_directories:
    mov ebx, [boot_no_execute - BASE]
    xor ecx, ecx
5:  mov eax, ecx
    shl eax, 12
    add eax, offset boot_page_directories - BASE
    lea edx, [eax + POINTER]
    mov [boot_pointers - BASE + ecx * 8], edx
    lea edx, [eax + TABLE]
    mov [boot_page_directories - BASE + 0x3000 + ecx * 8], edx
    mov [boot_page_directories - BASE + 0x3004 + ecx * 8], ebx
    inc ecx
    cmp ecx, 4
    jne 5b

    mov eax, offset boot_image_tables - BASE + TABLE
    mov [boot_page_directories - BASE], eax
    mov [boot_page_directories - BASE + 0x2000], eax
    add eax, 0x1000
    mov [boot_page_directories - BASE + 8], eax
    mov [boot_page_directories - BASE + 0x2008], eax

    mov eax, offset boot_hyperspace_table - BASE + TABLE
    mov [boot_page_directories - BASE + 0x3020], eax
    mov [boot_page_directories - BASE + 0x3024], ebx
    mov eax, offset boot_window_table - BASE + TABLE
    mov [boot_page_directories - BASE + 0x3028], eax
    mov [boot_page_directories - BASE + 0x302C], ebx
    mov eax, offset boot_top_table - BASE + TABLE
    mov [boot_page_directories - BASE + 0x3FF0], eax
    mov [boot_page_directories - BASE + 0x3FF4], ebx
    ret

// The image, each part with its final rights.
boot_map_image:
    mov ebx, [boot_no_execute - BASE]
    mov eax, offset image_start - BASE
    mov ecx, offset text_start - BASE
    mov edx, READ
    call boot_map
    xor ebx, ebx
    mov ecx, offset rodata_start - BASE
    call boot_map
    mov ebx, [boot_no_execute - BASE]
    mov ecx, offset data_start - BASE
    call boot_map
    mov ecx, offset boot_page_directories - BASE
    mov edx, READ_WRITE
    call boot_map
    mov eax, offset boot_stack_bottom - BASE
    mov ecx, offset boot_stack_top - BASE
    // falls into boot_map

// Maps physical eax up to ecx with low bits edx and high half ebx; leaves eax = ecx.
boot_map:
    cmp eax, ecx
    jae 6f
    mov esi, eax
    shr esi, 9
    lea edi, [eax + edx]
    mov [boot_image_tables - BASE + esi], edi
    mov [boot_image_tables - BASE + esi + 4], ebx
    add eax, 0x1000
    jmp boot_map
6:  ret

// Says the line at physical esi on COM1 and at the top of a cleared screen, and stops.
boot_refuse:
    mov edi, 0xB8000
    mov eax, 0x07200720
    mov ecx, 1000
    rep stosd
    mov edi, 0xB8000
    mov ebx, offset serial_setup - BASE
7:  movzx edx, word ptr [ebx]
    mov al, [ebx + 2]
    out dx, al
    add ebx, 3
    cmp ebx, offset serial_setup_end - BASE
    jne 7b
8:  lodsb
    test al, al
    jz 11f
    cmp al, 0x20
    jb 12f
    mov ah, 0x0F
    stosw
12:
    mov ecx, 100000         // bounded: there may be no serial port
9:  mov bl, al
    mov dx, 0x3FD
    in al, dx
    test al, 0x20
    mov al, bl
    jnz 10f
    loop 9b
10: mov dx, 0x3F8
    out dx, al
    jmp 8b
11: cli
    hlt
    jmp 11b

// 115200 baud, 8 bits, no parity, one stop bit: port, value.
serial_setup:
    .short 0x3F9
    .byte 0
    .short 0x3FB
    .byte 0x80
    .short 0x3F8
    .byte 1
    .short 0x3F9
    .byte 0
    .short 0x3FB
    .byte 3
serial_setup_end:

message_loader:
    .asciz "Vadose: not started by a multiboot loader; use GRUB or QEMU's -kernel.\r\n"
message_pae:
    .asciz "Vadose: this processor has no PAE. A Pentium Pro or later is needed.\r\n"
