//! `dt`: a table of types, and memory shown as what it is.

use crate::stage::Stage;

const BASE: u32 = 0x25_0000;

/// A structure of the table: its size, its name, and offset, name and kind of each member.
type Structure = (u32, &'static str, &'static [(u16, &'static str, &'static [u8])]);

const STRUCTURES: [Structure; 4] = [
    (8, "_LIST_ENTRY", &[(0, "Flink", b"\x03\x05\0\0"), (4, "Blink", b"\x03\x05\0\0")]),
    (
        0x48,
        "_THING",
        &[
            (0, "Count", b"\x02\x04"),
            (4, "Low", b"\x07\0\x03\x02"),
            (4, "Top", b"\x07\x0F\x01\x02"),
            (6, "Byte", b"\x01\x01"),
            (8, "Links", b"\x05\0\0"),
            (0x10, "Name", b"\x05\x02\0"),
            (0x18, "State", b"\x06\0\0"),
            (0x1C, "Next", b"\x03\x05\x01\0"),
            (0x20, "Untyped", b"\x03\0"),
            (0x24, "Text", b"\x04\x10\0\x01\x01"),
            (0x34, "Words", b"\x04\x02\0\x01\x04"),
            (0x40, "Time", b"\x05\x03\0"),
        ],
    ),
    (8, "_UNICODE_STRING", &[(0, "Length", b"\x01\x02"), (4, "Buffer", b"\x03\x01\x02")]),
    (8, "_LARGE_INTEGER", &[(0, "QuadPart", b"\x02\x08")]),
];

fn table() -> Vec<u8> {
    let mut table = vec![STRUCTURES.len() as u8, 0, 1, 0];
    let name = |name: &str| [&[name.len() as u8], name.as_bytes()].concat();
    let mut add = |part: Vec<u8>| {
        table.extend((part.len() as u16).to_le_bytes());
        table.extend(part);
    };
    for (size, structure, members) in STRUCTURES {
        let mut part = [&size.to_le_bytes()[..], &name(structure)].concat();
        for (offset, member, kind) in members {
            part.extend(offset.to_le_bytes());
            part.extend(name(member));
            part.extend(*kind);
        }
        add(part);
    }
    add([&name("_STATE")[..], &2u32.to_le_bytes(), &name("Ready")].concat());
    table
}

/// A thing at 250000, and another at the end of its page, half of which is not there.
fn stage() -> Stage {
    let mut stage = Stage::new();
    stage.symbols = kd::symbols::encode([(0x8010_0000, "start")], 0x8010_0200, &table(), 4096).expect("room");
    let process = stage.start(0x428, "demo.exe");
    stage.system.commit_at(process, BASE, 0x2000);
    let words: [(u32, u32); 13] = [
        (0, -2i32 as u32),
        (4, 0x0041_8005),
        (8, 0x8123_4567),
        (0xC, BASE),
        (0x10, 0x0006_0004),
        (0x14, BASE + 0x80),
        (0x18, 2),
        (0x1C, 0x25_0100),
        (0x24, u32::from_le_bytes(*b"note")),
        (0x28, u32::from_le_bytes(*b"pad\0")),
        (0x40, 0x1234_5678),
        (0x44, 1),
        (0x80, 0x00E9_0068),
    ];
    for (offset, word) in words {
        for (address, byte) in (BASE + offset..).zip(word.to_le_bytes()) {
            stage.system.store(process, address, byte).expect("its memory");
        }
    }
    stage
}

