// Room for the symbols of the image, which a host tool packs in after linking: 8 bytes of magic, the size of the
// room, then whatever the encoder writes. Empty until then.
.section .symbols, "a"
.balign 4
.global boot_symbols, boot_symbols_end
boot_symbols:
    .ascii "VADOSYMS"
    .long boot_symbols_end - boot_symbols
    .fill 0x30000 - 12, 1, 0
boot_symbols_end:
