// C's block moves. All are cdecl, return the target, and find and leave the direction flag clear.

.section .text

// memcpy(target, source, length)
.balign 16
routine memcpy
    push edi
    push esi
    mov edi, [esp + 12]
    mov esi, [esp + 16]
    mov edx, [esp + 20]
    mov eax, edi
copy_upwards:
    mov ecx, edx
    shr ecx, 2
    rep movsd
    mov ecx, edx
    and ecx, 3
    rep movsb
    pop esi
    pop edi
    ret

// memmove(target, source, length). Downwards only where the target begins inside the source.
.balign 16
routine memmove
    push edi
    push esi
    mov edi, [esp + 12]
    mov esi, [esp + 16]
    mov edx, [esp + 20]
    mov eax, edi
    mov ecx, edi
    sub ecx, esi
    cmp ecx, edx
    jae copy_upwards
    std
    lea edi, [edi + edx - 1]
    lea esi, [esi + edx - 1]
    mov ecx, edx
    and ecx, 3
    rep movsb
    sub edi, 3
    sub esi, 3
    mov ecx, edx
    shr ecx, 2
    rep movsd
    cld
    pop esi
    pop edi
    ret

// memset(target, byte, length)
.balign 16
routine memset
    push edi
    mov edi, [esp + 8]
    movzx eax, byte ptr [esp + 12]
    mov edx, [esp + 16]
    imul eax, eax, 0x01010101
    mov ecx, edx
    shr ecx, 2
    rep stosd
    mov ecx, edx
    and ecx, 3
    rep stosb
    mov eax, [esp + 8]
    pop edi
    ret