#[test]
fn a_type_is_shown_by_name_and_by_pattern() {
    let mut stage = stage();
    let thing = "nt!_THING\n\
         \x20  +0x000 Count            : Int4B\n\
         \x20  +0x004 Low              : Pos 0, 3 Bits\n\
         \x20  +0x004 Top              : Pos 15, 1 Bit\n\
         \x20  +0x006 Byte             : UChar\n\
         \x20  +0x008 Links            : _LIST_ENTRY\n\
         \x20  +0x010 Name             : _UNICODE_STRING\n\
         \x20  +0x018 State            : _STATE\n\
         \x20  +0x01c Next             : Ptr32 _THING\n\
         \x20  +0x020 Untyped          : Ptr32 Void\n\
         \x20  +0x024 Text             : [16] UChar\n\
         \x20  +0x034 Words            : [2] Uint4B\n\
         \x20  +0x040 Time             : _LARGE_INTEGER\n";
    for name in ["dt _THING", "dt nt!_THING", "dt THING"] {
        stage.expect(name, thing);
    }
    stage.expect("dt *L*", "          nt!_LIST_ENTRY\n          nt!_LARGE_INTEGER\n");
    stage.expect(
        "dt -r1 _THING Links Byte",
        "nt!_THING\n   +0x006 Byte             : UChar\n   +0x008 Links            : _LIST_ENTRY\n      \
         +0x000 Flink            : Ptr32 _LIST_ENTRY\n      +0x004 Blink            : Ptr32 _LIST_ENTRY\n",
    );
}

#[test]
fn memory_is_shown_as_what_it_is() {
    let mut stage = stage();
    stage.expect(
        "dt _THING 250000",
        "nt!_THING\n\
         \x20  +0x000 Count            : 0n-2\n\
         \x20  +0x004 Low              : 0y101 (0x5)\n\
         \x20  +0x004 Top              : 0y1\n\
         \x20  +0x006 Byte             : 0x41\n\
         \x20  +0x008 Links            : _LIST_ENTRY [ 0x81234567 - 0x250000 ]\n\
         \x20  +0x010 Name             : _UNICODE_STRING \"h\u{e9}\"\n\
         \x20  +0x018 State            : 2 ( Ready )\n\
         \x20  +0x01c Next             : 0x00250100 _THING\n\
         \x20  +0x020 Untyped          : (null)\n\
         \x20  +0x024 Text             : [16] UChar \"notepad\"\n\
         \x20  +0x034 Words            : [2] Uint4B\n\
         \x20  +0x040 Time             : _LARGE_INTEGER 0x112345678\n",
    );
    stage.expect("dt _THING Count 250000", "nt!_THING\n   +0x000 Count            : 0n-2\n");
    stage.expect("dt _THING 250100 State", "nt!_THING\n   +0x018 State            : 0 ( ?? )\n");
}

#[test]
fn what_is_not_there_is_question_marks_and_ends() {
    let mut stage = stage();
    stage.expect(
        "dt _THING 250ff0",
        "nt!_THING\n\
         \x20  +0x000 Count            : 0n0\n\
         \x20  +0x004 Low              : 0y000 (0x0)\n\
         \x20  +0x004 Top              : 0y0\n\
         \x20  +0x006 Byte             : 0x0\n\
         \x20  +0x008 Links            : _LIST_ENTRY [ 0x0 - 0x0 ]\n\
         \x20  +0x010 Name             : _UNICODE_STRING\n\
         \x20  +0x018 State            : ??\n\
         \x20  +0x01c Next             : ??\n\
         \x20  +0x020 Untyped          : ??\n\
         \x20  +0x024 Text             : [16] UChar\n\
         \x20  +0x034 Words            : [2] Uint4B\n\
         \x20  +0x040 Time             : _LARGE_INTEGER\n",
    );
    stage.expect(
        "dt _LIST_ENTRY fffffffc",
        "nt!_LIST_ENTRY\n   +0x000 Flink            : ??\n   +0x004 Blink            : ??\n",
    );
    for (line, refusal) in [
        ("dt", "kd: dt needs the name of a type; dt * lists them\n"),
        ("dt _NOTHING", "kd: there is no such type; dt * lists them\n"),
        ("dt ?", "kd: there is no such type; dt * lists them\n"),
        ("dt -x _THING", "kd: what is x?\n"),
        ("dt _THING 1 2", "kd: what is 2?\n"),
        ("dt _THING m n o q w", "kd: what is w?\n"),
    ] {
        stage.expect(line, refusal);
    }
    stage.symbols.clear();
    stage.expect("dt _THING", "kd: there is no such type; dt * lists them\n");
}
