//! Round trips of all forms, and the bits where XP has them.

use super::*;

const TOP: FrameNumber = FrameNumber(0xFF_FFFF);

#[test]
fn a_process_pte_of_each_form_survives_the_round_trip() {
    for code in 1..32 {
        let protection = Protection::from_code(code);
        let forms = [
            Pte::Empty,
            Pte::DemandZero(protection),
            Pte::PagingFile(PagingFilePage { file: 15, offset: 0xFFFF_FFFF, protection }),
            Pte::PagingFile(PagingFilePage { file: 0, offset: 1, protection }),
            Pte::Transition(TOP, protection),
            Pte::Prototype(Link::new(0xA123_4568), protection),
            Pte::LookInVad(protection),
        ];
        for form in forms {
            assert_eq!(Pte::decode(form.encode()), form);
        }
        let valid = Pte::Valid(ValidPte::user(TOP, protection, NO_EXECUTE));
        assert_eq!(Pte::decode(valid.encode()) == valid, !protection.denies_all(), "{protection:?} {valid:?}");
    }
}

#[test]
fn a_prototype_pte_of_each_form_survives_the_round_trip() {
    for code in 1..32 {
        let protection = Protection::from_code(code);
        let forms = [
            PrototypePte::Empty,
            PrototypePte::DemandZero(protection),
            PrototypePte::PagingFile(PagingFilePage { file: 3, offset: 9, protection }),
            PrototypePte::Transition(TOP, protection),
            PrototypePte::Subsection(Link::new(0xA000_0020), protection),
        ];
        for form in forms {
            assert_eq!(PrototypePte::decode(form.encode()), form);
        }
    }
}

#[test]
fn the_bits_are_where_xp_has_them() {
    assert_eq!(Pte::DemandZero(Protection::READWRITE).encode(), 0x80);
    assert_eq!(Pte::DemandZero(Protection::DECOMMITTED).encode(), 0x200);
    assert_eq!(Pte::Transition(FrameNumber(0xB3C1), Protection::READWRITE).encode(), 0xB3C_1880);
    assert_eq!(Pte::Prototype(Link::new(0xE120_0048), Protection::ZERO).encode(), 0xE120_0048_0000_0400);
    assert_eq!(Pte::LookInVad(Protection::READONLY).encode(), 0xFFFF_FFFF_0000_0420);
    let paged = PagingFilePage { file: 1, offset: 0x1A2, protection: Protection::READWRITE };
    assert_eq!(Pte::PagingFile(paged).encode(), 0x0000_01A2_0000_0082);
}

#[test]
fn a_forensic_tool_never_takes_a_software_form_for_a_transition() {
    // Stock tools read "bit 11 set and bit 10 clear" as resident.
    for code in 1..32 {
        let protection = Protection::from_code(code);
        for raw in [
            Pte::DemandZero(protection).encode(),
            Pte::Prototype(Link::new(0xA000_0000), protection).encode(),
            Pte::LookInVad(protection).encode(),
        ] {
            assert!(raw & TRANSITION == 0 || raw & PROTOTYPE != 0);
        }
    }
}

#[test]
fn permissions_of_a_valid_entry_follow_the_protection() {
    let entry = |protection| ValidPte::user(FrameNumber(5), protection, NO_EXECUTE);
    assert_eq!(entry(Protection::READWRITE).0, 0x8000_0000_0000_5027);
    assert_eq!(entry(Protection::EXECUTE_READ).0, 0x5025);
    assert_eq!(entry(Protection::WRITECOPY).0, 0x8000_0000_0000_5225);
    assert_eq!(entry(Protection::EXECUTE_WRITECOPY).0, 0x5225);
    assert_eq!(ValidPte::user(FrameNumber(5), Protection::READONLY, 0).0, 0x5025);
}

#[test]
fn addresses_of_entries() {
    assert_eq!(pte_of(VirtualPage(0x251)).address(), 0xC000_1288);
    assert_eq!(pde_of(VirtualPage(0x251)).address(), 0xC060_0008);
    assert_eq!(page_of(Link::new(0xC000_1288)), VirtualPage(0x251));
    assert_eq!(pte_of(VirtualPage(0xF_FFFF)).address(), 0xC07F_FFF8);
    assert_eq!(pde_of(VirtualPage(0xF_FFFF)).address(), 0xC060_3FF8);
}
